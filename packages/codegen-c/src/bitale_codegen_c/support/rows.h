/* Rows of n numbers in TYPE: softmax, its logarithm, and cross-entropy. Each reads a row at most three times, and the
 * row stays in the first-level cache. Sums run in TYPE over blocks of BT_BLOCK, and in double from block to block. */
#pragma omp declare reduction(bt_maximum_SUFFIX_of : TYPE : omp_out = bt_maximum_SUFFIX(omp_out, omp_in)) initializer(omp_priv = omp_orig)

static inline TYPE bt_row_max_SUFFIX(int64_t n, const TYPE *x) {
    TYPE m = -__builtin_inf();
#pragma omp simd reduction(bt_maximum_SUFFIX_of : m)
    for (int64_t j = 0; j < n; j++) m = bt_maximum_SUFFIX(m, x[j]);
    return m;
}

/* y = exp(x - max x); gives the sum, and the maximum in *top. */
static inline double bt_row_exp_SUFFIX(int64_t n, const TYPE *x, TYPE *y, TYPE *top) {
    const TYPE m = *top = bt_row_max_SUFFIX(n, x);
    double s = 0;
    for (int64_t start = 0; start < n; start += BT_BLOCK) {
        const int64_t stop = n - start < BT_BLOCK ? n : start + BT_BLOCK;
        TYPE b = 0;
#pragma omp simd reduction(+ : b)
        for (int64_t j = start; j < stop; j++) {
            const TYPE e = bt_exp_SUFFIX(x[j] - m);
            y[j] = e;
            b += e;
        }
        s += b;
    }
    return s;
}

BT_SHARED(3) void bt_softmax_SUFFIX(int64_t rows, int64_t n, const TYPE *x, TYPE *y) {
    for (int64_t i = 0; i < rows; i++, x += n, y += n) {
        TYPE m;
        const TYPE scale = (TYPE)(1 / bt_row_exp_SUFFIX(n, x, y, &m));
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] *= scale;
    }
}

BT_SHARED(3) void bt_log_softmax_SUFFIX(int64_t rows, int64_t n, const TYPE *x, TYPE *y) {
    for (int64_t i = 0; i < rows; i++, x += n, y += n) {
        const TYPE m = bt_row_max_SUFFIX(n, x);
        double s = 0;
        for (int64_t start = 0; start < n; start += BT_BLOCK) {
            const int64_t stop = n - start < BT_BLOCK ? n : start + BT_BLOCK;
            TYPE b = 0;
#pragma omp simd reduction(+ : b)
            for (int64_t j = start; j < stop; j++) b += bt_exp_SUFFIX(x[j] - m);
            s += b;
        }
        const TYPE shift = (TYPE)__builtin_log(s);
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - m) - shift;
    }
}

BT_SHARED(3) void bt_softmax_grad_SUFFIX(int64_t rows, int64_t n, const TYPE *ct, const TYPE *y, TYPE *out) {
    for (int64_t i = 0; i < rows; i++, ct += n, y += n, out += n) {
        double s = 0;
#pragma omp simd reduction(+ : s)
        for (int64_t j = 0; j < n; j++) s += ct[j] * y[j];
        const TYPE shift = (TYPE)s;
#pragma omp simd
        for (int64_t j = 0; j < n; j++) out[j] = (ct[j] - shift) * y[j];
    }
}

/* loss = log(sum(exp(x))) - x[t]; y becomes softmax(x) where `keep`, else it is one row of scratch. */
BT_SHARED(3) void bt_crossentropy_SUFFIX(int64_t rows, int64_t n, const TYPE *x, const int64_t *t, TYPE *loss, TYPE *y, int keep) {
    for (int64_t i = 0; i < rows; i++, x += n) {
        TYPE m;
        const double s = bt_row_exp_SUFFIX(n, x, y, &m);
        loss[i] = (TYPE)(__builtin_log(s) - (double)(x[t[i]] - m));
        if (!keep) continue;
        const TYPE scale = (TYPE)(1 / s);
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] *= scale;
        y += n;
    }
}

BT_SHARED(3) void bt_crossentropy_grad_SUFFIX(int64_t rows, int64_t n, const TYPE *y, const TYPE *ct, int64_t ct_step, const int64_t *t, TYPE *out) {
    for (int64_t i = 0; i < rows; i++, y += n, out += n) {
        const TYPE scale = ct[i * ct_step], hit = y[t[i]] - 1;
#pragma omp simd
        for (int64_t j = 0; j < n; j++) out[j] = y[j] * scale;
        out[t[i]] = hit * scale;
    }
}
