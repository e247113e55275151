/* Convolution as a product of filters with panels of windows, which are packed some at a time, so that they stay in the
 * cache. Each number is summed in one order, whoever computes it. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g;
    bt_layout at;
    int64_t parts; int64_t is_direct, channels, filters, depth, block, deep, windows, blocks, slices, slice, sheets, strips;
    int64_t *offsets;
    const TYPE *x;
    TYPE *packed, *out;
    bt_filters_SUFFIX w;
    int failed;
} bt_convolution_SUFFIX;

static void bt_filters_part_SUFFIX(void *context, int64_t part) {
    const bt_convolution_SUFFIX *all = context;
    bt_filters_SUFFIX f = all->w;
    const int64_t panels = bt_up(f.rows, bt_rows_of_panel_SUFFIX(f.rows));
    for (int64_t i = 0; i < all->g.groups; i++, f.w += f.rows * f.depth)
        bt_pack_filters_SUFFIX(&f, panels * part / all->parts, panels * (part + 1) / all->parts, all->packed + i * f.rows * f.depth);
}

/* A tile beside the place of its numbers, of windows `lo` on. */
static void bt_scatter_tile_SUFFIX(const bt_convolution_SUFFIX *all, int64_t lo, int64_t count, int64_t channel,
        int64_t rows, const TYPE *tile, int adds) {
    const int64_t image = bt_volume(all->g.out);
    for (int64_t p = 0; p < count;) {
        const int64_t n = (lo + p) / image, at = (lo + p) % image, some = bt_least(count - p, image - at);
        TYPE *to = all->out + (n * all->g.k + channel) * image + at;
        for (int64_t r = 0; r < rows; r++)
            for (int64_t i = 0; i < some; i++) {
                const TYPE one = tile[r * bt_panel_SUFFIX + p + i];
                to[r * image + i] = adds ? to[r * image + i] + one : one;
            }
        p += some;
    }
}

/* Panels of windows that all lie side by side: of each tap as much as memory gives at once. */
static void bt_pack_panels_SUFFIX(int64_t count, const TYPE *x, const int64_t *offsets, int64_t depth, TYPE *to) {
    for (int64_t d = 0; d < depth; d++, to += bt_panel_SUFFIX) {
        const TYPE *from = x + offsets[d];
        for (int64_t i = 0; i < count; i++, from += bt_panel_SUFFIX) {
            bt_lanes_SUFFIX *place = (bt_lanes_SUFFIX *)(to + i * bt_panel_SUFFIX * depth);
            place[0] = *(const bt_lanes_SUFFIX *)from, place[1] = *(const bt_lanes_SUFFIX *)(from + bt_wide_SUFFIX);
        }
    }
}

/* The windows of a block by the filters of a slice. */
static void bt_convolve_block_SUFFIX(const bt_convolution_SUFFIX *all, int64_t group, int64_t block, int64_t slice,
        TYPE *panels, TYPE *copy) {
    const bt_geometry *g = &all->g;
    const int64_t lo = all->strips ? block / all->strips * g->out[2] + block % all->strips * all->block : block * all->block;
    const int64_t end = all->strips ? (block / all->strips + 1) * g->out[2] : all->windows;
    const int64_t hi = bt_least(lo + all->block, end), image = bt_volume(g->out), line = g->out[2];
    const int64_t sheet = g->out[1] * g->out[2], first = lo / sheet, skip = lo % sheet / g->out[2];
    const TYPE *x = all->x + group * all->channels * bt_volume(g->in);
    const TYPE *limit = all->x + g->n * g->c * bt_volume(g->in);
    const bt_geometry strip = bt_strip(g, lo, all->block);
    if (all->strips) {
        bt_copy_rows_SUFFIX(&strip, &all->at, x + first / g->out[0] * g->c * bt_volume(g->in), all->channels, first % g->out[0], skip, skip + 1, copy);
        x = copy, limit = copy + all->at.size + bt_wide_SUFFIX;
    } else if (!all->is_direct) {
        for (int64_t s = first; s * sheet < hi; s++)
            bt_copy_rows_SUFFIX(g, &all->at, x + s / g->out[0] * g->c * bt_volume(g->in), all->channels, s % g->out[0],
                                s == first ? skip : 0, bt_least(g->out[1], bt_up(hi - s * sheet, g->out[2])),
                                copy + (s - first) * all->at.size);
        x = copy, limit = copy + all->sheets * all->at.size + bt_wide_SUFFIX;
    }
    else x += first / g->out[0] * all->at.image;
    const int64_t high = bt_rows_of_panel_SUFFIX(all->filters), from = slice * all->slice * high;
    const int64_t to = bt_least(all->filters, from + all->slice * high);
    for (int64_t d = 0; d < all->depth; d += all->deep) {
        const int64_t deep = bt_least(all->deep, all->depth - d);
        for (int64_t p = lo; p < hi; p += bt_panel_SUFFIX) {
            const int64_t side_by_side = image == line ? (bt_least(hi, p - p % image + image) - p) / bt_panel_SUFFIX : 0;
            if (all->is_direct && side_by_side > 1) {
                bt_pack_panels_SUFFIX(side_by_side, x + (p / image - first) * all->at.image + p % image, all->offsets + d, deep, panels + (p - lo) * deep);
                p += (side_by_side - 1) * bt_panel_SUFFIX;
                continue;
            }
            bt_piece pieces[bt_panel_SUFFIX];
            const int64_t planes = all->is_direct ? g->out[0] : 1;
            const int64_t stop = bt_least(hi, p + bt_panel_SUFFIX);
            const int count = all->strips ? bt_pieces_SUFFIX(&strip, &all->at, 1, 0, 0, p - lo, stop - lo, pieces)
                              : bt_pieces_SUFFIX(g, &all->at, planes, first, all->is_direct ? 0 : skip, p, stop, pieces);
            bt_pack_panel_SUFFIX(count, pieces, x, limit, all->offsets + d, deep, deep, 0, panels + (p - lo) * deep);
        }
        for (int64_t r = from; r < to; r += high) {
            const int64_t rows = bt_least(high, all->filters - r), channel = group * all->filters + r;
            const TYPE *w = all->packed + group * all->filters * all->depth + r * all->depth + d * rows;
            for (int64_t p = lo; p < hi; p += bt_panel_SUFFIX) {
                const TYPE *panel = panels + (p - lo) * deep;
                if (p % image + bt_panel_SUFFIX <= image && p + bt_panel_SUFFIX <= hi) {
                    TYPE *out = all->out + (p / image * g->k + channel) * image + p % image;
                    bt_rows_tile_SUFFIX(rows, deep, w, panel, out, image, d > 0);
                } else {
                    TYPE tile[bt_rows_SUFFIX * bt_panel_SUFFIX];
                    if (hi - p > bt_wide_SUFFIX) bt_rows_tile_SUFFIX(rows, deep, w, panel, tile, bt_panel_SUFFIX, 0);
                    else bt_narrow_tile_SUFFIX(rows, deep, w, panel, tile, bt_panel_SUFFIX, 0);
                    bt_scatter_tile_SUFFIX(all, p, bt_least(hi - p, bt_panel_SUFFIX), channel, rows, tile, d > 0);
                }
            }
        }
    }
}

static void bt_convolve_part_SUFFIX(void *context, int64_t part) {
    bt_convolution_SUFFIX *all = context;
    const int64_t room = all->block * all->deep + bt_wide_SUFFIX;
    const int64_t copied = all->is_direct ? 0 : all->sheets * all->at.size + bt_wide_SUFFIX;
    TYPE *panels = all->rt->alloc((room + copied) * sizeof(TYPE));
    if (panels == NULL) {
        all->failed = 1;
        return;
    }
    const int64_t items = all->g.groups * all->blocks * all->slices;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        bt_convolve_block_SUFFIX(all, i / all->slices / all->blocks, i / all->slices % all->blocks, i % all->slices, panels, panels + room);
    }
    all->rt->release(panels);
}

enum { BT_CACHED = 384 << 10, BT_DEEP = 768 };

/* What all ways share, and the sizes of blocks. */
static int bt_convolve_all_SUFFIX(bt_convolution_SUFFIX *all) {
    bt_geometry *g = &all->g;
    const int64_t line = g->out[2];
    all->channels = g->c / g->groups, all->filters = g->k / g->groups, all->depth = all->channels * bt_taps(g);
    all->windows = g->n * bt_volume(g->out);
    all->w.rows = all->filters, all->w.depth = all->depth, all->w.taps = bt_taps(g);
    all->w.down = all->w.is_turned ? all->w.taps : all->depth, all->w.step = all->filters * all->w.taps;
    all->deep = bt_least(all->depth, BT_DEEP);
    all->block = bt_most(2, bt_least(64, BT_CACHED / (all->deep * bt_panel_SUFFIX * (int64_t)sizeof(TYPE)))) * bt_panel_SUFFIX;
    all->block = bt_least(all->block, bt_up(all->windows, bt_panel_SUFFIX) * bt_panel_SUFFIX);
    all->parts = bt_parts(all->rt, all->windows * g->k * all->depth / 16);
    while (all->block > 2 * bt_panel_SUFFIX && bt_up(all->windows, all->block) < all->parts * 4) all->block -= bt_panel_SUFFIX;
    all->is_direct = bt_is_direct(g);
    all->strips = all->is_direct || line <= all->block ? 0 : bt_up(line, all->block);
    all->blocks = all->strips ? all->windows / line * all->strips : bt_up(all->windows, all->block);
    const int64_t panels = bt_up(all->filters, bt_rows_of_panel_SUFFIX(all->filters));
    all->slices = bt_most(1, bt_least(panels, bt_up(all->parts, all->blocks * g->groups)));
    all->slice = bt_up(panels, all->slices);
    const int64_t rows = all->strips ? 1 : bt_least(g->out[1], (all->block - 2) / line + 2);
    all->sheets = all->strips ? 1 : (all->block - 2) / (line * g->out[1]) + 2;
    const bt_geometry strip = bt_strip(g, 0, all->block), *copied = all->strips ? &strip : g;
    all->at = all->is_direct ? bt_direct_layout(g) : bt_copy_layout(copied, all->channels, g->kernel[0], bt_extent(g, 1, rows), 0);
    if (!all->is_direct) all->at.image = all->at.size;
    const int64_t filters = bt_up(g->k * all->depth * sizeof(TYPE), 64) * 64;
    char *room = all->rt->alloc(filters + all->depth * sizeof(int64_t));
    if (room == NULL) return 1;
    all->packed = (TYPE *)room, all->offsets = (int64_t *)(room + filters);
    bt_tap_offsets(g, &all->at, all->channels, all->offsets);
    all->rt->share(bt_filters_part_SUFFIX, all, all->parts);
    all->rt->share(bt_convolve_part_SUFFIX, all, all->parts);
    all->rt->release(room);
    return all->failed;
}

/* Whether packing would not pay. */
static int bt_is_thin_SUFFIX(const bt_geometry *g) { return g->k / g->groups <= BT_FEW && g->c / g->groups * bt_taps(g) <= BT_SHALLOW; }

/* Sums of inputs and of filters take as long as some 400 windows save, and channels of a panel are to stay in the cache. */
static int bt_has_squares_SUFFIX(const bt_geometry *g) { return bt_is_for_squares_SUFFIX(g, 700, 512); }

/* Filters of the adjoint, some channels at a time, which are read side by side and written to as many places. */
static TYPE *bt_turned_filters_SUFFIX(const bt_runtime *rt, const bt_geometry *g, const TYPE *w) {
    const int64_t taps = bt_taps(g), channels = g->c / g->groups, filters = g->k / g->groups;
    TYPE *turned = rt->alloc(g->k * channels * taps * sizeof(TYPE));
    for (int64_t c = 0; turned != NULL && c < channels; c += 16)
        for (int64_t k = 0; k < g->k; k++)
            for (int64_t i = c; i < channels && i < c + 16; i++) {
                const TYPE *from = w + (k * channels + i) * taps;
                TYPE *to = turned + ((k / filters * channels + i) * filters + k % filters) * taps;
                for (int64_t t = 0; t < taps; t++) to[t] = from[taps - 1 - t];
            }
    return turned;
}

/* y = the correlation of x and w, of which none is empty; not 0: out of memory. */
static int64_t bt_convolve_SUFFIX(const bt_runtime *rt, const bt_geometry *g, const TYPE *x, const TYPE *w, TYPE *y) {
    bt_convolution_SUFFIX all = {.rt = rt, .g = *g, .x = x, .out = y, .w = {.w = w}};
    if (bt_is_thin_SUFFIX(g)) return bt_conv_direct_SUFFIX(rt, g, x, w, y);
    return bt_has_squares_SUFFIX(g) ? bt_conv_winograd_SUFFIX(rt, g, x, w, y) : bt_convolve_all_SUFFIX(&all);
}

/* x = the adjoint of a correlation with stride 1, as one with turned filters; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_turned_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *y, const TYPE *w, TYPE *x) {
    const bt_geometry *g = geometry;
    bt_geometry to = *g;
    to.c = g->k, to.k = g->c;
    for (int a = 0; a < 3; a++) {
        to.in[a] = g->out[a], to.out[a] = g->in[a];
        to.before[a] = (g->kernel[a] - 1) * g->dilation[a] - g->before[a];
    }
    if (!bt_is_thin_SUFFIX(&to) && !bt_has_squares_SUFFIX(&to)) {
        bt_convolution_SUFFIX all = {.rt = rt, .g = to, .x = y, .out = x, .w = {.w = w, .is_turned = 1}};
        return bt_convolve_all_SUFFIX(&all);
    }
    TYPE *turned = bt_turned_filters_SUFFIX(rt, g, w);
    if (turned == NULL) return 1;
    const int64_t failed = bt_convolve_SUFFIX(rt, &to, y, turned, x);
    rt->release(turned);
    return failed;
}

/* y = the correlation of x and w, all C-contiguous. */
BT_SHARED(2) void bt_conv_SUFFIX(const bt_runtime *rt, TYPE *x, TYPE *w, TYPE *y, BT_CONVOLUTION) {
    const bt_geometry g = bt_simplified(ndim, n, c, k, groups, in, kernel, out, stride, before, dilation);
    const int64_t wanted = n * k * bt_volume(g.out), depth = c / groups * bt_taps(&g);
    if (depth == 0) __builtin_memset(y, 0, wanted * sizeof(TYPE));
    if (wanted == 0 || depth == 0) return;
    if (bt_is_by_channels_SUFFIX(&g) ? bt_conv_channels_SUFFIX(rt, &g, 0, x, w, y) : bt_convolve_SUFFIX(rt, &g, x, w, y))
        bt_one_by_one_SUFFIX(&g, BT_OF_RESULT, x, w, y);
}
