BT_HIDDEN void bt_log_softmax_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, TYPE *z);
