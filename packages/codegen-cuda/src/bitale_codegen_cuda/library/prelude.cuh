/* What every kernel may call. NVRTC reads no headers, so the types are told here. */
typedef signed char int8_t; typedef unsigned char uint8_t;
typedef short int16_t; typedef unsigned short uint16_t;
typedef int int32_t; typedef unsigned int uint32_t;
typedef long long int64_t; typedef unsigned long long uint64_t;
#define INT64_C(x) x##LL
#define UINT64_C(x) x##ULL
#define INT64_MIN (-INT64_C(9223372036854775807) - 1)
#define INT32_MIN (-2147483647 - 1)
/* What the sections for all dialects are written with. */
#define BT_PORTABLE __device__ inline
#define BT_FUNCTION __device__ inline
#ifdef EMULATED
#define BT_APART inline
#else
#define BT_APART static __device__ __noinline__
#endif
#define BT_C(name) name
#define BT_INF __longlong_as_double(0x7ff0000000000000LL)
#define BT_NAN __longlong_as_double(0x7ff8000000000000LL)
#define BT_SQRT sqrt
#define BT_FABS fabs
#define BT_FLOOR floor
#define bt_exp_f64 exp
#define bt_log_f64 log
#define bt_log1p_f64 log1p
#define bt_cos_f64 cos

/* Numbers of 16 bits: they are computed with as float, so a result is rounded only where that is written. */
#ifndef EMULATED
__device__ inline float bt_widened(uint16_t bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}
__device__ inline uint16_t bt_narrowed(float x) {
    uint16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}
__device__ inline uint16_t bt_narrowed(double x) {
    uint16_t bits;
    asm("cvt.rn.f16.f64 %0, %1;" : "=h"(bits) : "d"(x));
    return bits;
}
#endif
struct bt_half {
    uint16_t bits;
    bt_half() = default;
    __device__ explicit bt_half(float x) : bits(bt_narrowed(x)) {}
    __device__ explicit bt_half(double x) : bits(bt_narrowed(x)) {}
    template <class T> __device__ explicit bt_half(T integer) : bits(bt_narrowed(float(integer))) {}
    __device__ bt_half &operator=(float x) {
        bits = bt_narrowed(x);
        return *this;
    }
    __device__ operator float() const { return bt_widened(bits); }
    __device__ static bt_half of(uint16_t bits) {
        bt_half x;
        x.bits = bits;
        return x;
    }
};

template <class T> __device__ T bt_maximum(T x, T y) { return x >= y || x != x ? x : y; }
template <class T> __device__ T bt_minimum(T x, T y) { return x <= y || x != x ? x : y; }
template <class T> __device__ T bt_sign(T x) { return x != x ? x : T((x > 0) - (x < 0)); }
__device__ inline float bt_sigmoid(float x) { return 1 / (1 + expf(-x)); }
__device__ inline double bt_sigmoid(double x) { return 1 / (1 + exp(-x)); }
__device__ inline float bt_softplus(float x) {
    return (x > 0 ? x : 0) + log1pf(expf(-fabsf(x)));
}
__device__ inline double bt_softplus(double x) {
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}
__device__ inline float bt_logaddexp(float x, float y) {
    return (x > y ? x : y) + log1pf(expf(x == y ? 0 : -fabsf(x - y)));
}
__device__ inline double bt_logaddexp(double x, double y) {
    return (x > y ? x : y) + log1p(exp(x == y ? 0 : -fabs(x - y)));
}
template <class T> __device__ T bt_ipow(T x, T n) {
    T power = 1;
    for (; n > 0; n >>= 1, x = T(x * x)) if (n & 1) power = T(power * x);
    return power;
}
template <class T> __device__ uint64_t bt_size(T x) { return x < 0 ? 0 - (uint64_t)x : (uint64_t)x; }
template <class T> __device__ T bt_gcd(T x, T y) {
    uint64_t a = bt_size(x), b = bt_size(y);
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b, b = rest;
    }
    return T(a);
}
template <class T> __device__ T bt_lcm(T x, T y) {
    const uint64_t divisor = bt_size(bt_gcd(x, y));
    return divisor == 0 ? T(0) : T(bt_size(x) / divisor * bt_size(y));
}
template <class T> __device__ T bt_mod(T x, T y) {
    if (y == 0) return 0;
    if (T(-1) < T(0) && y == T(-1)) return 0;
    const T r = T(x % y);
    return r != 0 && (r < 0) != (y < 0) ? T(r + y) : r;
}
template <class T> __device__ T bt_floordiv(T x, T y) {
    if (y == 0) return 0;
    if (T(-1) < T(0) && y == T(-1)) return T(0 - x);
    const T q = T(x / y);
    return x % y != 0 && (x < 0) != (y < 0) ? T(q - 1) : q;
}
__device__ inline float bt_mod(float x, float y) {
    const float r = fmodf(x, y);
    return r == 0 ? copysignf(0.0f, y) : (r < 0) != (y < 0) ? r + y : r;
}
__device__ inline double bt_mod(double x, double y) {
    const double r = fmod(x, y);
    return r == 0 ? copysign(0.0, y) : (r < 0) != (y < 0) ? r + y : r;
}
template <class T> __device__ T bt_quotient(T x, T y, T r) {
    if (y == 0) return x / y;
    T q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) q -= 1;
    if (q == 0) return x / y < 0 ? T(-0.0) : T(0);
    const T whole = T(floor(q));
    return q - whole > T(0.5) ? whole + 1 : whole;
}
__device__ inline float bt_floordiv(float x, float y) { return bt_quotient(x, y, fmodf(x, y)); }
__device__ inline double bt_floordiv(double x, double y) { return bt_quotient(x, y, fmod(x, y)); }

/* The sum, maximum, ... of what the threads of a group of `lanes` have; a power of 2. All threads of a block call it. */
template <class T, class F> __device__ T bt_combined(T x, T *shared, int lanes, F combine) {
    const int at = threadIdx.x, lane = at % lanes;
    __syncthreads();
    shared[at] = x;
    __syncthreads();
    for (int half = lanes / 2; half > 0; half /= 2) {
        if (lane < half) shared[at] = combine(shared[at], shared[at + half]);
        __syncthreads();
    }
    return shared[at - lane];
}

/* As many numbers as one access moves. */
template <class T, int W> struct alignas(W * sizeof(T)) bt_pack {
    T item[W];
};
