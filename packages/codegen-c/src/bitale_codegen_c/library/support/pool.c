/* Pooling of planes of three axes by windows. Windows are combined across rows first, which runs along the rows, into
 * scratch memory that stays in the first-level cache; then along the rows. */
enum { BT_MAX, BT_SUM, BT_AVERAGE_INC_PAD, BT_AVERAGE_EXC_PAD };

typedef struct bt_pool_SUFFIX_all {
    const bt_runtime *rt;
    int64_t units, slice, parts, room, mode;
    int64_t n[3], o[3], w[3], s[3], p[3];
    const TYPE *x, *y, *g;
    TYPE *z, *scratch;
    void (*work)(const struct bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi);
} bt_pool_SUFFIX_all;

static void bt_pool_part_SUFFIX(void *context, int64_t part) {
    const bt_pool_SUFFIX_all *all = context;
    const int64_t hi = all->units * (part + 1) / all->parts;
    for (int64_t lo = all->units * part / all->parts; lo < hi; lo += all->slice) {
        const int64_t next = hi - lo < all->slice ? hi : lo + all->slice;
        if (all->units > all->slice && all->rt->is_stopped()) return;
        all->work(all, all->scratch + part * all->room, lo, next);
    }
}

/* `units`: what can be done side by side; `cost`: of one, in multiplications. */
static void bt_pool_share_SUFFIX(const bt_runtime *rt, bt_pool_SUFFIX_all *all, int64_t units,
        int64_t cost) {
    all->rt = rt;
    all->units = units;
    all->parts = bt_parts(rt, units * cost);
    if (all->parts > units) all->parts = units > 0 ? units : 1;
    all->slice = BT_SLICE / (cost + 1) + 1;
    if (all->parts == 1) bt_pool_part_SUFFIX(all, 0);
    else rt->share(bt_pool_part_SUFFIX, all, all->parts);
}

static void bt_pool_sizes_SUFFIX(bt_pool_SUFFIX_all *all, const int64_t *sizes) {
    int64_t *const of[] = {all->n, all->o, all->w, all->s, all->p};
    for (int k = 0; k < 5; k++)
        for (int a = 0; a < 3; a++) of[k][a] = sizes[3 * k + a];
    /* Windows as long as a row go through several rows as if they were one. */
    for (int a = 1; a >= 0 && all->o[2] == 1 && all->w[2] == all->n[2] && all->p[2] == 0 && all->p[a] == 0; a--) {
        const int64_t n = all->n[2];
        all->n[2] = all->n[a] * n, all->w[2] = all->w[a] * n, all->s[2] = all->s[a] * n, all->o[2] = all->o[a];
        all->n[a] = all->o[a] = all->w[a] = all->s[a] = 1;
    }
}

/* The part of axis `a` that window `k` holds; gives how many elements divide an average. */
static inline int64_t bt_window_SUFFIX(const bt_pool_SUFFIX_all *all, int a, int64_t k, int64_t *from, int64_t *to) {
    const int64_t start = k * all->s[a] - all->p[a], end = start + all->w[a], n = all->n[a];
    *from = start > 0 ? start : 0;
    *to = end < n ? end : n;
    if (*to < *from) *to = *from;
    if (all->mode != BT_AVERAGE_INC_PAD) return *to - *from;
    return (end < n + all->p[a] ? end : n + all->p[a]) - start;
}

/* Whether windows have two rows each, side by side, and every row is in one: planes do not matter then. */
static int bt_has_pairs_SUFFIX(const bt_pool_SUFFIX_all *all) {
    const int is_flat = all->w[0] == 1 && all->s[0] == 1 && all->o[0] == all->n[0];
    const int64_t pads = all->p[0] + all->p[1] + all->p[2];
    return is_flat && all->w[1] == 2 && all->s[1] == 2 && pads == 0 && all->n[1] == 2 * all->o[1];
}

/* Whether windows have a row each, whose elements can be read where they lie. */
static int bt_is_alone_SUFFIX(const bt_pool_SUFFIX_all *all) {
    const int64_t pads = all->p[0] + all->p[1] + all->p[2], reach = (all->o[2] - 1) * all->s[2] + all->w[2];
    const int64_t rows = all->w[0] * all->w[1] * all->s[0] * all->s[1];
    return rows == 1 && pads == 0 && reach <= all->n[2] && all->o[0] == all->n[0] && all->o[1] == all->n[1];
}

/* Whether all windows have as many rows. */
static int bt_is_even_SUFFIX(const bt_pool_SUFFIX_all *all) {
    for (int a = 0; a < 2; a++)
        if (all->p[a] || (all->o[a] - 1) * all->s[a] + all->w[a] > all->n[a]) return 0;
    return 1;
}

#define BT_ADD(a, b) ((a) + (b))

BT_KINDS

/* How many elements along a row divide each average: the same number of all, or 0 and one for each. */
static int64_t bt_divisors_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *each) {
    int64_t from, to, same = all->o[2] ? bt_window_SUFFIX(all, 2, 0, &from, &to) : 1;
    for (int64_t k = 0; k < all->o[2]; k++) {
        const int64_t c = bt_window_SUFFIX(all, 2, k, &from, &to);
        each[k] = (TYPE)c;
        if (c != same) same = 0;
    }
    return same;
}

static inline void bt_divide_SUFFIX(int64_t m, int64_t rows, int64_t same, const TYPE *each, const TYPE *from, TYPE *z) {
    const TYPE c = (TYPE)(rows * same), r = (TYPE)rows;
    if (same) {
#pragma omp simd
        for (int64_t k = 0; k < m; k++) z[k] = from[k] / c;
    } else {
#pragma omp simd
        for (int64_t k = 0; k < m; k++) z[k] = from[k] / (r * each[k]);
    }
}

/* Where windows do not overlap along a row, what several rows give lies one behind the other. */
BT_KERNEL void bt_pool_rows_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi) {
    const int64_t m = all->o[2], w = all->w[2], s = all->s[2];
    const int is_max = all->mode == BT_MAX, is_average = all->mode > BT_SUM, apart = w <= s;
    const int64_t same = is_average ? bt_divisors_SUFFIX(all, scratch) : 0;
    const int has_pairs = bt_has_pairs_SUFFIX(all), is_alone = bt_is_alone_SUFFIX(all);
    const int64_t pitch = is_alone ? all->n[2] : m * s + (apart ? 0 : w);
    const int is_even = !is_average || (same && bt_is_even_SUFFIX(all)), is_packed = apart && pitch == m * s;
    const int64_t block = is_packed && is_even && pitch < BT_POOL_BLOCK ? BT_POOL_BLOCK / pitch : 1;
    TYPE *const t = scratch + m;
    for (int64_t u = lo; u < hi; u += block) {
        const int64_t rows = hi - u < block ? hi - u : block;
        const TYPE *from = is_alone ? all->x + u * all->n[2] : t;
        int64_t c = all->w[0] * all->w[1];
        if (has_pairs && is_max) bt_max_pairs_SUFFIX(all, u, rows, pitch, t);
        else if (has_pairs) bt_sum_pairs_SUFFIX(all, u, rows, pitch, t);
        else if (!is_alone)
            for (int64_t r = 0; r < rows; r++)
                c = is_max ? bt_max_rows_SUFFIX(all, u + r, pitch, t + r * pitch)
                           : bt_sum_rows_SUFFIX(all, u + r, pitch, t + r * pitch);
        TYPE *z = all->z + u * m;
        if (is_max) bt_max_along_SUFFIX(rows * m, w, s, from, z);
        else bt_sum_along_SUFFIX(rows * m, w, s, from, z);
        if (is_average) bt_divide_SUFFIX(rows * m, c, same, scratch, z, z);
    }
}

BT_SHARED(1) void bt_pool_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, int64_t mode,
        const TYPE *x, TYPE *z, TYPE *scratch, int64_t room) {
    bt_pool_SUFFIX_all all = {.mode = mode, .x = x, .z = z, .scratch = scratch, .room = room, .work = bt_pool_rows_SUFFIX};
    bt_pool_sizes_SUFFIX(&all, sizes);
    if (planes * all.o[0] * all.o[1] * all.o[2] == 0) return;
    const int64_t cost = all.w[0] * all.w[1] * all.n[2] + all.w[2] * all.o[2];
    bt_pool_share_SUFFIX(rt, &all, planes * all.o[0] * all.o[1], cost);
}

/* A row of numbers for windows, spread out so that what goes to element j stands at t[j + p - k + b] for each place k in
 * a window. Where windows do not overlap every place in one has the number, and k and b are 0; else only the last has it
 * (b is w - 1), with zeros between, which are there already. */
static inline void bt_spread_SUFFIX(const bt_pool_SUFFIX_all *all, const TYPE *restrict v, TYPE *restrict t) {
    const int64_t m = all->o[2], w = all->w[2], s = all->s[2], end = all->n[2] + all->p[2];
    if (w == 2 && s == 2) {
        const int64_t pairs = end / 2 < m ? end / 2 : m;
#pragma omp simd
        for (int64_t k = 0; k < pairs; k++) {
            const TYPE one = v[k];
            t[2 * k] = one;
            t[2 * k + 1] = one;
        }
        if (pairs < m && 2 * pairs < end) t[2 * pairs] = v[pairs];
    } else if (w <= s) {
        for (int64_t k = 0; k < m; k++) {
            const int64_t stop = k * s + w < end ? k * s + w : end;
#pragma omp simd
            for (int64_t j = k * s; j < stop; j++) t[j] = v[k];
        }
    } else {
        for (int64_t k = 0; k < m && k * s < end; k++) t[w - 1 + k * s] = v[k];
    }
}

/* Whether each element of the first two axes is in just one window, so that nothing need be cleared or added up. */
static int bt_is_covered_SUFFIX(const bt_pool_SUFFIX_all *all) {
    for (int a = 0; a < 2; a++)
        if (all->w[a] != all->s[a] || all->o[a] * all->w[a] < all->n[a] + all->p[a]) return 0;
    return 1;
}

static inline __attribute__((always_inline)) void bt_hit_SUFFIX(int64_t n, const TYPE *restrict x, const TYPE *restrict y,
        const TYPE *restrict g, TYPE *restrict z) {
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        const TYPE one = g[j];
        z[j] += x[j] == y[j] ? one : 0;
    }
}

/* As three calls of the one before, for y and g, then one and two further on. */
static inline __attribute__((always_inline)) void bt_three_hits_SUFFIX(int64_t n, const TYPE *restrict x,
        const TYPE *restrict y, const TYPE *restrict g, TYPE *restrict z) {
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        const TYPE a = g[j], b = g[j + 1], c = g[j + 2], v = x[j];
        z[j] += (v == y[j] ? a : 0) + (v == y[j + 1] ? b : 0) + (v == y[j + 2] ? c : 0);
    }
}

/* Row x against the maxima y and what they pass on, g, both spread out. */
static inline void bt_max_row_SUFFIX(const bt_pool_SUFFIX_all *all, int is_covered, const TYPE *restrict x,
        const TYPE *restrict y, const TYPE *restrict g, TYPE *restrict z) {
    const int64_t n = all->n[2], w = all->w[2];
    if (is_covered) {
        int64_t j = 0;
        for (; j + 8 <= n; j += 8) {
#pragma omp simd
            for (int i = 0; i < 8; i++) {
                const TYPE one = g[j + i];
                z[j + i] = x[j + i] == y[j + i] ? one : 0;
            }
        }
        for (; j < n; j++) z[j] = x[j] == y[j] ? g[j] : 0;
    } else if (w <= all->s[2]) {
        bt_hit_SUFFIX(n, x, y, g, z);
    } else {
        int64_t k = 0;
        for (; k + 3 <= w; k += 3) bt_three_hits_SUFFIX(n, x, y + k, g + k, z);
        for (; k < w; k++) bt_hit_SUFFIX(n, x, y + k, g + k, z);
    }
}

/* Two rows and windows of two by two, which need no spreading out; in fours, as rows are often short. */
static inline __attribute__((always_inline)) void bt_quads_SUFFIX(int64_t m, const TYPE *restrict x,
        const TYPE *restrict x1, const TYPE *restrict y, const TYPE *restrict g, TYPE *restrict z, TYPE *restrict z1) {
#pragma omp simd
    for (int64_t k = 0; k < m; k++) {
        const TYPE top = y[k], one = g[k];
        const TYPE a = x[2 * k], b = x[2 * k + 1], c = x1[2 * k], d = x1[2 * k + 1];
        z[2 * k] = a == top ? one : 0;
        z[2 * k + 1] = b == top ? one : 0;
        z1[2 * k] = c == top ? one : 0;
        z1[2 * k + 1] = d == top ? one : 0;
    }
}

BT_KERNEL void bt_quad_planes_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi) {
    const int64_t m = all->o[2], n = all->n[2], rows = all->o[0] * all->o[1];
    const TYPE *x = all->x + lo * rows * 2 * n, *y = all->y + lo * rows * m, *g = all->g + lo * rows * m;
    TYPE *z = all->z + lo * rows * 2 * n;
    (void)scratch;
    for (int64_t r = lo * rows; r < hi * rows; r++, x += 2 * n, z += 2 * n, y += m, g += m) {
        int64_t k = 0;
        if (m >= 64) {
            bt_quads_SUFFIX(m, x, x + n, y, g, z, z + n);
            k = m;
        }
        for (; k + 4 <= m; k += 4) bt_quads_SUFFIX(4, x + 2 * k, x + n + 2 * k, y + k, g + k, z + 2 * k, z + n + 2 * k);
        for (; k < m; k++)
            for (int64_t j = 2 * k; j < 2 * k + 2; j++) {
                z[j] = x[j] == y[k] ? g[k] : 0;
                z[n + j] = x[n + j] == y[k] ? g[k] : 0;
            }
        for (int64_t j = 2 * m; j < n; j++) z[j] = z[n + j] = 0;
    }
}

BT_KERNEL void bt_max_planes_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi) {
    const int64_t m = all->o[2], n1 = all->n[1], n2 = all->n[2], p = all->p[2];
    const int64_t size = all->n[0] * n1 * n2, pitch = n2 + 2 * p + all->w[2] + all->s[2];
    const int is_covered = all->w[2] <= all->s[2] && bt_is_covered_SUFFIX(all);
    TYPE *const y = scratch, *const g = scratch + pitch;
    __builtin_memset(scratch, 0, (size_t)(2 * pitch) * sizeof(TYPE));
    for (int64_t plane = lo; plane < hi; plane++) {
        const TYPE *x = all->x + plane * size;
        TYPE *z = all->z + plane * size;
        if (!is_covered) __builtin_memset(z, 0, (size_t)size * sizeof(TYPE));
        int64_t row = plane * all->o[0] * all->o[1];
        for (int64_t k0 = 0; k0 < all->o[0]; k0++)
            for (int64_t k1 = 0; k1 < all->o[1]; k1++, row++) {
                int64_t d, d_end, h, h_end;
                bt_window_SUFFIX(all, 0, k0, &d, &d_end);
                bt_window_SUFFIX(all, 1, k1, &h, &h_end);
                bt_spread_SUFFIX(all, all->y + row * m, y);
                bt_spread_SUFFIX(all, all->g + row * m, g);
                for (; d < d_end; d++)
                    for (int64_t r = h; r < h_end; r++) {
                        const int64_t at = (d * n1 + r) * n2;
                        bt_max_row_SUFFIX(all, is_covered, x + at, y + p, g + p, z + at);
                    }
            }
    }
}

BT_SHARED(1) void bt_max_pool_grad_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, const TYPE *x,
        const TYPE *y, const TYPE *g, TYPE *z, TYPE *scratch, int64_t room) {
    bt_pool_SUFFIX_all all = {.x = x, .y = y, .g = g, .z = z, .scratch = scratch, .room = room, .work = bt_max_planes_SUFFIX};
    bt_pool_sizes_SUFFIX(&all, sizes);
    const int64_t rows = all.o[0] * all.o[1] * all.w[0] * all.w[1];
    const int64_t each = all.w[2] <= all.s[2] ? 1 : all.w[2];
    if (bt_has_pairs_SUFFIX(&all) && all.w[2] == 2 && all.s[2] == 2 && 2 * all.o[2] <= all.n[2])
        all.work = bt_quad_planes_SUFFIX;
    bt_pool_share_SUFFIX(rt, &all, planes, all.n[0] * all.n[1] * all.n[2] + rows * all.n[2] * each);
}

BT_KERNEL void bt_sum_planes_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi) {
    const int64_t m = all->o[2], n1 = all->n[1], n2 = all->n[2], p = all->p[2], w = all->w[2];
    const int64_t size = all->n[0] * n1 * n2, pitch = n2 + 2 * p + w + all->s[2];
    const int is_covered = bt_is_covered_SUFFIX(all), is_average = all->mode > BT_SUM, apart = w <= all->s[2];
    TYPE *const t = scratch, *const sums = scratch + pitch, *const g = scratch + 2 * pitch, *const each = g + m;
    __builtin_memset(scratch, 0, (size_t)pitch * sizeof(TYPE));
    const int64_t same = is_average ? bt_divisors_SUFFIX(all, each) : 0;
    const int is_direct = bt_is_alone_SUFFIX(all) && w == all->s[2] && m * w == n2;
    for (int64_t plane = lo; plane < hi; plane++) {
        TYPE *z = all->z + plane * size;
        if (!is_covered && !is_direct) __builtin_memset(z, 0, (size_t)size * sizeof(TYPE));
        int64_t row = plane * all->o[0] * all->o[1];
        for (int64_t k0 = 0; k0 < all->o[0]; k0++)
            for (int64_t k1 = 0; k1 < all->o[1]; k1++, row++) {
                int64_t d, d_end, h, h_end;
                int64_t c = bt_window_SUFFIX(all, 0, k0, &d, &d_end);
                c *= bt_window_SUFFIX(all, 1, k1, &h, &h_end);
                const TYPE *from = all->g + row * m, *e = t + p;
                if (is_average) {
                    bt_divide_SUFFIX(m, c, same, each, from, g);
                    from = g;
                }
                if (is_direct) {
                    bt_spread_SUFFIX(all, from, z + (d * n1 + h) * n2);
                    continue;
                }
                bt_spread_SUFFIX(all, from, t);
                if (!apart) {
                    for (int64_t j = 0; j < n2; j++) sums[j] = e[j];
                    for (int64_t k = 1; k < w; k++) bt_sum_more_SUFFIX(n2, 1, e + k, sums);
                    e = sums;
                }
                for (; d < d_end; d++)
                    for (int64_t r = h; r < h_end; r++) {
                        TYPE *to = z + (d * n1 + r) * n2;
                        if (is_covered) __builtin_memcpy(to, e, (size_t)n2 * sizeof(TYPE));
                        else bt_sum_more_SUFFIX(n2, 1, e, to);
                    }
            }
    }
}

BT_SHARED(1) void bt_pool_grad_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, int64_t mode,
        const TYPE *g, TYPE *z, TYPE *scratch, int64_t room) {
    bt_pool_SUFFIX_all all = {.mode = mode, .g = g, .z = z, .scratch = scratch, .room = room, .work = bt_sum_planes_SUFFIX};
    bt_pool_sizes_SUFFIX(&all, sizes);
    const int64_t rows = all.o[0] * all.o[1], each = all.w[2] <= all.s[2] ? 1 : all.w[2];
    const int64_t cost = all.n[0] * all.n[1] * all.n[2] + rows * all.n[2] * (all.w[0] * all.w[1] + each);
    bt_pool_share_SUFFIX(rt, &all, planes, cost);
}

BT_KERNEL void bt_tangent_rows_SUFFIX(const bt_pool_SUFFIX_all *all, TYPE *scratch, int64_t lo, int64_t hi) {
    const int64_t m = all->o[2], s = all->s[2], p = all->p[2], n2 = all->n[2];
    (void)scratch;
    for (int64_t u = lo; u < hi; u++) {
        int64_t d, d_end, h, h_end;
        const int64_t k1 = u % all->o[1], k0 = u / all->o[1] % all->o[0], plane = u / all->o[1] / all->o[0];
        bt_window_SUFFIX(all, 0, k0, &d, &d_end);
        bt_window_SUFFIX(all, 1, k1, &h, &h_end);
        const TYPE *restrict y = all->y + u * m;
        TYPE *restrict z = all->z + u * m;
        for (int64_t k = 0; k < m; k++) z[k] = 0;
        for (; d < d_end; d++)
            for (int64_t r = h; r < h_end; r++) {
                const int64_t at = ((plane * all->n[0] + d) * all->n[1] + r) * n2 - p;
                for (int64_t i = 0; i < all->w[2]; i++) {
                    const int64_t from = p > i ? (p - i + s - 1) / s : 0;
                    const int64_t reach = (n2 + p - i + s - 1) / s, to = reach < m ? reach : m;
                    const TYPE *restrict x = all->x + at + i, *restrict v = all->g + at + i;
#pragma omp simd
                    for (int64_t k = from; k < to; k++) z[k] += x[k * s] == y[k] ? v[k * s] : 0;
                }
            }
    }
}

BT_SHARED(1) void bt_max_pool_tangent_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, const TYPE *x,
        const TYPE *y, const TYPE *v, TYPE *z) {
    bt_pool_SUFFIX_all all = {.x = x, .y = y, .g = v, .z = z, .work = bt_tangent_rows_SUFFIX};
    bt_pool_sizes_SUFFIX(&all, sizes);
    if (planes * all.o[0] * all.o[1] * all.o[2] == 0) return;
    const int64_t cost = all.w[0] * all.w[1] * all.w[2] * all.o[2] * 2;
    bt_pool_share_SUFFIX(rt, &all, planes * all.o[0] * all.o[1], cost);
}
