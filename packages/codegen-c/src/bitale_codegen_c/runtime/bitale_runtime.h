/* The interface between a compiled function and the runtime: ABI version 4.
 *
 * A compiled function is a shared object that exports
 *
 *     const int64_t bitale_abi = BITALE_ABI;
 *     int64_t bitale_main(const bt_runtime *rt, void *call, const bt_array *in, bt_result *out);
 *
 * bitale_main returns 0, or (node_index << 8) | code with one of the BT_* codes below. When it
 * returns something other than 0 it has released every buffer that it kept for itself; buffers
 * that already stand in out[] are released by the caller. It is called without the GIL, and by
 * several threads at once. */
#ifndef BITALE_RUNTIME_H
#define BITALE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#define BITALE_ABI 4
#define BT_MAX_NDIM 64

#define BT_CHECK_FAILED 1
#define BT_OUT_OF_MEMORY 2
#define BT_CALLBACK_RAISED 3

/* An array that is read, or written where it lies. Strides are in bytes, of any sign, and always
 * a multiple of the item size; data is aligned to the item's own alignment only. */
typedef struct {
    void *data;
    const int64_t *shape;
    const int64_t *strides;
} bt_array;

/* A result, always C-contiguous. data is a buffer from rt->alloc that the caller now owns; NULL
 * says that value[] holds the bytes of a 0-d result. The caller sets data to NULL beforehand. */
typedef struct {
    void *data;
    double value[2];
    int64_t shape[BT_MAX_NDIM];
} bt_result;

/* What `call` points to, as far as compiled code may know. */
typedef struct {
    /* A handler of a signal raised: what is not done yet is not wanted, and what kernels left may
     * be half done. bitale_main is to return BT_CALLBACK_RAISED. */
    int is_stopped;
    /* Set before shared variables are written where they lie: nothing is stopped from then on. */
    int is_held;
    /* Where a function that is profiled adds what its calls took: as profile.h says. NULL: nowhere. */
    int64_t *profile;
} bt_call;

/* What a loop knows of its speed; zeros at first. */
typedef struct {
    int64_t steps, last;
} bt_pace;

typedef struct bt_runtime {
    /* 64-byte aligned, uninitialised; not NULL for 0 bytes; NULL: out of memory. */
    void *(*alloc)(size_t bytes);
    void (*release)(void *buffer);
    /* Runs Python code, taking the GIL. Not 0: the Python error is kept in call, and
     * bitale_main is to return BT_CALLBACK_RAISED. outs[] must have data set to NULL. */
    int (*callback)(void *call, int index, const bt_array *ins, bt_result *outs);
    /* Function pointers in the order of BLAS_NAMES in blas.py. */
    void *const *blas;
    /* Into how many parts work is split at most. */
    int threads;
    /* Into how many parts a product is split at most: 1 where BLAS has threads of its own. */
    int blas_parts;
    /* Runs task(context, part) for every part, on several threads; returns when all are done. */
    void (*share)(void (*task)(void *context, int64_t part), void *context, int64_t parts);
    /* Whether a signal says that the call shall stop: asked by parts of a task that take long, each
     * some 50 ms. */
    int (*is_stopped)(void);
    /* Keeps copies of what a step of a loop was given, as it failed; innermost loops first. `types`
     * has the dtype's character and the rank of each. */
    void (*keep)(void *call, int loop, int64_t step, const char *types, const bt_array *inputs);
    /* As is_stopped, for the steps of a loop: after how many more to ask again; 0: stop. */
    int64_t (*pause)(bt_pace *pace);
    /* Copies an array of any strides (in bytes) to another that shares no memory with it: `rank` lengths in
     * `n`, items of `size` bytes (1, 2, 4, 8 or 16). Takes the runtime, of which it uses the threads. */
    void (*copy)(const struct bt_runtime *rt, char *to, const int64_t *ts, const char *from, const int64_t *fs,
                 const int64_t *n, int rank, int64_t size);
} bt_runtime;

#endif
