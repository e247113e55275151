/* Memory of one call: small buffers stand in the frame, larger ones come from the runtime's pool. */
typedef struct {
    const bt_runtime *rt;
    char *next, *end;
} bt_frame;

/* a * b, or SIZE_MAX: more than can be had. */
static inline size_t bt_times(size_t a, size_t b) {
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

/* Memory for `bytes`; NULL: out of memory. `keep`: it may outlive the call. */
static inline void *bt_take(bt_frame *frame, size_t bytes, int keep) {
    if (bytes > PTRDIFF_MAX) return frame->rt->alloc(bytes);
    /* Not even an empty buffer may begin where the arena ends: bt_give could not tell it apart. */
    size_t rounded = (bytes + (bytes == 0) + 63) & ~(size_t)63;
    if (!keep && rounded <= 1024 && (size_t)(frame->end - frame->next) >= rounded) {
        char *taken = frame->next;
        frame->next += rounded;
        return taken;
    }
    return frame->rt->alloc(bytes);
}

static inline void bt_give(bt_frame *frame, const char *arena, void **buffer) {
    char *p = *buffer;
    *buffer = NULL;
    if (p != NULL && !(p >= arena && p < frame->end)) frame->rt->release(p);
}

/* How many threads share `work` units, a unit being about a multiplication of one element. */
static inline int64_t bt_parts(const bt_runtime *rt, int64_t work) {
    int64_t parts = work / BT_WORK_OF_A_THREAD;
    if (parts > rt->threads) parts = rt->threads;
    if (parts > BT_MAX_PARTS) parts = BT_MAX_PARTS;
    return parts < 1 ? 1 : parts;
}
