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

/* A call on all rows, which threads share, in `most` parts if that is not 0. */
typedef struct bt_rows_SUFFIX {
    const bt_runtime *rt;
    int64_t slice, parts, most, rows, n;
    const TYPE *x, *y;
    const int64_t *t;
    int64_t step;
    TYPE *z, *loss;
    int keep;
    void (*work)(const struct bt_rows_SUFFIX *all, int64_t part, int64_t lo, int64_t hi);
} bt_rows_SUFFIX;

static void bt_rows_part_SUFFIX(void *context, int64_t part) {
    const bt_rows_SUFFIX *all = context;
    const int64_t hi = all->rows * (part + 1) / all->parts;
    for (int64_t lo = all->rows * part / all->parts; lo < hi; lo += all->slice) {
        const int64_t next = hi - lo < all->slice ? hi : lo + all->slice;
        if (all->rows > all->slice && all->rt->is_stopped()) return;
        all->work(all, part, lo, next);
    }
}

/* `cost`: of an element, in multiplications. */
static void bt_over_rows_SUFFIX(const bt_runtime *rt, bt_rows_SUFFIX *all, int64_t cost) {
    all->parts = bt_parts(rt, all->rows * all->n * cost);
    if (all->most && all->parts > all->most) all->parts = all->most;
    if (all->parts > all->rows) all->parts = all->rows > 0 ? all->rows : 1;
    all->rt = rt;
    all->slice = BT_SLICE / (all->n * cost + 1) + 1;
    if (all->parts == 1) bt_rows_part_SUFFIX(all, 0);
    else rt->share(bt_rows_part_SUFFIX, all, all->parts);
}
