/* The cube root, without division: r = x^(-1/3) to a tenth from the bits of x, whose exponent and
 * fraction are divided by -3 (Kahan and Bindel, Computing a real cube root, 2001), then with the
 * residue e = 1 - x r^3 the square s = r^2 (1 - e)^(-2/3) by a polynomial, and y = x s, with what is
 * left of x put back by a step of Newton's. Polynomials by Remez exchange. */

/* bt_cbrt_f32 requires: bt_bits_f32 bt_from_bits_f32 */
/* The cube root. */
static inline __attribute__((always_inline)) float
bt_cbrt_f32(float x)
{
    float t = __builtin_fabsf(x);
    float scaled = t * (t < 1.0f ? 0x1p24f : 0x1p-3f);
    float restored = t < 1.0f ? 0x1p-8f : 2.0f;
    float bits = (float)(__INT32_TYPE__)bt_bits_f32(scaled);
    float r = bt_from_bits_f32((bt_u32)(__INT32_TYPE__)(1419900352.0f - bits * 0.33333334f));
    float s = r * r;
    float e = 1.0f - scaled * s * r;
    /* minimax of degree 2 on [-0.1021, 0.1021], error 2^-16.2 of the square */
    float p = 0.4993927f;
    p = p * e + 0.5591245f;
    p = p * e + 0.666655f;
    s = s + s * (e * p);
    float y = scaled * s;
    y = y + (scaled - y * y * y) * (s * 0.33333334f);
    return __builtin_copysignf(t < __builtin_inff() ? y * restored : t, x);
}

/* bt_cbrt_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* The cube root. The upper halves of the bits are converted by sums with 2^52. */
static inline __attribute__((always_inline)) double
bt_cbrt_f64(double x)
{
    double t = __builtin_fabs(x);
    double scaled = t * (t < 1.0 ? 0x1p54 : 0x1p-3);
    double restored = t < 1.0 ? 0x1p-18 : 2.0;
    double bits = bt_from_bits_f64(bt_bits_f64(scaled) >> 32 | 0x4330000000000000ull);
    bits = (0x1p52 + 1430186339.0 + 0x1p52 / 3) - bits * 0.3333333333333333;
    double r = bt_from_bits_f64(bt_bits_f64(bits) << 32);
    double s = r * r;
    double e = 1.0 - scaled * s * r;
    /* minimax of degree 6 on [-0.1021, 0.1021], error 2^-33.7 of the square */
    double z = e * e;
    double p = (0.6666666666001637 + 0.5555556016257712 * e)
             + z * (0.49382731962377 + 0.45263963790274264 * e);
    p = p + z * z * ((0.4224332782886017 + 0.4057566951252576 * e) + z * 0.38838126920879223);
    s = s + s * (e * p);
    double y = scaled * s;
    y = y + (scaled - y * y * y) * (s * 0.3333333333333333);
    return __builtin_copysign(t < __builtin_inf() ? y * restored : t, x);
}
