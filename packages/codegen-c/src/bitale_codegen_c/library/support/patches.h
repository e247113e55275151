/* What convolutions share: where the numbers under a window lie, and how they are packed. Lengths along three axes, of which
 * those that an operation lacks are 1.
 *
 * Windows are numbered through all images, and packed in panels of two vectors: panel by panel, for each tap of each
 * channel (`depth` of them) one number of each window. An image with padding is copied first, zeros around it; along the
 * last axis its numbers lie in as many runs as the stride is long, so that what neighbouring windows need for a tap lies
 * side by side. */
enum { bt_panel_SUFFIX = 2 * bt_wide_SUFFIX };

typedef __typeof__(__builtin_choose_expr(sizeof(TYPE) == 4, (int32_t)0, (int64_t)0)) bt_bits_SUFFIX;
typedef bt_bits_SUFFIX bt_mask_SUFFIX __attribute__((vector_size(BT_VECTOR_BYTES), aligned(sizeof(TYPE)), may_alias));

/* The first `count` lanes of a vector, and zeros. */
static inline bt_lanes_SUFFIX bt_first_lanes_SUFFIX(bt_lanes_SUFFIX v, int64_t count) {
    static const bt_bits_SUFFIX lane[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return (bt_lanes_SUFFIX)((bt_mask_SUFFIX)v & *(const bt_mask_SUFFIX *)(lane + 16 - count));
}

typedef struct {
    int64_t n, c, k, groups, in[3], kernel[3], out[3], stride[3], before[3], dilation[3];
} bt_geometry;

/* Steps from window to window and from tap to tap. */
typedef struct {
    int64_t image, z, y;
    int64_t channel, tap_z, tap_y;
    int64_t run; /* how long a run is */
    int64_t rows, size; /* of a copy: rows of a plane, numbers of all */
} bt_layout;

/* Part of a panel: `length` windows of a row. */
typedef struct {
    int64_t from;
    int32_t at, length;
} bt_piece;

static inline int64_t bt_taps(const bt_geometry *g) { return g->kernel[0] * g->kernel[1] * g->kernel[2]; }
static inline int64_t bt_volume(const int64_t *n) { return n[0] * n[1] * n[2]; }
static inline int64_t bt_least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t bt_most(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t bt_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

#define BT_CONVOLUTION int64_t ndim, int64_t n, int64_t c, int64_t k, int64_t groups, const int64_t *in, const int64_t *kernel, \
        const int64_t *out, const int64_t *stride, const int64_t *before, const int64_t *dilation

/* Axes of length 1 at the front; 1 by 1 windows of whole images are rows of one long axis. */
static bt_geometry bt_simplified(BT_CONVOLUTION) {
    bt_geometry g = {n, c, k, groups, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
    int is_plain = 1;
    for (int64_t a = 0; a < ndim; a++) {
        const int64_t to = a + 3 - ndim;
        g.in[to] = in[a], g.kernel[to] = kernel[a], g.out[to] = out[a];
        g.stride[to] = stride[a], g.before[to] = before[a], g.dilation[to] = kernel[a] == 1 ? 1 : dilation[a];
        is_plain &= kernel[a] == 1 && stride[a] == 1 && before[a] == 0 && in[a] == out[a];
    }
    if (is_plain) {
        g.in[2] = g.out[2] = bt_volume(g.in);
        g.in[0] = g.in[1] = g.out[0] = g.out[1] = 1;
    }
    return g;
}

/* One number of x, w and y after the other, where there is no memory for more. */
typedef enum { BT_OF_RESULT, BT_OF_INPUTS, BT_OF_FILTERS } bt_wanted;

static __attribute__((unused)) void bt_one_by_one_SUFFIX(const bt_geometry *g, bt_wanted wanted, TYPE *x, TYPE *w, TYPE *y) {
    const int64_t image = bt_volume(g->in), sheet = bt_volume(g->out), taps = bt_volume(g->kernel);
    const int64_t channels = g->c / g->groups, filters = g->k / g->groups;
    for (int64_t i = 0; wanted == BT_OF_RESULT && i < g->n * g->k * sheet; i++) y[i] = 0;
    for (int64_t i = 0; wanted == BT_OF_INPUTS && i < g->n * g->c * image; i++) x[i] = 0;
    for (int64_t i = 0; wanted == BT_OF_FILTERS && i < g->k * channels * taps; i++) w[i] = 0;
    for (int64_t i = 0; i < g->n * g->k * channels * taps * sheet; i++) {
        const int64_t p = i % sheet, t = i / sheet % taps, c = i / sheet / taps % channels;
        const int64_t k = i / sheet / taps / channels % g->k, n = i / sheet / taps / channels / g->k;
        const int64_t at[3] = {p / g->out[2] / g->out[1], p / g->out[2] % g->out[1], p % g->out[2]};
        const int64_t tap[3] = {t / g->kernel[2] / g->kernel[1], t / g->kernel[2] % g->kernel[1], t % g->kernel[2]};
        int64_t place = n * g->c + k / filters * channels + c, is_inside = 1;
        for (int a = 0; a < 3; a++) {
            const int64_t one = at[a] * g->stride[a] + tap[a] * g->dilation[a] - g->before[a];
            is_inside &= one >= 0 && one < g->in[a];
            place = place * g->in[a] + one;
        }
        TYPE *of_w = w + (k * channels + c) * taps + t, *of_y = y + (n * g->k + k) * sheet + p;
        if (!is_inside) continue;
        if (wanted == BT_OF_RESULT) *of_y += x[place] * *of_w;
        else if (wanted == BT_OF_INPUTS) x[place] += *of_w * *of_y;
        else *of_w += x[place] * *of_y;
    }
}

/* Whether filters of 3 by 3 are for the method of Winograd: in float32, of so many windows on, and of so many channels that sums of
 * squares cost less than they save. */
static __attribute__((unused)) int bt_is_for_squares_SUFFIX(const bt_geometry *g, int64_t windows, int64_t most) {
    const int64_t channels = g->c / g->groups, filters = g->k / g->groups;
    int is = sizeof(TYPE) == 4 && g->n * g->out[1] * g->out[2] >= windows && channels >= 16 && channels <= most && filters >= 16;
    is &= g->kernel[0] == 1 && g->in[0] == 1 && g->out[0] == 1;
    for (int a = 1; a < 3; a++) is &= g->kernel[a] == 3 && g->stride[a] == 1 && g->dilation[a] == 1 && g->out[a] >= 4;
    return is;
}

/* Whether windows lie within the images and their numbers side by side. */
static int bt_is_direct(const bt_geometry *g) {
    int is = g->stride[2] == 1;
    for (int a = 0; a < 3; a++)
        is &= g->before[a] == 0 && (g->out[a] - 1) * g->stride[a] + (g->kernel[a] - 1) * g->dilation[a] < g->in[a];
    return is;
}

static bt_layout bt_direct_layout(const bt_geometry *g) {
    const int64_t row = g->in[2], plane = row * g->in[1], image = plane * g->in[0];
    return (bt_layout){g->c * image, g->stride[0] * plane, g->stride[1] * row, image, g->dilation[0] * plane,
                       g->dilation[1] * row, 0, 0, 0};
}

/* How many rows `windows` windows stand on, and how far they are apart there: without those that no window stands on. */
static inline int64_t bt_step(const bt_geometry *g, int axis) { return g->kernel[axis] == 1 ? 1 : g->stride[axis]; }
static inline int64_t bt_extent(const bt_geometry *g, int axis, int64_t windows) {
    return (windows - 1) * bt_step(g, axis) + (g->kernel[axis] - 1) * g->dilation[axis] + 1;
}
static inline int64_t bt_runs(const bt_geometry *g) {
    return bt_least(g->stride[2], (g->kernel[2] - 1) * g->dilation[2] + 1);
}

/* A copy of `channels` channels, with `planes` planes and `high` rows of each. */
static bt_layout bt_copy_layout(const bt_geometry *g, int64_t channels, int64_t planes, int64_t high, int64_t plane_step) {
    const int64_t run = g->out[2] + (g->kernel[2] - 1) * g->dilation[2] / g->stride[2], row = run * bt_runs(g);
    const int64_t plane = row * high;
    return (bt_layout){channels * planes * plane, plane * plane_step, row * bt_step(g, 1), planes * plane,
                       plane, row * g->dilation[1], run, high, channels * planes * plane};
}

static void bt_tap_offsets(const bt_geometry *g, const bt_layout *at, int64_t channels, int64_t *offsets) {
    for (int64_t c = 0; c < channels; c++)
        for (int64_t z = 0; z < g->kernel[0]; z++)
            for (int64_t y = 0; y < g->kernel[1]; y++)
                for (int64_t x = 0; x < g->kernel[2]; x++) {
                    const int64_t far = x * g->dilation[2], runs = at->run ? g->stride[2] : 1;
                    *offsets++ = c * at->channel + z * at->tap_z + y * at->tap_y + far % runs * at->run + far / runs;
                }
}

/* Numbers to where they overlap nothing; a call of memcpy takes longer than most rows. */
static inline void bt_copy_numbers_SUFFIX(TYPE *to, const TYPE *from, int64_t count) {
    typedef TYPE quarter __attribute__((vector_size(16), aligned(sizeof(TYPE)), may_alias));
    enum { few = 16 / sizeof(TYPE) };
    int64_t i = 0;
    if (count >= bt_wide_SUFFIX) {
        for (; i + bt_wide_SUFFIX < count; i += bt_wide_SUFFIX) *(bt_lanes_SUFFIX *)(to + i) = *(const bt_lanes_SUFFIX *)(from + i);
        *(bt_lanes_SUFFIX *)(to + count - bt_wide_SUFFIX) = *(const bt_lanes_SUFFIX *)(from + count - bt_wide_SUFFIX);
    } else if (count >= few) {
        for (; i + few < count; i += few) *(quarter *)(to + i) = *(const quarter *)(from + i);
        *(quarter *)(to + count - few) = *(const quarter *)(from + count - few);
    } else
        for (; i < count; i++) to[i] = from[i];
}

/* A row of an image in runs, zeros before and behind it. */
static inline void bt_copy_row_SUFFIX(const bt_geometry *g, const TYPE *x, int64_t run, TYPE *to) {
    const int64_t stride = g->stride[2], runs = bt_runs(g), in = g->in[2];
    for (int64_t q = 0; q < runs; q++, to += run) {
        const int64_t start = q - g->before[2]; /* to[i] = x[start + i * stride] */
        const int64_t first = start >= 0 ? 0 : stride == 1 ? -start : bt_up(-start, stride);
        const int64_t end = in <= start ? 0 : stride == 1 ? in - start : bt_up(in - start, stride);
        const int64_t lo = bt_least(run, first), hi = bt_most(lo, bt_least(run, end));
        const TYPE *from = x + start;
        for (int64_t i = 0; i < lo; i++) to[i] = 0;
        if (stride == 1) bt_copy_numbers_SUFFIX(to + lo, from + lo, hi - lo);
        else if (stride == 2) {
#pragma omp simd
            for (int64_t i = lo; i < hi; i++) to[i] = from[2 * i];
        }
        else for (int64_t i = lo; i < hi; i++) to[i] = from[i * stride];
        for (int64_t i = hi; i < run; i++) to[i] = 0;
    }
}

/* The other way: what stands in runs becomes a row of an image. */
static inline void bt_uncopy_row_SUFFIX(const bt_geometry *g, const TYPE *from, int64_t run, TYPE *x) {
    const int64_t stride = g->stride[2], runs = bt_runs(g), in = g->in[2];
    for (int64_t i = 0; i < in; i++) x[i] = 0;
    for (int64_t q = 0; q < runs; q++, from += run) {
        const int64_t start = q - g->before[2];
        const int64_t lo = bt_least(run, start >= 0 ? 0 : bt_up(-start, stride));
        const int64_t hi = bt_most(lo, bt_least(run, in > start ? bt_up(in - start, stride) : 0));
        for (int64_t i = lo; i < hi; i++) x[start + i * stride] = from[i];
    }
}

/* The windows of rows `row` to `stop` of plane `z` of an image: what is under them, of each channel and plane. */
static void bt_copy_rows_SUFFIX(const bt_geometry *g, const bt_layout *at, const TYPE *x, int64_t channels, int64_t z,
        int64_t row, int64_t stop, TYPE *to) {
    const int64_t line = at->run * bt_runs(g), plane = g->in[1] * g->in[2], height = bt_extent(g, 1, stop - row);
    const int64_t apart = g->kernel[1] == 1 ? g->stride[1] : 1;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t t = 0; t < g->kernel[0]; t++) {
            TYPE *rows = to + c * at->channel + t * at->tap_z;
            const int64_t iz = z * g->stride[0] + t * g->dilation[0] - g->before[0];
            for (int64_t i = 0; i < height; i++, rows += line) {
                const int64_t iy = row * g->stride[1] + i * apart - g->before[1];
                if (iz >= 0 && iz < g->in[0] && iy >= 0 && iy < g->in[1])
                    bt_copy_row_SUFFIX(g, x + (c * g->in[0] + iz) * plane + iy * g->in[2], at->run, rows);
                else __builtin_memset(rows, 0, line * sizeof(TYPE));
            }
        }
}

/* Windows `lo` to `hi` as pieces of at most one vector; gives how many. `planes`: of windows, in an image of the layout;
 * of the first sheet of windows the first `skip` rows are left out. */
static int bt_pieces_SUFFIX(const bt_geometry *g, const bt_layout *at, int64_t planes, int64_t first, int64_t skip,
        int64_t lo, int64_t hi, bt_piece *pieces) {
    const int64_t wide = g->out[2], high = g->out[1];
    int64_t x = lo % wide, y = lo / wide % high, sheet = lo / wide / high;
    int count = 0;
    for (int64_t p = lo; p < hi;) {
        const int64_t base = sheet / planes * at->image + sheet % planes * at->z + (y - (sheet == first ? skip : 0)) * at->y
                             - first / planes * at->image;
        const int64_t length = bt_least(bt_least(wide - x, hi - p), bt_wide_SUFFIX);
        pieces[count++] = (bt_piece){base + x, (int32_t)(p - lo), (int32_t)length};
        p += length, x += length;
        if (x == wide) {
            x = 0;
            if (++y == high) y = 0, sheet++;
        }
    }
    return count;
}

/* Where a row has more windows than a block, a block is a part of one row, and what is copied is no more than that needs: as
 * of an image with one row of windows, of which the first is window `lo`. */
static inline bt_geometry bt_strip(const bt_geometry *g, int64_t lo, int64_t block) {
    bt_geometry strip = *g;
    strip.before[2] -= lo % g->out[2] * g->stride[2];
    strip.out[0] = strip.out[1] = 1, strip.out[2] = block;
    return strip;
}

static inline __attribute__((always_inline)) void bt_pack_pieces_SUFFIX(const int count, const bt_piece *pieces, const TYPE *x,
        const int64_t *offsets, int64_t depth, TYPE *to) {
    for (int64_t d = 0; d < depth; d++, to += bt_panel_SUFFIX) {
        const TYPE *from = x + offsets[d];
        /* What the next panel begins with: the rows lie too far apart for the processor to know. */
        __builtin_prefetch(from + pieces[0].from + bt_panel_SUFFIX);
        if (BT_VECTOR_BYTES > 32) __builtin_prefetch(from + pieces[0].from + bt_panel_SUFFIX + bt_wide_SUFFIX);
#pragma GCC unroll 4
        for (int e = 0; e < count; e++)
            *(bt_lanes_SUFFIX *)(to + pieces[e].at) = *(const bt_lanes_SUFFIX *)(from + pieces[e].from);
    }
}

/* One panel, `fold` taps side by side, and the next ones `apart` behind. Whole vectors are copied: what is too much of one is
 * written over by the next. From `limit` on nothing is read. */
BT_KERNEL void bt_pack_panel_SUFFIX(int count, const bt_piece *pieces, const TYPE *x, const TYPE *limit,
        const int64_t *offsets, int64_t depth, int64_t fold, int64_t apart, TYPE *to) {
    const bt_piece last = pieces[count - 1];
    const int end = last.at + last.length, is_near = x + last.from + offsets[depth - 1] + bt_wide_SUFFIX > limit;
    for (int64_t f = 0; f < depth; f += fold, offsets += fold, to += apart) {
        const int64_t some = bt_least(fold, depth - f);
        if (is_near) {
            for (int64_t d = 0; d < some; d++)
                for (int e = 0; e < count; e++)
                    for (int i = 0; i < pieces[e].length; i++)
                        to[d * bt_panel_SUFFIX + pieces[e].at + i] = x[offsets[d] + pieces[e].from + i];
        } else if (count == 2) bt_pack_pieces_SUFFIX(2, pieces, x, offsets, some, to);
        else if (count == 3) bt_pack_pieces_SUFFIX(3, pieces, x, offsets, some, to);
        else if (count == 4) bt_pack_pieces_SUFFIX(4, pieces, x, offsets, some, to);
        else bt_pack_pieces_SUFFIX(count, pieces, x, offsets, some, to);
        for (int64_t d = 0; end < bt_panel_SUFFIX && d < some; d++)
            for (int i = end; i < bt_panel_SUFFIX; i++) to[d * bt_panel_SUFFIX + i] = 0;
    }
}

/* The sums of several ranges added up, one range after the other. */
static __attribute__((unused)) void bt_add_ranges_SUFFIX(const TYPE *sums, int64_t ranges, int64_t count, TYPE *to) {
    for (int64_t i = 0; i < count; i++) {
        TYPE sum = sums[i];
        for (int64_t r = 1; r < ranges; r++) sum += sums[i + r * count];
        to[i] = sum;
    }
}
