/* Copies of arrays of any strides: rows, rows in reverse, transposed blocks; large ones by several threads. */
#ifndef BITALE_COPY_H
#define BITALE_COPY_H

#include <string.h>

#include "bitale_runtime.h"

/* From how many bytes on a further thread helps, and the side of the blocks of a transposition: some 4 KB. */
enum { COPY_OF_A_THREAD = 1 << 17, COPY_SIDE = 16 };

/* Axes in the order of the target's memory, the last one fastest, those that run on being one. */
typedef struct {
    char *to;
    const char *from;
    int64_t size, parts;
    int rank, split;
    int64_t n[BT_MAX_NDIM], ts[BT_MAX_NDIM], fs[BT_MAX_NDIM];
} copy_task;

/* The last two axes, items being of one size that the compiler knows: n0 rows of n1. */
#define COPY_PLANE(size)                                                                                              \
    static void copy_plane_##size(char *to, int64_t t0, int64_t t1, const char *from, int64_t f0, int64_t f1,         \
                                  int64_t n0, int64_t n1) {                                                           \
        const int is_plain = t1 == size && f1 == size, is_reverse = t1 == size && f1 == -size;                        \
        if (!is_plain && n0 > 1 && (f0 < 0 ? -f0 : f0) < (f1 < 0 ? -f1 : f1)) {                                       \
            for (int64_t i0 = 0; i0 < n0; i0 += COPY_SIDE)                                                            \
                for (int64_t j0 = 0; j0 < n1; j0 += COPY_SIDE) {                                                      \
                    const int64_t i1 = i0 + COPY_SIDE < n0 ? i0 + COPY_SIDE : n0;                                     \
                    const int64_t j1 = j0 + COPY_SIDE < n1 ? j0 + COPY_SIDE : n1;                                     \
                    for (int64_t i = i0; i < i1; i++)                                                                 \
                        for (int64_t j = j0; j < j1; j++)                                                             \
                            memcpy(to + i * t0 + j * t1, from + i * f0 + j * f1, size);                               \
                }                                                                                                     \
            return;                                                                                                   \
        }                                                                                                             \
        for (int64_t i = 0; i < n0; i++, to += t0, from += f0) {                                                      \
            if (is_plain) memcpy(to, from, (size_t)(n1 * size));                                                      \
            else if (is_reverse) for (int64_t j = 0; j < n1; j++) memcpy(to + j * size, from - j * size, size);       \
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
