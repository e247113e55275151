/* The threads of BLAS. Products of compiled functions are split into parts that several threads
 * compute at once, each by a call of BLAS on one thread: the threads of OpenBLAS wait for one
 * another inside a product, which takes milliseconds where a core is taken by somebody else, and
 * they and others spin against each other. Around the calls BLAS has the threads that it had. */
#ifndef BITALE_BLAS_THREADS_H
#define BITALE_BLAS_THREADS_H

static int (*blas_get_threads)(void);
static void (*blas_set_threads)(int);
static int blas_callers;          /* calls of functions with products that are running */
static int blas_threads_outside; /* what BLAS had before the first of them */

/* Returns the number before, or 1 if it is not known; 0 changes nothing. */
static int blas_change_threads(int threads) {
    int before = blas_get_threads ? blas_get_threads() : 1;
    if (blas_set_threads && before != threads && threads > 0) blas_set_threads(threads);
    return before;
}

#ifndef _WIN32
#include <pthread.h>
static pthread_mutex_t blas_mutex = PTHREAD_MUTEX_INITIALIZER;

static void blas_enter(void) {
    pthread_mutex_lock(&blas_mutex);
    if (blas_callers++ == 0) blas_threads_outside = blas_change_threads(1);
    pthread_mutex_unlock(&blas_mutex);
}

static void blas_leave(void) {
    pthread_mutex_lock(&blas_mutex);
    if (blas_callers > 0 && --blas_callers == 0) blas_change_threads(blas_threads_outside);
    pthread_mutex_unlock(&blas_mutex);
}

/* Take another library; if calls are running, the old one gets its threads back. */
static void blas_exchange(int (*get_threads)(void), void (*set_threads)(int)) {
    pthread_mutex_lock(&blas_mutex);
    if (blas_callers > 0) blas_change_threads(blas_threads_outside);
    blas_get_threads = get_threads, blas_set_threads = set_threads;
    if (blas_callers > 0) blas_threads_outside = blas_change_threads(1);
    pthread_mutex_unlock(&blas_mutex);
}

/* In a child only one thread is left, and whoever held the mutex does not exist. */
static void blas_in_child(void) {
    pthread_mutex_init(&blas_mutex, NULL);
    if (blas_callers > 0) blas_change_threads(blas_threads_outside);
    blas_callers = 0;
}

static void blas_threads_start(void) { pthread_atfork(NULL, NULL, blas_in_child); }
#else
static void blas_enter(void) {}
static void blas_leave(void) {}
static void blas_exchange(int (*get_threads)(void), void (*set_threads)(int)) {
    blas_get_threads = get_threads, blas_set_threads = set_threads;
}
static void blas_threads_start(void) {}
#endif
#endif
