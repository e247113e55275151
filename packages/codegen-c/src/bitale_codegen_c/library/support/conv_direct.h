BT_HIDDEN int64_t bt_conv_direct_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *w, TYPE *out);
BT_HIDDEN int64_t bt_conv_direct_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *w);
