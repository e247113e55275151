BT_HIDDEN void bt_conv_SUFFIX(const bt_runtime *rt, TYPE *x, TYPE *w, TYPE *y, int64_t ndim, int64_t n, int64_t c, int64_t k, int64_t groups, const int64_t *in, const int64_t *kernel, const int64_t *out, const int64_t *stride, const int64_t *before, const int64_t *dilation);
BT_HIDDEN int64_t bt_conv_turned_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *y, const TYPE *w, TYPE *x);
