/* Vectors as wide as the registers are: of wider ones gcc makes numbers one by one. */
#if defined(__AVX512F__)
#define BT_VECTOR_BYTES 64
#elif defined(__AVX__)
#define BT_VECTOR_BYTES 32
#else
#define BT_VECTOR_BYTES 16
#endif
typedef TYPE bt_lanes_SUFFIX __attribute__((vector_size(BT_VECTOR_BYTES), aligned(sizeof(TYPE)), may_alias));
enum { bt_wide_SUFFIX = BT_VECTOR_BYTES / sizeof(TYPE) };
