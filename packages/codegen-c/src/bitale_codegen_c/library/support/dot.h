BT_HIDDEN double bt_dot_SUFFIX(const bt_runtime *rt, int64_t n, const TYPE *x, int64_t x0, const TYPE *y, int64_t y0);
