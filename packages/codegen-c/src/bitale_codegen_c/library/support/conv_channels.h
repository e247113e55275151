BT_HIDDEN int64_t bt_is_by_channels_SUFFIX(const void *geometry);
BT_HIDDEN int64_t bt_conv_channels_SUFFIX(const bt_runtime *rt, const void *geometry, int64_t is_adjoint, const TYPE *x, const TYPE *w, TYPE *out);
BT_HIDDEN int64_t bt_conv_channels_weights_SUFFIX(const bt_runtime *rt, const void *geometry, const TYPE *x, const TYPE *y, TYPE *w);
