/* Squares of numbers turned: as many rows as a vector is wide become columns. Putting the halves of all rows into one another, once for
 * each time that the width can be halved, is just that. */
#define BT_BYTES_f32 4
#define BT_BYTES_f64 8
#if BT_VECTOR_BYTES / BT_BYTES_SUFFIX == 16
#define BT_FRONTS_SUFFIX 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define BT_BACKS_SUFFIX 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif BT_VECTOR_BYTES / BT_BYTES_SUFFIX == 8
#define BT_FRONTS_SUFFIX 0, 8, 1, 9, 2, 10, 3, 11
#define BT_BACKS_SUFFIX 4, 12, 5, 13, 6, 14, 7, 15
#elif BT_VECTOR_BYTES / BT_BYTES_SUFFIX == 4
#define BT_FRONTS_SUFFIX 0, 4, 1, 5
#define BT_BACKS_SUFFIX 2, 6, 3, 7
#else
#define BT_FRONTS_SUFFIX 0, 2
#define BT_BACKS_SUFFIX 1, 3
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define BT_ZIPPED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define BT_ZIPPED(a, b, ...) __builtin_shuffle(a, b, (bt_mask_SUFFIX){__VA_ARGS__})
#endif

static inline __attribute__((always_inline)) void bt_turn_SUFFIX(bt_lanes_SUFFIX *v) {
#pragma GCC unroll 4
    for (int times = bt_wide_SUFFIX; times > 1; times /= 2) {
        bt_lanes_SUFFIX t[bt_wide_SUFFIX];
#pragma GCC unroll 8
        for (int i = 0; i < bt_wide_SUFFIX / 2; i++) {
            t[2 * i] = BT_ZIPPED(v[i], v[i + bt_wide_SUFFIX / 2], BT_FRONTS_SUFFIX);
            t[2 * i + 1] = BT_ZIPPED(v[i], v[i + bt_wide_SUFFIX / 2], BT_BACKS_SUFFIX);
        }
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) v[i] = t[i];
    }
}

/* Numbers `at` on of `rows` rows that lie `apart`, as a column each; of rows that are missing the last one, and behind `count`
 * numbers nothing is read. */
static inline __attribute__((always_inline)) void bt_load_turned_SUFFIX(const TYPE *from, int64_t apart, int64_t rows, int64_t count,
        bt_lanes_SUFFIX *v) {
    if (count >= bt_wide_SUFFIX) {
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) v[i] = *(const bt_lanes_SUFFIX *)(from + bt_least(i, rows - 1) * apart);
    } else {
        TYPE few[bt_wide_SUFFIX][bt_wide_SUFFIX] = {{0}};
        for (int64_t i = 0; i < bt_wide_SUFFIX; i++)
            for (int64_t j = 0; j < count; j++) few[i][j] = from[bt_least(i, rows - 1) * apart + j];
#pragma GCC unroll 16
        for (int i = 0; i < bt_wide_SUFFIX; i++) v[i] = *(const bt_lanes_SUFFIX *)few[i];
    }
    bt_turn_SUFFIX(v);
}
