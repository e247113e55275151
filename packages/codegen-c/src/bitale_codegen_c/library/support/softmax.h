BT_HIDDEN void bt_softmax_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, TYPE *z);
BT_HIDDEN void bt_softmax_grad_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *ct, const TYPE *y, TYPE *z);
