/* A product of which y is small: a call of BLAS takes as long as a product of 8 by 8, and BLAS is slow at reading a y
 * whose columns are contiguous. A tile of rows by columns stays in registers while products are summed; z has unit
 * column stride, and so has y, or a copy of it. The last tile of a row ends at the last column, and computes some columns
 * of the one before it once more, so no column is left over: what is narrower than a vector has vectors of half the
 * width. */
#define BT_AT_MOST(bytes) (bytes < BT_VECTOR_BYTES ? bytes : BT_VECTOR_BYTES)
typedef TYPE bt_half_SUFFIX __attribute__((vector_size(BT_AT_MOST(32)), aligned(sizeof(TYPE)), may_alias));
typedef TYPE bt_short_SUFFIX __attribute__((vector_size(16), aligned(sizeof(TYPE)), may_alias));
enum { bt_full_SUFFIX = 64 / sizeof(TYPE), bt_registers_SUFFIX = 64 / BT_VECTOR_BYTES };

/* `rows` rows by `count` times `bytes` bytes of columns, which begin so many columns apart; the first two are constants. What a
 * register does not hold is in several. */
#define BT_TILE(name, vector, bytes) \
    static inline __attribute__((always_inline)) void name(const int rows, const int count, int64_t apart, int64_t k, \
            const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, TYPE *z, int64_t z0) { \
        enum { pieces = bytes / sizeof(vector), lanes = sizeof(vector) / sizeof(TYPE) }; \
        vector s[8][4 * pieces] = {{{0}}}; \
        for (int64_t p = 0; p < k; p++) { \
            vector b[4 * pieces]; \
            _Pragma("GCC unroll 16") \
            for (int v = 0; v < count * pieces; v++) \
                b[v] = *(const vector *)(y + p * y0 + v / pieces * apart + v % pieces * lanes); \
            _Pragma("GCC unroll 8") \
            for (int r = 0; r < rows; r++) \
                _Pragma("GCC unroll 16") \
                for (int v = 0; v < count * pieces; v++) s[r][v] += b[v] * x[r * x0 + p * x1]; \
        } \
        _Pragma("GCC unroll 8") \
        for (int r = 0; r < rows; r++) \
            _Pragma("GCC unroll 16") \
            for (int v = 0; v < count * pieces; v++) \
                *(vector *)(z + r * z0 + v / pieces * apart + v % pieces * lanes) = s[r][v]; \
    }
BT_TILE(bt_full_tile_SUFFIX, bt_lanes_SUFFIX, 64)
BT_TILE(bt_half_tile_SUFFIX, bt_half_SUFFIX, 32)
BT_TILE(bt_short_tile_SUFFIX, bt_short_SUFFIX, 16)

/* All rows of some columns. The last tile ends at the last row, and is half as high where that is enough. */
#define BT_COLUMNS(name, tile, most, count) \
    BT_KERNEL void name(int64_t apart, int64_t m, int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, \
            int64_t y0, TYPE *z, int64_t z0) { \
        for (int64_t i = 0, at; m >= most && i < m; i += most) { \
            if (m - i <= most / 2) { \
                at = m - most / 2; \
                tile(most / 2, count, apart, k, x + at * x0, x0, x1, y, y0, z + at * z0, z0); \
                break; \
            } \
            at = i + most <= m ? i : m - most; \
            tile(most, count, apart, k, x + at * x0, x0, x1, y, y0, z + at * z0, z0); \
        } \
        for (int64_t i = 0, at; m < most && i < m; i += 2) { \
            at = i + 2 <= m || m == 1 ? i : m - 2; \
            if (m == 1) tile(1, count, apart, k, x, x0, x1, y, y0, z, z0); \
            else tile(2, count, apart, k, x + at * x0, x0, x1, y, y0, z + at * z0, z0); \
        } \
    }
#ifdef __AVX512F__
BT_COLUMNS(bt_two_SUFFIX, bt_full_tile_SUFFIX, 8, 2)
BT_COLUMNS(bt_one_SUFFIX, bt_full_tile_SUFFIX, 8, 1)
#else
BT_COLUMNS(bt_two_SUFFIX, bt_full_tile_SUFFIX, 2, 2)
BT_COLUMNS(bt_one_SUFFIX, bt_full_tile_SUFFIX, 4, 1)
#endif
BT_COLUMNS(bt_two_halves_SUFFIX, bt_half_tile_SUFFIX, 4, 2)
BT_COLUMNS(bt_tall_halves_SUFFIX, bt_half_tile_SUFFIX, 6, 2)
BT_COLUMNS(bt_half_of_one_SUFFIX, bt_half_tile_SUFFIX, 4, 1)
BT_COLUMNS(bt_tall_half_SUFFIX, bt_half_tile_SUFFIX, 8, 1)
BT_COLUMNS(bt_two_shorts_SUFFIX, bt_short_tile_SUFFIX, 4, 2)
BT_COLUMNS(bt_short_one_SUFFIX, bt_short_tile_SUFFIX, 4, 1)

/* One row of z: four vectors at a time, since each addition waits for the one before. */
BT_KERNEL void bt_row_SUFFIX(int64_t n, int64_t k, const TYPE *x, int64_t x1, const TYPE *y, int64_t y0, TYPE *z) {
    const int64_t block = 4 * bt_full_SUFFIX;
    for (int64_t j = 0, at; j < n; j += block) {
        at = j + block <= n ? j : n - block;
        bt_full_tile_SUFFIX(1, 4, bt_full_SUFFIX, k, x, 0, x1, y + at, y0, z + at, 0);
    }
}

/* A product of a y with unit column stride, and of as many columns as the shortest vector has at least. */
static void bt_small_rows_SUFFIX(int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y,
        int64_t y0, TYPE *z, int64_t z0) {
    const int64_t wide = bt_full_SUFFIX, half = wide / 2, least = wide / 4;
    if (m == 1 && n >= 4 * wide) {
        bt_row_SUFFIX(n, k, x, x1, y, y0, z);
    } else if (n >= 2 * wide) {
        for (int64_t j = 0; j + wide < n; j += 2 * wide) {
            const int64_t at = j + 2 * wide <= n ? j : n - 2 * wide;
            bt_two_SUFFIX(wide, m, k, x, x0, x1, y + at, y0, z + at, z0);
        }
        const int64_t left = n % (2 * wide), at = n - (left <= half ? half : wide);
        if (left == 0 || left > wide) return;
        (left > half ? bt_one_SUFFIX : m > 8 ? bt_tall_half_SUFFIX : bt_half_of_one_SUFFIX)(0, m, k, x, x0, x1, y + at, y0, z + at, z0);
    } else if (n > wide) bt_two_SUFFIX(n - wide, m, k, x, x0, x1, y, y0, z, z0);
    else if (n == wide) bt_one_SUFFIX(0, m, k, x, x0, x1, y, y0, z, z0);
    else if (n > half) (m > 8 ? bt_tall_halves_SUFFIX : bt_two_halves_SUFFIX)(n - half, m, k, x, x0, x1, y, y0, z, z0);
    else if (n == half) bt_half_of_one_SUFFIX(0, m, k, x, x0, x1, y, y0, z, z0);
    else if (n > least) bt_two_shorts_SUFFIX(n - least, m, k, x, x0, x1, y, y0, z, z0);
    else bt_short_one_SUFFIX(0, m, k, x, x0, x1, y, y0, z, z0);
}

/* The transpose of a y whose columns are contiguous. */
BT_KERNEL void bt_turn_SUFFIX(int64_t n, int64_t k, const TYPE *y, int64_t y0, int64_t y1, TYPE *rows) {
    const int64_t down = y0 == 1 ? k / 4 * 4 : 0, right = n / 4 * 4;
    for (int64_t j = 0; j < right; j += 4)
        for (int64_t p = 0; p < down; p += 4) {
            bt_four_SUFFIX s[4];
#pragma GCC unroll 4
            for (int e = 0; e < 4; e++) s[e] = *(const bt_four_SUFFIX *)(y + p + (j + e) * y1);
            bt_turn_four_SUFFIX(s);
#pragma GCC unroll 4
            for (int e = 0; e < 4; e++) *(bt_four_SUFFIX *)(rows + (p + e) * n + j) = s[e];
        }
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = p < down ? right : 0; j < n; j++) rows[p * n + j] = y[p * y0 + j * y1];
}

/* Fewer columns: of a y with columns of zeros beside them. */
static void bt_narrow_SUFFIX(int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y,
        int64_t y0, int64_t y1, TYPE *z, int64_t z0) {
    enum { least = bt_full_SUFFIX / 4 };
    TYPE rows[BT_SMALL_SIDE], out[BT_ROWS * least];
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = 0; j < least; j++) rows[p * least + j] = j < n ? y[p * y0 + j * y1] : 0;
    for (int64_t i = 0; i < m; i += BT_ROWS) {
        const int64_t some = m - i < BT_ROWS ? m - i : BT_ROWS;
        bt_short_one_SUFFIX(0, some, k, x + i * x0, x0, x1, rows, least, out, least);
        for (int64_t r = 0; r < some; r++)
            for (int64_t j = 0; j < n; j++) z[(i + r) * z0 + j] = out[r * least + j];
    }
}

/* z = x y for a y of at most BT_SMALL_SIDE numbers, also if it had four columns; x and y have any strides. Of many rows
 * some at a time are computed, which stay in the fastest cache. */
BT_SHARED(2) void bt_small_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1,
        const TYPE *y, int64_t y0, int64_t y1, TYPE *z, int64_t z0) {
    TYPE rows[BT_SMALL_SIDE];
    if (n < bt_full_SUFFIX / 4) {
        bt_narrow_SUFFIX(m, n, k, x, x0, x1, y, y0, y1, z, z0);
        return;
    }
    if (y1 != 1) {
        bt_turn_SUFFIX(n, k, y, y0, y1, rows);
        y = rows, y0 = n;
    }
    for (int64_t i = 0; i < m; i += BT_ROWS) {
        if (i > 0 && i % (128 * BT_ROWS) == 0 && rt->is_stopped()) return;
        bt_small_rows_SUFFIX(m - i < BT_ROWS ? m - i : BT_ROWS, n, k, x + i * x0, x0, x1, y, y0, z + i * z0, z0);
    }
}

/* z = x y for a vector y and an x with contiguous rows: four at a time, which share what they read of y. */
BT_KERNEL void bt_rows_by_vector_SUFFIX(int64_t m, int64_t k, const TYPE *x, int64_t x0, const TYPE *y, TYPE *z) {
    const int64_t whole = k / bt_full_SUFFIX * bt_full_SUFFIX, fours = k / 4 * 4;
    for (int64_t i = 0; i < m; i += 4) {
        bt_lanes_SUFFIX s[4][bt_registers_SUFFIX] = {{{0}}};
        bt_four_SUFFIX t[4];
        const TYPE *row[4];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) row[r] = x + (i + r < m ? i + r : m - 1) * x0;
        for (int64_t p = 0; p < whole; p += bt_full_SUFFIX) {
#pragma GCC unroll 4
            for (int q = 0; q < bt_registers_SUFFIX; q++) {
                const bt_lanes_SUFFIX b = *(const bt_lanes_SUFFIX *)(y + p + q * bt_wide_SUFFIX);
#pragma GCC unroll 4
                for (int r = 0; r < 4; r++) s[r][q] += *(const bt_lanes_SUFFIX *)(row[r] + p + q * bt_wide_SUFFIX) * b;
            }
        }
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            const bt_four_SUFFIX *part = (const bt_four_SUFFIX *)&s[r];
            t[r] = part[0];
#pragma GCC unroll 4
            for (int q = 1; q < bt_full_SUFFIX / 4; q++) t[r] += part[q];
        }
        for (int64_t p = whole; p < fours; p += 4) {
            const bt_four_SUFFIX b = *(const bt_four_SUFFIX *)(y + p);
#pragma GCC unroll 4
            for (int r = 0; r < 4; r++) t[r] += *(const bt_four_SUFFIX *)(row[r] + p) * b;
        }
        bt_turn_four_SUFFIX(t);
        bt_four_SUFFIX total = (t[0] + t[1]) + (t[2] + t[3]);
        for (int64_t p = fours; p < k; p++) total += (bt_four_SUFFIX){row[0][p], row[1][p], row[2][p], row[3][p]} * y[p];
        if (i + 4 <= m) *(bt_four_SUFFIX *)(z + i) = total;
        else for (int r = 0; i + r < m; r++) z[i + r] = total[r];
    }
}

/* z = x y for a y that is a vector; x has stride 1 along one axis. */
BT_SHARED(2) void bt_small_by_vector_SUFFIX(const bt_runtime *rt, int64_t m, int64_t k, const TYPE *x, int64_t x0, int64_t x1,
        const TYPE *y, int64_t y0, TYPE *z) {
    if (x1 == 1 && y0 == 1) bt_rows_by_vector_SUFFIX(m, k, x, x0, y, z);
    else if (x0 == 1 && m >= bt_full_SUFFIX / 4) bt_small_rows_SUFFIX(1, m, k, y, 0, y0, x, x1, z, 0);
    else
        for (int64_t i = 0; i < m; i++) {
            TYPE s = 0;
            for (int64_t p = 0; p < k; p++) s += x[i * x0 + p * x1] * y[p * y0];
            z[i] = s;
        }
}
