BT_HIDDEN int64_t bt_packed_SUFFIX(int64_t k, int64_t n);
BT_HIDDEN void bt_pack_SUFFIX(const bt_runtime *rt, int64_t k, int64_t n, const TYPE *y, int64_t y0, int64_t y1, TYPE *packed);
BT_HIDDEN void bt_panel_product_SUFFIX(const bt_runtime *rt, int64_t m, int64_t n, int64_t k, const TYPE *x, int64_t x0, int64_t x1, TYPE *packed, TYPE *z, int64_t z0);
