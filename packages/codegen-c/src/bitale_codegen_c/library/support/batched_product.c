/* Products of many pairs of matrices, z = x y for each index of some axes: threads share the pairs, or each of few large
 * ones. */
typedef struct {
    const bt_runtime *rt;
    int64_t parts, rank, count, m, n, k;
    int64_t lengths[BT_MAX_NDIM], xs[BT_MAX_NDIM], ys[BT_MAX_NDIM];
    const TYPE *x;
    int64_t x0, x1;
    const TYPE *y;
    int64_t y0, y1;
    TYPE *z;
} bt_stack_SUFFIX;

/* One product. */
static void bt_one_of_stack_SUFFIX(const bt_stack_SUFFIX *all, const TYPE *x, const TYPE *y, TYPE *z) {
    const int64_t m = all->m, n = all->n, k = all->k;
    if (n == 1) bt_gemv_SUFFIX(all->rt, m, k, x, all->x0, all->x1, y, all->y0, z);
    else if (m == 1) bt_gemv_SUFFIX(all->rt, n, k, y, all->y1, all->y0, x, all->x1, z);
    else if (k * (n > 4 ? n : 4) <= BT_SMALL_SIDE_OF_FEW)
        bt_small_SUFFIX(all->rt, m, n, k, x, all->x0, all->x1, y, all->y0, all->y1, z, n);
    else bt_gemm_SUFFIX(all->rt, m, n, k, 1, x, all->x0, all->x1, y, all->y0, all->y1, 0, z, n);
}

static void bt_stack_part_SUFFIX(void *context, int64_t part) {
    const bt_stack_SUFFIX *all = context;
    const int64_t hi = all->count * (part + 1) / all->parts, last = all->rank - 1;
    const int64_t slice = BT_SLICE / (all->m * all->n * all->k + 1) + 1;
    for (int64_t i = all->count * part / all->parts; i < hi;) {
        const TYPE *x = all->x, *y = all->y;
        for (int64_t a = last, rest = i; a >= 0; rest /= all->lengths[a--]) {
            x += rest % all->lengths[a] * all->xs[a];
            y += rest % all->lengths[a] * all->ys[a];
        }
        int64_t run = all->lengths[last] - i % all->lengths[last];
        if (run > hi - i) run = hi - i;
        if (run > slice) run = slice;
        if (all->count > slice && all->rt->is_stopped()) return;
        for (int64_t j = 0; j < run; j++)
            bt_one_of_stack_SUFFIX(all, x + j * all->xs[last], y + j * all->ys[last], all->z + (i + j) * all->m * all->n);
        i += run;
    }
}

/* Axes that lie one behind the other in both operands become one. */
static void bt_merge_SUFFIX(bt_stack_SUFFIX *all, int64_t rank, const int64_t *lengths, const int64_t *xs, const int64_t *ys) {
    for (int64_t a = 0; a < rank; a++) {
        if (lengths[a] == 1) continue;
        const int64_t at = all->rank - 1;
        if (at >= 0 && all->xs[at] == xs[a] * lengths[a] && all->ys[at] == ys[a] * lengths[a]) {
            all->lengths[at] *= lengths[a];
            all->xs[at] = xs[a], all->ys[at] = ys[a];
        } else {
            all->lengths[at + 1] = lengths[a];
            all->xs[at + 1] = xs[a], all->ys[at + 1] = ys[a];
            all->rank++;
        }
        all->count *= lengths[a];
    }
    if (all->rank == 0) {
        all->rank = all->lengths[0] = 1;
        all->xs[0] = all->ys[0] = 0;
    }
}

/* z is contiguous, and each matrix of x and of y has stride 1 along one axis. */
BT_SHARED(1) void bt_batched_gemm_SUFFIX(const bt_runtime *rt, int64_t rank, const int64_t *lengths, int64_t m, int64_t n,
        int64_t k, const TYPE *x, const int64_t *xs, int64_t x0, int64_t x1, const TYPE *y, const int64_t *ys, int64_t y0,
        int64_t y1, TYPE *z) {
    bt_stack_SUFFIX all = {.rt = rt, .count = 1, .m = m, .n = n, .k = k, .x = x, .x0 = x0, .x1 = x1, .y = y, .y0 = y0,
                           .y1 = y1, .z = z};
    bt_merge_SUFFIX(&all, rank, lengths, xs, ys);
    if (all.count == 0 || m == 0 || n == 0) return;
    /* One y for rows that lie at one distance: these are those of one matrix. */
    const int64_t step = m == 1 ? all.xs[0] : x0;
    if (all.rank == 1 && all.ys[0] == 0 && all.xs[0] == m * step && (x1 == 1 || k == 1) && step >= k) {
        bt_gemm_SUFFIX(rt, m * all.count, n, k, 1, x, step, x1, y, y0, y1, 0, z, n);
        return;
    }
    const double work = (double)m * n * k;
    all.parts = bt_parts(rt, (int64_t)(work * all.count < 1e15 ? work * all.count / 8 : 1e15));
    if (k * n > BT_SMALL_SIDE_OF_FEW) {
        if (all.parts > rt->blas_parts) all.parts = rt->blas_parts;
        /* Few large ones are shared one by one. */
        if (work > BT_PRODUCT_SLICE / 64 && all.count < 4 * all.parts && all.count % all.parts) all.parts = 1;
    }
    if (all.parts > all.count) all.parts = all.count;
    if (all.parts == 1) bt_stack_part_SUFFIX(&all, 0);
    else rt->share(bt_stack_part_SUFFIX, &all, all.parts);
}
