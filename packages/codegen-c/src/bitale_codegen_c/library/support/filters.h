/* Rows of filters by a panel of windows. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { bt_rows_SUFFIX = 12 };
#else
enum { bt_rows_SUFFIX = 6 };
#endif

static inline __attribute__((always_inline)) void bt_tile_SUFFIX(const int rows, const int vectors, int64_t depth, const TYPE *w,
        const TYPE *panel, TYPE *out, int64_t apart, int adds) {
    bt_lanes_SUFFIX s[12][2] = {{{0}}};
    for (int64_t d = 0; d < depth; d++, w += rows, panel += bt_panel_SUFFIX) {
        const bt_lanes_SUFFIX a = *(const bt_lanes_SUFFIX *)panel, b = vectors == 2 ? *(const bt_lanes_SUFFIX *)(panel + bt_wide_SUFFIX) : a;
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            s[r][0] += a * w[r];
            if (vectors == 2) s[r][1] += b * w[r];
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++) {
        bt_lanes_SUFFIX *to = (bt_lanes_SUFFIX *)(out + r * apart), *next = (bt_lanes_SUFFIX *)(out + r * apart + bt_wide_SUFFIX);
        if (adds) *to += s[r][0];
        else *to = s[r][0];
        if (vectors == 2 && adds) *next += s[r][1];
        else if (vectors == 2) *next = s[r][1];
    }
}

#if defined(__AVX512F__) || defined(__aarch64__)
#define BT_CASES BT_CASE(1) BT_CASE(2) BT_CASE(3) BT_CASE(4) BT_CASE(5) BT_CASE(6) BT_CASE(7) BT_CASE(8) BT_CASE(9) BT_CASE(10) BT_CASE(11) BT_CASE(12)
#else
#define BT_CASES BT_CASE(1) BT_CASE(2) BT_CASE(3) BT_CASE(4) BT_CASE(5) BT_CASE(6)
#endif
#define BT_CASE(r) case r: bt_tile_SUFFIX(r, 2, depth, w, panel, out, apart, adds); return;
BT_KERNEL void bt_rows_tile_SUFFIX(int64_t rows, int64_t depth, const TYPE *w, const TYPE *panel, TYPE *out, int64_t apart, int adds) {
    switch (rows) { BT_CASES }
}
#undef BT_CASE
/* By the first vectors of a panel. */
#define BT_CASE(r) case r: bt_tile_SUFFIX(r, 1, depth, w, panel, out, apart, adds); return;
BT_KERNEL void bt_narrow_tile_SUFFIX(int64_t rows, int64_t depth, const TYPE *w, const TYPE *panel, TYPE *out, int64_t apart, int adds) {
    switch (rows) { BT_CASES }
}
#undef BT_CASE

/* How many rows a panel of filters has, of `rows` in all: as even as can be. */
static inline int64_t bt_rows_of_panel_SUFFIX(int64_t rows) { return bt_up(rows, bt_up(rows, bt_rows_SUFFIX)); }

/* Filters in panels of rows, depth by depth. Of row m they are w[m * down + d], or, turned, those of `step` numbers after another, and
 * of each the last of so many taps first: depth d is w[m * down + d / taps * step + taps - 1 - d % taps]. */
typedef struct {
    const TYPE *w;
    int64_t rows, depth, down, taps, step, is_turned;
} bt_filters_SUFFIX;

/* Some rows turned: number j of all of them from `to + j * rows` on. A vector holds more than the rows that are left, and what is
 * too much is written over by the next. */
BT_KERNEL void bt_pack_turned_SUFFIX(const TYPE *from, int64_t apart, int64_t rows, int64_t count, TYPE *to) {
    const TYPE *end = to + rows * count;
    for (int64_t p = 0; p < count; p += bt_wide_SUFFIX) {
        if (p + bt_wide_SUFFIX > count && p > 0) p = count - bt_wide_SUFFIX;
        for (int64_t r = (rows - 1) / bt_wide_SUFFIX * bt_wide_SUFFIX; r >= 0; r -= bt_wide_SUFFIX) {
            bt_lanes_SUFFIX v[bt_wide_SUFFIX];
            const int64_t some = bt_least(bt_wide_SUFFIX, rows - r);
            TYPE *at = to + p * rows + r;
            bt_load_turned_SUFFIX(from + r * apart + p, apart, some, count - p, v);
            if (at + (bt_wide_SUFFIX - 1) * rows + bt_wide_SUFFIX <= end) {
#pragma GCC unroll 16
                for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(at + i * rows) = v[i];
                continue;
            }
            TYPE all[bt_wide_SUFFIX * bt_wide_SUFFIX];
#pragma GCC unroll 16
            for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX) = v[i];
            for (int64_t i = 0; i < bt_wide_SUFFIX && p + i < count; i++)
                for (int64_t j = 0; j < some; j++) at[i * rows + j] = all[i * bt_wide_SUFFIX + j];
        }
    }
}

/* Some depths at a time, so that what rows write between one another stays in the fastest cache. */
/* Runs of numbers as they are, `step` apart. A run is written as whole vectors, but no further than to the end of all. */
BT_KERNEL void bt_pack_runs_SUFFIX(const TYPE *from, const TYPE *limit, int64_t step, int64_t length, int64_t count, TYPE *to) {
    const TYPE *end = to + length * count;
    for (int64_t i = 0; i < count; i++, from += step, to += length)
        if (length <= bt_wide_SUFFIX && to + bt_wide_SUFFIX <= end && from + bt_wide_SUFFIX <= limit)
            *(bt_lanes_SUFFIX *)to = *(const bt_lanes_SUFFIX *)from;
        else bt_copy_numbers_SUFFIX(to, from, length);
}

/* `taps` numbers of some rows turned, the last ones first: nothing is read from `limit` on, nor written from `end` on. */
BT_KERNEL void bt_pack_backwards_SUFFIX(const TYPE *from, const TYPE *limit, int64_t apart, int64_t rows, int64_t taps, const TYPE *end, TYPE *to) {
    for (int64_t first = (taps - 1) / bt_wide_SUFFIX * bt_wide_SUFFIX; first >= 0; first -= bt_wide_SUFFIX)
        for (int64_t r = (rows - 1) / bt_wide_SUFFIX * bt_wide_SUFFIX; r >= 0; r -= bt_wide_SUFFIX) {
            const int64_t count = bt_least(bt_wide_SUFFIX, taps - first), some = bt_least(bt_wide_SUFFIX, rows - r);
            const TYPE *numbers = from + r * apart + first;
            bt_lanes_SUFFIX v[bt_wide_SUFFIX];
            TYPE all[bt_wide_SUFFIX * bt_wide_SUFFIX], *at = to + (taps - first - count) * rows + r;
            bt_load_turned_SUFFIX(numbers, apart, some, numbers + (some - 1) * apart + bt_wide_SUFFIX <= limit ? bt_wide_SUFFIX : count, v);
#pragma GCC unroll 16
            for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX) = v[i];
            for (int64_t i = count - 1; i >= 0; i--, at += rows)
                if (at + bt_wide_SUFFIX <= end) *(bt_lanes_SUFFIX *)at = *(const bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX);
                else for (int64_t j = 0; j < some; j++) at[j] = all[i * bt_wide_SUFFIX + j];
        }
}

BT_KERNEL void bt_pack_filters_SUFFIX(const bt_filters_SUFFIX *f, int64_t from, int64_t to, TYPE *packed) {
    const int64_t high = bt_rows_of_panel_SUFFIX(f->rows), taps = f->taps;
    const TYPE *limit = f->w + (f->depth / taps - 1) * f->step + f->rows * f->down;
    for (int64_t i = from; i < to; i++) {
        const int64_t rows = bt_least(high, f->rows - i * high);
        const TYPE *w = f->w + i * high * f->down;
        TYPE *t = packed + i * high * f->depth;
        if (!f->is_turned) bt_pack_turned_SUFFIX(w, f->down, rows, f->depth, t);
        else if (taps == 1) bt_pack_runs_SUFFIX(w, w + (f->depth - 1) * f->step + rows, f->step, rows, f->depth, t);
        else
            for (int64_t d = 0; d < f->depth; d += taps, w += f->step, t += taps * rows)
                bt_pack_backwards_SUFFIX(w, limit, f->down, rows, taps, d + taps < f->depth ? t + (taps + 1) * rows : t + taps * rows, t);
    }
}
