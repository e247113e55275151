BT_KERNEL void bt_crossentropy_rows_SUFFIX(const bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi) {
    const int64_t n = all->n;
    for (int64_t i = lo; i < hi; i++) {
        const TYPE *x = all->x + i * n;
        TYPE *z = all->z + (all->keep ? i : part) * n, m;
        const double s = bt_row_exp_SUFFIX(n, x, z, &m);
        all->loss[i] = (TYPE)(__builtin_log(s) - (double)(x[all->t[i]] - m));
        if (!all->keep) continue;
        const TYPE scale = (TYPE)(1 / s);
#pragma omp simd
        for (int64_t j = 0; j < n; j++) z[j] *= scale;
    }
}

/* loss = log(sum(exp(x))) - x[t]; z becomes softmax(x) where `keep`, else it is a row of scratch for each of `most` parts. */
BT_SHARED(1) void bt_crossentropy_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, const int64_t *t,
        TYPE *loss, TYPE *z, int keep, int64_t most) {
    bt_rows_SUFFIX all = {.most = most, .rows = rows, .n = n, .x = x, .t = t, .loss = loss, .z = z, .keep = keep,
                          .work = bt_crossentropy_rows_SUFFIX};
    bt_over_rows_SUFFIX(rt, &all, BT_TRANSCENDENTAL);
}

BT_KERNEL void bt_crossentropy_grad_rows_SUFFIX(const bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi) {
    const int64_t n = all->n;
    (void)part;
    for (int64_t i = lo; i < hi; i++) {
        const TYPE *y = all->y + i * n, scale = all->x[i * all->step], hit = y[all->t[i]] - 1;
        TYPE *z = all->z + i * n;
#pragma omp simd
        for (int64_t j = 0; j < n; j++) z[j] = y[j] * scale;
        z[all->t[i]] = hit * scale;
    }
}

BT_SHARED(1) void bt_crossentropy_grad_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *y, const TYPE *ct,
        int64_t step, const int64_t *t, TYPE *z) {
    bt_rows_SUFFIX all = {.rows = rows, .n = n, .x = ct, .y = y, .step = step, .t = t, .z = z,
                          .work = bt_crossentropy_grad_rows_SUFFIX};
    bt_over_rows_SUFFIX(rt, &all, 2);
}
