/* A team of threads that shares the parts of a task.
 *
 * Whoever starts a task takes parts of it like the others, until none is left, and waits only for
 * parts that another thread has begun. So a thread that comes late, because the core is taken by
 * somebody else, costs nothing: OpenMP's barrier waits for every thread of its team, and where one
 * of two cores was busy elsewhere, regions of 8 microseconds took 108 on average with it, 8 so.
 *
 * One task at a time is shared; a task that is started meanwhile runs where it is started. */
#ifndef BITALE_THREADS_H
#define BITALE_THREADS_H

#include <stdint.h>

typedef void (*team_task)(void *context, int64_t part);

/* Whether the call of this thread shall stop. */
static int (*team_asks)(void);

#ifndef _WIN32
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* A waiting thread spins for some 0.1 ms, long enough for the next loop of the same call, and then
 * sleeps. The starter of a task soon yields its core to whoever has begun a part. */
enum { TEAM_MOST = 255, TEAM_SPINS = 4000, TEAM_PATIENCE = 1000 };

static struct {
    pthread_mutex_t task_mutex; /* held while a task is shared */
    pthread_mutex_t sleep_mutex;
    pthread_cond_t wake;
    /* The number of the task, and in the low half the next part; all ones there: not begun. */
    _Atomic uint64_t ticket;
    _Atomic(team_task) task;
    _Atomic(void *) context;
    _Atomic uint32_t parts, done;
    _Atomic int sleeping;
    _Atomic int is_stopped; /* what is left of the task is not wanted */
    int workers;
} team = {
    .task_mutex = PTHREAD_MUTEX_INITIALIZER,
    .sleep_mutex = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
};

/* Whether this thread started the task that is shared now. */
static _Thread_local int team_is_mine;

static inline int team_is_stopped(void) { return atomic_load(&team.is_stopped); }

static inline void team_stop(void) {
    if (team_is_mine) atomic_store(&team.is_stopped, 1);
}

static inline void team_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static inline uint32_t team_number(void) { return (uint32_t)(atomic_load(&team.ticket) >> 32); }

/* Take parts of task `number` until none is left. The ticket changes before anything of the next
 * task is written, so a part that is had belongs to what was read here. */
static void team_take_parts(uint32_t number) {
    uint64_t ticket = atomic_load(&team.ticket);
    while ((uint32_t)(ticket >> 32) == number) {
        team_task task = atomic_load(&team.task);
        void *context = atomic_load(&team.context);
        if ((uint32_t)ticket >= atomic_load(&team.parts)) return;
        if (atomic_compare_exchange_weak(&team.ticket, &ticket, ticket + 1)) {
            task(context, (uint32_t)ticket);
            atomic_fetch_add(&team.done, 1);
            ticket = atomic_load(&team.ticket);
        }
    }
}

static void *team_worker(void *unused) {
    uint32_t seen = 0, number;
    (void)unused;
    for (;;) {
        number = team_number();
        for (int i = 0; number == seen && i < TEAM_SPINS; i++) {
            team_pause();
            number = team_number();
        }
        if (number == seen) {
            pthread_mutex_lock(&team.sleep_mutex);
            atomic_fetch_add(&team.sleeping, 1);
            while ((number = team_number()) == seen)
                pthread_cond_wait(&team.wake, &team.sleep_mutex);
            atomic_fetch_sub(&team.sleeping, 1);
            pthread_mutex_unlock(&team.sleep_mutex);
        }
        seen = number;
        team_take_parts(seen);
    }
    return NULL;
}

static void team_hire(int workers) {
    sigset_t all, before;
    if (team.workers >= workers) return;
    /* Signals are for the threads that know what to do with them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team.workers < workers && team.workers < TEAM_MOST) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, team_worker, NULL)) break;
        pthread_detach(thread);
        team.workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Run all parts of a task, on up to `threads` threads; returns when the last one is done. */
static void team_run(team_task task, void *context, int64_t parts, int threads) {
    if (threads <= 1 || parts <= 1 || pthread_mutex_trylock(&team.task_mutex)) {
        for (int64_t part = 0; part < parts; part++) task(context, part);
        return;
    }
    team_hire(threads - 1);
    uint64_t number = team_number();
    atomic_store(&team.ticket, (number + 1) << 32 | UINT32_MAX);
    atomic_store(&team.task, task);
    atomic_store(&team.context, context);
    atomic_store(&team.parts, (uint32_t)parts);
    atomic_store(&team.done, 0);
    atomic_store(&team.is_stopped, 0);
    team_is_mine = 1;
    atomic_store(&team.ticket, (number + 2) << 32);
    if (atomic_load(&team.sleeping)) {
        pthread_mutex_lock(&team.sleep_mutex);
        pthread_cond_broadcast(&team.wake);
        pthread_mutex_unlock(&team.sleep_mutex);
    }
    team_take_parts((uint32_t)(number + 2));
    for (int i = 0; atomic_load(&team.done) < (uint32_t)parts; i++)
        if (i < TEAM_PATIENCE) {
            team_pause();
        } else {
            if (i % TEAM_PATIENCE == 0 && team_asks) team_asks();
            sched_yield();
        }
    team_is_mine = 0;
    pthread_mutex_unlock(&team.task_mutex);
}

/* A child has none of the threads, and whoever held a mutex does not exist there. */
static void team_in_child(void) {
    pthread_mutex_init(&team.task_mutex, NULL);
    pthread_mutex_init(&team.sleep_mutex, NULL);
    pthread_cond_init(&team.wake, NULL);
    atomic_store(&team.sleeping, 0);
    team.workers = 0;
    team_is_mine = 0;
}

static void team_start(void) { pthread_atfork(NULL, NULL, team_in_child); }

#else

static inline int team_is_stopped(void) { return 0; }
static inline void team_stop(void) {}

static void team_run(team_task task, void *context, int64_t parts, int threads) {
    (void)threads;
    for (int64_t part = 0; part < parts; part++) task(context, part);
}

static void team_start(void) {}

#endif
#endif
