/* z = x y for a y that is multiplied with again and again, as the weights of a recurrence are: it is packed once, into
 * panels of two vectors' columns, the rest filled with zeros. A tile of rows by panels stays in registers while the
 * products are summed, so x needs no packing and nothing but x and the panels is read. z has unit column stride. */
enum { bt_panel_SUFFIX = 2 * bt_wide_SUFFIX, bt_tile_SUFFIX = BT_VECTOR_BYTES == 32 ? 6 : 8, bt_across_SUFFIX = 4 };

static inline int64_t bt_panels_SUFFIX(int64_t n) {
    return (n + bt_panel_SUFFIX - 1) / bt_panel_SUFFIX;
}

/* How many numbers a packed y of k by n takes. */
BT_SHARED(1) int64_t bt_packed_SUFFIX(int64_t k, int64_t n) {
    return k * bt_panels_SUFFIX(n) * bt_panel_SUFFIX;
}

typedef struct {
    const bt_runtime *rt;
    int64_t parts, m, n, k;
    const TYPE *x;
    int64_t x0, x1;
    TYPE *packed, *z;
    int64_t z0;
} bt_panel_task_SUFFIX;

BT_KERNEL void bt_pack_part_SUFFIX(void *context, int64_t part) {
    const bt_panel_task_SUFFIX *all = context;
    const int64_t k = all->k, n = all->n, y0 = all->x0, y1 = all->x1, panels = bt_panels_SUFFIX(n);
    for (int64_t j = panels * part / all->parts; j < panels * (part + 1) / all->parts; j++) {
        TYPE *panel = all->packed + j * bt_panel_SUFFIX * k;
        const TYPE *first = all->x + j * bt_panel_SUFFIX * y1;
        const int64_t columns = n - j * bt_panel_SUFFIX < bt_panel_SUFFIX ? n - j * bt_panel_SUFFIX : bt_panel_SUFFIX;
        if (columns < bt_panel_SUFFIX) __builtin_memset(panel, 0, bt_panel_SUFFIX * k * sizeof(TYPE));
        if (y1 == 1)
            for (int64_t p = 0; p < k; p++) __builtin_memcpy(panel + p * bt_panel_SUFFIX, first + p * y0, columns * sizeof(TYPE));
        else
            for (int64_t p = 0; p < k; p++)
                for (int64_t c = 0; c < columns; c++) panel[p * bt_panel_SUFFIX + c] = first[p * y0 + c * y1];
    }
}

/* y is k by n of any strides. */
BT_SHARED(1) void bt_pack_SUFFIX(const bt_runtime *rt, int64_t k, int64_t n, const TYPE *y, int64_t y0, int64_t y1,
        TYPE *packed) {
    bt_panel_task_SUFFIX all = {rt, bt_parts(rt, k * n), 0, n, k, y, y0, y1, packed, NULL, 0};
    rt->share(bt_pack_part_SUFFIX, &all, all.parts);
}

/* `rows` rows of z for `wide` panels, of which `columns` columns are wanted; the first two are constants. */
static inline __attribute__((always_inline)) void bt_panel_tile_SUFFIX(const int rows, const int wide, int64_t columns,
        int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *packed, TYPE *z, int64_t z0) {
    bt_lanes_SUFFIX s[8][8] = {{{0}}};
    for (int64_t p = 0; p < k; p++) {
        bt_lanes_SUFFIX b[8];
#pragma GCC unroll 8
        for (int v = 0; v < 2 * wide; v++)
            b[v] = *(const bt_lanes_SUFFIX *)(packed + ((v / 2) * k + p) * bt_panel_SUFFIX + v % 2 * bt_wide_SUFFIX);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int v = 0; v < 2 * wide; v++) s[r][v] += b[v] * x[r * x0 + p * x1];
    }
    if (columns >= wide * bt_panel_SUFFIX) {
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int v = 0; v < 2 * wide; v++) *(bt_lanes_SUFFIX *)(z + r * z0 + v * bt_wide_SUFFIX) = s[r][v];
        return;
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
        TYPE t[8 * bt_wide_SUFFIX];
#pragma GCC unroll 8
        for (int v = 0; v < 2 * wide; v++) *(bt_lanes_SUFFIX *)(t + v * bt_wide_SUFFIX) = s[r][v];
        __builtin_memcpy(z + r * z0, t, columns * sizeof(TYPE));
    }
}

/* The columns of z in the panels from `from` to `to`: as many rows at a time as fit, then single ones. */
BT_KERNEL void bt_panel_range_SUFFIX(int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1,
        const TYPE *packed, TYPE *z, int64_t z0, int64_t from, int64_t to) {
    const int64_t tiled = m / bt_tile_SUFFIX * bt_tile_SUFFIX;
    for (int64_t j = from; j < to; j++)
        for (int64_t i = 0; i < tiled; i += bt_tile_SUFFIX)
            bt_panel_tile_SUFFIX(bt_tile_SUFFIX, 1, n - j * bt_panel_SUFFIX, k, x + i * x0, x0, x1,
                packed + j * k * bt_panel_SUFFIX, z + i * z0 + j * bt_panel_SUFFIX, z0);
    for (int64_t i = tiled; i < m; i++) {
        int64_t j = from;
        for (; j + bt_across_SUFFIX <= to; j += bt_across_SUFFIX)
            bt_panel_tile_SUFFIX(1, bt_across_SUFFIX, n - j * bt_panel_SUFFIX, k, x + i * x0, x0, x1,
                packed + j * k * bt_panel_SUFFIX, z + i * z0 + j * bt_panel_SUFFIX, z0);
        for (; j < to; j++)
            bt_panel_tile_SUFFIX(1, 1, n - j * bt_panel_SUFFIX, k, x + i * x0, x0, x1,
                packed + j * k * bt_panel_SUFFIX, z + i * z0 + j * bt_panel_SUFFIX, z0);
    }
}

static void bt_panel_part_SUFFIX(void *context, int64_t part) {
    const bt_panel_task_SUFFIX *all = context;
    const int64_t panels = bt_panels_SUFFIX(all->n);
    const int64_t slice = (BT_SLICE * 8LL / (all->n * all->k + 1) + 1) * bt_tile_SUFFIX;
    for (int64_t i = 0; i < all->m; i += slice) {
        if (all->m > slice && all->rt->is_stopped()) return;
        bt_panel_range_SUFFIX(all->m - i < slice ? all->m - i : slice, all->n, all->k, all->x + i * all->x0, all->x0,
                              all->x1, all->packed, all->z + i * all->z0, all->z0, panels * part / all->parts,
                              panels * (part + 1) / all->parts);
    }
}

BT_SHARED(1) void bt_panel_product_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k, const TYPE *x,
        int64_t x0, int64_t x1, TYPE *packed, TYPE *z, int64_t z0) {
    bt_panel_task_SUFFIX all = {rt, bt_parts(rt, m * n * k / 8), m, n, k, x, x0, x1, packed, z, z0};
    const int64_t panels = bt_panels_SUFFIX(n);
    if (all.parts > panels) all.parts = panels > 0 ? panels : 1;
    if (all.parts == 1) bt_panel_part_SUFFIX(&all, 0);
    else rt->share(bt_panel_part_SUFFIX, &all, all.parts);
}
