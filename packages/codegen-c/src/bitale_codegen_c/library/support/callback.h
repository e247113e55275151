/* Room for the results of a callback: too large for the stack of a thread where there are many. */
static inline bt_result *bt_results(int count) {
    return __builtin_calloc((size_t)(count > 0 ? count : 1), sizeof(bt_result));
}
