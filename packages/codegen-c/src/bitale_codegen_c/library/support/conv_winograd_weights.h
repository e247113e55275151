BT_HIDDEN int64_t bt_conv_winograd_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *out);
