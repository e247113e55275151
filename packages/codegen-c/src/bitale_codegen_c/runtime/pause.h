/* How compiled code learns that it shall stop.
 *
 * Python's handler of a signal only notes it; to act on the note takes the GIL. So loops ask now
 * and then, by the clock: of what they ask only one question in some 50 ms reaches Python. */
#ifndef BITALE_PAUSE_H
#define BITALE_PAUSE_H

#include "bitale_runtime.h"
#include "threads.h"
#include <time.h>

#define PAUSE_VISIT ((int64_t)50000000) /* ns from visit to visit */
#define PAUSE_PACE ((int64_t)5000000)   /* ns from question to question of one loop */
#define PAUSE_MOST ((int64_t)1 << 40)

/* A call that runs; what compiled code sees of it comes first. */
typedef struct pause_call {
    bt_call shown;
    int64_t visited; /* when Python was asked last; 0: not yet */
} pause_call;

/* The innermost call that this thread runs; the team's own threads have none. */
static _Thread_local pause_call *pause_current;

/* Takes the GIL; not 0 if a handler raised, which is kept in the call. */
static int (*pause_visit)(pause_call *call);

static int64_t pause_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int pause_is_stopped(void) {
    pause_call *call = pause_current;
    if (!call) return team_is_stopped();
    if (call->shown.is_held) return 0;
    if (call->shown.is_stopped) return 1;
    int64_t now = pause_clock();
    if (call->visited && now - call->visited < PAUSE_VISIT) return 0;
    if (call->visited && pause_visit(call)) {
        call->shown.is_stopped = 1;
        team_stop();
    }
    call->visited = pause_clock();
    return call->shown.is_stopped;
}

static int64_t pause_steps(bt_pace *pace) {
    int64_t took = pause_clock() - pace->last, steps = pace->steps;
    if (pause_is_stopped()) return 0;
    if (!pace->last)
        steps = 1;
    else if (took < PAUSE_PACE / 8)
        steps = steps < PAUSE_MOST ? steps * 8 : steps;
    else
        steps = (int64_t)((double)steps * PAUSE_PACE / (double)took);
    pace->steps = steps > 1 ? steps : 1;
    pace->last = pause_clock();
    return pace->steps;
}

static pause_call *pause_enter(pause_call *call) {
    pause_call *outer = pause_current;
    *call = (pause_call){{0, 0, NULL}, 0};
    pause_current = call;
    return outer;
}

static void pause_leave(pause_call *outer) { pause_current = outer; }

static void pause_start(int (*visit)(pause_call *call)) {
    pause_visit = visit;
    team_asks = pause_is_stopped;
}

#endif
