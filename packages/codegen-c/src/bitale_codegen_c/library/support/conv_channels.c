/* Convolutions of many groups with few channels in each, above all of one (depthwise), with a group in each lane, whatever the lengths
 * of rows and the stride: numbers of a channel of so many groups are turned into vectors, zeros around, and results are turned back.
 *
 * Rows and columns of results fall into `fold` classes each, which other taps reach; those of a class are `step` apart in the
 * copy. Result and filters have one class and go by the stride; the gradient by inputs has as many as the stride is long. */
typedef struct {
    const bt_runtime *rt;
    bt_geometry g;
    int64_t parts, taps, blocks, rows, chunks, ranges;
    int64_t sources, results; /* channels of a group that are read, and that are written */
    int64_t from[2], to[2]; /* rows and columns that are copied, and those of results */
    int64_t fold[2], step[2], first[2], span[2], run;
    int64_t *starts, *offsets, *which; /* of each class: where its taps lie, and which those are */
    const TYPE *x, *w;
    TYPE *out;
    int is_adjoint, failed;
} bt_channels_SUFFIX;

/* Rows of `wide` numbers of some channels, as vectors, each row `run` after the last. */
BT_KERNEL void bt_turn_in_SUFFIX(const TYPE *from, int64_t apart, int64_t channels, int64_t wide, int64_t rows, int64_t shift, int64_t run, TYPE *to) {
    const int64_t count = wide * rows;
    for (int64_t p = 0; p < count; p += bt_wide_SUFFIX) {
        if (p + bt_wide_SUFFIX > count && p > 0) p = count - bt_wide_SUFFIX;
        bt_lanes_SUFFIX v[bt_wide_SUFFIX];
        bt_load_turned_SUFFIX(from + p, apart, channels, count - p, v);
        int64_t at = p % wide + shift;
        TYPE *row = to + p / wide * run * bt_wide_SUFFIX;
        if (at >= 0 && at + bt_wide_SUFFIX <= bt_least(run, wide + shift)) {
#pragma GCC unroll 16
            for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(row + (at + i) * bt_wide_SUFFIX) = v[i];
            continue;
        }
        TYPE all[bt_wide_SUFFIX * bt_wide_SUFFIX];
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX) = v[i];
        for (int i = 0; i < bt_wide_SUFFIX && p + i < count; i++) {
            if (at >= 0 && at < run) *(bt_lanes_SUFFIX *)(row + at * bt_wide_SUFFIX) = *(const bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX);
            if (++at == wide + shift) at = shift, row += run * bt_wide_SUFFIX;
        }
    }
}

/* The other way: `count` vectors as rows of some channels. */
BT_KERNEL void bt_turn_out_SUFFIX(const TYPE *from, int64_t count, int64_t channels, int64_t apart, TYPE *to) {
    for (int64_t p = 0; p < count; p += bt_wide_SUFFIX) {
        if (p + bt_wide_SUFFIX > count && p > 0) p = count - bt_wide_SUFFIX;
        bt_lanes_SUFFIX v[bt_wide_SUFFIX];
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) v[i] = *(const bt_lanes_SUFFIX *)(from + (p + i) * bt_wide_SUFFIX);
        bt_turn_SUFFIX(v);
        if (count >= bt_wide_SUFFIX && channels == bt_wide_SUFFIX) {
#pragma GCC unroll 16
            for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(to + i * apart + p) = v[i];
            continue;
        }
        TYPE all[bt_wide_SUFFIX * bt_wide_SUFFIX];
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) *(bt_lanes_SUFFIX *)(all + i * bt_wide_SUFFIX) = v[i];
        for (int64_t i = 0; i < channels; i++)
            for (int64_t j = 0; j < bt_wide_SUFFIX && p + j < count; j++) to[i * apart + p + j] = all[i * bt_wide_SUFFIX + j];
    }
}

static inline __attribute__((always_inline)) void bt_some_results_SUFFIX(const int count, int64_t taps, const int64_t *offsets,
        const int64_t *which, const TYPE *copy, int64_t step, const TYPE *w, TYPE *out, int64_t apart) {
    bt_lanes_SUFFIX s[8] = {{0}};
    for (int64_t t = 0; t < taps; t++) {
        const bt_lanes_SUFFIX one = *(const bt_lanes_SUFFIX *)(w + which[t] * bt_wide_SUFFIX);
        const TYPE *from = copy + offsets[t];
#pragma GCC unroll 8
        for (int e = 0; e < count; e++) s[e] += one * *(const bt_lanes_SUFFIX *)(from + e * step);
    }
#pragma GCC unroll 8
    for (int e = 0; e < count; e++) *(bt_lanes_SUFFIX *)(out + e * apart) = s[e];
}

/* Results of a row, `count` of them: widths that are often met, as 7, 14 or 28, come out even. */
BT_KERNEL void bt_results_of_row_SUFFIX(int64_t count, int64_t taps, const int64_t *offsets, const int64_t *which, const TYPE *copy,
        int64_t step, int64_t results, const TYPE *w, int64_t filter, TYPE *out, int64_t apart, int64_t next) {
#define BT_SOME(n) for (; count >= n; count -= n, copy += n * step, out += n * apart) \
        for (int64_t r = 0; r < results; r++) \
            bt_some_results_SUFFIX(n, taps, offsets, which, copy, step, w + r * filter, out + r * next, apart);
    if (count % 8 == 0) { BT_SOME(8) }
    BT_SOME(7) BT_SOME(4) BT_SOME(2) BT_SOME(1)
#undef BT_SOME
}

/* Filters of some groups: of each result the taps of each source. */
static void bt_filters_in_lanes_SUFFIX(const bt_channels_SUFFIX *all, int64_t group, int64_t groups, TYPE *to) {
    const int64_t size = all->results * all->sources * all->taps, one = all->taps * (all->is_adjoint ? all->results : 1);
    const int64_t next = all->taps * (all->is_adjoint ? 1 : all->sources);
    for (int64_t r = 0; r < all->results; r++)
        for (int64_t s = 0; s < all->sources; s++)
            for (int64_t t = 0; t < all->taps; t++, to += bt_wide_SUFFIX)
                for (int64_t i = 0; i < bt_wide_SUFFIX; i++) to[i] = all->w[(group + bt_least(i, groups - 1)) * size + r * next + s * one + t];
}

/* Numbers of the copy of some rows of a channel, of its results, and of filters. */
static inline int64_t bt_copied_SUFFIX(const bt_channels_SUFFIX *all) {
    return ((bt_up(all->rows, all->fold[0]) - 1) * all->step[0] + all->span[0]) * all->run * bt_wide_SUFFIX;
}
static inline int64_t bt_turned_SUFFIX(const bt_channels_SUFFIX *all) { return (all->rows * all->to[1] + bt_wide_SUFFIX) * bt_wide_SUFFIX; }

/* What rows `row` to `stop` of results need of some groups; zeros around it are there. */
static void bt_channels_copy_SUFFIX(const bt_channels_SUFFIX *all, const TYPE *x, int64_t groups, int64_t row, int64_t stop, TYPE *copy) {
    const int64_t at = row / all->fold[0] * all->step[0] + all->first[0], plane = all->from[0] * all->from[1];
    const int64_t high = (bt_up(stop - row, all->fold[0]) - 1) * all->step[0] + all->span[0];
    const int64_t lo = bt_most(0, at), hi = bt_least(all->from[0], at + high);
    for (int64_t s = 0; s < all->sources && lo < hi; s++)
        bt_turn_in_SUFFIX(x + s * plane + lo * all->from[1], all->sources * plane, groups, all->from[1], hi - lo, -all->first[1], all->run,
                          copy + s * bt_copied_SUFFIX(all) + (lo - at) * all->run * bt_wide_SUFFIX);
}

static void bt_channels_results_SUFFIX(const bt_channels_SUFFIX *all, int64_t rows, const TYPE *copy, const TYPE *w, TYPE *turned) {
    const int64_t wide = all->to[1], across = all->fold[1], size = all->sources * all->taps * bt_wide_SUFFIX;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t q = 0; q < across && q < wide; q++) {
            const int64_t start = all->starts[i % all->fold[0] * across + q], stop = all->starts[i % all->fold[0] * across + q + 1];
            bt_results_of_row_SUFFIX(bt_up(wide - q, across), stop - start, all->offsets + start, all->which + start,
                                     copy + i / all->fold[0] * all->step[0] * all->run * bt_wide_SUFFIX, all->step[1] * bt_wide_SUFFIX,
                                     all->results, w, size, turned + (i * wide + q) * bt_wide_SUFFIX, across * bt_wide_SUFFIX,
                                     bt_turned_SUFFIX(all));
        }
}

static void bt_channels_part_SUFFIX(void *context, int64_t part) {
    bt_channels_SUFFIX *all = context;
    const int64_t copied = all->sources * bt_copied_SUFFIX(all), turned = bt_turned_SUFFIX(all), images = all->g.n;
    const int64_t filters = all->results * all->sources * all->taps * bt_wide_SUFFIX, results = all->results;
    TYPE *copy = all->rt->alloc((copied + results * turned + filters) * sizeof(TYPE));
    if (copy == NULL) {
        all->failed = 1;
        return;
    }
    TYPE *out = copy + copied, *w = out + results * turned;
    const int64_t items = all->chunks * all->blocks * images, plane = all->from[0] * all->from[1], sheet = all->to[0] * all->to[1];
    int64_t last = -1;
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        const int64_t chunk = i / images / all->blocks, group = i / images % all->blocks * bt_wide_SUFFIX;
        const int64_t groups = bt_least(bt_wide_SUFFIX, all->g.groups - group), from = i % images * all->g.groups + group;
        const int64_t row = chunk * all->rows, stop = bt_least(all->to[0], row + all->rows);
        if (last != i / images) {
            if (all->rt->is_stopped()) break;
            if (last < 0 || last / all->blocks != chunk) __builtin_memset(copy, 0, copied * sizeof(TYPE));
            last = i / images;
            bt_filters_in_lanes_SUFFIX(all, group, groups, w);
        }
        bt_channels_copy_SUFFIX(all, all->x + from * all->sources * plane, groups, row, stop, copy);
        bt_channels_results_SUFFIX(all, stop - row, copy, w, out);
        for (int64_t r = 0; r < results; r++)
            bt_turn_out_SUFFIX(out + r * turned, (stop - row) * all->to[1], groups, results * sheet,
                               all->out + (from * results + r) * sheet + row * all->to[1]);
    }
    all->rt->release(copy);
}

static inline __attribute__((always_inline)) void bt_some_sums_SUFFIX(const int count, int64_t rows, int64_t wide, const int64_t *offsets,
        const TYPE *copy, int64_t down, int64_t step, const TYPE *y, TYPE *sums) {
    bt_lanes_SUFFIX s[9] = {{0}};
    for (int64_t i = 0; i < rows; i++, copy += down) {
        const TYPE *from = copy;
        for (int64_t j = 0; j < wide; j++, from += step, y += bt_wide_SUFFIX) {
            const bt_lanes_SUFFIX a = *(const bt_lanes_SUFFIX *)y;
#pragma GCC unroll 9
            for (int t = 0; t < count; t++) s[t] += a * *(const bt_lanes_SUFFIX *)(from + offsets[t]);
        }
    }
#pragma GCC unroll 9
    for (int t = 0; t < count; t++) *(bt_lanes_SUFFIX *)(sums + t * bt_wide_SUFFIX) += s[t];
}

BT_KERNEL void bt_sums_of_rows_SUFFIX(int64_t taps, int64_t rows, int64_t wide, const int64_t *offsets, const TYPE *copy, int64_t down,
        int64_t step, const TYPE *y, TYPE *sums) {
#define BT_SOME(n) for (; taps >= n; taps -= n, offsets += n, sums += n * bt_wide_SUFFIX) \
        bt_some_sums_SUFFIX(n, rows, wide, offsets, copy, down, step, y, sums);
    BT_SOME(9) BT_SOME(5) BT_SOME(3) BT_SOME(1)
#undef BT_SOME
}

/* Sums for the filters of some groups over a range of images. */
static void bt_channels_weights_part_SUFFIX(void *context, int64_t part) {
    bt_channels_SUFFIX *all = context;
    const int64_t copied = bt_copied_SUFFIX(all), turned = bt_turned_SUFFIX(all), sources = all->sources, results = all->results;
    TYPE *copy = all->rt->alloc((sources * copied + results * turned) * sizeof(TYPE)), *y = copy + sources * copied;
    if (copy == NULL) {
        all->failed = 1;
        return;
    }
    const int64_t items = all->blocks * all->ranges, wide = all->to[1], plane = all->from[0] * all->from[1], sheet = all->to[0] * wide;
    const int64_t one = all->taps * bt_wide_SUFFIX, size = results * sources * one;
    /* Sums of few products, and sums of those, lose fewer digits. */
    const int64_t down = all->step[0] * all->run * bt_wide_SUFFIX, some = bt_most(1, 192 / wide);
    for (int64_t i = items * part / all->parts; i < items * (part + 1) / all->parts; i++) {
        if (all->rt->is_stopped()) break;
        const int64_t group = i / all->ranges * bt_wide_SUFFIX, range = i % all->ranges, groups = bt_least(bt_wide_SUFFIX, all->g.groups - group);
        TYPE *sums = all->out + i * size;
        __builtin_memset(sums, 0, size * sizeof(TYPE));
        for (int64_t row = 0; row < all->to[0]; row += all->rows) {
            const int64_t stop = bt_least(all->to[0], row + all->rows);
            __builtin_memset(copy, 0, sources * copied * sizeof(TYPE));
            for (int64_t n = all->g.n * range / all->ranges; n < all->g.n * (range + 1) / all->ranges; n++) {
                const int64_t from = n * all->g.groups + group;
                bt_channels_copy_SUFFIX(all, all->x + from * sources * plane, groups, row, stop, copy);
                for (int64_t r = 0; r < results; r++)
                    bt_turn_in_SUFFIX(all->w + (from * results + r) * sheet + row * wide, results * sheet, groups, wide, stop - row, 0, wide, y + r * turned);
                for (int64_t lo = row, hi; lo < stop; lo = hi) {
                    hi = bt_least(stop, lo + some);
                    for (int64_t s = 0; s < sources; s++)
                        for (int64_t r = 0; r < results; r++)
                            bt_sums_of_rows_SUFFIX(all->taps, hi - lo, wide, all->offsets, copy + s * copied + (lo - row) * down, down,
                                                   all->step[1] * bt_wide_SUFFIX, y + r * turned + (lo - row) * wide * bt_wide_SUFFIX,
                                                   sums + (r * sources + s) * one);
                }
            }
        }
    }
    all->rt->release(copy);
}

static inline int64_t bt_floor(int64_t a, int64_t b) { return a >= 0 ? a / b : -bt_up(-a, b); }

/* Which windows reach what: of results by the stride, of inputs by all that hold them. */
static void bt_channels_axes_SUFFIX(bt_channels_SUFFIX *all) {
    const bt_geometry *g = &all->g;
    const int is_adjoint = all->is_adjoint;
    all->taps = bt_taps(g), all->sources = (is_adjoint ? g->k : g->c) / g->groups, all->results = (is_adjoint ? g->c : g->k) / g->groups;
    for (int a = 0; a < 2; a++) {
        const int64_t stride = g->stride[a + 1], before = g->before[a + 1], reach = (g->kernel[a + 1] - 1) * g->dilation[a + 1];
        all->from[a] = is_adjoint ? g->out[a + 1] : g->in[a + 1], all->to[a] = is_adjoint ? g->in[a + 1] : g->out[a + 1];
        all->fold[a] = is_adjoint ? stride : 1, all->step[a] = is_adjoint ? 1 : stride;
        all->first[a] = is_adjoint ? bt_floor(before - reach, stride) : -before;
        all->span[a] = is_adjoint ? bt_floor(stride - 1 + before, stride) - all->first[a] + 1 : reach + 1;
    }
    all->run = (bt_up(all->to[1], all->fold[1]) - 1) * all->step[1] + all->span[1];
}

/* Where tap `t` lies along an axis, for results of class `q`; -1: nowhere. */
static inline int64_t bt_place_SUFFIX(const bt_channels_SUFFIX *all, int a, int64_t q, int64_t t) {
    const int64_t stride = all->g.stride[a + 1], at = t * all->g.dilation[a + 1];
    if (!all->is_adjoint) return at;
    const int64_t from = q + all->g.before[a + 1] - at, place = bt_floor(from, stride);
    return place * stride == from ? place - all->first[a] : -1;
}

static void bt_channels_taps_SUFFIX(bt_channels_SUFFIX *all) {
    const int64_t down = all->fold[0], across = all->fold[1], wide = all->g.kernel[2];
    int64_t count = 0;
    for (int64_t q = 0; q < down * across; q++) {
        all->starts[q] = count;
        for (int64_t i = 0; i < all->sources * all->taps; i++) {
            const int64_t s = i / all->taps, t = i % all->taps;
            const int64_t y = bt_place_SUFFIX(all, 0, q / across, t / wide), x = bt_place_SUFFIX(all, 1, q % across, t % wide);
            if (y < 0 || x < 0) continue;
            all->offsets[count] = s * bt_copied_SUFFIX(all) + (y * all->run + x) * bt_wide_SUFFIX, all->which[count++] = i;
        }
    }
    all->starts[down * across] = count;
}

enum { BT_COPIED = 96 << 10, BT_TOO_MUCH = 1 << 20, BT_MOST_OF_GROUP = 8 };

static int bt_channels_start_SUFFIX(bt_channels_SUFFIX *all) {
    const bt_geometry *g = &all->g;
    bt_channels_axes_SUFFIX(all);
    all->blocks = bt_up(g->groups, bt_wide_SUFFIX);
    all->rows = all->fold[0];
    /* Where channels are several, more is done with what is copied, and it may lie farther away. */
    const int64_t size = all->sources * sizeof(TYPE), most = all->sources > 1 ? 4 * BT_COPIED : BT_COPIED;
    const int64_t one = bt_copied_SUFFIX(all) * size, next = all->step[0] * all->run * bt_wide_SUFFIX * size;
    all->rows = bt_most(1, 1 + (most - one) / next) * all->fold[0];
    all->rows = bt_up(bt_up(all->to[0], bt_up(all->to[0], all->rows)), all->fold[0]) * all->fold[0];
    all->chunks = bt_up(all->to[0], all->rows);
    all->parts = bt_parts(all->rt, g->n * g->k * all->sources * bt_volume(g->out) * all->taps / 8);
    const int64_t classes = all->fold[0] * all->fold[1] + 1, taps = all->sources * all->taps;
    all->starts = all->rt->alloc((classes + 2 * taps) * sizeof(int64_t));
    if (all->starts == NULL) return 0;
    all->offsets = all->starts + classes, all->which = all->offsets + taps;
    bt_channels_taps_SUFFIX(all);
    return 1;
}

/* Whether there are groups enough to fill lanes, few channels in each, and rows that are not too long. */
BT_SHARED(2) int64_t bt_is_by_channels_SUFFIX(const void *geometry) {
    const bt_geometry *g = geometry;
    const int64_t lanes = bt_up(g->groups, bt_wide_SUFFIX) * bt_wide_SUFFIX, is_thin = g->c * g->k <= 2 * g->groups * g->groups;
    if (g->groups < 4 || g->groups * 4 < lanes * (is_thin ? 2 : 3) || g->in[0] * g->kernel[0] * g->out[0] != 1 || g->before[0] != 0) return 0;
    if (g->c > BT_MOST_OF_GROUP * g->groups || g->k > BT_MOST_OF_GROUP * g->groups || g->stride[1] * g->stride[2] > 64) return 0;
    bt_channels_SUFFIX all = {.g = *g};
    int64_t most = 0;
    for (all.is_adjoint = 0; all.is_adjoint < 2; all.is_adjoint++) {
        bt_channels_axes_SUFFIX(&all);
        all.rows = all.fold[0];
        most = bt_most(most, (all.sources * bt_copied_SUFFIX(&all) + all.results * bt_turned_SUFFIX(&all)) * sizeof(TYPE));
    }
    return most <= BT_TOO_MUCH;
}

/* out = x * w, or with `is_adjoint` what came of inputs by their results x; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_channels_SUFFIX(const bt_runtime *rt, const void *geometry, int64_t is_adjoint, const TYPE *x, const TYPE *w, TYPE *out) {
    bt_channels_SUFFIX all = {.rt = rt, .g = *(const bt_geometry *)geometry, .x = x, .w = w, .out = out, .is_adjoint = is_adjoint};
    if (!bt_channels_start_SUFFIX(&all)) return 1;
    rt->share(bt_channels_part_SUFFIX, &all, all.parts);
    rt->release(all.starts);
    return all.failed;
}

/* The gradient by the filters, from x and y, of which none is empty; not 0: out of memory. */
BT_SHARED(2) int64_t bt_conv_channels_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *w) {
    bt_channels_SUFFIX all = {.rt = rt, .g = *(const bt_geometry *)geometry, .x = x, .w = y};
    if (!bt_channels_start_SUFFIX(&all)) return 1;
    const int64_t each = all.results * all.sources * all.taps, size = each * bt_wide_SUFFIX;
    all.ranges = bt_least(all.g.n, bt_up(16, all.blocks));
    all.out = rt->alloc(all.blocks * all.ranges * size * sizeof(TYPE));
    all.failed = all.out == NULL;
    if (all.out != NULL) rt->share(bt_channels_weights_part_SUFFIX, &all, all.parts);
    for (int64_t i = 0; i < all.g.groups && !all.failed; i++)
        for (int64_t j = 0; j < each; j++) {
            const TYPE *sums = all.out + i / bt_wide_SUFFIX * all.ranges * size + j * bt_wide_SUFFIX + i % bt_wide_SUFFIX;
            TYPE sum = 0;
            for (int64_t r = 0; r < all.ranges; r++) sum += sums[r * size];
            w[i * each + j] = sum;
        }
    if (all.out != NULL) rt->release(all.out);
    rt->release(all.starts);
    return all.failed;
}
