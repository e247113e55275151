BT_KERNEL void bt_softmax_rows_SUFFIX(const bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi) {
    const int64_t n = all->n;
    (void)part;
    for (int64_t i = lo; i < hi; i++) {
        const TYPE *x = all->x + i * n;
        TYPE *z = all->z + i * n, m;
        const TYPE scale = (TYPE)(1 / bt_row_exp_SUFFIX(n, x, z, &m));
#pragma omp simd
        for (int64_t j = 0; j < n; j++) z[j] *= scale;
    }
}

BT_SHARED(1) void bt_softmax_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, TYPE *z) {
    bt_rows_SUFFIX all = {.rows = rows, .n = n, .x = x, .z = z, .work = bt_softmax_rows_SUFFIX};
    bt_over_rows_SUFFIX(rt, &all, BT_TRANSCENDENTAL);
}

BT_KERNEL void bt_softmax_grad_rows_SUFFIX(const bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi) {
    const int64_t n = all->n;
    (void)part;
    for (int64_t i = lo; i < hi; i++) {
        const TYPE *ct = all->x + i * n, *y = all->y + i * n;
        TYPE *z = all->z + i * n;
        double s = 0;
#pragma omp simd reduction(+ : s)
        for (int64_t j = 0; j < n; j++) s += ct[j] * y[j];
        const TYPE shift = (TYPE)s;
#pragma omp simd
        for (int64_t j = 0; j < n; j++) z[j] = (ct[j] - shift) * y[j];
    }
}

BT_SHARED(1) void bt_softmax_grad_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *ct, const TYPE *y,
        TYPE *z) {
    bt_rows_SUFFIX all = {.rows = rows, .n = n, .x = ct, .y = y, .z = z, .work = bt_softmax_grad_rows_SUFFIX};
    bt_over_rows_SUFFIX(rt, &all, 3);
}
