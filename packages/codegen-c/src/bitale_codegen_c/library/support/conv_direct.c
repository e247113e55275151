/* Convolutions with so few filters in a group that packing would not pay: numbers of windows side by side stay in registers
 * while the taps are gone through, in a copy of some rows of the channels. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g;
    bt_layout at;
    int64_t parts, channels, filters, depth, rows, chunks;
    int64_t *offsets;
    const TYPE *x, *w;
    TYPE *out;
    int failed;
} bt_direct_SUFFIX;

enum { bt_abreast_SUFFIX = 4 };

static inline __attribute__((always_inline)) void bt_direct_pieces_SUFFIX(const int count, const bt_piece *pieces,
        const int64_t *offsets, int64_t depth, const TYPE *copy, const TYPE *w, TYPE *out, int64_t end) {
    bt_lanes_SUFFIX s[bt_abreast_SUFFIX] = {{0}};
    const TYPE *from[bt_abreast_SUFFIX];
#pragma GCC unroll 4
    for (int e = 0; e < count; e++) from[e] = copy + pieces[e].from;
    for (int64_t d = 0; d < depth; d++) {
        const int64_t at = offsets[d];
#pragma GCC unroll 4
        for (int e = 0; e < count; e++) s[e] += *(const bt_lanes_SUFFIX *)(from[e] + at) * w[d];
    }
    /* What is too much is written over by the next, but not behind the end. */
#pragma GCC unroll 4
    for (int e = 0; e < count; e++) {
        TYPE *to = out + pieces[e].at;
        if (pieces[e].at + bt_wide_SUFFIX <= end) *(bt_lanes_SUFFIX *)to = s[e];
        else for (int i = 0; i < pieces[e].length; i++) to[i] = s[e][i];
    }
}

BT_KERNEL void bt_direct_rows_SUFFIX(int64_t count, const bt_piece *pieces, const int64_t *offsets, int64_t depth,
        const TYPE *copy, const TYPE *w, TYPE *out, int64_t end) {
    for (; count >= bt_abreast_SUFFIX; count -= bt_abreast_SUFFIX, pieces += bt_abreast_SUFFIX)
        bt_direct_pieces_SUFFIX(bt_abreast_SUFFIX, pieces, offsets, depth, copy, w, out, end);
    for (; count > 0; count--, pieces++) bt_direct_pieces_SUFFIX(1, pieces, offsets, depth, copy, w, out, end);
}

/* Rows `chunk` of windows: their pieces are the same for all channels. */
static int64_t bt_chunk_SUFFIX(const bt_direct_SUFFIX *all, int64_t row, int64_t stop, int overlap, bt_piece *pieces) {
    const bt_geometry *g = &all->g;
    const int64_t wide = g->out[2], count = bt_pieces_SUFFIX(g, &all->at, 1, 0, row, row * wide, stop * wide, pieces);
    for (int64_t e = 0; e < count && overlap && wide >= bt_wide_SUFFIX; e++) {
        const int back = bt_wide_SUFFIX - pieces[e].length;
        pieces[e].from -= back, pieces[e].at -= back, pieces[e].length = bt_wide_SUFFIX;
    }
    return count;
}

static void bt_direct_part_SUFFIX(void *context, int64_t part) {
    bt_direct_SUFFIX *all = context;
    const bt_geometry *g = &all->g;
    const int64_t image = bt_volume(g->in), sheet = g->out[1] * g->out[2], most = all->rows * bt_up(g->out[2], bt_wide_SUFFIX);
    const int64_t copied = bt_up((all->at.size + bt_wide_SUFFIX) * sizeof(TYPE), 64) * 64;
    char *room = all->rt->alloc(copied + most * sizeof(bt_piece));
    if (room == NULL) {
        all->failed = 1;
        return;
    }
    TYPE *copy = (TYPE *)room;
    bt_piece *pieces = (bt_piece *)(room + copied);
    const int64_t planes = g->n * g->groups * g->out[0], items = planes * all->chunks;
    int64_t chunk = -1, count = 0, row = 0, stop = 0;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (chunk != i / planes) {
            if (all->rt->is_stopped()) break;
            chunk = i / planes, row = chunk * all->rows, stop = bt_least(g->out[1], row + all->rows);
            count = bt_chunk_SUFFIX(all, row, stop, 1, pieces);
        }
        const int64_t z = i % g->out[0], group = i / g->out[0] % g->groups, n = i % planes / g->out[0] / g->groups;
        bt_copy_rows_SUFFIX(g, &all->at, all->x + (n * g->groups + group) * all->channels * image, all->channels, z, row, stop, copy);
        for (int64_t k = group * all->filters; k < (group + 1) * all->filters; k++)
            bt_direct_rows_SUFFIX(count, pieces, all->offsets, all->depth, copy, all->w + k * all->depth,
                                  all->out + ((n * g->k + k) * g->out[0] + z) * sheet + row * g->out[2], (stop - row) * g->out[2]);
    }
    all->rt->release(room);
}

/* Rows of windows at a time, so that their copy stays in the cache, and where taps lie in it. */
static int64_t bt_share_direct_SUFFIX(bt_direct_SUFFIX *all, void task(void *, int64_t)) {
    const bt_geometry *g = &all->g;
    const int64_t one = bt_copy_layout(g, all->channels, g->kernel[0], 1, 0).size * sizeof(TYPE);
    all->rows = bt_most(1, bt_least(g->out[1], bt_least((64 << 10) / (one * bt_step(g, 1)), 1 + 8192 / g->out[2])));
    all->rows = bt_up(g->out[1], bt_up(g->out[1], all->rows));
    all->chunks = bt_up(g->out[1], all->rows);
    all->at = bt_copy_layout(g, all->channels, g->kernel[0], bt_extent(g, 1, all->rows), 0);
    all->offsets = all->rt->alloc(all->depth * sizeof(int64_t));
    if (all->offsets == NULL) return 1;
    bt_tap_offsets(g, &all->at, all->channels, all->offsets);
    all->rt->share(task, all, all->parts);
    all->rt->release(all->offsets);
    return all->failed;
}

/* out = x * w, of which none is empty; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_direct_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *w, TYPE *out) {
    bt_direct_SUFFIX all = {rt, *(const bt_geometry *)geometry};
    const bt_geometry *g = &all.g;
    all.channels = g->c / g->groups, all.filters = g->k / g->groups, all.depth = all.channels * bt_taps(g);
    all.x = x, all.w = w, all.out = out;
    all.parts = bt_parts(rt, g->n * g->k * bt_volume(g->out) * all.depth / 8);
    return bt_share_direct_SUFFIX(&all, bt_direct_part_SUFFIX);
}

/* Sums of products of y with what lies at `count` taps; a lane sums over some windows. */
static inline __attribute__((always_inline)) void bt_tap_sums_SUFFIX(const int count, int64_t some, const bt_piece *pieces,
        const int64_t *offsets, const TYPE *copy, const TYPE *y, int64_t end, bt_lanes_SUFFIX *sums) {
    bt_lanes_SUFFIX s[12];
#pragma GCC unroll 12
    for (int t = 0; t < count; t++) s[t] = sums[t];
    for (int64_t e = 0; e < some; e++) {
        const bt_piece piece = pieces[e];
        bt_lanes_SUFFIX a;
        if (piece.at + bt_wide_SUFFIX <= end) a = bt_first_lanes_SUFFIX(*(const bt_lanes_SUFFIX *)(y + piece.at), piece.length);
        else {
            TYPE lanes[bt_wide_SUFFIX];
            for (int i = 0; i < bt_wide_SUFFIX; i++) lanes[i] = i < piece.length ? y[piece.at + i] : 0;
            a = *(const bt_lanes_SUFFIX *)lanes;
        }
        const TYPE *from = copy + piece.from;
        if (piece.length == bt_wide_SUFFIX) {
#pragma GCC unroll 12
            for (int t = 0; t < count; t++) s[t] += a * *(const bt_lanes_SUFFIX *)(from + offsets[t]);
        } else {
            /* What lies behind the windows may be no number, of which no multiple is zero. */
#pragma GCC unroll 12
            for (int t = 0; t < count; t++)
                s[t] += a * bt_first_lanes_SUFFIX(*(const bt_lanes_SUFFIX *)(from + offsets[t]), piece.length);
        }
    }
#pragma GCC unroll 12
    for (int t = 0; t < count; t++) sums[t] = s[t];
}

BT_KERNEL void bt_taps_of_rows_SUFFIX(int64_t taps, int64_t some, const bt_piece *pieces, const int64_t *offsets, const TYPE *copy,
        const TYPE *y, int64_t end, bt_lanes_SUFFIX *sums) {
    for (; taps >= 9; taps -= 9, offsets += 9, sums += 9) bt_tap_sums_SUFFIX(9, some, pieces, offsets, copy, y, end, sums);
    for (; taps >= 5; taps -= 5, offsets += 5, sums += 5) bt_tap_sums_SUFFIX(5, some, pieces, offsets, copy, y, end, sums);
    for (; taps > 0; taps--, offsets++, sums++) bt_tap_sums_SUFFIX(1, some, pieces, offsets, copy, y, end, sums);
}

/* The filters of some groups, image by image, as memory is read fastest; their lanes are added up at the end. */
static void bt_direct_weights_part_SUFFIX(void *context, int64_t part) {
    bt_direct_SUFFIX *all = context;
    const bt_geometry *g = &all->g;
    const int64_t image = bt_volume(g->in), sheet = g->out[1] * g->out[2], most = all->rows * bt_up(g->out[2], bt_wide_SUFFIX);
    const int64_t copied = bt_up((all->at.size + bt_wide_SUFFIX) * sizeof(TYPE), 64) * 64, each = all->filters * all->depth;
    const int64_t first = g->groups * part / all->parts, groups = g->groups * (part + 1) / all->parts - first;
    const int64_t lanes = groups * each * sizeof(bt_lanes_SUFFIX);
    char *room = all->rt->alloc(copied + lanes + most * sizeof(bt_piece));
    if (room == NULL) {
        all->failed = 1;
        return;
    }
    TYPE *copy = (TYPE *)room;
    bt_lanes_SUFFIX *sums = (bt_lanes_SUFFIX *)(room + copied);
    bt_piece *pieces = (bt_piece *)(room + copied + lanes);
    int64_t chunk = -1, count = 0, row = 0, stop = 0;
    __builtin_memset(sums, 0, lanes);
    for (int64_t i = 0; i < all->chunks * g->n * g->out[0] && !all->rt->is_stopped(); i++) {
        const int64_t z = i % g->out[0], n = i / g->out[0] % g->n;
        if (chunk != i / g->out[0] / g->n) {
            chunk = i / g->out[0] / g->n, row = chunk * all->rows, stop = bt_least(g->out[1], row + all->rows);
            count = bt_chunk_SUFFIX(all, row, stop, 0, pieces);
        }
        for (int64_t group = first; group < first + groups; group++) {
            bt_copy_rows_SUFFIX(g, &all->at, all->x + (n * g->groups + group) * all->channels * image, all->channels, z, row, stop, copy);
            for (int64_t k = 0; k < all->filters; k++)
                bt_taps_of_rows_SUFFIX(all->depth, count, pieces, all->offsets, copy,
                    all->w + ((n * g->k + group * all->filters + k) * g->out[0] + z) * sheet + row * g->out[2],
                    (stop - row) * g->out[2], sums + (group - first) * each + k * all->depth);
        }
    }
    for (int64_t k = 0; k < groups * each; k++) {
        TYPE sum = 0;
        for (int i = 0; i < bt_wide_SUFFIX; i++) sum += sums[k][i];
        all->out[first * each + k] = sum;
    }
    all->rt->release(room);
}

/* The gradient by the filters, from x and y, of which none is empty; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_direct_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *w) {
    bt_direct_SUFFIX all = {rt, *(const bt_geometry *)geometry};
    const bt_geometry *g = &all.g;
    all.channels = g->c / g->groups, all.filters = g->k / g->groups, all.depth = all.channels * bt_taps(g);
    all.x = x, all.w = y, all.out = w;
    all.parts = bt_least(g->groups, bt_parts(rt, g->n * g->k * bt_volume(g->out) * all.depth / 8));
    return bt_share_direct_SUFFIX(&all, bt_direct_weights_part_SUFFIX);
}
