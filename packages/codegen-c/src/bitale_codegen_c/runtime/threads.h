/* One team of threads for loops and BLAS.
 *
 * Compiled functions run their loops on the threads of the OpenMP library; a pthreads build of
 * OpenBLAS has threads of its own. Both kinds wait for work by spinning, and on few cores they
 * take the cores from one another. OpenBLAS lets its caller run its jobs
 * (openblas_set_threads_callback_function), so here they run on the OpenMP team too: those that a
 * compiled function starts. For all other callers in the process, such as scipy.linalg, the
 * callback does what OpenBLAS does by itself; LAPACK starts jobs on OpenBLAS's own threads beside,
 * and was measured to take three times as long with its products elsewhere. (To take the callback
 * away again after each call is no way out: OpenBLAS reads the pointer twice.)
 *
 * The entry point of the OpenMP library is looked up at run time: the extension must use the one
 * that the compiled functions use, not one that it was linked with. GOMP_parallel is offered by
 * GNU libgomp and by LLVM's libomp. */
#ifndef BITALE_THREADS_H
#define BITALE_THREADS_H

#ifndef _WIN32
#include <pthread.h>
#include <stddef.h>

typedef void (*blas_job)(int thread, void *queue, int extra);
typedef void (*blas_callback)(int, blas_job, int, size_t, void *, int);

typedef struct {
    blas_job job;
    int count;
    int first;
    size_t stride;
    char *queue;
    int extra;
} team_work;

typedef struct {
    const team_work *work;
    int index;
} team_member;

typedef struct {
    void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
    int (*thread_num)(void);
    int (*team_size)(void);
    int (*in_parallel)(void);
    void (*set_callback)(blas_callback);
    int (*start)(ptrdiff_t, void *); /* exec_blas_async */
    int (*wait)(ptrdiff_t, void *);  /* exec_blas_async_wait */
    int thread_slots;
} team_functions;

static team_functions team;
static int *team_loop_threads;
static long team_run_count;
static int team_was_used; /* a compiled function has run in this process */
static int team_is_lost;  /* this is a child of such a process */

static _Thread_local int team_is_wanted; /* this thread is in a compiled function */
static _Thread_local int team_is_inside; /* this thread runs a job of OpenBLAS */

/* Mark that this thread enters (1) or leaves (0) a compiled function; returns the mark before. */
static inline int team_want(int wanted) {
    int before = team_is_wanted;
    team_is_wanted = wanted;
    team_was_used = 1;
    return before;
}

static pthread_mutex_t team_mutex = PTHREAD_MUTEX_INITIALIZER;

static void team_run(const team_work *work, int i) {
    int outer = team_is_inside;
    team_is_inside = 1;
    work->job(work->first + i, work->queue + work->stride * (size_t)i, work->extra);
    team_is_inside = outer;
}

static void *team_member_main(void *argument) {
    team_member *member = argument;
    team_run(member->work, member->index);
    return NULL;
}

/* Run jobs from..count-1 on threads made for them, and job `own` here. The jobs of a matrix
 * product wait for one another, so each needs a thread; one that cannot be made is run last. */
static void team_spawn(const team_work *work, int from, int own) {
    enum { CHUNK = 256 };
    pthread_t threads[CHUNK];
    team_member members[CHUNK];
    int made = 0;
    for (int i = from; i < work->count && made < CHUNK; i++, made++) {
        members[made] = (team_member){work, i};
        if (pthread_create(&threads[made], NULL, team_member_main, &members[made])) break;
    }
    if (own >= 0) team_run(work, own);
    for (int i = from + made; i < work->count; i++) team_run(work, i);
    for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
}

static void team_region(void *argument) {
    const team_work *work = argument;
    int i = team.thread_num(), size = team.team_size();
    if (i == 0 && size < work->count)
        team_spawn(work, size, 0);
    else if (i < work->count)
        team_run(work, i);
}

static void team_callback(int sync, blas_job job, int count, size_t stride, void *queue,
                          int extra) {
    (void)sync;
    /* OpenBLAS keeps a work buffer and a status for each thread number, and its own threads use
     * the low ones: the high ones are free. */
    int first = team.thread_slots - (team_is_inside ? 2 : 1) * count;
    team_work work = {job, count, first > 0 ? first : 0, stride, queue, extra};
    if (team_is_inside) { /* a job that starts jobs: the mutex is held for it already */
        team_spawn(&work, 1, 0);
        return;
    }
    if (!team_is_wanted) {
        void *others = (char *)queue + stride;
        if (count > 1) team.start(1, others);
        pthread_mutex_lock(&team_mutex); /* for the work buffer of this job's number */
        work.first = team.thread_slots - 1;
        team_run(&work, 0);
        pthread_mutex_unlock(&team_mutex);
        if (count > 1) team.wait(count - 1, others);
        return;
    }
    pthread_mutex_lock(&team_mutex);
    team_run_count++;
    if (team.in_parallel()) {
        team_spawn(&work, 1, 0);
    } else {
        /* GNU libgomp ends threads when a team is smaller than the last one, and making them
         * anew costs more than the work: always ask for as many as the loops do. */
        int size = *team_loop_threads > count ? *team_loop_threads : count;
        team.parallel(team_region, &work, (unsigned)size, 0);
    }
    pthread_mutex_unlock(&team_mutex);
}

/* The threads of the OpenMP library do not survive a fork, and GNU's would be waited for without
 * end: a child runs its loops on one thread, and OpenBLAS goes back to threads of its own. */
static void team_in_child(void) {
    /* Whoever held it does not exist here. (Taking it before the fork could wait for ever: for a
     * job whose companions OpenBLAS's own handler is waiting for.) */
    pthread_mutex_init(&team_mutex, NULL);
    team_is_inside = 0;
    if (team_was_used) {
        team_is_lost = 1;
        *team_loop_threads = 1;
    }
    if (team.set_callback) team.set_callback(NULL);
    team.set_callback = NULL;
}

static void team_start(int *loop_threads) {
    team_loop_threads = loop_threads;
    pthread_atfork(NULL, NULL, team_in_child);
}

static int team_share(const team_functions *functions) {
    if (team.set_callback) return 0;
    pthread_mutex_lock(&team_mutex);
    team = *functions;
    pthread_mutex_unlock(&team_mutex);
    team.set_callback(team_callback);
    return 1;
}

static long team_runs(void) { return team_run_count; }

static int team_is_usable(void) { return !team_is_lost; }

#else

typedef struct {
    void *parallel, *thread_num, *team_size, *in_parallel, *set_callback, *start, *wait;
    int thread_slots;
} team_functions;

static inline int team_want(int wanted) { return wanted; }

static void team_start(int *loop_threads) { (void)loop_threads; }

static int team_share(const team_functions *functions) {
    (void)functions;
    return 0;
}

static long team_runs(void) { return 0; }

static int team_is_usable(void) { return 1; }

#endif
#endif
