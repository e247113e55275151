/* Watches what kernels read and write, in their compilation with -fsanitize=thread: the compiler calls what follows at
 * each access, and no library of its own is linked. Noticed are accesses beside what the device has given out, those at
 * addresses that do not fit their size, and races: two threads of a block between the same two barriers, or two blocks.
 *
 * Time is counted in moments, from one barrier of a block to the next: all of a later block are later. For each byte is
 * kept who has written and read it last, and when; what an earlier launch did is forgotten by its moments alone.
 *
 * What another block wrote may be read in one way: its thread has called __threadfence() behind it, then, itself or
 * behind a barrier, its block has added to a ticket; this block has added to the same ticket later, its thread has,
 * itself or behind a barrier, called __threadfence(), and reads the memory as volatile. Each fence may be called by the
 * thread that adds to the ticket, too, where the barrier is on its other side. */
#include <cstdio>
#include <cstdlib>

#define UNWATCHED __attribute__((no_sanitize_thread, noinline))

namespace watch {
typedef uint32_t Moment;
enum { PAGE = 256, MANY = 0xffff, MOST_PAGES = 1 << 11 };
enum Kind { PLAIN, VOLATILE, ATOMIC };

struct Cell {
    Moment wrote, read, read_before, added;
    uint32_t step, released; /* of the last write: when, and which release has made it known */
    uint16_t writer, reader, adder;
};
struct Page {
    uintptr_t number;
    Cell *cells;
};
struct Piece {
    uintptr_t start, size;
};
/* What a thread has last fenced: now, and before this moment. */
struct Fence {
    Moment moment;
    uint32_t step, step_before;
};
struct Write {
    uintptr_t at;
    uint32_t size, step, thread;
    Moment moment;
};
struct Block {
    Moment start;
    Place place;
};
struct Ticket {
    uintptr_t at;
    uint32_t step, thread;
    Moment moment;
};

/* An array that grows; what the standard library has would be watched. */
template <class T> struct Grown {
    T *items = nullptr;
    uint32_t size = 0, room = 0;
    UNWATCHED void add(T one) {
        if (size == room) {
            room = room ? 2 * room : 64;
            items = (T *)realloc(items, room * sizeof(T));
            if (!items) abort();
        }
        items[size++] = one;
    }
};

static bool is_on;
static char *stack;
static uint32_t thread, step;
static Moment moment, launch_start, block_start;
static Fence fences[emulated::MOST_THREADS];
static Grown<Block> blocks;       /* of the launch so far */
static Grown<Ticket> tickets;     /* what this block has added to */
static Grown<Write> writes;       /* of this block, known to no other one yet */
static Grown<uintptr_t> releases; /* the tickets of the launch by which writes were made known */
static Page *pages;
static uint32_t page_room, page_count;
static const Piece *pieces;
static long piece_count, last_piece;
static char text[400];

UNWATCHED static const char *fault() { return *text ? text : nullptr; }

/* Memory */
UNWATCHED static bool is_in(uintptr_t at, const void *start, size_t size) { return at - (uintptr_t)start < size; }
UNWATCHED static Page *find_page(uintptr_t number) {
    uint32_t at = (uint32_t)(((uint64_t)number * 0x9e3779b97f4a7c15ull) >> 32) & (page_room - 1);
    while (pages[at].cells && pages[at].number != number) at = (at + 1) & (page_room - 1);
    return pages + at;
}
UNWATCHED static void make_room() {
    Page *was = pages;
    const uint32_t count = page_room;
    page_room = count ? 2 * count : 256;
    pages = (Page *)calloc(page_room, sizeof(Page));
    if (!pages) abort();
    for (uint32_t k = 0; k < count; k++)
        if (was[k].cells) *find_page(was[k].number) = was[k];
    free(was);
}
UNWATCHED static Cell &cell(uintptr_t at) {
    static uintptr_t last = 0;
    static Cell *cells = nullptr;
    if (cells && last == at / PAGE && page_count) return cells[at % PAGE];
    if (2 * page_count >= page_room) make_room();
    Page *page = find_page(at / PAGE);
    if (!page->cells) {
        *page = {at / PAGE, (Cell *)calloc(PAGE, sizeof(Cell))};
        if (!page->cells) abort();
        page_count++;
    }
    last = page->number, cells = page->cells;
    return cells[at % PAGE];
}
UNWATCHED static void forget_all() {
    for (uint32_t k = 0; k < page_room; k++) free(pages[k].cells);
    free(pages);
    pages = nullptr, page_room = page_count = 0, moment = 0;
}

/* Whether memory was given out; pieces are in order. */
UNWATCHED static bool is_given(uintptr_t at, size_t size) {
    long low = 0, high = piece_count;
    if (last_piece < piece_count && at - pieces[last_piece].start < pieces[last_piece].size)
        return at + size <= pieces[last_piece].start + pieces[last_piece].size;
    while (low < high) {
        const long half = (low + high) / 2;
        if (pieces[half].start <= at) low = half + 1;
        else high = half;
    }
    last_piece = low ? low - 1 : 0;
    return low && at + size <= pieces[last_piece].start + pieces[last_piece].size;
}

/* What was found; the thread goes no further. */
UNWATCHED static void tell(const char *does, size_t size, uintptr_t at, const char *why) {
    char place[40];
    const uintptr_t start = (uintptr_t)__start_emulated_shared;
    const bool is_shared = is_in(at, __start_emulated_shared, __stop_emulated_shared - __start_emulated_shared);
    if (is_shared) snprintf(place, sizeof place, "shared memory + %zu", (size_t)(at - start));
    else snprintf(place, sizeof place, "0x%llx", (unsigned long long)at);
    snprintf(text, sizeof text, "thread %u of block (%u, %u) %s %zu bytes at %s, %s", thread, blockIdx.x, blockIdx.y,
             does, size, place, why);
    emulated::leave();
}
UNWATCHED static void tell_race(const char *does, size_t size, uintptr_t at, const char *did, unsigned other,
                                Moment when, const char *without) {
    char why[200], who[40] = "a thread";
    if (other != MANY) snprintf(who, sizeof who, "thread %u", other);
    if (when >= block_start) {
        snprintf(why, sizeof why, "which %s of the block %s with no barrier between", who, did);
    } else {
        uint32_t k = blocks.size - 1;
        while (k && blocks.items[k].start > when) k--;
        const Place place = blocks.items[k].place;
        snprintf(why, sizeof why, "which %s of block (%u, %u) %s%s", who, place.x, place.y, did, without);
    }
    tell(does, size, at, why);
}

/* Time */
UNWATCHED static void launch_begins() {
    if (page_count > MOST_PAGES || moment > UINT32_MAX / 2) forget_all();
    launch_start = block_start = moment + 1;
    blocks.size = releases.size = 0;
    step = 0, *text = 0, last_piece = 0;
}
UNWATCHED static void block_begins() {
    block_start = moment + 1;
    blocks.add({block_start, blockIdx});
    tickets.size = writes.size = 0;
    memset(fences, 0, sizeof fences);
}
UNWATCHED static void moment_begins() { moment++; }
/* While a thread runs its kernel. */
UNWATCHED static void resumes(unsigned number, char *its_stack) { thread = number, stack = its_stack, is_on = true; }
UNWATCHED static void pauses() { is_on = false; }

/* Order among blocks */
UNWATCHED static void fence() {
    Fence &mine = fences[thread];
    if (mine.moment != moment) mine.step_before = mine.step;
    mine.moment = moment, mine.step = ++step;
}
UNWATCHED static uint32_t fenced_before_barrier(unsigned other) {
    return fences[other].moment < moment ? fences[other].step : fences[other].step_before;
}
UNWATCHED static bool is_known(const Write &one) {
    if (one.thread == thread) return fences[thread].step > one.step;
    if (one.moment >= moment) return false;
    return fenced_before_barrier(one.thread) > one.step || fences[thread].moment > one.moment;
}
UNWATCHED static void release(uintptr_t at) {
    releases.add(at);
    uint32_t left = 0;
    for (uint32_t k = 0; k < writes.size; k++) {
        const Write one = writes.items[k];
        if (!is_known(one)) {
            writes.items[left++] = one;
            continue;
        }
        for (uint32_t j = 0; j < one.size; j++) {
            Cell &c = cell(one.at + j);
            if (c.step == one.step && c.wrote == one.moment) c.released = releases.size;
        }
    }
    writes.size = left;
}
UNWATCHED static bool has_acquired(uint32_t released) {
    if (!released) return false;
    for (uint32_t k = tickets.size; k-- > 0;) {
        const Ticket &one = tickets.items[k];
        if (one.at != releases.items[released - 1]) continue;
        if (one.thread == thread) return fences[thread].step > one.step;
        if (one.moment >= moment) return false;
        return fences[thread].moment > one.moment || fenced_before_barrier(one.thread) > one.step;
    }
    return false;
}
/* Whether this thread has added to a ticket, or another one has before a barrier. */
UNWATCHED static bool has_added(uintptr_t at) {
    for (uint32_t k = tickets.size; k-- > 0;)
        if (tickets.items[k].at == at) return tickets.items[k].thread == thread || tickets.items[k].moment < moment;
    return false;
}

/* Whether another thread's access, at a moment, is neither before this one nor behind it. */
UNWATCHED static bool clashes(Moment when, unsigned who, bool is_shared) {
    if (when < launch_start) return false;
    if (when < block_start) return !is_shared;
    return when == moment && who != thread;
}

UNWATCHED static void note(uintptr_t at, size_t size, bool writing, Kind kind, bool is_shared) {
    const char *does = kind == ATOMIC ? "adds to" : writing ? "writes" : "reads";
    const bool is_write = writing || kind == ATOMIC;
    for (size_t k = 0; k < size; k++) {
        Cell &c = cell(at + k);
        if (clashes(c.wrote, c.writer, is_shared)) {
            const bool is_other = c.wrote < block_start;
            if (!is_other || is_write || kind != VOLATILE || !has_acquired(c.released))
                tell_race(does, size, at, "has written", c.writer, c.wrote,
                          is_write || !is_other   ? ""
                          : kind == VOLATILE ? ", with no fence and ticket between"
                                                  : ", and does not read it as volatile");
        }
        if (is_write) {
            const Moment before = c.read < block_start ? c.read : c.read_before;
            if (clashes(c.read, c.reader, is_shared)) tell_race(does, size, at, "has read", c.reader, c.read, "");
            if (clashes(before, MANY, is_shared)) tell_race(does, size, at, "has read", MANY, before, "");
        }
        if (kind == ATOMIC) {
            if (c.added == moment && c.adder != thread) c.adder = MANY;
            else c.added = moment, c.adder = thread;
            continue;
        }
        /* The last one to add knows that all others have. */
        if (clashes(c.added, c.adder, is_shared) && !has_added(at))
            tell_race(does, size, at, "has added to", c.adder, c.added, "");
        if (writing) {
            c.wrote = moment, c.writer = thread, c.step = step + 1, c.released = 0;
        } else if (c.read != moment) {
            if (c.read < block_start) c.read_before = c.read;
            c.read = moment, c.reader = thread;
        } else if (c.reader != thread) c.reader = MANY;
    }
    step++;
    if (writing && kind != ATOMIC && !is_shared) writes.add({at, (uint32_t)size, step, thread, moment});
}

UNWATCHED static bool is_place(uintptr_t at) {
    for (const Place *one : {&threadIdx, &blockIdx, &blockDim, &gridDim})
        if (is_in(at, one, sizeof *one)) return true;
    return false;
}

UNWATCHED static void access(void *address, size_t size, bool writing, Kind kind) {
    const uintptr_t at = (uintptr_t)address;
    if (!is_on || is_in(at, stack, emulated::STACK) || is_place(at)) return;
    const char *does = kind == ATOMIC ? "adds to" : writing ? "writes" : "reads";
    const bool is_shared = is_in(at, __start_emulated_shared, __stop_emulated_shared - __start_emulated_shared);
    if (is_shared && at + size > (uintptr_t)__stop_emulated_shared) tell(does, size, at, "beside shared memory");
    if (!is_shared && !is_given(at, size)) tell(does, size, at, "where the device has given nothing out");
    if (at % size) tell(does, size, at, "an address that is no multiple of the size");
    note(at, size, writing, kind, is_shared);
}

template <class T> UNWATCHED static void add(T *at) {
    access(at, sizeof *at, true, ATOMIC);
    if (!is_on) return;
    release((uintptr_t)at);
    tickets.add({(uintptr_t)at, ++step, thread, moment});
}
} // namespace watch

/* What the compiler calls. */
#define HOOK extern "C" __attribute__((no_sanitize_thread, visibility("hidden"))) void
HOOK __tsan_init() {}
HOOK __tsan_func_entry(void *) {}
HOOK __tsan_func_exit() {}
#define HOOKS(n)                                                                                                     \
    HOOK __tsan_read##n(void *p) { watch::access(p, n, false, watch::PLAIN); }                                       \
    HOOK __tsan_write##n(void *p) { watch::access(p, n, true, watch::PLAIN); }                                       \
    HOOK __tsan_volatile_read##n(void *p) { watch::access(p, n, false, watch::VOLATILE); }                           \
    HOOK __tsan_volatile_write##n(void *p) { watch::access(p, n, true, watch::VOLATILE); }                           \
    HOOK __tsan_unaligned_read##n(void *p) { watch::access(p, n, false, watch::PLAIN); }                             \
    HOOK __tsan_unaligned_write##n(void *p) { watch::access(p, n, true, watch::PLAIN); }                             \
    HOOK __tsan_unaligned_volatile_read##n(void *p) { watch::access(p, n, false, watch::VOLATILE); }                 \
    HOOK __tsan_unaligned_volatile_write##n(void *p) { watch::access(p, n, true, watch::VOLATILE); }
HOOKS(1) HOOKS(2) HOOKS(4) HOOKS(8) HOOKS(16)
/* Whether a static array of a class was begun: of compilers, not of kernels. */
extern "C" UNWATCHED __attribute__((visibility("hidden"))) uint8_t __tsan_atomic8_load(const volatile void *p, int) {
    return *(const volatile uint8_t *)p;
}
/* Of what is not moved at once: byte by byte. */
HOOK __tsan_read_range(void *p, size_t n) {
    for (size_t k = 0; k < n; k++) watch::access((char *)p + k, 1, false, watch::PLAIN);
}
HOOK __tsan_write_range(void *p, size_t n) {
    for (size_t k = 0; k < n; k++) watch::access((char *)p + k, 1, true, watch::PLAIN);
}

extern "C" void watch_pieces(const watch::Piece *given, long count) {
    watch::pieces = given, watch::piece_count = count;
}
