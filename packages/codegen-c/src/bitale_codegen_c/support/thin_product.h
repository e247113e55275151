/* z = alpha x y + beta z with few columns of y, for an x whose columns are contiguous: the gradient of a classifier's
 * last layer, where BLAS packs for tiles that the operands do not fill. z is m by n with unit column stride. Each lane
 * sums for one row of z; a tile of 4 columns by 4 vectors stays in registers. Columns beyond n repeat the last one and
 * are not stored. */
typedef TYPE bt_vector_SUFFIX __attribute__((vector_size(64), aligned(sizeof(TYPE)), may_alias));
enum { bt_lanes_SUFFIX = 64 / sizeof(TYPE) };

static __attribute__((noinline)) void bt_thin_block_SUFFIX(int64_t n, int64_t k, TYPE alpha,
        const TYPE *x, int64_t x1, const TYPE *y, int64_t y0, int64_t y1, TYPE beta, TYPE *z, int64_t z0) {
    for (int64_t j = 0; j < n; j += 4) {
        bt_vector_SUFFIX s[4][4] = {{{0}}};
        const TYPE *b[4];
        for (int c = 0; c < 4; c++) b[c] = y + (j + c < n ? j + c : n - 1) * y1;
        for (int64_t p = 0; p < k; p++) {
            const TYPE *a = x + p * x1;
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++)
#pragma GCC unroll 4
                for (int c = 0; c < 4; c++)
                    s[c][v] += *(const bt_vector_SUFFIX *)(a + v * bt_lanes_SUFFIX) * b[c][p * y0];
        }
        TYPE t[4][4 * bt_lanes_SUFFIX];
        __builtin_memcpy(t, s, sizeof t);
#pragma GCC unroll 1
        for (int e = 0; e < 4 * bt_lanes_SUFFIX; e++)
            for (int c = 0; c < 4 && j + c < n; c++) {
                TYPE *place = z + e * z0 + j + c;
                *place = beta == 0 ? alpha * t[c][e] : alpha * t[c][e] + beta * *place;
            }
    }
}

/* Share the rows of z among threads; gives how many rows were done, from the first on. */
BT_DRIVER int64_t bt_thin_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n,
        int64_t k, TYPE alpha, const TYPE *x, int64_t x1, const TYPE *y, int64_t y0, int64_t y1,
        TYPE beta, TYPE *z, int64_t z0) {
    const int64_t block = 4 * bt_lanes_SUFFIX, blocks = m / block;
    const int64_t parts = bt_parts(rt, m * n * k / 8);
#pragma omp parallel for num_threads(rt->threads) schedule(static, 1) if (parts > 1)
    for (int64_t part = 0; part < parts; part++)
        for (int64_t i = blocks * part / parts * block; i < blocks * (part + 1) / parts * block; i += block)
            bt_thin_block_SUFFIX(n, k, alpha, x + i, x1, y, y0, y1, beta, z + i * z0, z0);
    return blocks * block;
}
