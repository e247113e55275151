"""CUDA C as NVRTC knows it, without headers."""

from bitale_graph.extend import ScalarOp
from bitale_graph.plan.dialect import COMPUTED, Dialect, is_known
from bitale_graph.plan.target import Target

# By our names; for float each has an f at its end.
_LIBRARY = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc", "pow")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    "round": "rint",
}  # fmt: skip
_OURS = ("sigmoid", "softplus", "maximum", "minimum", "sign", "floordiv", "mod", "ipow")

PRELUDE = """typedef signed char int8_t; typedef unsigned char uint8_t;
typedef short int16_t; typedef unsigned short uint16_t;
typedef int int32_t; typedef unsigned int uint32_t;
typedef long long int64_t; typedef unsigned long long uint64_t;
#define INT64_C(x) x##LL
#define UINT64_C(x) x##ULL
#define INT64_MIN (-INT64_C(9223372036854775807) - 1)
#define INT32_MIN (-2147483647 - 1)

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
template <class T> __device__ T bt_ipow(T x, T n) {
    T power = 1;
    for (; n > 0; n >>= 1, x = T(x * x)) if (n & 1) power = T(power * x);
    return power;
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
"""


class CudaDialect(Dialect):
    """The device's library of mathematics, and templates of our own."""

    def function(self, name: str, dtype: str) -> str:
        if name in _OURS:
            return f"bt_{name}"
        return _LIBRARY[name] + _suffix(dtype)

    def builtin(self, name: str, dtype: str) -> str:
        return name + _suffix(dtype)

    def infinity(self, dtype: str) -> str:
        if dtype == "float32":
            return "__int_as_float(0x7f800000)"
        return "__longlong_as_double(0x7ff0000000000000LL)"

    def nan(self, dtype: str) -> str:
        if dtype == "float32":
            return "__int_as_float(0x7fc00000)"
        return "__longlong_as_double(0x7ff8000000000000LL)"


def _suffix(dtype: str) -> str:
    return "f" if dtype == "float32" else ""


class CudaTarget(Target):
    """Kernels in CUDA C; the host's work is planned as for any target, and not printed here."""

    sums_in_parts = False  # the threads of a block sum up in shared memory
    keeps_numbers = True

    def computes(self, dtype: str) -> bool:
        return dtype in COMPUTED

    def knows(self, op: ScalarOp) -> bool:
        return is_known(op)


DIALECT = CudaDialect()
CUDA = CudaTarget("tests/cuda", frozenset())
