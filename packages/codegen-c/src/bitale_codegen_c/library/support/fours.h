/* Four numbers, and the transpose of four times four. */
typedef TYPE bt_four_SUFFIX __attribute__((vector_size(4 * sizeof(TYPE)), aligned(sizeof(TYPE)), may_alias));
#if defined(__clang__) || __GNUC__ >= 12
#define BT_CHOSEN(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#else
#define BT_CHOSEN(x, y, a, b, c, d) __builtin_shuffle(x, y, (__typeof__(x == y)){a, b, c, d})
#endif
static inline void bt_turn_four_SUFFIX(bt_four_SUFFIX *s) {
    const bt_four_SUFFIX a = BT_CHOSEN(s[0], s[1], 0, 4, 1, 5), b = BT_CHOSEN(s[0], s[1], 2, 6, 3, 7);
    const bt_four_SUFFIX c = BT_CHOSEN(s[2], s[3], 0, 4, 1, 5), d = BT_CHOSEN(s[2], s[3], 2, 6, 3, 7);
    s[0] = BT_CHOSEN(a, c, 0, 1, 4, 5), s[1] = BT_CHOSEN(a, c, 2, 3, 6, 7);
    s[2] = BT_CHOSEN(b, d, 0, 1, 4, 5), s[3] = BT_CHOSEN(b, d, 2, 3, 6, 7);
}
