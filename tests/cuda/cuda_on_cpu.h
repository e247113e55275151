/* What kernels in CUDA C are told of the device, on one thread of a CPU. The threads of a block are contexts that take
 * turns: each runs to the next barrier, then the next one does, in an order that is chosen. */
#include <cstddef>
#include <cstring>
#include <math.h>
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
    unsigned x;
};
static Place threadIdx, blockIdx, blockDim, gridDim;

extern "C" {
extern char __start_emulated_shared[] __attribute__((weak));
extern char __stop_emulated_shared[] __attribute__((weak));
}

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

namespace emulated {
enum { STACK = 1 << 16 };
enum Order { FORWARD, BACKWARD };

struct Thread {
    ucontext_t context;
    std::vector<char> stack;
    bool is_done;
};
static std::vector<Thread> threads;
static ucontext_t scheduler;
static unsigned current;
static void (*body)(void **);
static void **parameters;

static void enter() {
    body(parameters);
    threads[current].is_done = true;
    swapcontext(&threads[current].context, &scheduler);
}

static void barrier() { swapcontext(&threads[current].context, &scheduler); }

/* The threads of one block, from barrier to barrier. */
static const char *run_block(unsigned count, Order order) {
    if (__start_emulated_shared) memset(__start_emulated_shared, 0x7f, __stop_emulated_shared - __start_emulated_shared);
    if (threads.size() < count) threads.resize(count);
    for (unsigned k = 0; k < count; k++) {
        Thread &one = threads[k];
        one.stack.resize(STACK);
        one.is_done = false;
        getcontext(&one.context);
        one.context.uc_stack.ss_sp = one.stack.data();
        one.context.uc_stack.ss_size = STACK;
        one.context.uc_link = nullptr;
        makecontext(&one.context, enter, 0);
    }
    for (unsigned done = 0; done < count;) {
        done = 0;
        for (unsigned k = 0; k < count; k++) {
            current = order == FORWARD ? k : count - 1 - k;
            if (!threads[current].is_done) {
                threadIdx.x = current;
                swapcontext(&scheduler, &threads[current].context);
            }
            done += threads[current].is_done;
        }
        if (done != 0 && done != count) return "some threads of a block ended, and others wait at a barrier";
    }
    return nullptr;
}

static const char *run(void (*kernel)(void **), void **given, unsigned grid, unsigned block, int order) {
    body = kernel, parameters = given, gridDim.x = grid, blockDim.x = block;
    for (unsigned k = 0; k < grid; k++) {
        blockIdx.x = order == FORWARD ? k : grid - 1 - k;
        const char *fault = run_block(block, Order(order));
        if (fault) return fault;
    }
    return nullptr;
}

template <class... A, size_t... I> void call(void (*kernel)(A...), void **given, std::index_sequence<I...>) {
    kernel(*static_cast<A *>(given[I])...);
}
template <class... A> void call(void (*kernel)(A...), void **given) {
    call(kernel, given, std::index_sequence_for<A...>{});
}
} // namespace emulated

#define __syncthreads() emulated::barrier()
#define EMULATED(name)                                                                                            \
    static void call_##name(void **given) { emulated::call(device::name, given); }                                \
    extern "C" const char *launch_##name(void **given, unsigned grid, unsigned block, int order) {                \
        return emulated::run(call_##name, given, grid, block, order);                                             \
    }
