/* Combine rows of m elements, and elements in windows along a row, by COMBINE: a maximum or a sum. */
static inline __attribute__((always_inline)) void bt_KIND_two_SUFFIX(int64_t m, const TYPE *restrict a,
        const TYPE *restrict b, TYPE *restrict t) {
    int64_t j = 0;
    for (; j + 8 <= m; j += 8) {
#pragma omp simd
        for (int i = 0; i < 8; i++) t[j + i] = COMBINE(a[j + i], b[j + i]);
    }
    for (; j < m; j++) t[j] = COMBINE(a[j], b[j]);
}

static inline __attribute__((always_inline)) void bt_KIND_more_SUFFIX(int64_t m, int s, const TYPE *restrict a,
        TYPE *restrict t) {
#pragma omp simd
    for (int64_t j = 0; j < m; j++) t[j] = COMBINE(t[j], a[j * s]);
}

/* Small steps: a step of all windows at a time. Larger ones: window by window, in eight lanes where it is long. */
static inline __attribute__((always_inline)) void bt_KIND_places_SUFFIX(int64_t m, int64_t w, int s,
        const TYPE *restrict t, TYPE *restrict z) {
    if (w == 1) {
        for (int64_t q = 0; q < m; q++) z[q] = t[q * s];
        return;
    }
#pragma omp simd
    for (int64_t q = 0; q < m; q++) {
        const TYPE a = t[q * s], b = t[q * s + 1];
        z[q] = COMBINE(a, b);
    }
    for (int64_t k = 2; k < w; k++) bt_KIND_more_SUFFIX(m, s, t + k, z);
}

static inline TYPE bt_KIND_one_SUFFIX(int64_t w, const TYPE *t) {
    TYPE lanes[8], one;
    int64_t k = 1;
    if (w >= 16) {
        for (int i = 0; i < 8; i++) lanes[i] = t[i];
        for (k = 8; k + 8 <= w; k += 8) {
#pragma omp simd
            for (int i = 0; i < 8; i++) lanes[i] = COMBINE(lanes[i], t[k + i]);
        }
        one = lanes[0];
        for (int i = 1; i < 8; i++) one = COMBINE(one, lanes[i]);
    } else {
        one = t[0];
    }
    for (; k < w; k++) one = COMBINE(one, t[k]);
    return one;
}

BT_KERNEL void bt_KIND_along_SUFFIX(int64_t m, int64_t w, int64_t s, const TYPE *restrict t, TYPE *restrict z) {
    if (s == 1) bt_KIND_places_SUFFIX(m, w, 1, t, z);
    else if (s == 2) bt_KIND_places_SUFFIX(m, w, 2, t, z);
    else if (s == 3) bt_KIND_places_SUFFIX(m, w, 3, t, z);
    else for (int64_t q = 0; q < m; q++) z[q] = bt_KIND_one_SUFFIX(w, t + q * s);
}

/* What the rows of window `u` hold, in t[0 .. pitch). Gives how many rows divide an average. */
BT_KERNEL int64_t bt_KIND_rows_SUFFIX(const bt_pool_SUFFIX_all *all, int64_t u, int64_t pitch, TYPE *t) {
    int64_t d, d_end, h, h_end;
    const int64_t k1 = u % all->o[1], k0 = u / all->o[1] % all->o[0], plane = u / all->o[1] / all->o[0];
    const int64_t c = bt_window_SUFFIX(all, 0, k0, &d, &d_end) * bt_window_SUFFIX(all, 1, k1, &h, &h_end);
    const int64_t n2 = all->n[2], p2 = all->p[2], n = d_end > d ? h_end - h : 0;
    const int64_t m = n2 < pitch - p2 ? n2 : pitch - p2;
    const TYPE *x = all->x + ((plane * all->n[0] + d) * all->n[1] + h) * n2;
    TYPE *to = t + p2;
    for (int64_t j = 0; j < p2; j++) t[j] = NOTHING;
    for (int64_t j = p2 + m; j < pitch; j++) t[j] = NOTHING;
    if (n == 0) {
        for (int64_t j = 0; j < m; j++) to[j] = NOTHING;
        return c;
    }
    if (n == 1) {
        for (int64_t j = 0; j < m; j++) to[j] = x[j];
    } else {
        bt_KIND_two_SUFFIX(m, x, x + n2, to);
        for (int64_t r = 2; r < n; r++) bt_KIND_more_SUFFIX(m, 1, x + r * n2, to);
    }
    for (d++; d < d_end; d++) {
        x += all->n[1] * n2;
        for (int64_t r = 0; r < n; r++) bt_KIND_more_SUFFIX(m, 1, x + r * n2, to);
    }
    return c;
}


/* The same of windows of two rows, from window `u` on, where no row is outside of one. */
BT_KERNEL void bt_KIND_pairs_SUFFIX(const bt_pool_SUFFIX_all *all, int64_t u, int64_t rows, int64_t pitch, TYPE *t) {
    const int64_t n = all->n[2], m = n < pitch ? n : pitch;
    const TYPE *x = all->x + 2 * u * n;
    for (int64_t r = 0; r < rows; r++, x += 2 * n, t += pitch) {
        bt_KIND_two_SUFFIX(m, x, x + n, t);
        for (int64_t j = m; j < pitch; j++) t[j] = NOTHING;
    }
}
