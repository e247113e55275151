BT_HIDDEN void bt_pool_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, int64_t mode, const TYPE *x, TYPE *z, TYPE *scratch, int64_t room);
BT_HIDDEN void bt_pool_grad_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, int64_t mode, const TYPE *g, TYPE *z, TYPE *scratch, int64_t room);
BT_HIDDEN void bt_max_pool_grad_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, const TYPE *x, const TYPE *y, const TYPE *g, TYPE *z, TYPE *scratch, int64_t room);
BT_HIDDEN void bt_max_pool_tangent_SUFFIX(const bt_runtime *rt, int64_t planes, const int64_t *sizes, const TYPE *x, const TYPE *y, const TYPE *v, TYPE *z);
