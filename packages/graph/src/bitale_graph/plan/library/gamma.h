/* The gamma function, its logarithm and its derivatives. Polynomials by interpolation at the points of
 * Chebyshev, Stirling's series above; left of 0 by reflection. Abramowitz and Stegun, chapter 6. */

/* bt_sin_pi_f64 requires: */
/* sin(pi x), exactly reduced. */
BT_FUNCTION double bt_sin_pi_f64(double x)
{
    double n = BT_C(rint)(x), half = 0.5 * n;
    double s = BT_C(sin)(3.141592653589793 * (x - n));
    return BT_C(rint)(half) == half ? s : -s;
}

/* bt_stirling_f64 requires: */
/* What Stirling's formula leaves of log gamma(x): for x >= 8 up to 2^-53. */
BT_FUNCTION double bt_stirling_f64(double x)
{
    double r = 1.0 / x, z = r * r;
    double p = -0.02955065359477124;
    p = p * z + 0.00641025641025641;
    p = p * z - 0.0019175269175269176;
    p = p * z + 0.0008417508417508417;
    p = p * z - 0.0005952380952380953;
    p = p * z + 0.0007936507936507937;
    p = p * z - 0.002777777777777778;
    p = p * z + 0.08333333333333333;
    return p * r;
}

/* bt_gammaln_near_f64 requires: */
/* log gamma(2 + t) for |t| <= 1/2. */
BT_FUNCTION double bt_gammaln_near_f64(double t)
{
    /* degree 19 on [-0.5, 0.5], error 2^-61.7 */
    double p = 6.473973449314896e-08;
    p = p * t - 1.341570273460026e-07;
    p = p * t + 2.0192169921430407e-07;
    p = p * t - 4.303234692956732e-07;
    p = p * t + 9.584290249224467e-07;
    p = p * t - 2.044935323180052e-06;
    p = p * t + 4.374221208333783e-06;
    p = p * t - 9.438454884054723e-06;
    p = p * t + 2.0507292365464966e-05;
    p = p * t - 4.492635166770342e-05;
    p = p * t + 9.945750665169756e-05;
    p = p * t - 0.00022315475069647703;
    p = p * t + 0.0005096695250262799;
    p = p * t - 0.0011927539120033873;
    p = p * t + 0.0028905103307343394;
    p = p * t - 0.007385551028668096;
    p = p * t + 0.02058080842778463;
    p = p * t - 0.06735230105319814;
    p = p * t + 0.3224670334241132;
    p = p * t + 0.42278433509846713;
    return t * p;
}

/* bt_gammaln_right_f64 requires: bt_gammaln_near_f64 bt_stirling_f64 */
/* log gamma(x) for x >= 1/2. */
BT_FUNCTION double bt_gammaln_right_f64(double x)
{
    if (x < 1.5) return bt_gammaln_near_f64(x - 1.0) - BT_C(log1p)(x - 1.0);
    if (x < 2.5) return bt_gammaln_near_f64(x - 2.0);
    if (x < 8.0) {
        double product = 1.0;
        while (x >= 2.5) {
            x = x - 1.0;
            product = product * x;
        }
        return BT_C(log)(product) + bt_gammaln_near_f64(x - 2.0);
    }
    if (!(x < 1e305)) return x * BT_C(log)(x);
    return (x - 0.5) * (BT_C(log)(x) - 1.0) + (0.41893853320467274 + bt_stirling_f64(x));
}

/* bt_gammaln_f64 requires: bt_gammaln_near_f64 bt_gammaln_right_f64 bt_sin_pi_f64 */
/* log |gamma(x)|. Left of 0 the error is absolute where the result is small. */
BT_FUNCTION double bt_gammaln_f64(double x)
{
    double size = BT_C(fabs)(x);
    if (size < 0.5)
        return bt_gammaln_near_f64(x) - BT_C(log1p)(x) - BT_C(log)(size);
    if (!(x < 0.0)) return bt_gammaln_right_f64(x);
    if (BT_C(floor)(x) == x) return x > -BT_INF ? BT_INF : x;
    double sine = BT_C(fabs)(bt_sin_pi_f64(x));
    return (1.1447298858494002 - BT_C(log)(sine * size)) - bt_gammaln_right_f64(size);
}

/* bt_gamma_near_f64 requires: */
/* gamma(2 + t) for |t| <= 1/2. */
BT_FUNCTION double bt_gamma_near_f64(double t)
{
    /* degree 19 on [-0.5, 0.5], error 2^-59.1 */
    double p = -1.3346544570502201e-06;
    p = p * t + 2.626595151600183e-06;
    p = p * t - 3.5838696168827447e-06;
    p = p * t + 7.215655907571232e-06;
    p = p * t - 1.5309053056591383e-05;
    p = p * t + 3.057661722370728e-05;
    p = p * t - 6.0778315892822384e-05;
    p = p * t + 0.00012165153858755432;
    p = p * t - 0.00024094323456836658;
    p = p * t + 0.0004903909299068918;
    p = p * t - 0.000919573700182685;
    p = p * t + 0.0021039331732498803;
    p = p * t - 0.002852645827564801;
    p = p * t + 0.011154045724613223;
    p = p * t - 0.00026698206858238155;
    p = p * t + 0.07424901075338665;
    p = p * t + 0.08157691924708438;
    p = p * t + 0.41184033042644064;
    p = p * t + 0.42278433509846713;
    p = p * t + 1.0;
    return p;
}

/* bt_gamma_f64 requires: bt_gamma_near_f64 bt_stirling_f64 bt_sin_pi_f64 */
/* gamma(x): NaN at whole numbers below 0. */
BT_FUNCTION double bt_gamma_f64(double x)
{
    double size = BT_C(fabs)(x);
    if (x != x) return x;
    if (x == 0.0) return 1.0 / x;
    if (x < 0.0 && BT_C(floor)(x) == x) return BT_NAN;
    if (size < 12.0) {
        double product = 1.0;
        if (x >= 1.5) {
            while (x >= 2.5) {
                x = x - 1.0;
                product = product * x;
            }
            return product * bt_gamma_near_f64(x - 2.0);
        }
        while (x < 1.5) {
            product = product * x;
            x = x + 1.0;
        }
        return bt_gamma_near_f64(x - 2.0) / product;
    }
    if (x > 171.7) return BT_INF;
    double sine = x < 0.0 ? bt_sin_pi_f64(size) : 1.0;
    if (x < -190.0) return sine > 0.0 ? -0.0 : 0.0;
    /* The power in two parts, neither of which overflows. */
    double half = BT_C(pow)(size, 0.5 * size - 0.25);
    double rest = BT_C(exp)(-size) * 2.5066282746310002 * BT_C(exp)(bt_stirling_f64(size));
    if (x > 0.0) return half * rest * half;
    return -3.141592653589793 / (size * sine) / half / rest / half;
}

/* bt_psi_f64 requires: */
/* The derivative of log gamma(x). Left of 0 the error is absolute where the result is small. */
BT_FUNCTION double bt_psi_f64(double x)
{
    double y = 0.0;
    if (x <= 0.0) {
        double rest = x - BT_C(rint)(x);
        if (x == 0.0) return BT_C(copysign)(BT_INF, -x);
        if (rest == 0.0 || !(x > -BT_INF)) return BT_NAN;
        y = -3.141592653589793 / BT_C(tan)(3.141592653589793 * rest);
        x = 1.0 - x;
    }
    if (x < 1.0) {
        y = y - 1.0 / x;
        x = x + 1.0;
    }
    if (x < 10.0) {
        double sum = 0.0;
        while (x > 2.0) {
            x = x - 1.0;
            sum = sum + 1.0 / x;
        }
        double t = x - 1.5;
        /* degree 23 on [1, 2], error 2^-61.0 */
        double p = -8.401289563760489e-05;
        p = p * t + 0.00012241591000024265;
        p = p * t - 5.76048865255672e-05;
        p = p * t + 9.158816882117e-05;
        p = p * t - 0.00022008418201681154;
        p = p * t + 0.00032689316473621455;
        p = p * t - 0.00045917430083105225;
        p = p * t + 0.0006899428514219089;
        p = p * t - 0.0010424375640517788;
        p = p * t + 0.0015635739915515125;
        p = p * t - 0.0023446244638506528;
        p = p * t + 0.0035180792717028125;
        p = p * t - 0.005280020264450306;
        p = p * t + 0.007927024136843637;
        p = p * t - 0.011908215022954471;
        p = p * t + 0.01790724819228875;
        p = p * t - 0.026975796849870903;
        p = p * t + 0.040760833944741226;
        p = p * t - 0.06192213327154086;
        p = p * t + 0.09498872445282817;
        p = p * t - 0.14840492305391872;
        p = p * t + 0.24054248424078736;
        p = p * t - 0.42362742128146047;
        p = p * t + 0.9510558760318328;
        /* The zero of psi, in two parts. */
        return y + (sum + ((x - 1.4616321449683622) - 9.549995429965697e-17) * p);
    }
    double r = 1.0 / x, z = r * r;
    double p = 0.08333333333333333;
    p = p * z - 0.021092796092796094;
    p = p * z + 0.007575757575757576;
    p = p * z - 0.004166666666666667;
    p = p * z + 0.003968253968253968;
    p = p * z - 0.008333333333333333;
    p = p * z + 0.08333333333333333;
    return y + (BT_C(log)(x) - (0.5 * r + z * p));
}

/* bt_tri_gamma_f64 requires: */
/* The derivative of psi(x). */
BT_FUNCTION double bt_tri_gamma_f64(double x)
{
    double y = 0.0, sign = 1.0;
    if (x <= 0.0) {
        double rest = x - BT_C(rint)(x);
        if (rest == 0.0 || !(x > -BT_INF)) return BT_INF;
        double cosecant = 3.141592653589793 / BT_C(sin)(3.141592653589793 * rest);
        y = cosecant * cosecant;
        sign = -1.0;
        x = 1.0 - x;
    }
    double sum = 0.0;
    while (x < 10.0) {
        sum = sum + 1.0 / (x * x);
        x = x + 1.0;
    }
    double r = 1.0 / x, z = r * r;
    double p = 1.1666666666666667;
    p = p * z - 0.2531135531135531;
    p = p * z + 0.07575757575757576;
    p = p * z - 0.03333333333333333;
    p = p * z + 0.023809523809523808;
    p = p * z - 0.03333333333333333;
    p = p * z + 0.16666666666666666;
    sum = sum + (r + z * (0.5 + r * p));
    return y + sign * sum;
}
