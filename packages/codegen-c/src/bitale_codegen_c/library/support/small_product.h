BT_HIDDEN void bt_small_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, int64_t y1, TYPE *z, int64_t z0);
BT_HIDDEN void bt_small_by_vector_SUFFIX(const bt_runtime *rt, int64_t m, int64_t k, const TYPE *x, int64_t x0, int64_t x1, const TYPE *y, int64_t y0, TYPE *z);
