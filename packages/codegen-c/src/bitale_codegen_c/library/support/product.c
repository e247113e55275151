/* z = alpha x y + beta z with few columns of y, for an x whose columns are contiguous: the gradient of a classifier's
 * last layer, where BLAS packs for tiles that the operands do not fill. z is m by n with unit column stride. Each lane
 * sums for one row of z; a tile of 4 columns by some vectors stays in registers. Columns beyond n repeat the last one and
 * are not stored. */
enum { bt_high_SUFFIX = BT_VECTOR_BYTES == 64 ? 4 : 2, bt_tile_SUFFIX = bt_high_SUFFIX * bt_wide_SUFFIX };

static __attribute__((noinline)) void bt_thin_block_SUFFIX(int64_t n, int64_t k, TYPE alpha,
        const TYPE *x, int64_t x1, const TYPE *y, int64_t y0, int64_t y1, TYPE beta, TYPE *z, int64_t z0) {
    for (int64_t j = 0; j < n; j += 4) {
        bt_lanes_SUFFIX s[4][bt_high_SUFFIX] = {{{0}}};
        const TYPE *b[4];
        for (int c = 0; c < 4; c++) b[c] = y + (j + c < n ? j + c : n - 1) * y1;
        for (int64_t p = 0; p < k; p++) {
            const TYPE *a = x + p * x1;
#pragma GCC unroll 4
            for (int v = 0; v < bt_high_SUFFIX; v++)
#pragma GCC unroll 4
                for (int c = 0; c < 4; c++)
                    s[c][v] += *(const bt_lanes_SUFFIX *)(a + v * bt_wide_SUFFIX) * b[c][p * y0];
        }
        TYPE t[4][bt_tile_SUFFIX];
        __builtin_memcpy(t, s, sizeof t);
#pragma GCC unroll 1
        for (int e = 0; e < bt_tile_SUFFIX; e++)
            for (int c = 0; c < 4 && j + c < n; c++) {
                TYPE *place = z + e * z0 + j + c;
                *place = beta == 0 ? alpha * t[c][e] : alpha * t[c][e] + beta * *place;
            }
    }
}

/* A product that threads share: each computes some rows or columns of z. */
typedef struct {
    const bt_runtime *rt;
    int64_t parts, m, n, k;
    TYPE alpha;
    const TYPE *x;
    int64_t x0, x1;
    const TYPE *y;
    int64_t y0, y1;
    TYPE beta, *z;
    int64_t z0;
} bt_product_SUFFIX;

static void bt_thin_part_SUFFIX(void *context, int64_t part) {
    const bt_product_SUFFIX *all = context;
    const int64_t block = bt_tile_SUFFIX, blocks = all->m / block;
    for (int64_t i = blocks * part / all->parts * block; i < blocks * (part + 1) / all->parts * block; i += block)
        bt_thin_block_SUFFIX(all->n, all->k, all->alpha, all->x + i, all->x1, all->y, all->y0, all->y1, all->beta,
                             all->z + i * all->z0, all->z0);
}

/* Whole blocks of rows; gives how many rows were done, from the first on. */
BT_DRIVER int64_t bt_thin_SUFFIX(bt_product_SUFFIX *all) {
    const int64_t block = bt_tile_SUFFIX;
    all->parts = bt_parts(all->rt, all->m * all->n * all->k / 8);
    all->rt->share(bt_thin_part_SUFFIX, all, all->parts);
    return all->m / block * block;
}

/* `rows` rows and `columns` columns of z by BLAS, which is column-major, so that what it computes is the transpose: z' = y' x'. */
static void bt_blas_block_SUFFIX(const bt_product_SUFFIX *all, int64_t row, int64_t m, int64_t column, int64_t n) {
    typedef void gemm(const char *, const char *, const int *, const int *, const int *, const TYPE *, const TYPE *,
                      const int *, const TYPE *, const int *, const TYPE *, TYPE *, const int *);
    const TYPE *x = all->x + row * all->x0, *y = all->y + column * all->y1;
    TYPE *z = all->z + row * all->z0 + column;
    const int rows = (int)n, columns = (int)m, depth = (int)all->k;
    /* By the lengths of the whole: a part of one column may still be strided. */
    const int y_plain = (all->y1 == 1 || all->n == 1) && all->y0 >= all->n;
    const int x_plain = (all->x1 == 1 || all->k == 1) && all->x0 >= all->k;
    const int64_t ly = y_plain ? all->y0 : all->y1, lx = x_plain ? all->x0 : all->x1;
    const int ldy = (int)(ly > 1 ? ly : 1), ldx = (int)(lx > 1 ? lx : 1), ldz = (int)(all->z0 > n ? all->z0 : n);
    ((gemm *)all->rt->blas[BT_GEMM_SUFFIX])(y_plain ? "N" : "T", x_plain ? "N" : "T", &rows, &columns, &depth,
                                            &all->alpha, y, &ldy, x, &ldx, &all->beta, z, &ldz);
}

/* BLAS cannot be stopped inside, so a product that takes long is computed block by block. */
static void bt_blas_part_SUFFIX(void *context, int64_t part) {
    const bt_product_SUFFIX *all = context;
    const int by_columns = all->n >= all->m;
    const int64_t whole = by_columns ? all->n : all->m, unit = (whole / all->parts + 31) / 32 * 32;
    const int64_t lo = part * unit < whole ? part * unit : whole;
    const int64_t hi = part + 1 < all->parts && (part + 1) * unit < whole ? (part + 1) * unit : whole;
    if (lo == hi) return;
    const int64_t row = by_columns ? 0 : lo, m = by_columns ? all->m : hi - lo;
    const int64_t column = by_columns ? lo : 0, n = by_columns ? hi - lo : all->n;
    if ((double)m * n * all->k <= BT_PRODUCT_SLICE) {
        bt_blas_block_SUFFIX(all, row, m, column, n);
        return;
    }
    int64_t high = 128, wide;
    while (high * high < BT_PRODUCT_SLICE / all->k) high *= 2;
    if (high > m) high = m;
    wide = BT_PRODUCT_SLICE / all->k / high;
    if (wide < 128) wide = 128;
    for (int64_t i = 0; i < m; i += high)
        for (int64_t j = 0; j < n; j += wide) {
            if (all->rt->is_stopped()) return;
            bt_blas_block_SUFFIX(all, row + i, m - i < high ? m - i : high, column + j, n - j < wide ? n - j : wide);
        }
}

/* Elements of z = x y by BLAS; y is a vector of stride y0. */
static void bt_gemv_part_SUFFIX(void *context, int64_t part) {
    typedef void gemv(const char *, const int *, const int *, const TYPE *, const TYPE *, const int *, const TYPE *,
                      const int *, const TYPE *, TYPE *, const int *);
    const bt_product_SUFFIX *all = context;
    const int64_t lo = all->m * part / all->parts, m = all->m * (part + 1) / all->parts - lo;
    const int plain = (all->x1 == 1 || all->k == 1) && all->x0 >= all->k, one = 1, step = (int)all->y0;
    const int rows = (int)(plain ? all->k : m), columns = (int)(plain ? m : all->k);
    const int64_t lx = plain ? all->x0 : all->x1;
    const int ldx = (int)(lx > rows ? lx : rows);
    const TYPE unit = 1, zero = 0;
    ((gemv *)all->rt->blas[BT_GEMV_SUFFIX])(plain ? "T" : "N", &rows, &columns, &unit, all->x + lo * all->x0, &ldx,
                                            all->y, &step, &zero, all->z + lo, &one);
}

/* z = x y for a matrix x (m by k, stride 1 along one axis) and a vector y of any stride. */
BT_SHARED(1) void bt_gemv_SUFFIX(const bt_runtime *rt, int64_t m, int64_t k,
        const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, TYPE *z) {
    for (int64_t i = 0; i < m; i++) z[i] = 0;
    if (m == 0 || k == 0) return;
    if (m * k <= BT_SMALL_PRODUCT || y0 <= 0) {
        bt_small_by_vector_SUFFIX(rt, m, k, x, x0, x1, y, y0, z);
        return;
    }
    bt_product_SUFFIX all = {rt, bt_parts(rt, m * k), m, 1, k, 1, x, x0, x1, y, y0, 1, 0, z, 1};
    if (all.parts > rt->blas_parts) all.parts = rt->blas_parts;
    if (all.parts > m) all.parts = m;
    if (all.parts == 1) bt_gemv_part_SUFFIX(&all, 0);
    else rt->share(bt_gemv_part_SUFFIX, &all, all.parts);
}

static void bt_by_blas_SUFFIX(bt_product_SUFFIX *all) {
    all->parts = bt_parts(all->rt, all->m * all->n * all->k / 16);
    if (all->parts > all->rt->blas_parts) all->parts = all->rt->blas_parts;
    if (all->parts == 1) bt_blas_part_SUFFIX(all, 0);
    else all->rt->share(bt_blas_part_SUFFIX, all, all->parts);
}

/* A product of a matrix and its own transpose, which is symmetric: rows up to the diagonal, some at a time, are computed
 * and then copied to the columns. */
static void bt_gram_SUFFIX(const bt_product_SUFFIX *all) {
    const int64_t side = all->m, z0 = all->z0, size = sizeof(TYPE);
    const int64_t high = side / 8 < 48 ? 48 : (side / 8 + 15) / 16 * 16;
    for (int64_t lo = 0; lo < side; lo += high) {
        const int64_t rows = side - lo < high ? side - lo : high;
        bt_product_SUFFIX some = *all;
        TYPE *z = some.z += lo * z0;
        some.x += lo * all->x0, some.m = rows, some.n = lo + rows;
        bt_by_blas_SUFFIX(&some);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = i + 1; j < rows; j++) z[i * z0 + lo + j] = z[j * z0 + lo + i];
        if (lo > 0)
            all->rt->copy(all->rt, (char *)(all->z + lo), (const int64_t[]){z0 * size, size}, (const char *)z,
                          (const int64_t[]){size, z0 * size}, (const int64_t[]){lo, rows}, 2, size);
    }
}

static void bt_small_part_SUFFIX(void *context, int64_t part) {
    const bt_product_SUFFIX *all = context;
    const int64_t lo = all->m * part / all->parts, hi = all->m * (part + 1) / all->parts;
    bt_small_SUFFIX(all->rt, hi - lo, all->n, all->k, all->x + lo * all->x0, all->x0, all->x1, all->y, all->y0, all->y1,
                    all->z + lo * all->z0, all->z0);
}

/* Matrix products in TYPE. z is m by n with unit column stride; x is m by k, y is k by n, each with stride 1 along
 * one axis. */
BT_SHARED(1) void bt_gemm_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k,
        TYPE alpha, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, int64_t y1,
        TYPE beta, TYPE *z, int64_t z0) {
    if (m == 0 || n == 0) return;
    bt_product_SUFFIX all = {rt, 1, m, n, k, alpha, x, x0, x1, y, y0, y1, beta, z, z0};
    const int is_thin = n <= BT_THIN && x0 == 1 && x1 >= m && m >= 8 * n && m * n * k > BT_SMALL_PRODUCT;
    if (alpha == 1 && beta == 0 && (m == 1 || (n == 1 && z0 == 1))) {
        if (m == 1) bt_gemv_SUFFIX(rt, n, k, y, y1, y0, x, x1, z);
        else bt_gemv_SUFFIX(rt, m, k, x, x0, x1, y, y0, z);
        return;
    }
    const int64_t most = m < BT_FEW_ROWS && m * n * k > BT_SMALL_PRODUCT ? BT_SMALL_SIDE_OF_FEW : BT_SMALL_SIDE;
    if (alpha == 1 && beta == 0 && k * (n > 4 ? n : 4) <= most && !is_thin) {
        all.parts = bt_parts(rt, m * n * k / 8);
        if (all.parts > m) all.parts = m;
        if (all.parts == 1) bt_small_part_SUFFIX(&all, 0);
        else rt->share(bt_small_part_SUFFIX, &all, all.parts);
        return;
    }
    /* An infinite alpha multiplies sums: of products with it, which signs differ, no sum is a number. */
    const int is_finite = alpha - alpha == 0;
    if (m * n * k <= BT_SMALL_PRODUCT || !is_finite) {
        for (int64_t i = 0; i < m; i++) {
            TYPE *row = z + i * z0;
            if (beta == 0) for (int64_t j = 0; j < n; j++) row[j] = 0;
            else if (beta != 1) for (int64_t j = 0; j < n; j++) row[j] *= beta;
            if (y1 == 1 && is_finite) {
                for (int64_t p = 0; p < k; p++) {
                    const TYPE a = alpha * x[i * x0 + p * x1], *b = y + p * y0;
#pragma omp simd
                    for (int64_t j = 0; j < n; j++) row[j] += a * b[j];
                }
            } else {
                for (int64_t j = 0; j < n; j++) {
                    const TYPE *a = x + i * x0, *b = y + j * y1;
                    TYPE s = 0;
                    if (x1 == 1 && y0 == 1) {
#pragma omp simd reduction(+ : s)
                        for (int64_t p = 0; p < k; p++) s += a[p] * b[p];
                    } else for (int64_t p = 0; p < k; p++) s += a[p * x1] * b[p * y0];
                    row[j] += alpha * s;
                }
            }
        }
        return;
    }
    if (is_thin) {
        const int64_t done = bt_thin_SUFFIX(&all);
        if ((all.m -= done) == 0) return;
        all.x += done, all.z += done * z0;
    }
    if (x == y && x0 == y1 && x1 == y0 && m == n && m >= BT_GRAM && beta == 0) bt_gram_SUFFIX(&all);
    else bt_by_blas_SUFFIX(&all);
}
