/* The gradient of a convolution by its filters: products of rows of y with what lies under the windows, summed over all
 * windows. A lane of a vector sums over some windows, and the lanes are added up at the end of a tile. The windows are split
 * into ranges by the lengths alone, each with sums of its own, so that the number of threads changes no result. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { bt_left_SUFFIX = 5, bt_right_SUFFIX = 5 };
#else
enum { bt_left_SUFFIX = 3, bt_right_SUFFIX = 4 };
#endif

/* Products of rows with rows, of `panels` panels each: lanes of sums, or what is added to those that are there. */
BT_KERNEL void bt_dots_SUFFIX(int64_t panels, const TYPE *left, const TYPE *right, bt_lanes_SUFFIX *sums, int adds) {
    bt_lanes_SUFFIX s[bt_left_SUFFIX][bt_right_SUFFIX] = {{{0}}};
#pragma GCC unroll 5
    for (int l = 0; adds && l < bt_left_SUFFIX; l++)
#pragma GCC unroll 5
        for (int r = 0; r < bt_right_SUFFIX; r++) s[l][r] = sums[l * bt_right_SUFFIX + r];
    for (int64_t p = 0; p < 2 * panels; p++) {
        bt_lanes_SUFFIX a[bt_left_SUFFIX];
#pragma GCC unroll 5
        for (int l = 0; l < bt_left_SUFFIX; l++) a[l] = *(const bt_lanes_SUFFIX *)(left + l * bt_panel_SUFFIX);
#pragma GCC unroll 5
        for (int r = 0; r < bt_right_SUFFIX; r++) {
            const bt_lanes_SUFFIX b = *(const bt_lanes_SUFFIX *)(right + r * bt_panel_SUFFIX);
#pragma GCC unroll 5
            for (int l = 0; l < bt_left_SUFFIX; l++) s[l][r] += a[l] * b;
        }
        /* The second half of a panel, then the next panel. */
        left += p & 1 ? (bt_left_SUFFIX - 1) * bt_panel_SUFFIX + bt_wide_SUFFIX : bt_wide_SUFFIX;
        right += p & 1 ? (bt_right_SUFFIX - 1) * bt_panel_SUFFIX + bt_wide_SUFFIX : bt_wide_SUFFIX;
    }
#pragma GCC unroll 5
    for (int l = 0; l < bt_left_SUFFIX; l++)
#pragma GCC unroll 5
        for (int r = 0; r < bt_right_SUFFIX; r++) sums[l * bt_right_SUFFIX + r] = s[l][r];
}

/* The lanes of a tile added up, of which `rows` by `columns` are wanted: by halves, each for all of the tile. */
BT_KERNEL void bt_add_lanes_SUFFIX(const TYPE *lanes, int64_t rows, int64_t columns, TYPE *to, int64_t apart) {
    enum { count = bt_left_SUFFIX * bt_right_SUFFIX };
    TYPE half[count][bt_wide_SUFFIX];
    for (int s = 0; s < count; s++)
#pragma omp simd
        for (int i = 0; i < bt_wide_SUFFIX / 2; i++) half[s][i] = lanes[s * bt_wide_SUFFIX + i] + lanes[s * bt_wide_SUFFIX + bt_wide_SUFFIX / 2 + i];
    for (int wide = bt_wide_SUFFIX / 4; wide > 1; wide /= 2)
        for (int s = 0; s < count; s++)
            for (int i = 0; i < wide; i++) half[s][i] += half[s][wide + i];
    for (int64_t l = 0; l < rows; l++)
        for (int64_t r = 0; r < columns; r++) {
            const TYPE *pair = half[l * bt_right_SUFFIX + r];
            to[l * apart + r] = bt_wide_SUFFIX > 2 ? pair[0] + pair[1] : pair[0];
        }
}

typedef struct {
    const bt_runtime *rt;
    bt_geometry g, flat;
    bt_layout at, from;
    int64_t parts, is_direct, has_strips, filters, depth, windows, sheets;
    /* Filters and taps of an item, windows packed at a time, and those of a range. */
    int64_t high, some, block, range, highs, wides, ranges;
    int64_t *offsets, *places;
    const TYPE *x, *y;
    TYPE *sums;
    int failed;
} bt_weights_SUFFIX;

/* What lies under windows `lo` to `hi`, at taps `tap` to `stop`. */
static void bt_pack_windows_SUFFIX(const bt_weights_SUFFIX *all, int64_t group, int64_t lo, int64_t hi, int64_t tap,
        int64_t stop, int64_t apart, TYPE *copy, TYPE *panels) {
    const bt_geometry *g = &all->g;
    const int64_t sheet = g->out[1] * g->out[2], first = lo / sheet, skip = all->is_direct ? 0 : lo % sheet / g->out[2];
    const int64_t image = bt_volume(g->in), channels = g->c / g->groups, taps = bt_taps(g), channel = tap / taps;
    const TYPE *x = all->x + group * channels * image, *limit = all->x + g->n * g->c * image;
    if (all->is_direct && g->out[0] * g->out[1] == 1) {
        bt_pack_long_SUFFIX(sheet, all->at.image, lo, hi, x + first * all->at.image, all->offsets + tap, stop - tap, bt_right_SUFFIX, apart, panels);
        return;
    }
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
    for (int64_t p = lo; p < hi; p += bt_panel_SUFFIX, panels += bt_right_SUFFIX * bt_panel_SUFFIX) {
        bt_piece pieces[bt_panel_SUFFIX];
        const int64_t end = bt_least(hi, p + bt_panel_SUFFIX);
        const int count = all->has_strips ? bt_pieces_SUFFIX(&strip, &all->at, 1, 0, 0, p - lo, end - lo, pieces)
                          : bt_pieces_SUFFIX(g, &all->at, all->is_direct ? g->out[0] : 1, first, skip, p, end, pieces);
        bt_pack_panel_SUFFIX(count, pieces, x, limit, all->offsets + tap, stop - tap, bt_right_SUFFIX, apart, panels);
    }
}

static void bt_pack_rows_SUFFIX(const bt_weights_SUFFIX *all, int64_t filter, int64_t rows, int64_t lo, int64_t hi, int64_t apart, TYPE *panels) {
    const int64_t sheet = bt_volume(all->g.out);
    const TYPE *y = all->y + lo / sheet * all->from.image + filter * sheet;
    bt_pack_long_SUFFIX(sheet, all->from.image, lo, hi, y, all->places, rows, bt_left_SUFFIX, apart, panels);
}

static void bt_weights_block_SUFFIX(const bt_weights_SUFFIX *all, int64_t group, int64_t filter, int64_t tap, int64_t range,
        TYPE *left, TYPE *right, TYPE *lanes, TYPE *copy) {
    enum { tile = bt_left_SUFFIX * bt_right_SUFFIX * bt_wide_SUFFIX };
    const int64_t filters = bt_least(all->high, all->filters - filter), taps = bt_least(all->depth - tap, all->some);
    const int64_t stop = bt_least(all->windows, (range + 1) * all->range);
    const int64_t down = bt_up(filters, bt_left_SUFFIX), across = bt_up(taps, bt_right_SUFFIX);
    TYPE *sums = all->sums + (range * all->g.k + group * all->filters + filter) * all->depth + tap;
    for (int64_t lo = range * all->range, hi; lo < stop; lo = hi) {
        hi = bt_least(stop, lo + all->block);
        if (all->has_strips) hi = bt_least(hi, (lo / all->g.out[2] + 1) * all->g.out[2]);
        const int64_t panels = bt_up(hi - lo, bt_panel_SUFFIX);
        const int64_t left_apart = panels * bt_left_SUFFIX * bt_panel_SUFFIX + bt_wide_SUFFIX;
        const int64_t right_apart = panels * bt_right_SUFFIX * bt_panel_SUFFIX + bt_wide_SUFFIX;
        bt_pack_rows_SUFFIX(all, group * all->filters + filter, filters, lo, hi, left_apart, left);
        bt_pack_windows_SUFFIX(all, group, lo, hi, tap, tap + taps, right_apart, copy, right);
        /* Lanes are kept until the last block; where that is the first, each tile's are added up while they are near. */
        const int is_only = lo == range * all->range && hi == stop;
        for (int64_t r = 0; r < across; r++)
            for (int64_t l = 0; l < down; l++) {
                TYPE *some = lanes + (is_only ? 0 : (r * down + l) * tile);
                bt_dots_SUFFIX(panels, left + l * left_apart, right + r * right_apart, (bt_lanes_SUFFIX *)some, lo > range * all->range);
                if (hi == stop)
                    bt_add_lanes_SUFFIX(some, bt_least(bt_left_SUFFIX, filters - l * bt_left_SUFFIX),
                                        bt_least(bt_right_SUFFIX, taps - r * bt_right_SUFFIX),
                                        sums + l * bt_left_SUFFIX * all->depth + r * bt_right_SUFFIX, all->depth);
            }
    }
}

static void bt_weights_part_SUFFIX(void *context, int64_t part) {
    bt_weights_SUFFIX *all = context;
    const int64_t left = bt_up(all->high, bt_left_SUFFIX) * (all->block * bt_left_SUFFIX + bt_wide_SUFFIX) + bt_wide_SUFFIX;
    const int64_t right = bt_up(all->some, bt_right_SUFFIX) * (all->block * bt_right_SUFFIX + bt_wide_SUFFIX) + bt_wide_SUFFIX;
    const int64_t copied = all->is_direct ? 0 : all->sheets * all->at.size + bt_wide_SUFFIX;
    const int64_t lanes = (all->high + bt_left_SUFFIX) * (all->some + bt_right_SUFFIX) * bt_wide_SUFFIX;
    TYPE *room = all->rt->alloc((left + right + lanes + copied) * sizeof(TYPE));
    if (room == NULL) {
        all->failed = 1;
        return;
    }
    /* Rows that a last tile lacks are computed and dropped. */
    __builtin_memset(room, 0, (left + right) * sizeof(TYPE));
    const int64_t items = all->g.groups * all->highs * all->wides * all->ranges;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        const int64_t range = i / all->wides / all->highs % all->ranges, group = i / all->wides / all->highs / all->ranges;
        bt_weights_block_SUFFIX(all, group, i / all->wides % all->highs * all->high, i % all->wides * all->some, range, room,
                                room + left, room + left + right, room + left + right + lanes);
    }
    all->rt->release(room);
}

static void bt_add_ranges_SUFFIX(const bt_weights_SUFFIX *all, TYPE *to) {
    const int64_t count = all->g.k * all->depth;
    for (int64_t i = 0; i < count; i++) {
        TYPE sum = all->sums[i];
        for (int64_t r = 1; r < all->ranges; r++) sum += all->sums[i + r * count];
        to[i] = sum;
    }
}

static int64_t bt_sum_weights_SUFFIX(bt_weights_SUFFIX *all, TYPE *to) {
    const bt_geometry *g = &all->g;
    const int64_t sheet = bt_volume(g->out), panels = bt_up(all->windows, bt_panel_SUFFIX), count = g->k * all->depth;
    all->high = bt_up(all->filters, bt_up(all->filters, 128)), all->highs = bt_up(all->filters, all->high);
    all->wides = bt_up(all->depth, 120);
    all->some = bt_up(bt_up(all->depth, all->wides), bt_right_SUFFIX) * bt_right_SUFFIX;
    all->wides = bt_up(all->depth, all->some);
    int64_t block = bt_least(32, bt_most(8, (256 << 10) / (all->high * bt_panel_SUFFIX * (int64_t)sizeof(TYPE))));
    all->ranges = bt_most(1, bt_least(bt_least(bt_up(16, g->groups * all->highs * all->wides), panels / (2 * block)), (1 << 20) / count));
    const int64_t range = bt_up(panels, all->ranges);
    block = bt_up(range, bt_up(range, block));
    all->block = block * bt_panel_SUFFIX, all->range = range * bt_panel_SUFFIX;
    all->ranges = bt_up(all->windows, all->range);
    all->parts = bt_parts(all->rt, all->windows * count / 16);
    all->is_direct = bt_is_direct(g);
    all->has_strips = !all->is_direct && g->out[2] > all->block;
    const int64_t rows = all->has_strips ? 1 : bt_least(g->out[1], (all->block - 2) / g->out[2] + 2), channels = bt_up(all->some, bt_taps(g)) + 1;
    all->sheets = all->has_strips ? 1 : (all->block - 2) / (g->out[2] * g->out[1]) + 2;
    const bt_geometry strip = bt_strip(g, 0, all->block), *copied = all->has_strips ? &strip : g;
    all->at = all->is_direct ? bt_direct_layout(g) : bt_copy_layout(copied, channels, g->kernel[0], bt_extent(g, 1, rows), 0);
    if (!all->is_direct) all->at.image = all->at.size;
    all->flat = (bt_geometry){g->n, g->k, g->k, g->groups, {1, 1, sheet}, {1, 1, 1}, {1, 1, sheet}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
    all->from = bt_direct_layout(&all->flat);
    const int64_t sums = all->ranges == 1 ? 0 : bt_up(all->ranges * count * sizeof(TYPE), 64) * 64;
    char *room = all->rt->alloc(sums + (all->depth + all->filters) * sizeof(int64_t));
    if (room == NULL) return 1;
    all->sums = sums ? (TYPE *)room : to, all->offsets = (int64_t *)(room + sums), all->places = all->offsets + all->depth;
    bt_tap_offsets(g, &all->at, g->c / g->groups, all->offsets);
    bt_tap_offsets(&all->flat, &all->from, all->filters, all->places);
    all->rt->share(bt_weights_part_SUFFIX, all, all->parts);
    if (sums) bt_add_ranges_SUFFIX(all, to);
    all->rt->release(room);
    return all->failed;
}

/* w = the gradient, from x and y (that of the result), all C-contiguous. */
BT_SHARED(2) void bt_conv_grad_weights_SUFFIX(const bt_runtime *rt, TYPE *x, TYPE *w, TYPE *y, BT_CONVOLUTION) {
    bt_weights_SUFFIX all = {.rt = rt, .g = bt_simplified(ndim, n, c, k, groups, in, kernel, out, stride, before, dilation)};
    const bt_geometry *g = &all.g;
    all.windows = n * bt_volume(g->out), all.filters = k / groups, all.depth = c / groups * bt_taps(g);
    if (all.windows == 0) __builtin_memset(w, 0, k * all.depth * sizeof(TYPE));
    if (k * all.depth == 0 || all.windows == 0) return;
    all.x = x, all.y = y;
    const int is_thin = all.filters * (c / groups) <= BT_FEW;
    if (bt_is_by_channels_SUFFIX(g) ? bt_conv_channels_weights_SUFFIX(rt, g, x, y, w)
        : is_thin ? bt_conv_direct_weights_SUFFIX(rt, g, x, y, w) : bt_sum_weights_SUFFIX(&all, w))
        bt_one_by_one_SUFFIX(g, BT_OF_FILTERS, x, w, y);
}
