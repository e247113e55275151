/* Hyperbolic functions, from expm1 where they are small, and their inverses. */

/* bt_sinh_f32 requires: bt_exp_shift_f32 */
/* sinh(x) = h - 1 / (4 h) with h = exp(|x|) / 2; for |x| < 1, x (1 + x^2 p(x^2)). */
static inline __attribute__((always_inline)) float
bt_sinh_f32(float x)
{
    float t = __builtin_fabsf(x);
    float h = bt_exp_shift_f32(t, -1);
    float z = x * x;
    /* minimax of degree 2 on [0, 1.01], error 2^-25.3 */
    float p = 2.0377555e-04f;
    p = p * z + 0.008330222f;
    p = p * z + 0.16666718f;
    float near = x + x * (z * p);
    return t < 1.0f ? near : __builtin_copysignf(h - 0.25f / h, x);
}

/* bt_sinh_f64 requires: bt_exp_shift_f64 */
/* sinh(x) = h - 1 / (4 h) with h = exp(|x|) / 2; for |x| < 1, x (1 + x^2 p(x^2)). */
static inline __attribute__((always_inline)) double
bt_sinh_f64(double x)
{
    double t = __builtin_fabs(x);
    double h = bt_exp_shift_f64(t, -1);
    double z = x * x;
    /* minimax of degree 6 on [0, 1.01], error 2^-63.2 */
    double p = 7.759866621058484e-13;
    p = p * z + 1.6057223944351837e-10;
    p = p * z + 2.5052123582509145e-08;
    p = p * z + 2.755731915436576e-06;
    p = p * z + 0.00019841269841440094;
    p = p * z + 0.008333333333333137;
    p = p * z + 0.16666666666666669;
    double near = x + x * (z * p);
    return t < 1.0 ? near : __builtin_copysign(h - 0.25 / h, x);
}

/* bt_cosh_f32 requires: bt_exp_shift_f32 */
/* cosh(x) = h + 1 / (4 h) with h = exp(|x|) / 2. */
static inline __attribute__((always_inline)) float
bt_cosh_f32(float x)
{
    float h = bt_exp_shift_f32(__builtin_fabsf(x), -1);
    return h + 0.25f / h;
}

/* bt_cosh_f64 requires: bt_exp_shift_f64 */
/* cosh(x) = h + 1 / (4 h) with h = exp(|x|) / 2. */
static inline __attribute__((always_inline)) double
bt_cosh_f64(double x)
{
    double h = bt_exp_shift_f64(__builtin_fabs(x), -1);
    return h + 0.25 / h;
}

/* bt_tanh_f32 requires: bt_exp_f32 */
/* tanh(x) = 1 - 2 / (exp(2 |x|) + 1); for |x| < 5/8, x (1 + x^2 p(x^2)). */
static inline __attribute__((always_inline)) float
bt_tanh_f32(float x)
{
    float t = __builtin_fabsf(x);
    float far = 1.0f - 2.0f / (bt_exp_f32(2.0f * t) + 1.0f);
    float z = x * x;
    /* minimax of degree 4 on [0, 0.3908], error 2^-27.8 */
    float p = -0.0057164202f;
    p = p * z + 0.02065015f;
    p = p * z - 0.053743415f;
    p = p * z + 0.13331491f;
    p = p * z - 0.33333284f;
    float near = x + x * (z * p);
    return __builtin_copysignf(t < 0.625f ? near : far, x);
}

/* bt_tanh_f64 requires: bt_quarter_expm1_f64 */
/* tanh(x) = h / (h + 1) with h = expm1(2 |x|) / 2. */
static inline __attribute__((always_inline)) double
bt_tanh_f64(double x)
{
    double t = __builtin_fabs(x);
    double clamped = t > 22.0 ? 22.0 : t;
    double h = 2.0 * bt_quarter_expm1_f64(2.0 * clamped);
    double y = h / (h + 1.0);
    return t < 1e-17 ? x : __builtin_copysign(y, x);
}

/* bt_arcsinh_f32 requires: bt_log2_narrow_f64 */
/* arsinh(x) = log(t + sqrt(t^2 + 1)), t = |x|, in double; for t < 2^-10, t - t^3 / 6. */
static inline __attribute__((always_inline)) float
bt_arcsinh_f32(float x)
{
    float t = __builtin_fabsf(x);
    double wide = t;
    double y = bt_log2_narrow_f64(wide + __builtin_sqrt(wide * wide + 1.0));
    float far = (float)(y * 0.6931471805599453);
    float near = t - t * (t * t * 0.16666667f);
    return __builtin_copysignf(t < 0.0009765625f ? near : (t < __builtin_inff() ? far : t), x);
}

/* bt_arcsinh_f64 requires: bt_log1p_f64 */
/* arsinh(x) = log1p(t + t^2 / (1 + sqrt(t^2 + 1))), t = |x|; log(2 t) where t^2 would overflow. */
static inline __attribute__((always_inline)) double
bt_arcsinh_f64(double x)
{
    double t = __builtin_fabs(x), square = t * t;
    int far = t > 1e150;
    double y = bt_log1p_f64(far ? t : t + square / (1.0 + __builtin_sqrt(square + 1.0)));
    return __builtin_copysign(far ? y + 0.6931471805599453 : y, x);
}

/* bt_arccosh_f32 requires: bt_log2_narrow_f64 */
/* arcosh(x) = log(x + sqrt((x - 1) (x + 1))) in double; NaN for x < 1. */
static inline __attribute__((always_inline)) float
bt_arccosh_f32(float x)
{
    double wide = x;
    double y = bt_log2_narrow_f64(wide + __builtin_sqrt((wide - 1.0) * (wide + 1.0)));
    float far = x < __builtin_inff() ? (float)(y * 0.6931471805599453) : x;
    return x >= 1.0f ? far : __builtin_nanf("");
}

/* bt_arccosh_f64 requires: bt_log1p_f64 */
/* arcosh(x) = log1p(t + sqrt(t (t + 2))), t = x - 1; log(2 x) where t^2 would overflow; NaN for
 * x < 1. */
static inline __attribute__((always_inline)) double
bt_arccosh_f64(double x)
{
    double t = x - 1.0;
    int far = t > 1e150;
    double y = bt_log1p_f64(far ? t : t + __builtin_sqrt(t * (t + 2.0)));
    y = far ? y + 0.6931471805599453 : y;
    return x >= 1.0 ? y : __builtin_nan("");
}

/* bt_arctanh_f32 requires: bt_bits_f64 bt_from_bits_f64 bt_log_exponent_f64 */
/* artanh(x) = k log(2) / 2 + artanh(s), t = |x|, with s = (1 + t - 2^k (1 - t)) / (1 + t + 2^k (1 -
 * t)), in double; k from the difference of the bit patterns, so that |s| < 1/5, and s = t where k =
 * 0. */
static inline __attribute__((always_inline)) float
bt_arctanh_f32(float x)
{
    float t = __builtin_fabsf(x);
    double above = 1.0 + (double)t, below = 1.0 - (double)t;
    bt_u64 e = (bt_bits_f64(above) - bt_bits_f64(below) + 0x3ff8000000000000ull) >> 52;
    below = below * bt_from_bits_f64(e << 52);
    double s = e == 1023 ? t : (above - below) / (above + below);
    double z = s * s;
    /* minimax of degree 3 on [0, 0.042], error 2^-28.3 */
    double p = 0.1526731195095034;
    p = p * z + 0.19973770271810987;
    p = p * z + 0.33333555975101054;
    p = p * z + 0.999999997052315;
    float y = (float)(bt_log_exponent_f64(e) * 0.34657359027997264 + s * p);
    y = t == 1.0f ? __builtin_inff() : y;
    return __builtin_copysignf(t <= 1.0f ? y : __builtin_nanf(""), x);
}

/* bt_arctanh_f64 requires: bt_log1p_f64 */
/* artanh(x) = log1p(2 t / (1 - t)) / 2, t = |x|. */
static inline __attribute__((always_inline)) double
bt_arctanh_f64(double x)
{
    double t = __builtin_fabs(x);
    return __builtin_copysign(0.5 * bt_log1p_f64((t + t) / (1.0 - t)), x);
}
