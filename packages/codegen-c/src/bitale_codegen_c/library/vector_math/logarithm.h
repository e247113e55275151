/* Logarithms. x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and log(1 + f) = f - t with a
 * small t, so that the sum rounds once near x = 1. Polynomials by Remez exchange, weighted for
 * relative error of the result. The offset of the bit pattern moves the cut to sqrt(2). */

/* bt_log_tail_f32 requires: */
/* f - log(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]. With s = f / (2 + f), log(1 + f) = 2
 * artanh(s) and 2 s = f - s f, so that t = s (f - (2 artanh(s) / s - 2)). */
static inline __attribute__((always_inline)) float
bt_log_tail_f32(float f)
{
    float s = f / (2.0f + f);
    float z = s * s;
    /* minimax of degree 2 on [0, 0.0296], error 2^-28.3 */
    float p = 0.29587802f;
    p = p * z + 0.39988592f;
    p = p * z + 0.66666687f;
    return s * (f - z * p);
}

/* bt_log_tail_f64 requires: */
/* The same in float64. */
static inline __attribute__((always_inline)) double
bt_log_tail_f64(double f)
{
    double s = f / (2.0 + f);
    double z = s * s;
    /* minimax of degree 6 on [0, 0.0295], error 2^-59.5 */
    double p = 0.1479907207554386;
    p = p * z + 0.1531375521654579;
    p = p * z + 0.18183575184402442;
    p = p * z + 0.22222198378155913;
    p = p * z + 0.28571428744144295;
    p = p * z + 0.3999999999940747;
    p = p * z + 0.6666666666666735;
    return s * (f - z * p);
}

/* bt_log_exponent_f32 requires: bt_types */
/* e - 127 as a float, for the biased exponent e. */
static inline __attribute__((always_inline)) float
bt_log_exponent_f32(bt_u32 e)
{
    return (float)((__INT32_TYPE__)e - 127);
}

/* bt_log_exponent_f64 requires: bt_from_bits_f64 */
/* e - 1023 as a double, for the biased exponent e, without a 64-bit conversion. */
static inline __attribute__((always_inline)) double
bt_log_exponent_f64(bt_u64 e)
{
    return bt_from_bits_f64(e | 0x4330000000000000ull) - (4503599627370496.0 + 1023.0);
}

/* bt_log_f32 requires: bt_bits_f32 bt_from_bits_f32 bt_log_tail_f32 */
/* log(x). */
static inline __attribute__((always_inline)) float
bt_log_f32(float x)
{
    float scaled = x * (x < 1.17549435e-38f ? 8388608.0f : 1.0f);
    bt_u32 bits = bt_bits_f32(scaled), part = bits - 0x3f3504f3u;
    float f = bt_from_bits_f32(bits - (part & 0xff800000u)) - 1.0f;
    float k = (float)((__INT32_TYPE__)part >> 23) - (x < 1.17549435e-38f ? 23.0f : 0.0f);
    float t = bt_log_tail_f32(f);
    float y = k * 0.69314575f + (f - (t - k * 1.4286068e-06f));
    y = x < __builtin_inff() ? y : x;
    return x > 0.0f ? y : (x == 0.0f ? -__builtin_inff() : __builtin_nanf(""));
}

/* bt_log_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_tail_f64 bt_log_exponent_f64 */
/* log(x). */
static inline __attribute__((always_inline)) double
bt_log_f64(double x)
{
    double scaled = x * (x < 2.2250738585072014e-308 ? 18014398509481984.0 : 1.0);
    bt_u64 bits = bt_bits_f64(scaled);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double f = bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0;
    double k = bt_log_exponent_f64(e) - (x < 2.2250738585072014e-308 ? 54.0 : 0.0);
    double t = bt_log_tail_f64(f);
    double y = k * 0.6931471805601177 + (f - (t - k * -1.7239444525614835e-13));
    y = x < __builtin_inf() ? y : x;
    return x > 0.0 ? y : (x == 0.0 ? -__builtin_inf() : __builtin_nan(""));
}

/* bt_log2_f32 requires: bt_bits_f32 bt_from_bits_f32 bt_log_tail_f32 */
/* log2(x), exact for powers of two. 1 / ln 2 = 1 + 0.44..., so that the largest term is exact. */
static inline __attribute__((always_inline)) float
bt_log2_f32(float x)
{
    float scaled = x * (x < 1.17549435e-38f ? 8388608.0f : 1.0f);
    bt_u32 bits = bt_bits_f32(scaled), part = bits - 0x3f3504f3u;
    float f = bt_from_bits_f32(bits - (part & 0xff800000u)) - 1.0f;
    float k = (float)((__INT32_TYPE__)part >> 23) - (x < 1.17549435e-38f ? 23.0f : 0.0f);
    float y = k + (f + (f * 0.44269504f - bt_log_tail_f32(f) * 1.442695f));
    y = x < __builtin_inff() ? y : x;
    return x > 0.0f ? y : (x == 0.0f ? -__builtin_inff() : __builtin_nanf(""));
}

/* bt_log2_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_tail_f64 bt_log_exponent_f64 */
/* log2(x), exact for powers of two. */
static inline __attribute__((always_inline)) double
bt_log2_f64(double x)
{
    double scaled = x * (x < 2.2250738585072014e-308 ? 18014398509481984.0 : 1.0);
    bt_u64 bits = bt_bits_f64(scaled);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double f = bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0;
    double k = bt_log_exponent_f64(e) - (x < 2.2250738585072014e-308 ? 54.0 : 0.0);
    double t = bt_log_tail_f64(f);
    double high = f - t;
    double low = (f - high) - t;
    low = high * 2.0355273740931033e-17 + low * 1.4426950408889634;
    double y = k + (high * 1.4426950408889634 + low);
    y = x < __builtin_inf() ? y : x;
    return x > 0.0 ? y : (x == 0.0 ? -__builtin_inf() : __builtin_nan(""));
}

/* bt_log2_narrow_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_exponent_f64 */
/* log2(x) for a normal x > 0, with an error of 2^-37 of the result: artanh(f / (2 + f)) 2 / ln 2. */
static inline __attribute__((always_inline)) double
bt_log2_narrow_f64(double x)
{
    bt_u64 bits = bt_bits_f64(x);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double f = bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    /* minimax of degree 4 on [0, 0.0295], error 2^-37.8 */
    double p = 0.3407727743085525;
    p = p * z + 0.4116705180749845;
    p = p * z + 0.5770836197215145;
    p = p * z + 0.9617966731710212;
    p = p * z + 2.885390081790212;
    return bt_log_exponent_f64(e) + s * p;
}

/* bt_log10_f32 requires: bt_bits_f32 bt_from_bits_f32 bt_log_tail_f32 */
/* log10(x). 1 / ln 10 = 1/2 - 0.06..., so that the largest term is exact. */
static inline __attribute__((always_inline)) float
bt_log10_f32(float x)
{
    float scaled = x * (x < 1.17549435e-38f ? 8388608.0f : 1.0f);
    bt_u32 bits = bt_bits_f32(scaled), part = bits - 0x3f3504f3u;
    float f = bt_from_bits_f32(bits - (part & 0xff800000u)) - 1.0f;
    float k = (float)((__INT32_TYPE__)part >> 23) - (x < 1.17549435e-38f ? 23.0f : 0.0f);
    float rest = k * 4.605039e-06f - f * 0.06570552f;
    float y = k * 0.3010254f + (0.5f * f + (rest - bt_log_tail_f32(f) * 0.4342945f));
    y = x < __builtin_inff() ? y : x;
    return x > 0.0f ? y : (x == 0.0f ? -__builtin_inff() : __builtin_nanf(""));
}

/* bt_log10_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_tail_f64 bt_log_exponent_f64 */
/* log10(x). */
static inline __attribute__((always_inline)) double
bt_log10_f64(double x)
{
    double scaled = x * (x < 2.2250738585072014e-308 ? 18014398509481984.0 : 1.0);
    bt_u64 bits = bt_bits_f64(scaled);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double f = bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0;
    double k = bt_log_exponent_f64(e) - (x < 2.2250738585072014e-308 ? 54.0 : 0.0);
    double t = bt_log_tail_f64(f);
    double high = f - t;
    double low = (f - high) - t;
    low = high * 1.098319650216765e-17 + (low * 0.4342944819032518 + k * -8.532344317057107e-14);
    double y = k * 0.3010299956640665 + (high * 0.4342944819032518 + low);
    y = x < __builtin_inf() ? y : x;
    return x > 0.0 ? y : (x == 0.0 ? -__builtin_inf() : __builtin_nan(""));
}

/* bt_log1p_f32 requires: bt_bits_f32 bt_from_bits_f32 bt_log_tail_f32 bt_log_exponent_f32 bt_sum_error_f32 */
/* log(1 + x). u = 1 + x rounded; its error, scaled like u, is added to f, which makes f = x
 * exactly where k = 0. */
static inline __attribute__((always_inline)) float
bt_log1p_f32(float x)
{
    float u = 1.0f + x;
    float error = bt_sum_error_f32(1.0f, x, u);
    bt_u32 bits = bt_bits_f32(u);
    bt_u32 e = (bits + 0x4afb0du) >> 23;
    float inverse = bt_from_bits_f32((2 * 127 - e) << 23);
    inverse = u > 1e30f ? 0.0f : inverse;
    float f = (bt_from_bits_f32(bits - (e << 23) + 0x3f800000u) - 1.0f) + error * inverse;
    float k = bt_log_exponent_f32(e);
    float t = bt_log_tail_f32(f);
    float y = k * 0.69314575f + (f - (t - k * 1.4286068e-06f));
    y = x < __builtin_inff() ? y : x;
    y = x > -1.0f ? y : (x == -1.0f ? -__builtin_inff() : __builtin_nanf(""));
    return __builtin_copysignf(y, x);
}

/* bt_log1p_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_tail_f64 bt_log_exponent_f64 bt_sum_error_f64 */
/* log(1 + x). u = 1 + x rounded; its error, scaled like u, is added to f, which makes f = x
 * exactly where k = 0. */
static inline __attribute__((always_inline)) double
bt_log1p_f64(double x)
{
    double u = 1.0 + x;
    double error = bt_sum_error_f64(1.0, x, u);
    bt_u64 bits = bt_bits_f64(u);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double inverse = bt_from_bits_f64((2 * 1023 - e) << 52);
    inverse = u > 1e300 ? 0.0 : inverse;
    double f = (bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0) + error * inverse;
    double k = bt_log_exponent_f64(e);
    double t = bt_log_tail_f64(f);
    double y = k * 0.6931471805601177 + (f - (t - k * -1.7239444525614835e-13));
    y = x < __builtin_inf() ? y : x;
    y = x > -1.0 ? y : (x == -1.0 ? -__builtin_inf() : __builtin_nan(""));
    return __builtin_copysign(y, x);
}
