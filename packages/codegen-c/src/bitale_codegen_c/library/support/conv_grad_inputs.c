/* The gradient of a convolution by its inputs. Where the images are hardly larger than what came of them, it is a convolution
 * with turned filters. Else products of filters with panels of g are added up where the windows lie, in a copy of the images. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g, flat;
    bt_layout at, from;
    int64_t parts, channels, filters, taps, slice, slices, images, groups_of_images;
    int64_t *offsets, *places;
    TYPE *y, *w;
    TYPE *packed, *x;
    int failed;
} bt_inputs_SUFFIX;

/* Zeros for what lies under no window. */
static void bt_uncopy_SUFFIX(const bt_inputs_SUFFIX *all, const TYPE *copy, int64_t channels, TYPE *x) {
    const bt_geometry *g = &all->g;
    const int64_t planes = all->at.channel / all->at.rows / (all->at.run * bt_runs(g)), line = all->at.run * bt_runs(g);
    const int64_t az = g->kernel[0] == 1 ? g->stride[0] : 1, ay = g->kernel[1] == 1 ? g->stride[1] : 1;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t z = 0; z < g->in[0]; z++)
            for (int64_t y = 0; y < g->in[1]; y++, x += g->in[2]) {
                const int64_t cz = z + g->before[0], cy = y + g->before[1];
                if (cz >= 0 && cz % az == 0 && cz / az < planes && cy >= 0 && cy % ay == 0 && cy / ay < all->at.rows)
                    bt_uncopy_row_SUFFIX(g, copy + c * all->at.channel + (cz / az * all->at.rows + cy / ay) * line, all->at.run, x);
                else __builtin_memset(x, 0, g->in[2] * sizeof(TYPE));
            }
}

/* A tile of rows of filters by windows, added where the windows lie: piece by piece, since what is added to overlaps from
 * piece to piece, and a number that was just written is slow to read in part. */
static inline void bt_add_tile_SUFFIX(int64_t rows, const TYPE *tile, const bt_piece *pieces, int count,
        const int64_t *offsets, TYPE *copy) {
    for (int e = 0; e < count; e++)
        for (int64_t r = 0; r < rows; r++) {
            bt_lanes_SUFFIX *to = (bt_lanes_SUFFIX *)(copy + offsets[r] + pieces[e].from);
            const TYPE *from = tile + r * bt_panel_SUFFIX + pieces[e].at;
            *to += bt_first_lanes_SUFFIX(*(const bt_lanes_SUFFIX *)from, pieces[e].length);
        }
}

static void bt_inputs_block_SUFFIX(const bt_inputs_SUFFIX *all, int64_t group, int64_t images, int64_t slice,
        TYPE *panel, TYPE *copy) {
    const bt_geometry *g = &all->g;
    const int64_t first = images * all->images, stop = bt_least(g->n, first + all->images), sheet = bt_volume(g->out);
    const int64_t channel = slice * all->slice, channels = bt_least(all->slice, all->channels - channel);
    const int64_t rows = channels * all->taps, high = bt_rows_of_panel_SUFFIX(rows), depth = all->filters;
    const TYPE *y = all->y + group * depth * sheet + first * g->k * sheet, *limit = all->y + g->n * g->k * sheet;
    const TYPE *w = all->packed + (group * all->channels + channel) * all->taps * depth;
    bt_piece pieces[bt_panel_SUFFIX + 2];
    const int64_t *places = all->places + (channels < all->slice ? all->slice * all->taps : 0);
    __builtin_memset(copy, 0, (stop - first) * all->at.size * sizeof(TYPE));
    for (int64_t p = first * sheet; p < stop * sheet; p += bt_panel_SUFFIX) {
        const int64_t end = bt_least(p + bt_panel_SUFFIX, stop * sheet);
        int count = bt_pieces_SUFFIX(&all->flat, &all->from, 1, first, 0, p, end, pieces);
        bt_pack_panel_SUFFIX(count, pieces, y, limit, all->offsets, depth, depth, 0, panel);
        count = bt_pieces_SUFFIX(g, &all->at, g->out[0], first * g->out[0], 0, p, end, pieces);
        for (int64_t r = 0; r < rows; r += high) {
            TYPE tile[(bt_rows_SUFFIX + 1) * bt_panel_SUFFIX];
            const int64_t some = bt_least(high, rows - r);
            bt_rows_tile_SUFFIX(some, depth, w + r * depth, panel, tile, bt_panel_SUFFIX, 0);
            bt_add_tile_SUFFIX(some, tile, pieces, count, places + r, copy);
        }
    }
    for (int64_t n = first; n < stop; n++)
        bt_uncopy_SUFFIX(all, copy + (n - first) * all->at.size, channels,
                         all->x + (n * g->c + group * all->channels + channel) * bt_volume(g->in));
}

static void bt_inputs_part_SUFFIX(void *context, int64_t part) {
    bt_inputs_SUFFIX *all = context;
    const int64_t room = (all->filters + 1) * bt_panel_SUFFIX, copied = all->images * all->at.size + bt_wide_SUFFIX;
    TYPE *panel = all->rt->alloc((room + copied) * sizeof(TYPE));
    if (panel == NULL) {
        all->failed = 1;
        return;
    }
    const int64_t items = all->g.groups * all->groups_of_images * all->slices;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        bt_inputs_block_SUFFIX(all, i / all->slices % all->g.groups, i / all->slices / all->g.groups, i % all->slices, panel, panel + room);
    }
    all->rt->release(panel);
}

/* A filter of some channels turned: tap by tap all channels, rows `pitch` long. */
BT_KERNEL void bt_turn_filter_SUFFIX(const TYPE *w, const TYPE *limit, int64_t channels, int64_t taps, int64_t pitch, TYPE *to) {
    for (int64_t c = 0; c < channels; c += bt_wide_SUFFIX)
        for (int64_t t = 0; t < taps; t += bt_wide_SUFFIX) {
            const int64_t some = bt_least(bt_wide_SUFFIX, channels - c), count = bt_least(bt_wide_SUFFIX, taps - t);
            const TYPE *from = w + c * taps + t;
            bt_lanes_SUFFIX v[bt_wide_SUFFIX];
            bt_load_turned_SUFFIX(from, taps, some, from + (some - 1) * taps + bt_wide_SUFFIX <= limit ? bt_wide_SUFFIX : count, v);
            TYPE all[bt_wide_SUFFIX * bt_wide_SUFFIX];
#pragma GCC unroll 16
            for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX) = v[i];
            for (int64_t i = 0; i < count; i++)
                *(bt_lanes_SUFFIX *)(to + (t + i) * pitch + c) = *(const bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX);
        }
}

/* Filters `from` to `to` of a slice in panels of rows, of which each is a channel of a tap. */
static void bt_pack_columns_SUFFIX(const bt_inputs_SUFFIX *all, int64_t group, int64_t channel, int64_t from, int64_t to, TYPE *turned, TYPE *packed) {
    const int64_t taps = all->taps, wide = all->channels * taps, some = bt_least(all->slice, all->channels - channel), rows = some * taps;
    const int64_t high = bt_rows_of_panel_SUFFIX(rows), depth = all->filters, pitch = bt_up(some, bt_wide_SUFFIX) * bt_wide_SUFFIX;
    const TYPE *w = all->w + group * depth * wide + channel * taps, *limit = all->w + all->g.k * wide;
    for (int64_t k = from; k < to; k++) {
        if (taps > 1) bt_turn_filter_SUFFIX(w + k * wide, limit, some, taps, pitch, turned);
        const TYPE *row = taps > 1 ? turned : w + k * wide;
        for (int64_t r = 0, t = 0, c = 0; r < rows; r += high)
            for (int64_t i = 0, count = bt_least(high, rows - r), next; i < count; i += next) {
                next = bt_least(count - i, some - c);
                bt_copy_numbers_SUFFIX(packed + r * depth + k * count + i, row + t * pitch + c, next);
                c += next;
                if (c == some) c = 0, t++;
            }
    }
}

static void bt_columns_part_SUFFIX(void *context, int64_t part) {
    bt_inputs_SUFFIX *all = context;
    const int64_t from = all->filters * part / all->parts, to = all->filters * (part + 1) / all->parts;
    TYPE *turned = all->rt->alloc(all->taps * (all->slice + bt_wide_SUFFIX) * sizeof(TYPE));
    if (turned == NULL) {
        all->failed = 1;
        return;
    }
    for (int64_t i = 0; i < all->g.groups * all->slices; i++) {
        const int64_t group = i / all->slices, channel = i % all->slices * all->slice;
        bt_pack_columns_SUFFIX(all, group, channel, from, to, turned, all->packed + (group * all->channels + channel) * all->taps * all->filters);
    }
    all->rt->release(turned);
}

/* Rows of filters next to each other are added in different channels, and none waits for what the last one wrote. */
static void bt_places(const bt_inputs_SUFFIX *all, int64_t channels, int64_t *places) {
    bt_tap_offsets(&all->g, &all->at, 1, places);
    for (int64_t t = all->taps - 1; t >= 0; t--)
        for (int64_t c = channels - 1; c >= 0; c--) places[t * channels + c] = places[t] + c * all->at.channel;
}

/* At least so many items, where there is enough: not as many as there are threads, since the order of sums goes by items. */
enum { BT_ITEMS = 16 };

static int64_t bt_by_columns_SUFFIX(bt_inputs_SUFFIX *all) {
    bt_geometry *g = &all->g;
    const int64_t planes = bt_extent(g, 0, g->out[0]), high = bt_extent(g, 1, g->out[1]), size = sizeof(TYPE);
    const int64_t sheet = bt_volume(g->out);
    bt_layout one = bt_copy_layout(g, 1, planes, high, bt_step(g, 0));
    all->slice = bt_most(1, bt_least((512 << 10) / (one.size * size), (256 << 10) / (all->taps * all->filters * size)));
    all->slice = bt_least(all->slice, all->channels);
    all->images = bt_most(1, bt_least(bt_least(g->n, 8 * bt_panel_SUFFIX / sheet), (512 << 10) / (one.size * all->slice * size)));
    all->images = bt_most(1, bt_least(all->images, g->n / BT_ITEMS));
    all->parts = bt_parts(all->rt, g->n * g->k * all->channels * all->taps * sheet / 16);
    all->groups_of_images = bt_up(g->n, all->images);
    while (all->slice > 1 && all->groups_of_images * g->groups * bt_up(all->channels, all->slice) < BT_ITEMS) all->slice--;
    all->slices = bt_up(all->channels, all->slice);
    all->at = bt_copy_layout(g, all->slice, planes, high, bt_step(g, 0));
    all->at.tap_z = all->at.channel / planes * g->dilation[0];
    all->flat = (bt_geometry){g->n, g->k, g->k, g->groups, {1, 1, sheet}, {1, 1, 1}, {1, 1, sheet}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
    all->from = bt_direct_layout(&all->flat);
    const int64_t filters = bt_up(g->k * all->channels * all->taps * size, 64) * 64;
    char *room = all->rt->alloc(filters + (all->filters + 2 * all->slice * all->taps) * sizeof(int64_t));
    if (room == NULL) return 1;
    all->packed = (TYPE *)room, all->offsets = (int64_t *)(room + filters), all->places = all->offsets + all->filters;
    bt_tap_offsets(&all->flat, &all->from, all->filters, all->offsets);
    bt_places(all, all->slice, all->places);
    bt_places(all, (all->channels - 1) % all->slice + 1, all->places + all->slice * all->taps);
    all->rt->share(bt_columns_part_SUFFIX, all, all->parts);
    if (!all->failed) all->rt->share(bt_inputs_part_SUFFIX, all, all->parts);
    all->rt->release(room);
    return all->failed;
}

/* x = the gradient, from w and y (that of the result), all C-contiguous. */
BT_SHARED(2) void bt_conv_grad_inputs_SUFFIX(const bt_runtime *rt, TYPE *x, TYPE *w, TYPE *y, BT_CONVOLUTION) {
    bt_inputs_SUFFIX all = {.rt = rt, .g = bt_simplified(ndim, n, c, k, groups, in, kernel, out, stride, before, dilation)};
    const bt_geometry *g = &all.g;
    const int64_t wanted = n * c * bt_volume(g->in), sheet = bt_volume(g->out);
    if (k * sheet == 0) __builtin_memset(x, 0, wanted * sizeof(TYPE));
    if (wanted == 0 || k * sheet == 0) return;
    all.channels = c / groups, all.filters = k / groups, all.taps = bt_taps(g);
    all.y = y, all.w = w, all.x = x;
    const int is_dense = g->stride[0] == 1 && g->stride[1] == 1 && g->stride[2] == 1;
    const int is_thin = all.channels <= BT_FEW && all.filters * all.taps <= BT_SHALLOW;
    const int is_turned = is_dense && (is_thin || bt_volume(g->in) * 10 <= sheet * 11);
    if (bt_is_by_channels_SUFFIX(g) ? bt_conv_channels_SUFFIX(rt, g, 1, y, w, x)
        : is_turned ? bt_conv_turned_SUFFIX(rt, g, y, w, x) : bt_by_columns_SUFFIX(&all)) bt_one_by_one_SUFFIX(g, BT_OF_INPUTS, x, w, y);
}
