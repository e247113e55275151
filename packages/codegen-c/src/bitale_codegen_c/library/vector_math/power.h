/* Powers: x^y = 2^(y log2|x|) or exp(y log|x|), with the signs and special cases of C99 F.9.4.4.
 * Polynomials by Remez exchange, weighted for relative error of the result; in float64 in pairs of
 * terms, since a chain of multiply-adds is what this waits for. */

/* bt_exp2_narrow_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* 2^x with an error of 2^-29 of the result, for results that float holds, and a little more. */
static inline __attribute__((always_inline)) double
bt_exp2_narrow_f64(double x)
{
    const double round = 6755399441055744.0 + 1023.0;
    x = x > 129.0 ? 129.0 : x;
    x = x < -151.0 ? -151.0 : x;
    double t = x + round;
    double r = x - (t - round);
    /* minimax of degree 6 on [-0.5001, 0.5001], error 2^-29.0 */
    double p = 0.00015345787344116848;
    p = p * r + 0.001339995768126376;
    p = p * r + 0.009618489255484655;
    p = p * r + 0.05550328711750265;
    p = p * r + 0.24022646885898322;
    p = p * r + 0.6931472057670472;
    p = p * r + 1.0000000005550829;
    return p * bt_from_bits_f64(bt_bits_f64(t) << 52);
}

/* bt_pow_f32 requires: bt_log2_narrow_f64 bt_exp2_narrow_f64 bt_bits_f32 */
/* x^y, in double up to the last rounding. */
static inline __attribute__((always_inline)) float
bt_pow_f32(float x, float y)
{
    float t = __builtin_fabsf(x);
    double logarithm = bt_log2_narrow_f64(t);
    logarithm = t < __builtin_inff() ? logarithm : t;
    logarithm = t == 0.0f ? -__builtin_inf() : logarithm;
    float v = (float)bt_exp2_narrow_f64(y * logarithm);
    float half = 0.5f * y;
    int integral = __builtin_rintf(y) == y;
    int odd = integral & (__builtin_rintf(half) != half);
    v = (t == 1.0f) & (y == y) ? 1.0f : v;
    v = (bt_bits_f32(x) >> 31) & (bt_u32)odd ? -v : v;
    v = (x < 0.0f) & (t < __builtin_inff()) & !integral & (y == y) ? __builtin_nanf("") : v;
    return (x == 1.0f) | (y == 0.0f) ? 1.0f : v;
}

/* bt_log_pair_f64 requires: bt_bits_f64 bt_from_bits_f64 bt_log_exponent_f64 bt_product_error_f64 */
/* log(x) for a finite x > 0, as the sum of the value and low, with an error of 2^-64 of it. With
 * s = f / (2 + f) it is 2 s + s^3 (2/3 + s^2 q(s^2)) + k ln 2; what exceeds a double is carried
 * along in all but q. */
static inline __attribute__((always_inline)) double
bt_log_pair_f64(double x, double *low)
{
    double scaled = x * (x < 2.2250738585072014e-308 ? 18014398509481984.0 : 1.0);
    bt_u64 bits = bt_bits_f64(scaled);
    bt_u64 e = (bits + 0x95f6200000000ull) >> 52;
    double f = bt_from_bits_f64(bits - (e << 52) + 0x3ff0000000000000ull) - 1.0;
    double k = bt_log_exponent_f64(e) - (x < 2.2250738585072014e-308 ? 54.0 : 0.0);
    double d = 2.0 + f, d_low = (2.0 - d) + f;
    double inverse = 1.0 / d;
    double s = f * inverse, sd = s * d;
    double s_low = (((f - sd) - bt_product_error_f64(s, d, sd)) - s * d_low) * inverse;
    double z = s * s;
    double z_low = bt_product_error_f64(s, s, z) + 2.0 * s * s_low;
    /* minimax of degree 6 on [0, 0.0295], error 2^-66.3 of the logarithm */
    double zz = z * z;
    double q = (0.4000000000000229 + 0.28571428570082774 * z)
             + zz * (0.222222225230638 + 0.1818178408089726 * z);
    double q_far = (0.15386771000025298 + 0.13256489018479917 * z) + zz * 0.13199469922610513;
    q = q + zz * zz * q_far;
    q = q * z + 3.700743415417188e-17;
    double u = 0.6666666666666666 + q, u_low = q - (u - 0.6666666666666666);
    double p = z * u;
    double p_low = bt_product_error_f64(z, u, p) + (z * u_low + z_low * u);
    double t = s * p;
    double t_low = bt_product_error_f64(s, p, t) + (s * p_low + s_low * p);
    double m = 2.0 * s + t;
    double m_low = (t - (m - 2.0 * s)) + (2.0 * s_low + t_low);
    double whole = k * 0.6931471805601177;
    double y = whole + m;
    *low = (m - (y - whole)) + (m_low + k * -1.7239444525614835e-13);
    return y;
}

/* bt_exp_pair_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* exp(x + low) for a low far below x, with an error of little more than the last rounding, so that
 * powers of integers are exact. */
static inline __attribute__((always_inline)) double
bt_exp_pair_f64(double x, double low)
{
    const double round = 6755399441055744.0 + 2046.0;
    low = __builtin_fabs(x) < 800.0 ? low : 0.0;
    x = x > 710.6 ? 710.6 : x;
    x = x < -746.0 ? -746.0 : x;
    double t = x * 1.4426950408889634 + round;
    double k = t - round;
    bt_u64 scale = bt_bits_f64(t) & 0xfffull;
    bt_u64 half = scale >> 1;
    double high = x - k * 0.6931471805601177, rest = low - k * -1.7239444525614835e-13;
    double r = high + rest;
    rest = rest - (r - high);
    /* minimax of degree 9 on [-0.3469, 0.3469], error 2^-57.9 */
    double w = r * r;
    double p = (0.5000000000000011 + 0.1666666666666641 * r)
             + w * (0.0416666666665292 + 0.008333333333495722 * r);
    double far = (0.0013888888943920858 + 0.0001984126950459024 * r)
               + w * (2.480149276395587e-05 + 2.755758747470898e-06 * r);
    far = far + w * w * (2.7630378378491056e-07 + 2.4999928922906032e-08 * r);
    p = p + w * w * far;
    double y = 1.0 + r;
    p = y + ((r - (y - 1.0)) + (rest + w * p));
    p = p * bt_from_bits_f64(half << 52);
    return p * bt_from_bits_f64((scale - half) << 52);
}

/* bt_pow_f64 requires: bt_log_pair_f64 bt_exp_pair_f64 bt_bits_f64 bt_product_error_f64 */
/* x^y. By the C library where there is no fused multiply-add: the rounding errors of products would
 * make this slower. */
static inline __attribute__((always_inline)) double
bt_pow_f64(double x, double y)
{
#ifndef __FP_FAST_FMA
    return __builtin_pow(x, y);
#else
    double t = __builtin_fabs(x), low;
    double logarithm = bt_log_pair_f64(t, &low);
    logarithm = t < __builtin_inf() ? logarithm : t;
    logarithm = t == 0.0 ? -__builtin_inf() : logarithm;
    double product = y * logarithm;
    double v = bt_exp_pair_f64(product, bt_product_error_f64(y, logarithm, product) + y * low);
    double half = 0.5 * y;
    int integral = __builtin_rint(y) == y;
    int odd = integral & (__builtin_rint(half) != half);
    v = (t == 1.0) & (y == y) ? 1.0 : v;
    v = (bt_bits_f64(x) >> 63) & (bt_u64)odd ? -v : v;
    v = (x < 0.0) & (t < __builtin_inf()) & !integral & (y == y) ? __builtin_nan("") : v;
    return (x == 1.0) | (y == 0.0) ? 1.0 : v;
#endif
}
