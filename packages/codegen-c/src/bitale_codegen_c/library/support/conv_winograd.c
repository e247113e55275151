/* Filters of 3 by 3 by the method of Winograd (Lavin and Gray 2016, F(2x2, 3x3)): 2 by 2 results take 16 products in the place of 36,
 * of sums of 4 by 4 inputs and of sums of filters. Squares of inputs are windows of 4 by 4, two apart, so they are copied and
 * numbered as those; the 16 products of all channels are 16 products of matrices. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g, squares;
    bt_layout at;
    int64_t parts, channels, filters, block, windows, blocks, sheets, strips;
    int64_t *offsets;
    const TYPE *x, *w;
    TYPE *packed, *out;
    int failed;
} bt_winograd_SUFFIX;

/* Sums of filters, for each of the 16 in panels of rows. */
static void bt_square_filters_part_SUFFIX(void *context, int64_t part) {
    const bt_winograd_SUFFIX *all = context;
    const int64_t high = bt_rows_of_panel_SUFFIX(all->filters), size = all->g.k * all->channels, half = 2;
    for (int64_t k = all->g.k * part / all->parts; k < all->g.k * (part + 1) / all->parts; k++) {
        const int64_t own = k % all->filters, panel = own / high, rows = bt_least(high, all->filters - panel * high);
        TYPE *to = all->packed + ((k - own) + panel * high) * all->channels + own % high;
        const TYPE *w = all->w + k * all->channels * 9;
        for (int64_t c = 0; c < all->channels; c++, w += 9, to += rows) {
            TYPE s[4][3];
            for (int j = 0; j < 3; j++) {
                const TYPE a = w[j], b = w[3 + j], d = w[6 + j];
                s[0][j] = a, s[1][j] = (a + d + b) / half, s[2][j] = (a + d - b) / half, s[3][j] = d;
            }
            for (int i = 0; i < 4; i++) {
                const TYPE a = s[i][0], b = s[i][1], d = s[i][2];
                TYPE *row = to + 4 * i * size;
                row[0] = a, row[size] = (a + d + b) / half, row[2 * size] = (a + d - b) / half, row[3 * size] = d;
            }
        }
    }
}

/* How far panels are apart of which there is one for each of the 16: what the last vector has too much falls between. */
static inline int64_t bt_apart_SUFFIX(int64_t channels) { return channels * bt_panel_SUFFIX + bt_wide_SUFFIX; }

/* Sums of squares of inputs: a panel of them for each of the 16, channel by channel. */
BT_KERNEL void bt_square_panel_SUFFIX(int count, const bt_piece *pieces, const TYPE *copy, const int64_t *offsets, int64_t channels, TYPE *to) {
    const int64_t apart = bt_apart_SUFFIX(channels);
    for (int64_t c = 0; c < channels; c++, offsets += 16)
        for (int e = 0; e < count; e++) {
            const TYPE *from = copy + pieces[e].from;
            TYPE *place = to + c * bt_panel_SUFFIX + pieces[e].at;
            bt_lanes_SUFFIX s[4][4];
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                bt_lanes_SUFFIX d[4];
#pragma GCC unroll 4
                for (int i = 0; i < 4; i++) d[i] = *(const bt_lanes_SUFFIX *)(from + offsets[4 * i + j]);
                s[0][j] = d[0] - d[2], s[1][j] = d[1] + d[2], s[2][j] = d[2] - d[1], s[3][j] = d[1] - d[3];
            }
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) {
                TYPE *row = place + 4 * i * apart;
                *(bt_lanes_SUFFIX *)row = s[i][0] - s[i][2], *(bt_lanes_SUFFIX *)(row + apart) = s[i][1] + s[i][2];
                *(bt_lanes_SUFFIX *)(row + 2 * apart) = s[i][2] - s[i][1], *(bt_lanes_SUFFIX *)(row + 3 * apart) = s[i][1] - s[i][3];
            }
        }
}

/* From a tile of each of the 16 products to results: of one row of filters, for the squares of a piece. */
static inline __attribute__((always_inline)) void bt_square_results_SUFFIX(const TYPE *tiles, int64_t length, int64_t high, int64_t wide, int64_t row, TYPE *out) {
    const int64_t apart = bt_rows_SUFFIX * bt_panel_SUFFIX;
    bt_lanes_SUFFIX s[2][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        bt_lanes_SUFFIX m[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) m[i] = *(const bt_lanes_SUFFIX *)(tiles + (4 * i + j) * apart);
        s[0][j] = m[0] + m[1] + m[2], s[1][j] = m[1] - m[2] - m[3];
    }
    for (int i = 0; i < 2 && i < high; i++) {
        TYPE even[bt_wide_SUFFIX], odd[bt_wide_SUFFIX], *to = out + i * row;
        *(bt_lanes_SUFFIX *)even = s[i][0] + s[i][1] + s[i][2], *(bt_lanes_SUFFIX *)odd = s[i][1] - s[i][2] - s[i][3];
        if (length == bt_wide_SUFFIX && wide >= 2 * bt_wide_SUFFIX) {
#pragma omp simd
            for (int l = 0; l < bt_wide_SUFFIX; l++) to[2 * l] = even[l], to[2 * l + 1] = odd[l];
        } else
            for (int l = 0; l < length && 2 * l < wide; l++) {
                to[2 * l] = even[l];
                if (2 * l + 1 < wide) to[2 * l + 1] = odd[l];
            }
    }
}

static void bt_winograd_panel_SUFFIX(const bt_winograd_SUFFIX *all, int64_t group, int64_t lo, int count, const bt_piece *pieces, const TYPE *panels, TYPE *tiles) {
    const bt_geometry *g = &all->g;
    const int64_t high = bt_rows_of_panel_SUFFIX(all->filters), size = g->k * all->channels, across = all->squares.out[2], down = all->squares.out[1];
    const TYPE *packed = all->packed + group * all->filters * all->channels;
    for (int64_t r = 0; r < all->filters; r += high) {
        const int64_t rows = bt_least(high, all->filters - r);
        for (int t = 0; t < 16; t++)
            bt_rows_tile_SUFFIX(rows, all->channels, packed + t * size + r * all->channels, panels + t * bt_apart_SUFFIX(all->channels),
                                tiles + t * bt_rows_SUFFIX * bt_panel_SUFFIX, bt_panel_SUFFIX, 0);
        for (int e = 0; e < count; e++) {
            const int64_t p = lo + pieces[e].at, x = p % across * 2, y = p / across % down * 2, n = p / across / down;
            TYPE *out = all->out + ((n * g->k + group * all->filters + r) * g->out[1] + y) * g->out[2] + x;
            for (int64_t i = 0; i < rows; i++, out += g->out[1] * g->out[2])
                bt_square_results_SUFFIX(tiles + i * bt_panel_SUFFIX + pieces[e].at, pieces[e].length, g->out[1] - y, g->out[2] - x, g->out[2], out);
        }
    }
}

static void bt_winograd_part_SUFFIX(void *context, int64_t part) {
    bt_winograd_SUFFIX *all = context;
    const bt_geometry *g = &all->g, *s = &all->squares;
    const int64_t room = 16 * bt_apart_SUFFIX(all->channels), tiled = 16 * bt_rows_SUFFIX * bt_panel_SUFFIX + bt_wide_SUFFIX;
    TYPE *panels = all->rt->alloc((room + tiled + all->sheets * all->at.size + bt_wide_SUFFIX) * sizeof(TYPE));
    if (panels == NULL) {
        all->failed = 1;
        return;
    }
    TYPE *tiles = panels + room, *copy = tiles + tiled;
    const int64_t items = g->groups * all->blocks, image = g->in[1] * g->in[2], sheet = s->out[1] * s->out[2];
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        const int64_t group = i / all->blocks, block = i % all->blocks, across = s->out[2];
        const int64_t lo = all->strips ? block / all->strips * across + block % all->strips * all->block : block * all->block;
        const int64_t hi = bt_least(lo + all->block, all->strips ? (block / all->strips + 1) * across : all->windows);
        const int64_t first = lo / sheet, skip = lo % sheet / s->out[2];
        const bt_geometry strip = bt_strip(s, lo, all->block);
        if (all->strips)
            bt_copy_rows_SUFFIX(&strip, &all->at, all->x + (first * g->c + group * all->channels) * image, all->channels, 0, skip, skip + 1, copy);
        else for (int64_t n = first; n * sheet < hi; n++)
            bt_copy_rows_SUFFIX(s, &all->at, all->x + (n * g->c + group * all->channels) * image, all->channels, 0, n == first ? skip : 0,
                                bt_least(s->out[1], bt_up(hi - n * sheet, s->out[2])), copy + (n - first) * all->at.size);
        for (int64_t p = lo; p < hi; p += bt_panel_SUFFIX) {
            bt_piece pieces[bt_panel_SUFFIX];
            const int64_t stop = bt_least(hi, p + bt_panel_SUFFIX);
            const int count = all->strips ? bt_pieces_SUFFIX(&strip, &all->at, 1, 0, 0, p - lo, stop - lo, pieces)
                              : bt_pieces_SUFFIX(s, &all->at, 1, first, skip, p, stop, pieces);
            bt_square_panel_SUFFIX(count, pieces, copy, all->offsets, all->channels, panels);
            bt_winograd_panel_SUFFIX(all, group, p, count, pieces, panels, tiles);
        }
    }
    all->rt->release(panels);
}

/* out = x * w, for filters that the method is for; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_winograd_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *w, TYPE *out) {
    bt_winograd_SUFFIX all = {.rt = rt, .g = *(const bt_geometry *)geometry, .x = x, .w = w, .out = out};
    const bt_geometry *g = &all.g;
    bt_geometry *s = &all.squares;
    *s = *g;
    for (int a = 1; a < 3; a++) s->kernel[a] = 4, s->stride[a] = 2, s->out[a] = bt_up(g->out[a], 2);
    all.channels = g->c / g->groups, all.filters = g->k / g->groups;
    all.windows = g->n * s->out[1] * s->out[2];
    all.parts = bt_parts(rt, all.windows * g->k * all.channels);
    /* Some rows of squares at a time, whose copy stays in the cache. */
    const int64_t row = bt_copy_layout(s, all.channels, 1, 2, 0).size * (int64_t)sizeof(TYPE);
    int64_t panels = bt_most(1, bt_least(32, (384 << 10) / bt_up(row, s->out[2]) / bt_panel_SUFFIX));
    while (panels > 1 && bt_up(all.windows, panels * bt_panel_SUFFIX) * g->groups < all.parts * 4) panels--;
    all.block = panels * bt_panel_SUFFIX;
    all.strips = s->out[2] > all.block ? bt_up(s->out[2], all.block) : 0;
    all.blocks = all.strips ? all.windows / s->out[2] * all.strips : bt_up(all.windows, all.block);
    const int64_t rows = all.strips ? 1 : bt_least(s->out[1], (all.block - 2) / s->out[2] + 2);
    all.sheets = all.strips ? 1 : (all.block - 2) / (s->out[1] * s->out[2]) + 2;
    const bt_geometry strip = bt_strip(s, 0, all.block);
    all.at = bt_copy_layout(all.strips ? &strip : s, all.channels, 1, bt_extent(s, 1, rows), 0);
    all.at.image = all.at.size;
    const int64_t filters = 16 * g->k * all.channels * sizeof(TYPE);
    char *room = rt->alloc(filters + 16 * all.channels * sizeof(int64_t));
    if (room == NULL) return 1;
    all.packed = (TYPE *)room, all.offsets = (int64_t *)(room + filters);
    bt_tap_offsets(s, &all.at, all.channels, all.offsets);
    rt->share(bt_square_filters_part_SUFFIX, &all, all.parts);
    rt->share(bt_winograd_part_SUFFIX, &all, all.parts);
    rt->release(room);
    return all.failed;
}
