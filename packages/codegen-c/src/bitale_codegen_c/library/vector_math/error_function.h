/* Error functions. Polynomials by Remez exchange, weighted for relative error of the result. */

/* bt_erf_near_f32 requires: */
/* erf(x) for |x| <= 1: x (1 + p(x^2)). */
static inline __attribute__((always_inline)) float
bt_erf_near_f32(float x)
{
    float z = x * x;
    /* minimax of degree 6 on [0, 1], error 2^-29.6 */
    float p = 7.85385e-05f;
    p = p * z - 8.0102024e-04f;
    p = p * z + 0.0051883305f;
    p = p * z - 0.026853815f;
    p = p * z + 0.112835854f;
    p = p * z - 0.37612626f;
    p = p * z + 0.12837917f;
    return x + x * p;
}

/* bt_erf_near_f64 requires: */
/* erf(x) for |x| <= 1: x (1 + p(x^2)). */
static inline __attribute__((always_inline)) double
bt_erf_near_f64(double x)
{
    double z = x * x;
    /* minimax of degree 12 on [0, 1], error 2^-62.7 */
    double p = 5.945255584223488e-11;
    p = p * z - 1.136567067182716e-09;
    p = p * z + 1.4657883530919653e-08;
    p = p * z - 1.635002619207727e-07;
    p = p * z + 1.6460972954153765e-06;
    p = p * z - 1.4925593518728226e-05;
    p = p * z + 0.00012055331037551108;
    p = p * z - 0.0008548326978765149;
    p = p * z + 0.00522397762478137;
    p = p * z - 0.02686617064507296;
    p = p * z + 0.11283791670954858;
    p = p * z - 0.3761263890318375;
    p = p * z + 0.1283791670955126;
    return x + x * p;
}

/* bt_erf_f32 requires: bt_erf_near_f32 bt_exp_f32 */
/* erf(x); for |x| > 1, 1 - exp(-q(|x|)) with q fitted to -log(erfc). */
static inline __attribute__((always_inline)) float
bt_erf_f32(float x)
{
    float near = bt_erf_near_f32(x);
    float t = __builtin_fabsf(x);
    float a = t > 4.1f ? 4.1f : t;
    /* minimax of degree 6 on [0.97, 4.1], error 2^-29.6 */
    float q = -1.9003247e-04f;
    q = q * a + 0.0029846136f;
    q = q * a - 0.021990329f;
    q = q * a + 0.10343402f;
    q = q * a + 0.6377576f;
    q = q * a + 1.1273285f;
    q = q * a + 2.8109006e-04f;
    float y = __builtin_copysignf(1.0f - bt_exp_f32(-q), x);
    return t < 1.0f ? near : y;
}

/* bt_erf_f64 requires: bt_erf_near_f64 bt_exp_f64 */
/* erf(x); for |x| > 1, 1 - exp(-q(|x|)) with q fitted to -log(erfc). */
static inline __attribute__((always_inline)) double
bt_erf_f64(double x)
{
    double near = bt_erf_near_f64(x);
    double t = __builtin_fabs(x);
    double a = t > 6.0 ? 6.0 : t;
    /* minimax of degree 18 on [0.99, 6], error 2^-58.5 */
    double q = -8.308076982260712e-13;
    q = q * a + 3.9157633144767684e-11;
    q = q * a - 8.608883196104455e-10;
    q = q * a + 1.171861797054657e-08;
    q = q * a - 1.1039852828474348e-07;
    q = q * a + 7.602303233711368e-07;
    q = q * a - 3.920434613160963e-06;
    q = q * a + 1.5087137228393066e-05;
    q = q * a - 4.108001262887314e-05;
    q = q * a + 6.16256292962016e-05;
    q = q * a + 6.0235661559628824e-05;
    q = q * a - 0.0006628202896717449;
    q = q * a + 0.0017930400695545792;
    q = q * a - 0.0003013125808741077;
    q = q * a - 0.019064391975889265;
    q = q * a + 0.10274055345018576;
    q = q * a + 0.6366307501930362;
    q = q * a + 1.1283768567218655;
    q = q * a + 2.2563634768975509e-07;
    double y = __builtin_copysign(1.0 - bt_exp_f64(-q), x);
    return t < 1.0 ? near : y;
}

/* bt_erfc_far_f64 requires: bt_exp_sum_f64 bt_product_error_f64 bt_sum_error_f64 */
/* erfc(x) for x >= 0.48: exp(-x^2) p(t) / (x + 3) with t = (x - 3) / (x + 3), the map of
 * Schonfelder, Math. Comp. 32 (1978). The rounding errors of x^2, of 1 / (x + 3) and of p / (x +
 * 3) are put back. */
static inline __attribute__((always_inline)) double
bt_erfc_far_f64(double x)
{
    x = x > 28.0 ? 28.0 : x;
    double square = x * x;
    double e_low;
    double e = bt_exp_sum_f64(-square, -bt_product_error_f64(x, x, square), &e_low);
    double sum = x + 3.0;
    double inverse = 1.0 / sum;
    double product = sum * inverse;
    double error = (1.0 - product) - bt_product_error_f64(sum, inverse, product);
    error = error - (x - (sum - 3.0)) * inverse;
    double t = (x - 3.0) * inverse;
    t = t + t * error;
    /* minimax of degree 21 on [-0.7241, 0.8071], error 2^-59.2; the last step apart */
    double q = -5.940191746532654e-09;
    q = q * t - 3.3860673173087788e-09;
    q = q * t + 4.747867456028547e-08;
    q = q * t + 4.915504001495566e-08;
    q = q * t - 2.314023632703816e-07;
    q = q * t - 4.1028722695681874e-07;
    q = q * t + 9.981149240537211e-07;
    q = q * t + 2.766471967692438e-06;
    q = q * t - 4.749101202240309e-06;
    q = q * t - 1.747089013498828e-05;
    q = q * t + 3.039817337801664e-05;
    q = q * t + 0.00010756154992280153;
    q = q * t - 0.0002767778539209034;
    q = q * t - 0.0005483096997238051;
    q = q * t + 0.003034062002438599;
    q = q * t - 0.0012124166265977255;
    q = q * t - 0.026827234624567018;
    q = q * t + 0.11952776128726537;
    q = q * t - 0.31046726190056495;
    q = q * t + 0.5902283571041023;
    q = q * t - 0.8833944531698836;
    const double first = 1.0740069070883398;
    product = q * t;
    double p = first + product;
    double rest = bt_sum_error_f64(first, product, p) + bt_product_error_f64(q, t, product);
    double quotient = p * inverse;
    error = bt_product_error_f64(p, inverse, quotient) + (quotient * error + rest * inverse);
    return e * quotient + (e * error + e_low * quotient);
}

/* bt_erfc_f64 requires: bt_erf_near_f64 bt_erfc_far_f64 */
/* erfc(x) = 1 - erf(x), without cancellation. */
static inline __attribute__((always_inline)) double
bt_erfc_f64(double x)
{
    double near = 1.0 - bt_erf_near_f64(x);
    double t = __builtin_fabs(x);
    double far = bt_erfc_far_f64(t);
    double y = x > 0.0 ? far : 2.0 - far;
    return t < 0.5 ? near : y;
}

/* bt_erfc_f32 requires: bt_erf_near_f32 bt_exp_f32 */
/* erfc(x) = 1 - erf(x); for |x| > 1/2, exp(-x^2) p(t) / (x + 2) with t = (x - 2) / (x + 2), in
 * double but for the exponential. */
static inline __attribute__((always_inline)) float
bt_erfc_f32(float x)
{
    float near = 1.0f - bt_erf_near_f32(x);
    float t = __builtin_fabsf(x);
    double a = t > 11.0f ? 11.0f : t;
    float square = (float)(a * a);
    double e = bt_exp_f32(-square);
    double inverse = 1.0 / (a + 2.0);
    double u = (a - 2.0) * inverse;
    /* minimax of degree 9 on [-0.6129, 0.6923], error 2^-28.2 */
    double p = 0.0001252030211428529;
    p = p * u - 0.0005411338623545483;
    p = p * u - 0.0009006652063548329;
    p = p * u + 0.0030522283805446957;
    p = p * u + 0.006495796183357561;
    p = p * u - 0.021505649663858286;
    p = p * u - 0.036443883662236706;
    p = p * u + 0.27947186299568794;
    p = p * u - 0.6871606400381002;
    p = p * u + 1.021582706903679;
    float far = (float)((e - e * (a * a - square)) * (p * inverse));
    float y = x > 0.0f ? far : 2.0f - far;
    return t < 0.5f ? near : y;
}
