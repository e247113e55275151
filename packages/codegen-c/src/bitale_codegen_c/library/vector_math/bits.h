/* Bit patterns of floating-point numbers, and products with their rounding error. */

/* bt_types requires: */
/* The unsigned integers as wide as float and double. */
typedef __UINT32_TYPE__ bt_u32;
typedef __UINT64_TYPE__ bt_u64;

/* bt_bits_f32 requires: bt_types */
/* The bit pattern of x. */
static inline __attribute__((always_inline)) bt_u32
bt_bits_f32(float x)
{
    bt_u32 bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* bt_bits_f64 requires: bt_types */
/* The bit pattern of x. */
static inline __attribute__((always_inline)) bt_u64
bt_bits_f64(double x)
{
    bt_u64 bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* bt_from_bits_f32 requires: bt_types */
/* The number of a bit pattern. */
static inline __attribute__((always_inline)) float
bt_from_bits_f32(bt_u32 bits)
{
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* bt_from_bits_f64 requires: bt_types */
/* The number of a bit pattern. */
static inline __attribute__((always_inline)) double
bt_from_bits_f64(bt_u64 bits)
{
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* bt_high_half_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* x rounded to its upper 26 bits, so that halves multiply exactly. */
static inline __attribute__((always_inline)) double
bt_high_half_f64(double x)
{
    return bt_from_bits_f64((bt_bits_f64(x) + 0x4000000ull) & ~0x7ffffffull);
}

/* bt_product_error_f64 requires: bt_high_half_f64 */
/* x * y - xy, exactly, where xy is x * y rounded. Dekker, Numer. Math. 18 (1971) where the
 * machine has no fused multiply-add. */
static inline __attribute__((always_inline)) double
bt_product_error_f64(double x, double y, double xy)
{
#ifdef __FP_FAST_FMA
    return __builtin_fma(x, y, -xy);
#else
    double xh = bt_high_half_f64(x), xl = x - xh;
    double yh = bt_high_half_f64(y), yl = y - yh;
    return ((xh * yh - xy) + xh * yl + xl * yh) + xl * yl;
#endif
}

/* bt_sum_error_f32 requires: */
/* x + y - sum, exactly, where sum is x + y rounded (Knuth). */
static inline __attribute__((always_inline)) float
bt_sum_error_f32(float x, float y, float sum)
{
    float part = sum - x;
    return (x - (sum - part)) + (y - part);
}

/* bt_sum_error_f64 requires: */
/* x + y - sum, exactly, where sum is x + y rounded (Knuth). */
static inline __attribute__((always_inline)) double
bt_sum_error_f64(double x, double y, double sum)
{
    double part = sum - x;
    return (x - (sum - part)) + (y - part);
}
