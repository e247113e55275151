/* What the nodes of a profiled function take: time by the processor's counter, how often they ran, and bytes of memory.
 * A call adds up its own, and at its end adds that to what all calls took. */
#include <time.h>

typedef struct { int64_t ticks, count, bytes; } bt_cost;

typedef struct {
    bt_cost *nodes;          /* the last one: what belongs to no node */
    int64_t *sizes;          /* of buffers, by slot */
    int64_t n_nodes;
    int64_t node;            /* that runs, since when */
    int64_t since;
    int64_t live, most;      /* bytes of buffers: now, and at most */
    int64_t began;           /* in nanoseconds */
} bt_profile;

static inline int64_t bt_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Ticks of a clock that runs at one speed, and is read faster than the system's. */
static inline int64_t bt_now(void) {
#if defined __x86_64__
    return (int64_t)__builtin_ia32_rdtsc();
#elif defined __aarch64__
    int64_t now;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
    return now;
#else
    return bt_nanoseconds();
#endif
}

/* From here on the time is another node's. */
static inline void bt_turn(bt_profile *p, int64_t node) {
    int64_t now = bt_now();
    p->nodes[p->node].ticks += now - p->since;
    p->since = now;
    p->node = node;
}

static inline void bt_enter(bt_profile *p, int64_t node) {
    bt_turn(p, node);
    p->nodes[node].count++;
}

static inline void bt_took(bt_profile *p, int64_t node, int64_t slot, size_t bytes) {
    p->nodes[node].bytes += (int64_t)bytes;
    p->live += (int64_t)bytes - p->sizes[slot];
    p->sizes[slot] = (int64_t)bytes;
    if (p->live > p->most) p->most = p->live;
}

static inline void bt_gave(bt_profile *p, int64_t slot) {
    p->live -= p->sizes[slot];
    p->sizes[slot] = 0;
}

static inline void bt_moved(bt_profile *p, int64_t to, int64_t from) {
    int64_t size = p->sizes[from];
    p->sizes[from] = 0;
    p->live -= p->sizes[to];
    p->sizes[to] = size;
}

/* Memory for a call's own; 0: there is none. */
static inline int bt_profile_begin(bt_profile *p, const bt_runtime *rt, int64_t n_nodes, int64_t n_buffers) {
    size_t bytes = (size_t)(n_nodes + 1) * sizeof(bt_cost) + (size_t)n_buffers * sizeof(int64_t);
    p->nodes = rt->alloc(bytes);
    if (!p->nodes) return 0;
    __builtin_memset(p->nodes, 0, bytes);
    p->sizes = (int64_t *)(p->nodes + n_nodes + 1);
    p->n_nodes = p->node = n_nodes;
    p->live = p->most = 0;
    p->began = bt_nanoseconds();
    p->since = bt_now();
    return 1;
}

static inline void bt_add(int64_t *all, int64_t own) {
    if (own) __atomic_fetch_add(all, own, __ATOMIC_RELAXED);
}

/* `all` has three numbers for each node, then the most bytes of one call, and the nanoseconds of all calls. */
static inline void bt_profile_end(bt_profile *p, const bt_runtime *rt, int64_t *all) {
    if (!p->nodes) return;
    bt_turn(p, p->n_nodes);
    const int64_t *own = (const int64_t *)p->nodes, n = 3 * (p->n_nodes + 1);
    if (all) {
        bt_add(&all[n + 1], bt_nanoseconds() - p->began);
        for (int64_t k = 0; k < n; k++) bt_add(&all[k], own[k]);
        int64_t most = __atomic_load_n(&all[n], __ATOMIC_RELAXED);
        while (p->most > most && !__atomic_compare_exchange_n(&all[n], &most, p->most, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    }
    rt->release(p->nodes);
}
