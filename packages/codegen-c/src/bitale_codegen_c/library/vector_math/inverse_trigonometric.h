/* Inverse trigonometric functions. Polynomials by Remez exchange, weighted for relative error. */

/* bt_arctan_f32 requires: */
/* arctan(x), reduced to |y| <= tan(pi/8) by arctan(t) = pi/4 + arctan((t - 1) / (t + 1)) or pi/2
 * + arctan(-1 / t), with one division. */
static inline __attribute__((always_inline)) float
bt_arctan_f32(float x)
{
    float t = __builtin_fabsf(x);
    int above = t > 0.41421356f, far = t > 2.4142135f;
    float numerator = far ? -1.0f : (above ? t - 1.0f : t);
    float denominator = far ? t : (above ? t + 1.0f : 1.0f);
    float share = far ? 1.0f : (above ? 0.5f : 0.0f);
    float high = share * 1.5707964f, low = share * -4.371139e-08f;
    float y = numerator / denominator;
    float z = y * y;
    /* minimax of degree 4 on [0, 0.1719], error 2^-30.5 */
    float p = -0.060790896f;
    p = p * z + 0.10594409f;
    p = p * z - 0.14243653f;
    p = p * z + 0.1999848f;
    p = p * z - 0.33333316f;
    return __builtin_copysignf(high + (y + (y * (z * p) + low)), x);
}

/* bt_arctan_f64 requires: */
/* arctan(x), reduced to |y| <= tan(pi/8) by arctan(t) = pi/4 + arctan((t - 1) / (t + 1)) or pi/2
 * + arctan(-1 / t), with one division. */
static inline __attribute__((always_inline)) double
bt_arctan_f64(double x)
{
    double t = __builtin_fabs(x);
    int above = t > 0.41421356237309503, far = t > 2.414213562373095;
    double numerator = far ? -1.0 : (above ? t - 1.0 : t);
    double denominator = far ? t : (above ? t + 1.0 : 1.0);
    double share = far ? 1.0 : (above ? 0.5 : 0.0);
    double high = share * 1.5707963267948966, low = share * 6.123233995736766e-17;
    double y = numerator / denominator;
    double z = y * y;
    /* minimax of degree 10 on [0, 0.1719], error 2^-59.4 */
    double p = -0.01789245009843092;
    p = p * z + 0.03805160897256567;
    p = p * z - 0.05038816204360509;
    p = p * z + 0.05847785714610235;
    p = p * z - 0.06663090483437072;
    p = p * z + 0.07692059080635587;
    p = p * z - 0.09090897697284031;
    p = p * z + 0.1111111078147371;
    p = p * z - 0.14285714280159162;
    p = p * z + 0.19999999999953239;
    p = p * z - 0.333333333333332;
    return __builtin_copysign(high + (y + (y * (z * p) + low)), x);
}

/* bt_arcsin_f32 requires: */
/* arcsin(x); for |x| > 1/2, pi/2 - 2 arcsin(sqrt((1 - |x|) / 2)). */
static inline __attribute__((always_inline)) float
bt_arcsin_f32(float x)
{
    float t = __builtin_fabsf(x);
    int far = t > 0.5f;
    float z = far ? 0.5f - 0.5f * t : t * t;
    float root = __builtin_sqrtf(z);
    float y = far ? root : t;
    /* minimax of degree 4 on [0, 0.2501], error 2^-27.6 */
    float p = 0.04222926f;
    p = p * z + 0.02414204f;
    p = p * z + 0.04547806f;
    p = p * z + 0.07495236f;
    p = p * z + 0.16666754f;
    float tail = y * (z * p);
    float near = y + tail;
    float other = (1.5707964f - 2.0f * y) - (2.0f * tail - -4.371139e-08f);
    return __builtin_copysignf(far ? other : near, x);
}

/* bt_arcsin_f64 requires: */
/* arcsin(x); for |x| > 1/2, pi/2 - 2 arcsin(sqrt((1 - |x|) / 2)). */
static inline __attribute__((always_inline)) double
bt_arcsin_f64(double x)
{
    double t = __builtin_fabs(x);
    int far = t > 0.5;
    double z = far ? 0.5 - 0.5 * t : t * t;
    double root = __builtin_sqrt(z);
    double y = far ? root : t;
    /* minimax of degree 12 on [0, 0.2501], error 2^-59.8 */
    double p = 0.0327020332638402;
    p = p * z - 0.021116479099082718;
    p = p * z + 0.021790451679624418;
    p = p * z + 0.003672276425061654;
    p = p * z + 0.01078929401941627;
    p = p * z + 0.011397298402941956;
    p = p * z + 0.013981017822672132;
    p = p * z + 0.01735159556380433;
    p = p * z + 0.022372215902180352;
    p = p * z + 0.030381942675414327;
    p = p * z + 0.04464285717528335;
    p = p * z + 0.07499999999970101;
    p = p * z + 0.16666666666666763;
    double tail = y * (z * p);
    double near = y + tail;
    double other = (1.5707963267948966 - 2.0 * y) - (2.0 * tail - 6.123233995736766e-17);
    return __builtin_copysign(far ? other : near, x);
}

/* bt_arccos_f32 requires: */
/* arccos(x); for |x| > 1/2, 2 arcsin(sqrt((1 - |x|) / 2)) or pi minus that. */
static inline __attribute__((always_inline)) float
bt_arccos_f32(float x)
{
    float t = __builtin_fabsf(x);
    int far = t > 0.5f;
    float z = far ? 0.5f - 0.5f * t : t * t;
    float root = __builtin_sqrtf(z);
    float y = far ? root : x;
    /* minimax of degree 4 on [0, 0.2501], error 2^-27.6 */
    float p = 0.04222926f;
    p = p * z + 0.02414204f;
    p = p * z + 0.04547806f;
    p = p * z + 0.07495236f;
    p = p * z + 0.16666754f;
    float tail = y * (z * p);
    float near = 1.5707964f - (y + (tail - -4.371139e-08f));
    float right = 2.0f * (y + tail);
    float left = 2.0f * ((1.5707964f - y) - (tail - -4.371139e-08f));
    return far ? (x > 0.0f ? right : left) : near;
}

/* bt_arccos_f64 requires: */
/* arccos(x); for |x| > 1/2, 2 arcsin(sqrt((1 - |x|) / 2)) or pi minus that. */
static inline __attribute__((always_inline)) double
bt_arccos_f64(double x)
{
    double t = __builtin_fabs(x);
    int far = t > 0.5;
    double z = far ? 0.5 - 0.5 * t : t * t;
    double root = __builtin_sqrt(z);
    double y = far ? root : x;
    /* minimax of degree 12 on [0, 0.2501], error 2^-59.8 */
    double p = 0.0327020332638402;
    p = p * z - 0.021116479099082718;
    p = p * z + 0.021790451679624418;
    p = p * z + 0.003672276425061654;
    p = p * z + 0.01078929401941627;
    p = p * z + 0.011397298402941956;
    p = p * z + 0.013981017822672132;
    p = p * z + 0.01735159556380433;
    p = p * z + 0.022372215902180352;
    p = p * z + 0.030381942675414327;
    p = p * z + 0.04464285717528335;
    p = p * z + 0.07499999999970101;
    p = p * z + 0.16666666666666763;
    double tail = y * (z * p);
    double near = 1.5707963267948966 - (y + (tail - 6.123233995736766e-17));
    double right = 2.0 * (y + tail);
    double left = 2.0 * ((1.5707963267948966 - y) - (tail - 6.123233995736766e-17));
    return far ? (x > 0.0 ? right : left) : near;
}

/* bt_arctan2_f32 requires: bt_bits_f32 */
/* The angle of the point (x, y), from that of its mirror image with |y| <= |x|, in double up to the
 * last rounding; the quotient of two floats is neither too large nor too small for double. */
static inline __attribute__((always_inline)) float
bt_arctan2_f32(float y, float x)
{
    float across = __builtin_fabsf(x), up = __builtin_fabsf(y);
    int steep = up > across;
    float most = steep ? up : across, least = steep ? across : up;
    double q = (double)least / (double)most;
    q = least == most ? (most == 0.0f ? 0.0 : 1.0) : q;
    double z = q * q;
    /* minimax of degree 8 on [0, 1], error 2^-28.5 */
    double p = -0.0017936318827873926;
    p = p * z + 0.010914654312016589;
    p = p * z - 0.031177942401821496;
    p = p * z + 0.057957696958562344;
    p = p * z - 0.08403456764608516;
    p = p * z + 0.10952188117803396;
    p = p * z - 0.1426424215467646;
    p = p * z + 0.19998548331094423;
    p = p * z - 0.3333329909063467;
    double angle = q + (q * z) * p;
    angle = steep ? 1.5707963267948966 - angle : angle;
    angle = bt_bits_f32(x) >> 31 ? 3.141592653589793 - angle : angle;
    return __builtin_copysignf((float)angle, y);
}

/* bt_arctan2_f64 requires: bt_arctan_f64 bt_bits_f64 */
/* The angle of the point (x, y). */
static inline __attribute__((always_inline)) double
bt_arctan2_f64(double y, double x)
{
    double q = y / x;
    double ones = __builtin_copysign(1.0, x) * __builtin_copysign(1.0, y);
    q = (y == 0.0 && x == 0.0) ? 0.0 * ones : q;
    int x_far = __builtin_fabs(x) == __builtin_inf();
    int y_far = __builtin_fabs(y) == __builtin_inf();
    q = (x_far & y_far) ? ones : q;
    bt_u64 left = bt_bits_f64(x) >> 63;
    double turn = left ? __builtin_copysign(3.141592653589793, y) : -0.0;
    double rest = left ? __builtin_copysign(1.2246467991473532e-16, y) : -0.0;
    return turn + (bt_arctan_f64(q) + rest);
}
