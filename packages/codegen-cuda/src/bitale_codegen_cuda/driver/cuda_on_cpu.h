/* What kernels in CUDA C are told of the device, on one thread of a CPU. The threads of a block are contexts that take
 * turns: each runs to the next barrier, then the next one does, in an order that is chosen. */
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <math.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <utility>
#include <vector>

#undef INT64_C
#undef UINT64_C
#undef INT64_MIN
#undef INT32_MIN
#define __global__
#define __device__
#define __shared__ static __attribute__((section("emulated_shared")))

struct Place {
    unsigned x, y;
};
static Place threadIdx, blockIdx, blockDim, gridDim;

extern "C" {
extern char __start_emulated_shared[] __attribute__((weak));
extern char __stop_emulated_shared[] __attribute__((weak));
}

namespace emulated {
enum { STACK = 1 << 16, MOST_THREADS = 1024 };
static void leave();
} // namespace emulated

#ifdef WATCHED
#include "watch_on_cpu.h"
#else
#define UNWATCHED
namespace watch {
static inline void launch_begins() {}
static inline void block_begins() {}
static inline void moment_begins() {}
static inline void resumes(unsigned, char *) {}
static inline void pauses() {}
static inline void add(int *) {}
static inline void fence() {}
static inline const char *fault() { return nullptr; }
} // namespace watch
#endif

static inline float __int_as_float(int bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline double __longlong_as_double(long long bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
UNWATCHED static inline int atomicAdd(int *at, int more) {
    watch::add(at);
    const int was = *at;
    *at += more;
    return was;
}
static inline void __threadfence() { watch::fence(); }

/* Numbers of 16 bits, for which a device has instructions: to the nearest one, of two as near to the even one. */
static inline float bt_widened(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                       : exponent     ? ldexpf(fraction + 1024, exponent - 25)
                                      : ldexpf(fraction, -24);
    return copysignf(size, bits & 0x8000 ? -1.0f : 1.0f);
}
static inline uint16_t bt_narrowed(double x) {
    const uint16_t sign = signbit(x) ? 0x8000 : 0;
    const double size = fabs(x);
    if (x != x) return sign | 0x7e00;
    if (size >= 65520) return sign | 0x7c00;
    /* What is rounded up to the next power of 2 has the next exponent, by the carry. */
    if (size < 0x1p-14) return sign | (uint16_t)rint(size * 0x1p24);
    const int exponent = ilogb(size);
    return sign | (uint16_t)(((exponent + 14) << 10) + (int)rint(ldexp(size, 10 - exponent)));
}
static inline uint16_t bt_narrowed(float x) { return bt_narrowed((double)x); }

namespace emulated {
/* A context is a stack; the registers that a function keeps lie on it while others run. */
#if defined __x86_64__
struct Context {
    void *sp;
};
extern "C" void emulated_switch(Context *from, Context *to);
__asm__(".text\n.local emulated_switch\n.type emulated_switch, @function\nemulated_switch:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\nmov (%rsi), %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");
static void prepare(Context &one, char *stack, void (*enter)()) {
    void **top = (void **)((uintptr_t)(stack + STACK) & ~(uintptr_t)15);
    *--top = nullptr;
    *--top = (void *)enter;
    for (int k = 0; k < 6; k++) *--top = nullptr;
    one.sp = top;
}
static void change(Context &from, Context &to) { emulated_switch(&from, &to); }
#else
typedef ucontext_t Context;
static void prepare(Context &one, char *stack, void (*enter)()) {
    getcontext(&one);
    one.uc_stack.ss_sp = stack;
    one.uc_stack.ss_size = STACK;
    one.uc_link = nullptr;
    makecontext(&one, enter, 0);
}
static void change(Context &from, Context &to) { swapcontext(&from, &to); }
#endif

struct Thread {
    Context context;
    char *stack;
    bool is_done;
};
static std::vector<Thread> threads;
static Context scheduler;
static unsigned current;
static void (*body)(void **);
static void **parameters;

UNWATCHED static void enter() {
    watch::resumes(current, threads[current].stack);
    body(parameters);
    watch::pauses();
    threads[current].is_done = true;
    change(threads[current].context, scheduler);
}

static void barrier() {
    watch::pauses();
    change(threads[current].context, scheduler);
    watch::resumes(current, threads[current].stack);
}

/* A thread that goes no further. */
static void leave() {
    watch::pauses();
    change(threads[current].context, scheduler);
}

/* The threads of one block, from barrier to barrier. */
static const char *run_block(unsigned count, int is_backward) {
    if (__start_emulated_shared)
        memset(__start_emulated_shared, 0x7f, __stop_emulated_shared - __start_emulated_shared);
    while (threads.size() < count) {
        void *stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stack == MAP_FAILED) return "no memory for the stacks of its threads";
        threads.push_back({{}, (char *)stack, true});
    }
    watch::block_begins();
    for (unsigned k = 0; k < count; k++) {
        threads[k].is_done = false;
        prepare(threads[k].context, threads[k].stack, enter);
    }
    for (unsigned done = 0; done < count;) {
        done = 0;
        watch::moment_begins();
        for (unsigned k = 0; k < count; k++) {
            current = is_backward ? count - 1 - k : k;
            if (!threads[current].is_done) {
                threadIdx.x = current;
                change(scheduler, threads[current].context);
                if (const char *fault = watch::fault()) return fault;
            }
            done += threads[current].is_done;
        }
        if (done != 0 && done != count) return "some threads of a block ended, and others wait at a barrier";
    }
    return nullptr;
}

/* Where no thread waits for another, each runs to its end. */
static void run_alone(unsigned count, int is_backward) {
    for (unsigned k = 0; k < count; k++) {
        threadIdx.x = is_backward ? count - 1 - k : k;
        body(parameters);
    }
}

static const char *run(void (*kernel)(void **), void **given, unsigned x, unsigned y, unsigned block, int meets,
                       int is_backward) {
    if (block > MOST_THREADS) return "a block has too many threads";
    watch::launch_begins();
    body = kernel, parameters = given, gridDim = {x, y}, blockDim = {block, 1}, threadIdx.y = 0;
    for (unsigned k = 0; k < x * y; k++) {
        const unsigned at = is_backward ? x * y - 1 - k : k;
        blockIdx = {at % x, at / x};
        if (!meets) run_alone(block, is_backward);
        else if (const char *fault = run_block(block, is_backward)) return fault;
    }
    return nullptr;
}

template <class... A, size_t... I> UNWATCHED void call(void (*kernel)(A...), void **given, std::index_sequence<I...>) {
    kernel(*static_cast<A *>(given[I])...);
}
template <class... A> UNWATCHED void call(void (*kernel)(A...), void **given) {
    call(kernel, given, std::index_sequence_for<A...>{});
}

} // namespace emulated

#define __syncthreads() emulated::barrier()
#define EMULATED(name, meets)                                                                                        \
    static void call_##name(void **given) { emulated::call(device::name, given); }                                   \
    extern "C" const char *launch_##name(void **given, unsigned x, unsigned y, unsigned block, int is_backward) {     \
        return emulated::run(call_##name, given, x, y, block, meets, is_backward);                                    \
    }
