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

/* Matrix products in TYPE. z is m by n with unit column stride; x is m by k, y is k by n, each with stride 1 along
 * one axis. BLAS is column-major, so that what it computes is the transpose: z' = y' x'. */
BT_SHARED(1) void bt_gemm_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k,
        TYPE alpha, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, int64_t y1,
        TYPE beta, TYPE *z, int64_t z0) {
    if (m == 0 || n == 0) return;
    if (m * n * k <= BT_SMALL_PRODUCT) {
        for (int64_t i = 0; i < m; i++) {
            TYPE *row = z + i * z0;
            if (beta == 0) for (int64_t j = 0; j < n; j++) row[j] = 0;
            else if (beta != 1) for (int64_t j = 0; j < n; j++) row[j] *= beta;
            if (y1 == 1) {
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
    if (n <= BT_THIN && x0 == 1 && x1 >= m && m >= 8 * n) {
        const int64_t done = bt_thin_SUFFIX(rt, m, n, k, alpha, x, x1, y, y0, y1, beta, z, z0);
        if ((m -= done) == 0) return;
        x += done, z += done * z0;
    }
    typedef void gemm(const char *, const char *, const int *, const int *, const int *, const TYPE *, const TYPE *,
                      const int *, const TYPE *, const int *, const TYPE *, TYPE *, const int *);
    const int rows = (int)n, columns = (int)m, depth = (int)k;
    const int y_plain = (y1 == 1 || n == 1) && y0 >= n, x_plain = (x1 == 1 || k == 1) && x0 >= k;
    const int64_t ly = y_plain ? y0 : y1, lx = x_plain ? x0 : x1;
    const int ldy = (int)(ly > 1 ? ly : 1), ldx = (int)(lx > 1 ? lx : 1), ldz = (int)(z0 > n ? z0 : n);
    ((gemm *)rt->blas[BT_GEMM_SUFFIX])(y_plain ? "N" : "T", x_plain ? "N" : "T", &rows, &columns, &depth, &alpha,
                                       y, &ldy, x, &ldx, &beta, z, &ldz);
}

/* z = x y for a matrix x (m by k, stride 1 along one axis) and a vector y of any stride. */
BT_SHARED(1) void bt_gemv_SUFFIX(const bt_runtime *rt, int64_t m, int64_t k,
        const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, TYPE *z) {
    for (int64_t i = 0; i < m; i++) z[i] = 0;
    if (m == 0 || k == 0) return;
    if (m * k <= BT_SMALL_PRODUCT || y0 <= 0) {
        if (x0 == 1) {
            for (int64_t p = 0; p < k; p++) {
                const TYPE b = y[p * y0], *a = x + p * x1;
#pragma omp simd
                for (int64_t i = 0; i < m; i++) z[i] += b * a[i];
            }
            return;
        }
        for (int64_t i = 0; i < m; i++) {
            const TYPE *a = x + i * x0;
            TYPE s = 0;
            if (x1 == 1 && y0 == 1) {
#pragma omp simd reduction(+ : s)
                for (int64_t p = 0; p < k; p++) s += a[p] * y[p];
            } else for (int64_t p = 0; p < k; p++) s += a[p * x1] * y[p * y0];
            z[i] = s;
        }
        return;
    }
    typedef void gemv(const char *, const int *, const int *, const TYPE *, const TYPE *, const int *, const TYPE *,
                      const int *, const TYPE *, TYPE *, const int *);
    const int plain = (x1 == 1 || k == 1) && x0 >= k, one = 1, step = (int)y0;
    const int rows = (int)(plain ? k : m), columns = (int)(plain ? m : k);
    const int64_t lx = plain ? x0 : x1;
    const int ldx = (int)(lx > rows ? lx : rows);
    const TYPE unit = 1, zero = 0;
    ((gemv *)rt->blas[BT_GEMV_SUFFIX])(plain ? "T" : "N", &rows, &columns, &unit, x, &ldx, y, &step, &zero, z, &one);
}
