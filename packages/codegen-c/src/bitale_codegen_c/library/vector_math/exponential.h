/* Exponential functions. x = k ln 2 + r with |r| <= ln(2)/2 (Cody and Waite's two-part ln 2), a
 * minimax polynomial (Remez exchange, weighted for relative error of the result) in r, and 2^k
 * multiplied in two exact halves, so that overflow and denormal results round once.
 * The rounding constant 1.5 * 2^p + bias leaves k + bias in the low bits of a sum. */

/* bt_exp_shift_f32 requires: bt_bits_f32 bt_from_bits_f32 */
/* exp(x) 2^shift, for shift = 0 or -1. */
static inline __attribute__((always_inline)) float
bt_exp_shift_f32(float x, int shift)
{
    const float round = 12582912.0f + 254.0f;
    x = x > 89.5f ? 89.5f : x;
    x = x < -104.0f ? -104.0f : x;
    float t = x * 1.442695f + round;
    float k = t - round;
    bt_u32 scale = (bt_bits_f32(t) & 0x3ffu) + (bt_u32)shift;
    bt_u32 half = scale >> 1;
    float r = (x - k * 0.69314575f) - k * 1.4286068e-06f;
    /* minimax of degree 4 on [-0.3469, 0.3469], error 2^-28.3 */
    float p = 0.0013814459f;
    p = p * r + 0.008368781f;
    p = p * r + 0.041668393f;
    p = p * r + 0.1666652f;
    p = p * r + 0.49999994f;
    p = (r * r * p + r) + 1.0f;
    p = p * bt_from_bits_f32(half << 23);
    return p * bt_from_bits_f32((scale - half) << 23);
}

/* bt_exp_shift_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* exp(x) 2^shift, for shift = 0 or -1. */
static inline __attribute__((always_inline)) double
bt_exp_shift_f64(double x, int shift)
{
    const double round = 6755399441055744.0 + 2046.0;
    x = x > 710.6 ? 710.6 : x;
    x = x < -746.0 ? -746.0 : x;
    double t = x * 1.4426950408889634 + round;
    double k = t - round;
    bt_u64 scale = (bt_bits_f64(t) & 0xfffu) + (bt_u64)shift;
    bt_u64 half = scale >> 1;
    double r = (x - k * 0.6931471805601177) - k * -1.7239444525614835e-13;
    /* minimax of degree 9 on [-0.3469, 0.3469], error 2^-57.9 */
    double p = 2.4999928922906032e-08;
    p = p * r + 2.7630378378491056e-07;
    p = p * r + 2.755758747470898e-06;
    p = p * r + 2.480149276395587e-05;
    p = p * r + 0.0001984126950459024;
    p = p * r + 0.0013888888943920858;
    p = p * r + 0.008333333333495722;
    p = p * r + 0.0416666666665292;
    p = p * r + 0.1666666666666641;
    p = p * r + 0.5000000000000011;
    p = (r * r * p + r) + 1.0;
    p = p * bt_from_bits_f64(half << 52);
    return p * bt_from_bits_f64((scale - half) << 52);
}

/* bt_exp_sum_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* exp(x + low) for x <= 0 and a low far below x, as the sum of the value and rest. */
static inline __attribute__((always_inline)) double
bt_exp_sum_f64(double x, double low, double *rest)
{
    const double round = 6755399441055744.0 + 2046.0;
    x = x < -746.0 ? -746.0 : x;
    double t = x * 1.4426950408889634 + round;
    double k = t - round;
    bt_u64 scale = bt_bits_f64(t) & 0xfffull;
    bt_u64 half = scale >> 1;
    double high = x - k * 0.6931471805601177;
    double part = k * -1.7239444525614835e-13;
    double r = high - part;
    low = low + ((high - r) - part);
    /* minimax of degree 9 on [-0.3469, 0.3469], error 2^-57.9 */
    double p = 2.4999928922906032e-08;
    p = p * r + 2.7630378378491056e-07;
    p = p * r + 2.755758747470898e-06;
    p = p * r + 2.480149276395587e-05;
    p = p * r + 0.0001984126950459024;
    p = p * r + 0.0013888888943920858;
    p = p * r + 0.008333333333495722;
    p = p * r + 0.0416666666665292;
    p = p * r + 0.1666666666666641;
    p = p * r + 0.5000000000000011;
    p = r * r * p;
    p = r + (p + (low + low * (r + p)));
    double y = p + 1.0;
    p = p - (y - 1.0);
    double first = bt_from_bits_f64(half << 52);
    double second = bt_from_bits_f64((scale - half) << 52);
    *rest = p * first * second;
    return y * first * second;
}

/* bt_exp_f32 requires: bt_exp_shift_f32 */
/* exp(x). */
static inline __attribute__((always_inline)) float
bt_exp_f32(float x)
{
    return bt_exp_shift_f32(x, 0);
}

/* bt_exp_f64 requires: bt_exp_shift_f64 */
/* exp(x). */
static inline __attribute__((always_inline)) double
bt_exp_f64(double x)
{
    return bt_exp_shift_f64(x, 0);
}

/* bt_exp2_f32 requires: bt_bits_f32 bt_from_bits_f32 */
/* 2^x, exact for integers. */
static inline __attribute__((always_inline)) float
bt_exp2_f32(float x)
{
    const float round = 12582912.0f + 254.0f;
    x = x > 129.0f ? 129.0f : x;
    x = x < -151.0f ? -151.0f : x;
    float t = x + round;
    float r = x - (t - round);
    bt_u32 scale = bt_bits_f32(t) & 0x3ffu;
    bt_u32 half = scale >> 1;
    /* minimax of degree 5 on [-0.5001, 0.5001], error 2^-28.9 */
    float p = 1.535285e-04f;
    p = p * r + 0.0013398896f;
    p = p * r + 0.00961844f;
    p = p * r + 0.055503324f;
    p = p * r + 0.24022648f;
    p = p * r + 0.6931472f;
    p = p * r + 1.0f;
    p = p * bt_from_bits_f32(half << 23);
    return p * bt_from_bits_f32((scale - half) << 23);
}

/* bt_exp2_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* 2^x, exact for integers. */
static inline __attribute__((always_inline)) double
bt_exp2_f64(double x)
{
    const double round = 6755399441055744.0 + 2046.0;
    x = x > 1025.0 ? 1025.0 : x;
    x = x < -1076.0 ? -1076.0 : x;
    double t = x + round;
    double r = x - (t - round);
    bt_u64 scale = bt_bits_f64(t) & 0xfffu;
    bt_u64 half = scale >> 1;
    /* minimax of degree 10 on [-0.5001, 0.5001], error 2^-58.0 */
    double p = 4.434766044442588e-10;
    p = p * r + 7.073790959887954e-09;
    p = p * r + 1.0178199672649583e-07;
    p = p * r + 1.3215435240159141e-06;
    p = p * r + 1.5252733492716188e-05;
    p = p * r + 0.00015403530457190444;
    p = p * r + 0.0013333558146775238;
    p = p * r + 0.009618129107594063;
    p = p * r + 0.05550410866482008;
    p = p * r + 0.2402265069591013;
    p = p * r + 0.6931471805599453;
    p = p * r + 1.0;
    p = p * bt_from_bits_f64(half << 52);
    return p * bt_from_bits_f64((scale - half) << 52);
}

/* bt_quarter_expm1_f32 requires: bt_bits_f32 bt_from_bits_f32 */
/* expm1(x) / 4, so that expm1(x) / 2 overflows no earlier than sinh(x). With s = 2^k / 4 the
 * result is s expm1(r) + (s - 1/4); the rounding error of r is put back. Denormal x loses a bit. */
static inline __attribute__((always_inline)) float
bt_quarter_expm1_f32(float x)
{
    const float round = 12582912.0f + 127.0f;
    x = x > 89.5f ? 89.5f : x;
    x = x < -30.0f ? -30.0f : x;
    float t = x * 1.442695f + round;
    float k = t - round;
    float s = bt_from_bits_f32(((bt_bits_f32(t) & 0x3ffu) - 2) << 23);
    float high = x - k * 0.69314575f;
    float low = k * 1.4286068e-06f;
    float r = high - low;
    low = (high - r) - low;
    /* minimax of degree 4 on [-0.3469, 0.3469], error 2^-26.2 */
    float p = 0.0013882464f;
    p = p * r + 0.008366581f;
    p = p * r + 0.041667204f;
    p = p * r + 0.16666543f;
    p = p * r + 0.49999997f;
    float e = r + (r * r * p + low);
    return s * e + (s - 0.25f);
}

/* bt_quarter_expm1_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* expm1(x) / 4, so that expm1(x) / 2 overflows no earlier than sinh(x). With s = 2^k / 4 the
 * result is s expm1(r) + (s - 1/4); the rounding error of r is put back. Denormal x loses a bit. */
static inline __attribute__((always_inline)) double
bt_quarter_expm1_f64(double x)
{
    const double round = 6755399441055744.0 + 1023.0;
    x = x > 710.6 ? 710.6 : x;
    x = x < -60.0 ? -60.0 : x;
    double t = x * 1.4426950408889634 + round;
    double k = t - round;
    double s = bt_from_bits_f64(((bt_bits_f64(t) & 0xfffu) - 2) << 52);
    double high = x - k * 0.6931471805601177;
    double low = k * -1.7239444525614835e-13;
    double r = high - low;
    low = (high - r) - low;
    /* minimax of degree 10 on [-0.3469, 0.3469], error 2^-61.7 */
    double p = 2.087529094845818e-09;
    p = p * r + 2.5109081459849726e-08;
    p = p * r + 2.755740307442885e-07;
    p = p * r + 2.755724410437328e-06;
    p = p * r + 2.48015871716703e-05;
    p = p * r + 0.00019841269886207303;
    p = p * r + 0.0013888888888962997;
    p = p * r + 0.008333333333321608;
    p = p * r + 0.041666666666666505;
    p = p * r + 0.16666666666666677;
    p = p * r + 0.5;
    double e = r + (r * r * p + low);
    return s * e + (s - 0.25);
}

/* bt_expm1_f32 requires: bt_quarter_expm1_f32 */
/* exp(x) - 1. */
static inline __attribute__((always_inline)) float
bt_expm1_f32(float x)
{
    float y = 4.0f * bt_quarter_expm1_f32(x);
    return __builtin_fabsf(x) < 1e-8f ? x : y;
}

/* bt_expm1_f64 requires: bt_quarter_expm1_f64 */
/* exp(x) - 1. */
static inline __attribute__((always_inline)) double
bt_expm1_f64(double x)
{
    double y = 4.0 * bt_quarter_expm1_f64(x);
    return __builtin_fabs(x) < 1e-17 ? x : y;
}
