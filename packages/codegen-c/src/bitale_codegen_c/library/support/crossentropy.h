BT_HIDDEN void bt_crossentropy_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *x, const int64_t *t, TYPE *loss, TYPE *z, int keep, int64_t most);
BT_HIDDEN void bt_crossentropy_grad_SUFFIX(const bt_runtime *rt, int64_t rows, int64_t n, const TYPE *y, const TYPE *ct, int64_t step, const int64_t *t, TYPE *z);
