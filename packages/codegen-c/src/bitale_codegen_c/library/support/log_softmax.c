BT_KERNEL void bt_log_softmax_rows_SUFFIX(const bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi) {
    const int64_t n = all->n;
    (void)part;
    for (int64_t i = lo; i < hi; i++) {
        const TYPE *x = all->x + i * n;
        TYPE *z = all->z + i * n;
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
        for (int64_t j = 0; j < n; j++) z[j] = (x[j] - m) - shift;
    }
}

BT_SHARED(1) void bt_log_softmax_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, TYPE *z) {
    bt_rows_SUFFIX all = {.rows = rows, .n = n, .x = x, .z = z, .work = bt_log_softmax_rows_SUFFIX};
    bt_over_rows_SUFFIX(rt, &all, BT_TRANSCENDENTAL);
}
