/* The gradient by filters of 3 by 3 by the method of Winograd, F(3x3, 2x2): the adjoint of what `conv_winograd` does. Of each square
 * of 2 by 2 numbers of y, and of the 4 by 4 of x under it, 16 sums are taken, and their products are summed over all squares: 16
 * products of matrices, filters by channels. Rows are turned first, so that a lane is a channel. The squares are split into
 * ranges by the lengths alone, each with sums of its own, so that the number of threads changes no result. */
/* Filters of a tile, by two vectors of channels. */
enum { bt_side_SUFFIX = bt_wide_SUFFIX > 8 ? 8 : bt_wide_SUFFIX > 2 ? 4 : 2 };

/* Channels or filters of an item, at most: more would take their products out of the second cache, fewer take sums of squares more often.
 * And about how many squares are summed before what there is of products is added to, as many as leave both in that cache. */
enum { BT_SIDE_OF_ITEM = 128, BT_SQUARES_OF_BLOCK = 64 };

/* A strip is a row of squares of an image, or as much of one as fits a block; strips of a block are below one another. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g;
    int64_t parts, channels, filters, across, down;
    int64_t strip, strips, some, depth; /* squares of a strip, strips of a row, strips of a block, squares of a block */
    int64_t wide, high, wides, highs, range, ranges; /* channels and filters of an item, strips of a range */
    const TYPE *x, *y;
    TYPE *sums;
    int failed;
} bt_squares_SUFFIX;

/* What a part works in. */
typedef struct {
    TYPE *x, *y;     /* rows, channels last: 4 and 2 of them */
    TYPE *of_x, *of_y; /* sums of squares: for each of the 16, vector by vector of channels, square by square */
    TYPE *products;  /* for each of the 16, filters by channels */
} bt_square_room_SUFFIX;

static inline int64_t bt_square_apart_SUFFIX(const bt_squares_SUFFIX *all, int64_t lanes) {
    return all->depth * lanes + bt_wide_SUFFIX; /* not a multiple of the cache's ways */
}

/* Numbers `start` to `start + length` of a row of each of `channels` images, channels last, vector by vector. */
BT_KERNEL void bt_turn_row_SUFFIX(const TYPE *from, int64_t image, int64_t channels, int64_t in, int64_t start, int64_t length, TYPE *to) {
    const int64_t lo = bt_least(length, bt_most(0, -start)), hi = bt_most(lo, bt_least(length, in - start));
    for (int64_t c = 0; c < channels; c += 4) {
        TYPE *rows = to + c / bt_wide_SUFFIX * bt_wide_SUFFIX * length + c % bt_wide_SUFFIX;
        const TYPE *row[4];
        for (int e = 0; e < 4; e++) row[e] = from + bt_least(c + e, channels - 1) * image + start;
        for (int64_t i = 0; i < lo; i++) *(bt_four_SUFFIX *)(rows + i * bt_wide_SUFFIX) = (bt_four_SUFFIX){0};
        for (int64_t i = hi; i < length; i++) *(bt_four_SUFFIX *)(rows + i * bt_wide_SUFFIX) = (bt_four_SUFFIX){0};
        for (int64_t i = lo; i < hi; i += 4) {
            bt_four_SUFFIX s[4];
            if (i + 4 > hi) i = bt_most(lo, hi - 4);
            if (i + 4 > hi) {
                for (; i < hi; i++)
                    for (int e = 0; e < 4; e++) rows[i * bt_wide_SUFFIX + e] = row[e][i];
                break;
            }
#pragma GCC unroll 4
            for (int e = 0; e < 4; e++) {
                s[e] = *(const bt_four_SUFFIX *)(row[e] + i);
                /* What the next strip begins with: too few numbers lie in a row for the processor to know. */
                __builtin_prefetch(row[e] + i + 2 * in);
            }
            bt_turn_four_SUFFIX(s);
#pragma GCC unroll 4
            for (int e = 0; e < 4; e++) *(bt_four_SUFFIX *)(rows + (i + e) * bt_wide_SUFFIX) = s[e];
        }
    }
}

/* Sums down two columns of four numbers. */
static inline __attribute__((always_inline)) void bt_down_columns_SUFFIX(const TYPE *const *rows, int64_t at, bt_lanes_SUFFIX s[4][2]) {
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
        bt_lanes_SUFFIX d[4];
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) d[r] = *(const bt_lanes_SUFFIX *)(rows[r] + (at + j) * bt_wide_SUFFIX);
        s[0][j] = d[0] - d[2], s[1][j] = d[1] + d[2], s[2][j] = d[2] - d[1], s[3][j] = d[3] - d[1];
    }
}

/* Sums of 4 by 4 numbers, of squares two apart, which share two columns. */
BT_KERNEL void bt_squares_of_x_SUFFIX(int64_t count, const TYPE *const *rows, TYPE *to, int64_t apart) {
    bt_lanes_SUFFIX a[4][2], b[4][2];
    bt_down_columns_SUFFIX(rows, 0, a);
    for (int64_t i = 0; i < count; i++, to += bt_wide_SUFFIX) {
        bt_down_columns_SUFFIX(rows, 2 * i + 2, b);
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            TYPE *place = to + 4 * r * apart;
            *(bt_lanes_SUFFIX *)place = a[r][0] - b[r][0], *(bt_lanes_SUFFIX *)(place + apart) = a[r][1] + b[r][0];
            *(bt_lanes_SUFFIX *)(place + 2 * apart) = b[r][0] - a[r][1], *(bt_lanes_SUFFIX *)(place + 3 * apart) = b[r][1] - a[r][1];
            a[r][0] = b[r][0], a[r][1] = b[r][1];
        }
    }
}

/* Sums of 2 by 2 numbers. The last of four is taken as it is, and so above, where both should be negative. */
BT_KERNEL void bt_squares_of_y_SUFFIX(int64_t count, const TYPE *const *rows, TYPE *to, int64_t apart) {
    for (int64_t i = 0; i < count; i++, to += bt_wide_SUFFIX) {
        bt_lanes_SUFFIX s[4][2];
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            const bt_lanes_SUFFIX a = *(const bt_lanes_SUFFIX *)(rows[0] + (2 * i + j) * bt_wide_SUFFIX);
            const bt_lanes_SUFFIX b = *(const bt_lanes_SUFFIX *)(rows[1] + (2 * i + j) * bt_wide_SUFFIX);
            s[0][j] = a, s[1][j] = a + b, s[2][j] = a - b, s[3][j] = b;
        }
#pragma GCC unroll 4
        for (int r = 0; r < 4; r++) {
            TYPE *place = to + 4 * r * apart;
            *(bt_lanes_SUFFIX *)place = s[r][0], *(bt_lanes_SUFFIX *)(place + apart) = s[r][0] + s[r][1];
            *(bt_lanes_SUFFIX *)(place + 2 * apart) = s[r][0] - s[r][1], *(bt_lanes_SUFFIX *)(place + 3 * apart) = s[r][1];
        }
    }
}

/* Some filters by one or two vectors of channels, summed over squares. */
static inline __attribute__((always_inline)) void bt_outer_SUFFIX(const int vectors, int64_t depth, const TYPE *y, const TYPE *x, int64_t next,
        TYPE *out, int64_t apart, int adds) {
    bt_lanes_SUFFIX s[bt_side_SUFFIX][2] = {{{0}}};
    for (int64_t d = 0; d < depth; d++, y += bt_wide_SUFFIX, x += bt_wide_SUFFIX) {
        const bt_lanes_SUFFIX a = *(const bt_lanes_SUFFIX *)x, b = *(const bt_lanes_SUFFIX *)(x + (vectors > 1 ? next : 0));
#pragma GCC unroll 8
        for (int r = 0; r < bt_side_SUFFIX; r++) {
            s[r][0] += a * y[r];
            if (vectors > 1) s[r][1] += b * y[r];
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < bt_side_SUFFIX; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            bt_lanes_SUFFIX *to = (bt_lanes_SUFFIX *)(out + r * apart + v * bt_wide_SUFFIX);
            if (adds) *to += s[r][v];
            else *to = s[r][v];
        }
}

BT_KERNEL void bt_outer_pair_SUFFIX(int64_t depth, const TYPE *y, const TYPE *x, int64_t next, TYPE *out, int64_t apart, int adds) {
    bt_outer_SUFFIX(2, depth, y, x, next, out, apart, adds);
}

BT_KERNEL void bt_outer_one_SUFFIX(int64_t depth, const TYPE *y, const TYPE *x, TYPE *out, int64_t apart, int adds) {
    bt_outer_SUFFIX(1, depth, y, x, 0, out, apart, adds);
}

/* What the 16 products have more, by a block's squares. */
static void bt_square_products_SUFFIX(const bt_squares_SUFFIX *all, const bt_square_room_SUFFIX *room, int64_t filters, int64_t channels, int64_t depth, int adds) {
    const int64_t x_apart = bt_square_apart_SUFFIX(all, all->wide), y_apart = bt_square_apart_SUFFIX(all, all->high);
    for (int t = 0; t < 16; t++)
        for (int64_t c = 0; c < channels; c += bt_panel_SUFFIX)
            for (int64_t k = 0; k < filters; k += bt_side_SUFFIX) {
                const TYPE *x = room->of_x + t * x_apart + c * all->depth;
                const TYPE *y = room->of_y + t * y_apart + k / bt_wide_SUFFIX * bt_wide_SUFFIX * all->depth + k % bt_wide_SUFFIX;
                TYPE *out = room->products + (t * all->high + k) * all->wide + c;
                if (channels - c > bt_wide_SUFFIX) bt_outer_pair_SUFFIX(depth, y, x, all->depth * bt_wide_SUFFIX, out, all->wide, adds);
                else bt_outer_one_SUFFIX(depth, y, x, out, all->wide, adds);
            }
}

/* From the 16 products to the 9 taps. */
BT_KERNEL void bt_taps_of_squares_SUFFIX(const TYPE *products, int64_t apart, int64_t channels, TYPE *out) {
    const TYPE half = (TYPE)0.5;
    for (int64_t c = 0; c < channels; c += bt_wide_SUFFIX, out += 9 * bt_wide_SUFFIX) {
        bt_lanes_SUFFIX s[3][4];
        TYPE taps[9][bt_wide_SUFFIX];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            bt_lanes_SUFFIX m[4];
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++) m[i] = *(const bt_lanes_SUFFIX *)(products + (4 * i + j) * apart + c);
            const bt_lanes_SUFFIX sum = (m[1] + m[2]) * half;
            s[0][j] = m[0] + sum, s[1][j] = (m[1] - m[2]) * half, s[2][j] = sum + m[3];
        }
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
            const bt_lanes_SUFFIX sum = (s[i][1] + s[i][2]) * half;
            *(bt_lanes_SUFFIX *)taps[3 * i] = s[i][0] + sum, *(bt_lanes_SUFFIX *)taps[3 * i + 1] = (s[i][1] - s[i][2]) * half;
            *(bt_lanes_SUFFIX *)taps[3 * i + 2] = sum + s[i][3];
        }
        for (int64_t l = 0; l < bt_least(bt_wide_SUFFIX, channels - c); l++)
            for (int i = 0; i < 9; i++) out[9 * l + i] = taps[i][l];
    }
}

/* The sums of squares of one strip, as those from `at` on of a block. */
static void bt_square_strip_SUFFIX(const bt_squares_SUFFIX *all, const bt_square_room_SUFFIX *room, int64_t unit, int follows, int64_t at,
        int64_t filter, int64_t filters, int64_t channel, int64_t channels, int64_t count) {
    const bt_geometry *g = &all->g;
    const int64_t down = unit % all->down, n = unit / all->down / all->strips, left = unit / all->down % all->strips * all->strip;
    const int64_t image = g->in[1] * g->in[2], sheet = g->out[1] * g->out[2], length = 2 * count + 2;
    const int64_t x_row = all->wide * (2 * all->strip + 2), y_row = all->high * 2 * all->strip;
    const TYPE *x = all->x + (n * g->c + channel) * image, *y = all->y + (n * g->k + filter) * sheet, *rows[4];
    /* Two of the four rows of x are those of the strip above. */
    for (int r = follows ? 2 : 0; r < 4; r++) {
        const int64_t i = 2 * down + r - g->before[1], is_in = i >= 0 && i < g->in[1];
        bt_turn_row_SUFFIX(x + i * g->in[2], image, channels, is_in ? g->in[2] : 0, 2 * left - g->before[2], length, room->x + ((2 * down + r) & 3) * x_row);
    }
    for (int r = 0; r < 2; r++)
        bt_turn_row_SUFFIX(y + (2 * down + r) * g->out[2], sheet, filters, 2 * down + r < g->out[1] ? g->out[2] : 0, 2 * left, length - 2, room->y + r * y_row);
    for (int64_t c = 0; c < channels; c += bt_wide_SUFFIX) {
        for (int r = 0; r < 4; r++) rows[r] = room->x + ((2 * down + r) & 3) * x_row + c * length;
        bt_squares_of_x_SUFFIX(count, rows, room->of_x + c * all->depth + at * bt_wide_SUFFIX, bt_square_apart_SUFFIX(all, all->wide));
    }
    for (int64_t k = 0; k < filters; k += bt_wide_SUFFIX) {
        for (int r = 0; r < 2; r++) rows[r] = room->y + r * y_row + k * (length - 2);
        bt_squares_of_y_SUFFIX(count, rows, room->of_y + k * all->depth + at * bt_wide_SUFFIX, bt_square_apart_SUFFIX(all, all->high));
    }
}

static void bt_square_item_SUFFIX(const bt_squares_SUFFIX *all, const bt_square_room_SUFFIX *room, int64_t group, int64_t filter, int64_t channel, int64_t range) {
    const int64_t filters = bt_least(all->high, all->filters - filter), channels = bt_least(all->wide, all->channels - channel);
    const int64_t lo = range * all->range, hi = bt_least(lo + all->range, all->g.n * all->down * all->strips);
    for (int64_t unit = lo; unit < hi;) {
        const int64_t first = unit, stop = bt_least(hi, unit + all->some);
        int64_t depth = 0;
        for (; unit < stop; unit++) {
            const int64_t count = bt_least(all->strip, all->across - unit / all->down % all->strips * all->strip);
            bt_square_strip_SUFFIX(all, room, unit, unit > lo && unit % all->down, depth, group * all->filters + filter, filters,
                                   group * all->channels + channel, channels, count);
            depth += count;
        }
        bt_square_products_SUFFIX(all, room, filters, channels, depth, first > lo);
        if (all->rt->is_stopped()) return;
    }
    for (int64_t k = 0; k < filters; k++)
        bt_taps_of_squares_SUFFIX(room->products + k * all->wide, all->high * all->wide, channels,
                                  all->sums + ((range * all->g.k + group * all->filters + filter + k) * all->channels + channel) * 9);
}

static void bt_square_part_SUFFIX(void *context, int64_t part) {
    bt_squares_SUFFIX *all = context;
    const int64_t x = 4 * all->wide * (2 * all->strip + 2), y = 4 * all->high * all->strip, products = 16 * all->high * all->wide;
    const int64_t of_x = 16 * bt_square_apart_SUFFIX(all, all->wide), of_y = 16 * bt_square_apart_SUFFIX(all, all->high);
    const int64_t size = (x + y + of_x + of_y + products) * (int64_t)sizeof(TYPE);
    bt_square_room_SUFFIX room = {.x = all->rt->alloc(size)};
    if (room.x == NULL) {
        all->failed = 1;
        return;
    }
    /* Lanes that a last vector lacks are computed and dropped. */
    __builtin_memset(room.x, 0, size);
    room.y = room.x + x, room.of_x = room.y + y, room.of_y = room.of_x + of_x, room.products = room.of_y + of_y;
    const int64_t items = all->g.groups * all->ranges * all->highs * all->wides;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        bt_square_item_SUFFIX(all, &room, i / all->wides / all->highs / all->ranges, i / all->wides % all->highs * all->high,
                              i % all->wides * all->wide, i / all->wides / all->highs % all->ranges);
    }
    all->rt->release(room.x);
}

/* out = the gradient, for filters that the method is for; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_winograd_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *out) {
    bt_squares_SUFFIX all = {.rt = rt, .g = *(const bt_geometry *)geometry, .x = x, .y = y, .sums = out};
    const bt_geometry *g = &all.g;
    all.channels = g->c / g->groups, all.filters = g->k / g->groups;
    all.across = bt_up(g->out[2], 2), all.down = bt_up(g->out[1], 2);
    const int64_t most = BT_SIDE_OF_ITEM / bt_wide_SUFFIX, count = g->k * all.channels * 9;
    const int64_t x_vectors = bt_up(all.channels, bt_wide_SUFFIX), y_vectors = bt_up(all.filters, bt_wide_SUFFIX);
    all.wide = bt_up(x_vectors, bt_up(x_vectors, most)) * bt_wide_SUFFIX, all.wides = bt_up(all.channels, all.wide);
    all.high = bt_up(y_vectors, bt_up(y_vectors, most)) * bt_wide_SUFFIX, all.highs = bt_up(all.filters, all.high);
    const int64_t depth = BT_SQUARES_OF_BLOCK;
    all.strip = bt_up(all.across, bt_up(all.across, depth)), all.strips = bt_up(all.across, all.strip);
    all.some = depth / all.strip, all.depth = all.some * all.strip;
    const int64_t units = g->n * all.strips * all.down;
    all.ranges = bt_most(1, bt_least(bt_least(bt_up(16, g->groups * all.highs * all.wides), units / (2 * all.some)), (1 << 20) / count));
    all.range = bt_up(units, all.ranges), all.ranges = bt_up(units, all.range);
    all.parts = bt_parts(rt, units * all.strip * g->k * all.channels);
    if (all.ranges > 1) {
        all.sums = rt->alloc(all.ranges * count * sizeof(TYPE));
        if (all.sums == NULL) return 1;
    }
    rt->share(bt_square_part_SUFFIX, &all, all.parts);
    if (all.ranges > 1) {
        bt_add_ranges_SUFFIX(all.sums, all.ranges, count, out);
        rt->release(all.sums);
    }
    return all.failed;
}
