/* The logistic function, its integral, and sums of logarithms. */

/* bt_sigmoid_f32 requires: bt_exp_f32 */
/* 1 / (1 + exp(-x)); with exp(-|x|) nothing overflows, and small results keep their precision. */
static inline __attribute__((always_inline)) float
bt_sigmoid_f32(float x)
{
    float e = bt_exp_f32(-__builtin_fabsf(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/* bt_sigmoid_f64 requires: bt_exp_f64 */
/* 1 / (1 + exp(-x)); with exp(-|x|) nothing overflows, and small results keep their precision. */
static inline __attribute__((always_inline)) double
bt_sigmoid_f64(double x)
{
    double e = bt_exp_f64(-__builtin_fabs(x));
    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

/* bt_log1p_unit_f32 requires: */
/* log(1 + e) for e in [0, 1]: e - e^2 p(e). */
static inline __attribute__((always_inline)) float
bt_log1p_unit_f32(float e)
{
    /* minimax of degree 8 on [0, 1], error 2^-27.5 */
    float p = 0.0033185312f;
    p = p * e - 0.020204846f;
    p = p * e + 0.057664927f;
    p = p * e - 0.10680604f;
    p = p * e + 0.15355425f;
    p = p * e - 0.1969541f;
    p = p * e + 0.2495859f;
    p = p * e - 0.33330512f;
    p = p * e + 0.4999993f;
    return e - e * (e * p);
}

/* bt_log1p_unit_f64 requires: */
/* log(1 + e) for e in [0, 1]: 2 artanh(s), s = e / (2 + e), as in the logarithm. */
static inline __attribute__((always_inline)) double
bt_log1p_unit_f64(double e)
{
    double s = e / (2.0 + e);
    double z = s * s;
    /* minimax of degree 10 on [0, 0.1111], error 2^-64.6 */
    double p = 0.16467602394194658;
    p = p * z + 0.06994270182246906;
    p = p * z + 0.10972559755700133;
    p = p * z + 0.11715951865115651;
    p = p * z + 0.1333680569516409;
    p = p * z + 0.15384451940218166;
    p = p * z + 0.181818232025917;
    p = p * z + 0.22222222125478755;
    p = p * z + 0.2857142857250991;
    p = p * z + 0.3999999999999398;
    p = p * z + 0.6666666666666667;
    return e - s * (e - z * p);
}

/* bt_softplus_f32 requires: bt_exp_f32 bt_log1p_unit_f32 */
/* log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
static inline __attribute__((always_inline)) float
bt_softplus_f32(float x)
{
    float tail = bt_log1p_unit_f32(bt_exp_f32(-__builtin_fabsf(x)));
    return (x > 0.0f ? x : 0.0f) + tail;
}

/* bt_softplus_f64 requires: bt_exp_f64 bt_log1p_unit_f64 */
/* log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
static inline __attribute__((always_inline)) double
bt_softplus_f64(double x)
{
    double tail = bt_log1p_unit_f64(bt_exp_f64(-__builtin_fabs(x)));
    return (x > 0.0 ? x : 0.0) + tail;
}

/* bt_logaddexp_f32 requires: bt_exp_f32 bt_log1p_unit_f32 */
/* log(exp(x) + exp(y)); the error is that of the larger operand. */
static inline __attribute__((always_inline)) float
bt_logaddexp_f32(float x, float y)
{
    float distance = x == y ? 0.0f : __builtin_fabsf(x - y);
    return (x > y ? x : y) + bt_log1p_unit_f32(bt_exp_f32(-distance));
}

/* bt_logaddexp_f64 requires: bt_exp_f64 bt_log1p_unit_f64 */
/* log(exp(x) + exp(y)); the error is that of the larger operand. */
static inline __attribute__((always_inline)) double
bt_logaddexp_f64(double x, double y)
{
    double distance = x == y ? 0.0 : __builtin_fabs(x - y);
    return (x > y ? x : y) + bt_log1p_unit_f64(bt_exp_f64(-distance));
}
