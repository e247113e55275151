/* A pool of 64-byte aligned buffers, shared by all threads.
 *
 * Sizes are rounded up to four classes per power of two, so at most a fifth of a buffer is lost.
 * A released buffer waits in the list of its class; when the kept bytes would pass the limit, the
 * largest buffers of other classes go back to the system first. The lock is held for a handful of
 * instructions and never across a system call. */
#ifndef BITALE_POOL_H
#define BITALE_POOL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef _WIN32
#include <malloc.h>
#include <windows.h>
#else
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#define POOL_ALIGNMENT 64
#define POOL_CLASSES 192
#define POOL_HUGE_BYTES ((size_t)4 << 20)
#define POOL_HUGE_PAGE ((size_t)2 << 20)
#define POOL_MAX_BYTES ((size_t)1 << 52)

/* Lies in the 64 bytes before the data. */
typedef struct pool_block {
    struct pool_block *next;
    size_t capacity;
    void *base;
    size_t mapped; /* bytes of the mapping at base; 0: base came from the C library */
    int size_class;
} pool_block;

typedef struct {
    size_t limit, kept_bytes, kept_blocks, live_bytes, live_blocks, reused, fresh;
} pool_counts;

static struct {
    atomic_flag lock;
    pool_block *free[POOL_CLASSES];
    pool_counts counts;
} pool = {.lock = ATOMIC_FLAG_INIT};

/* What this thread was refused last. */
static _Thread_local size_t pool_refused;

static inline void pool_lock(void) {
    int tries = 0;
    while (atomic_flag_test_and_set_explicit(&pool.lock, memory_order_acquire)) {
        if (++tries < 64) {
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        } else {
            /* The holder has lost its core: let it run. */
#ifdef _WIN32
            SwitchToThread();
#else
            sched_yield();
#endif
            tries = 0;
        }
    }
}

static inline void pool_unlock(void) {
    atomic_flag_clear_explicit(&pool.lock, memory_order_release);
}

static inline pool_block *pool_block_of(void *data) {
    return (pool_block *)((char *)data - POOL_ALIGNMENT);
}

static inline void *pool_data_of(pool_block *block) { return (char *)block + POOL_ALIGNMENT; }

static inline int pool_class(size_t bytes, size_t *capacity) {
    if (bytes <= POOL_ALIGNMENT) {
        *capacity = POOL_ALIGNMENT;
        return 0;
    }
    int exponent = 63 - __builtin_clzll((unsigned long long)(bytes - 1));
    int quarter = (int)((bytes - 1) >> (exponent - 2)) & 3;
    *capacity = (size_t)(quarter + 5) << (exponent - 2);
    return (exponent - 6) * 4 + quarter + 1;
}

static void pool_block_free(pool_block *block) {
#ifdef _WIN32
    _aligned_free(block->base);
#else
    if (block->mapped)
        munmap(block->base, block->mapped);
    else
        free(block->base);
#endif
}

static pool_block *pool_block_new(size_t capacity, int size_class) {
    size_t bytes = capacity + POOL_ALIGNMENT, mapped = 0;
    void *base = NULL;
#ifdef _WIN32
    base = _aligned_malloc(bytes, POOL_ALIGNMENT);
    if (!base) return NULL;
#else
    if (capacity >= POOL_HUGE_BYTES) {
        /* Aligned to a huge page: an unaligned start would leave small pages at both ends. */
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        mapped = (bytes + page - 1) & ~(page - 1);
        char *start = mmap(NULL, mapped + POOL_HUGE_PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) return NULL;
        size_t head = (size_t)(-(uintptr_t)start & (POOL_HUGE_PAGE - 1));
        if (head) munmap(start, head);
        if (head < POOL_HUGE_PAGE) munmap(start + head + mapped, POOL_HUGE_PAGE - head);
        base = start + head;
#ifdef MADV_HUGEPAGE
        madvise(base, mapped, MADV_HUGEPAGE); /* advice: a refusal changes nothing but speed */
#endif
    } else if (posix_memalign(&base, POOL_ALIGNMENT, bytes)) {
        return NULL;
    }
#endif
    pool_block *block = base;
    block->next = NULL;
    block->capacity = capacity;
    block->base = base;
    block->mapped = mapped;
    block->size_class = size_class;
    return block;
}

/* Detach free blocks, the largest first, until at most `keep` bytes stay. With the lock held. */
static pool_block *pool_detach(size_t keep, int except) {
    pool_block *detached = NULL;
    for (int c = POOL_CLASSES - 1; c >= 0 && pool.counts.kept_bytes > keep; c--) {
        while (c != except && pool.free[c] && pool.counts.kept_bytes > keep) {
            pool_block *block = pool.free[c];
            pool.free[c] = block->next;
            pool.counts.kept_bytes -= block->capacity;
            pool.counts.kept_blocks--;
            block->next = detached;
            detached = block;
        }
    }
    return detached;
}

static void pool_free_list(pool_block *block) {
    while (block) {
        pool_block *next = block->next;
        pool_block_free(block);
        block = next;
    }
}

static void pool_trim(size_t keep) {
    pool_lock();
    pool_block *detached = pool_detach(keep, -1);
    pool_unlock();
    pool_free_list(detached);
}

static void *pool_alloc(size_t bytes) {
    size_t capacity;
    if (bytes > POOL_MAX_BYTES) {
        pool_refused = bytes;
        return NULL;
    }
    int c = pool_class(bytes, &capacity);
    pool_lock();
    pool_block *block = pool.free[c];
    if (block) {
        pool.free[c] = block->next;
        pool.counts.kept_bytes -= capacity;
        pool.counts.kept_blocks--;
        pool.counts.reused++;
        pool.counts.live_bytes += capacity;
        pool.counts.live_blocks++;
    }
    pool_unlock();
    if (block) return pool_data_of(block);
    block = pool_block_new(capacity, c);
    if (!block) {
        pool_trim(0);
        block = pool_block_new(capacity, c);
        if (!block) {
            pool_refused = bytes;
            return NULL;
        }
    }
    pool_lock();
    pool.counts.fresh++;
    pool.counts.live_bytes += capacity;
    pool.counts.live_blocks++;
    pool_unlock();
    return pool_data_of(block);
}

static void pool_release(void *data) {
    if (!data) return;
    pool_block *block = pool_block_of(data), *detached = NULL;
    size_t capacity = block->capacity;
    int c = block->size_class;
    pool_lock();
    pool.counts.live_bytes -= capacity;
    pool.counts.live_blocks--;
    if (capacity <= pool.counts.limit && pool.counts.kept_bytes > pool.counts.limit - capacity)
        detached = pool_detach(pool.counts.limit - capacity, c);
    if (capacity > pool.counts.limit || pool.counts.kept_bytes > pool.counts.limit - capacity) {
        block->next = detached;
        detached = block;
    } else {
        block->next = pool.free[c];
        pool.free[c] = block;
        pool.counts.kept_bytes += capacity;
        pool.counts.kept_blocks++;
    }
    pool_unlock();
    pool_free_list(detached);
}

static void pool_set_limit(size_t bytes) {
    pool_lock();
    pool.counts.limit = bytes;
    pool_unlock();
    pool_trim(bytes);
}

static pool_counts pool_read_counts(void) {
    pool_lock();
    pool_counts counts = pool.counts;
    pool_unlock();
    return counts;
}

static void pool_start(size_t limit) {
    pool.counts.limit = limit;
#ifndef _WIN32
    /* A child must not inherit a lock that a thread of the parent held. */
    pthread_atfork(pool_lock, pool_unlock, pool_unlock);
#endif
}

#endif
