/* Copies of arrays of any strides: rows, rows in reverse, transposed blocks; large ones by several threads. */
#ifndef BITALE_COPY_H
#define BITALE_COPY_H

#include <string.h>

#include "bitale_runtime.h"

/* From how many bytes on a further thread helps. */
enum { COPY_OF_A_THREAD = 1 << 17 };

/* Whether few places of the cache hold rows at one of two distances: those of a power of two. */
static inline int copy_is_crowded(int64_t one, int64_t other) { return one % 1024 == 0 || other % 1024 == 0; }

/* Axes in the order of the target's memory, the last one fastest, those that run on being one. */
typedef struct {
    char *to;
    const char *from;
    int64_t size, parts;
    int rank, split;
    int64_t n[BT_MAX_NDIM], ts[BT_MAX_NDIM], fs[BT_MAX_NDIM];
} copy_task;

/* Items of 16 bytes in reverse. Short ones are turned in two words: only later instruction sets turn a vector of them. */
typedef uint64_t copy_words __attribute__((vector_size(16)));
typedef uint32_t copy_halves __attribute__((vector_size(16)));
#if defined(__clang__) || __GNUC__ >= 12
#define COPY_TURNED(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define COPY_TURNED(v, ...) __builtin_shuffle(v, (__typeof__(v)){__VA_ARGS__})
#endif
static inline uint64_t copy_pairs(uint64_t word) {
    const uint64_t halves = word << 32 | word >> 32, low = 0x0000ffff0000ffff;
    return (halves & low) << 16 | (halves >> 16 & low);
}
static inline copy_words copy_turned_1(copy_words v) {
    return (copy_words){__builtin_bswap64(v[1]), __builtin_bswap64(v[0])};
}
static inline copy_words copy_turned_2(copy_words v) { return (copy_words){copy_pairs(v[1]), copy_pairs(v[0])}; }
static inline copy_words copy_turned_4(copy_words v) { return (copy_words)COPY_TURNED((copy_halves)v, 3, 2, 1, 0); }
static inline copy_words copy_turned_8(copy_words v) { return COPY_TURNED(v, 1, 0); }
static inline copy_words copy_turned_16(copy_words v) { return v; }

/* A row backwards: compilers find no vectors in a loop of items. */
#define COPY_BACKWARDS(size)                                                                                          \
    static void copy_backwards_##size(char *to, const char *from, int64_t n) {                                        \
        enum { count = 16 / size };                                                                                   \
        int64_t j = 0;                                                                                                \
        for (; j + count <= n; j += count) {                                                                          \
            copy_words v;                                                                                             \
            memcpy(&v, from - (j + count - 1) * size, 16);                                                            \
            v = copy_turned_##size(v);                                                                                \
            memcpy(to + j * size, &v, 16);                                                                            \
        }                                                                                                             \
        for (; j < n; j++) memcpy(to + j * size, from - j * size, size);                                              \
    }
COPY_BACKWARDS(1)
COPY_BACKWARDS(2)
COPY_BACKWARDS(4)
COPY_BACKWARDS(8)
COPY_BACKWARDS(16)

/* The last two axes, items being of one size that the compiler knows: n0 rows of n1. */
#define COPY_PLANE(size)                                                                                              \
    static void copy_plane_##size(char *to, int64_t t0, int64_t t1, const char *from, int64_t f0, int64_t f1,         \
                                  int64_t n0, int64_t n1) {                                                           \
        const int is_plain = t1 == size && f1 == size, is_reverse = t1 == size && f1 == -size;                        \
        if (!is_plain && n0 > 1 && (f0 < 0 ? -f0 : f0) < (f1 < 0 ? -f1 : f1)) {                                       \
            /* In blocks, as wide as lines of the cache that are read, so that each is read once. */                  \
            const int is_crowded = copy_is_crowded(t0, f1);                                                           \
            const int64_t high = is_crowded ? 16 : 64 / size, wide = is_crowded ? 16 : 256;                           \
            for (int64_t i0 = 0; i0 < n0; i0 += high)                                                                 \
                for (int64_t j0 = 0; j0 < n1; j0 += wide) {                                                           \
                    const int64_t i1 = i0 + high < n0 ? i0 + high : n0, j1 = j0 + wide < n1 ? j0 + wide : n1;         \
                    for (int64_t i = i0; i < i1; i++)                                                                 \
                        for (int64_t j = j0; j < j1; j++)                                                             \
                            memcpy(to + i * t0 + j * t1, from + i * f0 + j * f1, size);                               \
                }                                                                                                     \
            return;                                                                                                   \
        }                                                                                                             \
        for (int64_t i = 0; i < n0; i++, to += t0, from += f0) {                                                      \
            if (is_plain) memcpy(to, from, (size_t)(n1 * size));                                                      \
            else if (is_reverse) copy_backwards_##size(to, from, n1);                                                 \
            else if (t1 == size) for (int64_t j = 0; j < n1; j++) memcpy(to + j * size, from + j * f1, size);         \
            else for (int64_t j = 0; j < n1; j++) memcpy(to + j * t1, from + j * f1, size);                           \
        }                                                                                                             \
    }
COPY_PLANE(1)
COPY_PLANE(2)
COPY_PLANE(4)
COPY_PLANE(8)
COPY_PLANE(16)

static void copy_part(void *context, int64_t part) {
    const copy_task *all = context;
    const int s = all->split, rank = all->rank;
    int64_t n[BT_MAX_NDIM], at[BT_MAX_NDIM];
    const int64_t *ts = all->ts, *fs = all->fs;
    for (int a = 0; a < rank; a++) n[a] = all->n[a], at[a] = 0;
    const int64_t lo = all->n[s] / all->parts * part + all->n[s] % all->parts * part / all->parts;
    const int64_t hi = all->n[s] / all->parts * (part + 1) + all->n[s] % all->parts * (part + 1) / all->parts;
    n[s] = hi - lo;
    char *to = all->to + lo * ts[s];
    const char *from = all->from + lo * fs[s];
    void (*plane)(char *, int64_t, int64_t, const char *, int64_t, int64_t, int64_t, int64_t);
    switch (all->size) {
        case 1: plane = copy_plane_1; break;
        case 2: plane = copy_plane_2; break;
        case 4: plane = copy_plane_4; break;
        case 8: plane = copy_plane_8; break;
        default: plane = copy_plane_16;
    }
    const int r = rank - 1, q = rank - 2;
    for (;;) {
        plane(to, q < 0 ? 0 : ts[q], ts[r], from, q < 0 ? 0 : fs[q], fs[r], q < 0 ? 1 : n[q], n[r]);
        int a = rank - 3;
        for (; a >= 0; a--) {
            to += ts[a], from += fs[a];
            if (++at[a] < n[a]) break;
            to -= n[a] * ts[a], from -= n[a] * fs[a];
            at[a] = 0;
        }
        if (a < 0) return;
    }
}

static inline int64_t copy_distance(int64_t stride) { return stride < 0 ? -stride : stride; }

/* Copy an array of any strides (in bytes) to another; `rank` lengths in `n`, items of `size` bytes: 1, 2, 4, 8 or 16. */
static void copy_array(const bt_runtime *rt, char *to, const int64_t *ts, const char *from, const int64_t *fs,
                       const int64_t *n, int rank, int64_t size) {
    copy_task all;
    all.to = to, all.from = from, all.size = size;
    int64_t bytes = size;
    int kept = 0;
    for (int a = 0; a < rank; a++) {
        if (n[a] == 0) return;
        if (n[a] == 1) continue;
        bytes *= n[a];
        int place = kept++;
        for (; place > 0 && copy_distance(all.ts[place - 1]) < copy_distance(ts[a]); place--)
            all.n[place] = all.n[place - 1], all.ts[place] = all.ts[place - 1], all.fs[place] = all.fs[place - 1];
        all.n[place] = n[a], all.ts[place] = ts[a], all.fs[place] = fs[a];
    }
    if (kept == 0) all.n[0] = 1, all.ts[0] = all.fs[0] = size, kept = 1;
    all.rank = 1;
    all.split = 0;
    for (int a = 1; a < kept; a++) {
        const int last = all.rank - 1;
        if (all.ts[last] == all.n[a] * all.ts[a] && all.fs[last] == all.n[a] * all.fs[a]) {
            all.n[last] *= all.n[a], all.ts[last] = all.ts[a], all.fs[last] = all.fs[a];
        } else {
            all.n[all.rank] = all.n[a], all.ts[all.rank] = all.ts[a], all.fs[all.rank] = all.fs[a];
            all.rank++;
        }
    }
    for (int a = 1; a < all.rank; a++)
        if (all.n[a] > 2 * all.n[all.split]) all.split = a;
    all.parts = bytes / COPY_OF_A_THREAD;
    if (all.parts > rt->threads) all.parts = rt->threads;
    if (all.parts > all.n[all.split]) all.parts = all.n[all.split];
    if (all.parts <= 1) all.parts = 1, copy_part(&all, 0);
    else rt->share(copy_part, &all, all.parts);
}

#endif
