/* The product of two vectors of n numbers. A chain of additions waits for each of them, so eight chains run side by side.
 * Vectors are summed in TYPE over blocks of BT_BLOCK, where a lane has few terms, and in double from block to block. */
BT_KERNEL double bt_dot_strided_SUFFIX(int64_t n, const TYPE *x, int64_t x0, const TYPE *y, int64_t y0) {
    double s[8] = {0};
    int64_t p = 0;
    for (; p + 8 <= n; p += 8)
#pragma GCC unroll 8
        for (int e = 0; e < 8; e++) s[e] += (double)x[(p + e) * x0] * y[(p + e) * y0];
    for (; p < n; p++) s[0] += (double)x[p * x0] * y[p * y0];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

BT_KERNEL double bt_dot_dense_SUFFIX(int64_t n, const TYPE *x, const TYPE *y) {
    enum { step = 8 * bt_wide_SUFFIX };
    const int64_t whole = n / step * step;
    double sums[bt_wide_SUFFIX] = {0}, total = 0;
    for (int64_t p = 0; p < whole;) {
        const int64_t stop = whole - p < BT_BLOCK ? whole : p + BT_BLOCK;
        bt_lanes_SUFFIX s[8] = {{0}};
        for (; p < stop; p += step)
#pragma GCC unroll 8
            for (int v = 0; v < 8; v++) {
                const int64_t at = p + v * bt_wide_SUFFIX;
                s[v] += *(const bt_lanes_SUFFIX *)(x + at) * *(const bt_lanes_SUFFIX *)(y + at);
            }
        s[0] = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
#pragma omp simd
        for (int e = 0; e < bt_wide_SUFFIX; e++) sums[e] += s[0][e];
    }
    for (int e = 0; e < bt_wide_SUFFIX; e++) total += sums[e];
    return total + bt_dot_strided_SUFFIX(n - whole, x + whole, 1, y + whole, 1);
}

typedef struct {
    const bt_runtime *rt;
    int64_t parts, n;
    const TYPE *x;
    int64_t x0;
    const TYPE *y;
    int64_t y0;
    double sums[BT_MAX_PARTS];
} bt_dot_task_SUFFIX;

static void bt_dot_part_SUFFIX(void *context, int64_t part) {
    bt_dot_task_SUFFIX *all = context;
    const int64_t hi = all->n * (part + 1) / all->parts;
    double total = 0;
    for (int64_t lo = all->n * part / all->parts; lo < hi; lo += BT_SLICE) {
        const int64_t n = hi - lo < BT_SLICE ? hi - lo : BT_SLICE, x0 = all->x0, y0 = all->y0;
        if (all->n > BT_SLICE && all->rt->is_stopped()) return;
        const TYPE *x = all->x + lo * x0, *y = all->y + lo * y0;
        total += x0 == 1 && y0 == 1 ? bt_dot_dense_SUFFIX(n, x, y) : bt_dot_strided_SUFFIX(n, x, x0, y, y0);
    }
    all->sums[part] = total;
}

BT_SHARED(1) double bt_dot_SUFFIX(const bt_runtime *rt, int64_t n, const TYPE *x, int64_t x0, const TYPE *y, int64_t y0) {
    bt_dot_task_SUFFIX all = {.rt = rt, .parts = bt_parts(rt, n), .n = n, .x = x, .x0 = x0, .y = y, .y0 = y0};
    if (all.parts == 1) bt_dot_part_SUFFIX(&all, 0);
    else rt->share(bt_dot_part_SUFFIX, &all, all.parts);
    double total = 0;
    for (int64_t part = 0; part < all.parts; part++) total += all.sums[part];
    return total;
}
