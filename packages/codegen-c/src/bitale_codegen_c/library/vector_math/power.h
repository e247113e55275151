/* Powers. */

/* bt_pow_f32 requires: bt_exp_f64 bt_log_f64 bt_bits_f32 */
/* x^y = exp(y log|x|) in double, with the signs and special cases of C99 F.9.4.4. */
static inline __attribute__((always_inline)) float
bt_pow_f32(float x, float y)
{
    float t = __builtin_fabsf(x);
    double product = (double)y * bt_log_f64(t);
    float v = (float)bt_exp_f64(product);
    float half = 0.5f * y;
    int integral = __builtin_rintf(y) == y;
    int odd = integral & (__builtin_rintf(half) != half);
    v = (t == 1.0f) & (y == y) ? 1.0f : v;
    v = (bt_bits_f32(x) >> 31) & (bt_u32)odd ? -v : v;
    v = (x < 0.0f) & (t < __builtin_inff()) & !integral & (y == y) ? __builtin_nanf("") : v;
    return (x == 1.0f) | (y == 0.0f) ? 1.0f : v;
}

/* bt_pow_f64 requires: */
/* x^y, by the C library. */
static inline __attribute__((always_inline)) double
bt_pow_f64(double x, double y)
{
    return __builtin_pow(x, y);
}
