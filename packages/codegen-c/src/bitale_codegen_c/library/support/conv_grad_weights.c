/* The gradient of a convolution by its filters: products of rows of y with what lies under the windows, summed over all
 * windows. What is under a window is turned, so that a vector holds some taps of one window; so these are the tiles of the other
 * convolutions, a panel of taps in the place of one of windows. The windows are split into ranges by the lengths alone, each with
 * sums of its own, so that the number of threads changes no result. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g;
    bt_layout at;
    int64_t parts, is_direct, has_strips, filters, depth, windows, sheets;
    /* Filters and taps of an item, windows packed at a time, and those of a range. */
    int64_t high, some, block, range, highs, wides, ranges;
    int64_t *offsets;
    const TYPE *x, *y;
    TYPE *sums;
    int failed;
} bt_weights_SUFFIX;

enum { BT_WINDOWS = 256 }; /* of a block, at most */

/* Taps `offsets` of windows, as one half of a panel, of which the other half stands between. */
BT_KERNEL void bt_turn_taps_SUFFIX(int64_t count, const bt_piece *pieces, const TYPE *x, const TYPE *limit, const int64_t *offsets,
        int64_t taps, TYPE *to) {
    const int64_t many = bt_least(taps, bt_wide_SUFFIX), most = offsets[many - 1];
    for (int64_t e = 0; e < count; e++) {
        const TYPE *from = x + pieces[e].from;
        const int64_t length = pieces[e].length;
        TYPE *row = to + pieces[e].at * bt_panel_SUFFIX;
        if (from + most + bt_wide_SUFFIX > limit || length < bt_wide_SUFFIX / 4) {
            for (int64_t i = 0; i < length; i++)
                for (int64_t t = 0; t < bt_wide_SUFFIX; t++) row[i * bt_panel_SUFFIX + t] = from[offsets[bt_least(t, many - 1)] + i];
            continue;
        }
        bt_lanes_SUFFIX v[bt_wide_SUFFIX];
#pragma GCC unroll 16
        for (int t = 0; t < bt_wide_SUFFIX; t++) v[t] = *(const bt_lanes_SUFFIX *)(from + offsets[bt_least(t, many - 1)]);
        bt_turn_SUFFIX(v);
        /* Too many windows: they are those of the next piece, or behind the panel. */
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(row + i * bt_panel_SUFFIX) = v[i];
    }
}

/* What lies under windows `lo` to `hi`, at taps `tap` to `stop`: in panels of taps. */
static void bt_pack_windows_SUFFIX(const bt_weights_SUFFIX *all, int64_t group, int64_t lo, int64_t hi, int64_t tap,
        int64_t stop, TYPE *copy, TYPE *panels) {
    const bt_geometry *g = &all->g;
    const int64_t sheet = g->out[1] * g->out[2], first = lo / sheet, skip = all->is_direct ? 0 : lo % sheet / g->out[2];
    const int64_t image = bt_volume(g->in), channels = g->c / g->groups, taps = bt_taps(g), channel = tap / taps;
    const TYPE *x = all->x + group * channels * image, *limit = all->x + g->n * g->c * image;
    const bt_geometry strip = bt_strip(g, lo, all->block);
    if (all->is_direct) x += first / g->out[0] * all->at.image;
    else if (all->has_strips) {
        bt_copy_rows_SUFFIX(&strip, &all->at, x + (first / g->out[0] * g->c + channel) * image, (stop - 1) / taps + 1 - channel,
                            first % g->out[0], skip, skip + 1, copy);
        x = copy - channel * all->at.channel, limit = copy + all->at.size + bt_wide_SUFFIX;
    } else {
        for (int64_t s = first; s * sheet < hi; s++)
            bt_copy_rows_SUFFIX(g, &all->at, x + (s / g->out[0] * g->c + channel) * image, (stop - 1) / taps + 1 - channel,
                                s % g->out[0], s == first ? skip : 0, bt_least(g->out[1], bt_up(hi - s * sheet, g->out[2])),
                                copy + (s - first) * all->at.size);
        x = copy - channel * all->at.channel, limit = copy + all->sheets * all->at.size + bt_wide_SUFFIX;
    }
    bt_piece pieces[BT_WINDOWS];
    const int64_t count = all->has_strips ? bt_pieces_SUFFIX(&strip, &all->at, 1, 0, 0, 0, hi - lo, pieces)
                          : bt_pieces_SUFFIX(g, &all->at, all->is_direct ? g->out[0] : 1, first, skip, lo, hi, pieces);
    for (; tap < stop; tap += bt_panel_SUFFIX, panels += bt_panel_SUFFIX * (hi - lo + bt_wide_SUFFIX))
        for (int64_t half = 0; half < bt_panel_SUFFIX && tap + half < stop; half += bt_wide_SUFFIX)
            bt_turn_taps_SUFFIX(count, pieces, x, limit, all->offsets + tap + half, stop - tap - half, panels + half);
}

/* Rows `filter` on of y in panels of rows: window by window one number of each row. */
static void bt_pack_rows_SUFFIX(const bt_weights_SUFFIX *all, int64_t filter, int64_t rows, int64_t lo, int64_t hi, TYPE *panels) {
    const int64_t sheet = bt_volume(all->g.out), high = bt_rows_of_panel_SUFFIX(rows);
    for (int64_t r = 0; r < rows; r += high, panels += high * (hi - lo)) {
        const int64_t some = bt_least(high, rows - r);
        for (int64_t p = lo, stop; p < hi; p = stop) {
            stop = bt_least(hi, (p / sheet + 1) * sheet);
            const TYPE *y = all->y + (p / sheet * all->g.k + filter + r) * sheet + p % sheet;
            bt_pack_turned_SUFFIX(y, sheet, some, stop - p, panels + (p - lo) * some);
        }
    }
}

static void bt_weights_block_SUFFIX(const bt_weights_SUFFIX *all, int64_t group, int64_t filter, int64_t tap, int64_t range,
        TYPE *left, TYPE *right, TYPE *copy) {
    const int64_t filters = bt_least(all->high, all->filters - filter), end = bt_least(all->depth, tap + all->some);
    const int64_t stop = bt_least(all->windows, (range + 1) * all->range), high = bt_rows_of_panel_SUFFIX(filters);
    TYPE *sums = all->sums + (range * all->g.k + group * all->filters + filter) * all->depth;
    for (int64_t lo = range * all->range, hi; lo < stop; lo = hi) {
        hi = bt_least(stop, lo + all->block);
        if (all->has_strips) hi = bt_least(hi, (lo / all->g.out[2] + 1) * all->g.out[2]);
        const int adds = lo > range * all->range;
        bt_pack_rows_SUFFIX(all, group * all->filters + filter, filters, lo, hi, left);
        bt_pack_windows_SUFFIX(all, group, lo, hi, tap, end, copy, right);
        const TYPE *panel = right;
        for (int64_t t = tap; t < end; t += bt_panel_SUFFIX, panel += bt_panel_SUFFIX * (hi - lo + bt_wide_SUFFIX))
            for (int64_t r = 0; r < filters; r += high) {
                const int64_t rows = bt_least(high, filters - r), is_whole = t + bt_panel_SUFFIX <= end;
                TYPE tile[bt_rows_SUFFIX * bt_panel_SUFFIX], *to = sums + r * all->depth + t, *out = is_whole ? to : tile;
                const int64_t apart = is_whole ? all->depth : bt_panel_SUFFIX;
                if (end - t > bt_wide_SUFFIX) bt_rows_tile_SUFFIX(rows, hi - lo, left + r * (hi - lo), panel, out, apart, adds && is_whole);
                else bt_narrow_tile_SUFFIX(rows, hi - lo, left + r * (hi - lo), panel, out, apart, 0);
                for (int64_t i = 0; !is_whole && i < rows; i++)
                    for (int64_t j = 0; j < end - t; j++)
                        to[i * all->depth + j] = adds ? to[i * all->depth + j] + tile[i * bt_panel_SUFFIX + j] : tile[i * bt_panel_SUFFIX + j];
            }
    }
}

static void bt_weights_part_SUFFIX(void *context, int64_t part) {
    bt_weights_SUFFIX *all = context;
    const int64_t left = all->high * all->block, right = bt_up(all->some, bt_panel_SUFFIX) * bt_panel_SUFFIX * (all->block + bt_wide_SUFFIX);
    const int64_t copied = all->is_direct ? 0 : all->sheets * all->at.size + bt_wide_SUFFIX;
    TYPE *room = all->rt->alloc((left + right + copied) * sizeof(TYPE));
    if (room == NULL) {
        all->failed = 1;
        return;
    }
    const int64_t items = all->g.groups * all->highs * all->wides * all->ranges;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        const int64_t range = i / all->wides / all->highs % all->ranges, group = i / all->wides / all->highs / all->ranges;
        bt_weights_block_SUFFIX(all, group, i / all->wides % all->highs * all->high, i % all->wides * all->some, range, room,
                                room + left, room + left + right);
    }
    all->rt->release(room);
}

static int64_t bt_sum_weights_SUFFIX(bt_weights_SUFFIX *all, TYPE *to) {
    const bt_geometry *g = &all->g;
    const int64_t count = g->k * all->depth;
    all->highs = bt_up(all->filters, 12 * bt_rows_SUFFIX), all->high = bt_up(all->filters, all->highs);
    all->wides = bt_up(all->depth, 8 * bt_panel_SUFFIX);
    all->some = bt_up(bt_up(all->depth, all->wides), bt_panel_SUFFIX) * bt_panel_SUFFIX;
    all->wides = bt_up(all->depth, all->some);
    int64_t block = bt_least(BT_WINDOWS, 1024 / sizeof(TYPE));
    all->ranges = bt_most(1, bt_least(bt_least(bt_up(16, g->groups * all->highs * all->wides), all->windows / (2 * block)), (1 << 20) / count));
    all->range = bt_up(all->windows, all->ranges);
    all->block = bt_up(all->range, bt_up(all->range, block));
    all->ranges = bt_up(all->windows, all->range);
    all->parts = bt_parts(all->rt, all->windows * count / 16);
    all->is_direct = bt_is_direct(g);
    all->has_strips = !all->is_direct && g->out[2] > all->block;
    const int64_t rows = all->has_strips ? 1 : bt_least(g->out[1], (all->block - 2) / g->out[2] + 2), channels = bt_up(all->some, bt_taps(g)) + 1;
    all->sheets = all->has_strips ? 1 : (all->block - 2) / (g->out[2] * g->out[1]) + 2;
    const bt_geometry strip = bt_strip(g, 0, all->block), *copied = all->has_strips ? &strip : g;
    all->at = all->is_direct ? bt_direct_layout(g) : bt_copy_layout(copied, channels, g->kernel[0], bt_extent(g, 1, rows), 0);
    if (!all->is_direct) all->at.image = all->at.size;
    const int64_t sums = all->ranges == 1 ? 0 : bt_up(all->ranges * count * sizeof(TYPE), 64) * 64;
    char *room = all->rt->alloc(sums + all->depth * sizeof(int64_t));
    if (room == NULL) return 1;
    all->sums = sums ? (TYPE *)room : to, all->offsets = (int64_t *)(room + sums);
    bt_tap_offsets(g, &all->at, g->c / g->groups, all->offsets);
    all->rt->share(bt_weights_part_SUFFIX, all, all->parts);
    if (sums) bt_add_ranges_SUFFIX(all->sums, all->ranges, count, to);
    all->rt->release(room);
    return all->failed;
}

/* Windows from which on the method of Winograd is as fast. */
enum { BT_SQUARES = 64 };

/* w = the gradient, from x and y (that of the result), all C-contiguous. */
BT_SHARED(2) void bt_conv_grad_weights_SUFFIX(const bt_runtime *rt, TYPE *x, TYPE *w, TYPE *y, BT_CONVOLUTION) {
    bt_weights_SUFFIX all = {.rt = rt, .g = bt_simplified(ndim, n, c, k, groups, in, kernel, out, stride, before, dilation)};
    const bt_geometry *g = &all.g;
    all.windows = n * bt_volume(g->out), all.filters = k / groups, all.depth = c / groups * bt_taps(g);
    if (all.windows == 0) __builtin_memset(w, 0, k * all.depth * sizeof(TYPE));
    if (k * all.depth == 0 || all.windows == 0) return;
    all.x = x, all.y = y;
    const int is_thin = all.filters * (c / groups) <= BT_FEW;
    const int failed = bt_is_by_channels_SUFFIX(g) ? bt_conv_channels_weights_SUFFIX(rt, g, x, y, w)
                       : is_thin ? bt_conv_direct_weights_SUFFIX(rt, g, x, y, w)
                       : bt_is_for_squares_SUFFIX(g, BT_SQUARES, INT64_MAX) ? bt_conv_winograd_weights_SUFFIX(rt, g, x, y, w) : bt_sum_weights_SUFFIX(&all, w);
    if (failed) bt_one_by_one_SUFFIX(g, BT_OF_FILTERS, x, w, y);
}
