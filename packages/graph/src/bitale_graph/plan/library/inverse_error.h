/* erfcx, and the inverses of erf and erfc. Polynomials by interpolation at the points of Chebyshev. */

/* bt_erfcx_right_f64 requires: */
/* exp(x^2) erfc(x) for x >= 0, by the map of Schonfelder, Math. Comp. 32 (1978). */
BT_FUNCTION double bt_erfcx_right_f64(double x)
{
    if (x > 1e9) return 0.5641895835477563 / x;
    double t = (x - 4.0) / (x + 4.0);
    /* degree 26 on [-1, 1], error 2^-63.3 */
    double p = 2.83048497453751e-11;
    p = p * t + 1.164400536567639e-11;
    p = p * t - 3.6313179856585594e-10;
    p = p * t - 1.4930421704916673e-10;
    p = p * t + 2.8112301903487566e-09;
    p = p * t + 9.056195982610781e-10;
    p = p * t - 1.8982316815733448e-08;
    p = p * t - 5.946736991122372e-10;
    p = p * t + 1.277394812509523e-07;
    p = p * t - 7.407726447194413e-08;
    p = p * t - 8.48416681572803e-07;
    p = p * t + 1.4233234089904587e-06;
    p = p * t + 4.695301799921326e-06;
    p = p * t - 1.8860553687331944e-05;
    p = p * t - 3.635405535311273e-06;
    p = p * t + 0.0001768127364004479;
    p = p * t - 0.00045505264414172786;
    p = p * t - 0.00028095885277318257;
    p = p * t + 0.00611205565159944;
    p = p * t - 0.026370053341497116;
    p = p * t + 0.07638151490953478;
    p = p * t - 0.17401093723987654;
    p = p * t + 0.3308515878780067;
    p = p * t - 0.5408538313132364;
    p = p * t + 0.7732087022652371;
    p = p * t - 0.976548729080882;
    p = p * t + 1.095995661000491;
    return p / (x + 4.0);
}

/* bt_erfcx_f64 requires: bt_erfcx_right_f64 */
/* exp(x^2) erfc(x); left of 0 2 exp(x^2) - erfcx(-x), with the square in two parts. */
BT_FUNCTION double bt_erfcx_f64(double x)
{
    if (!(x < 0.0)) return bt_erfcx_right_f64(x);
    if (x < -26.7) return BT_INF;
    double high = (float)x, low = (x - high) * (x + high);
    return 2.0 * BT_C(exp)(high * high) * BT_C(exp)(low) - bt_erfcx_right_f64(-x);
}

/* bt_erfinv_near_f64 requires: */
/* The inverse of erf for |x| <= 3/4. */
BT_FUNCTION double bt_erfinv_near_f64(double x)
{
    double z = x * x - 0.28125;
    /* degree 23 on [0, 0.5625] for x^2, error 2^-60.6 */
    double p = 50.40038541951674;
    p = p * z + 36.48924625227927;
    p = p * z + 3.552879637326823;
    p = p * z + 3.383605451889536;
    p = p * z + 7.5839867033838155;
    p = p * z + 5.640383175493403;
    p = p * z + 3.7096772304528813;
    p = p * z + 2.8618327554842447;
    p = p * z + 2.250800908293912;
    p = p * z + 1.7412907517601133;
    p = p * z + 1.353026328245484;
    p = p * z + 1.0598456898286868;
    p = p * z + 0.8363782934979126;
    p = p * z + 0.6657678698121416;
    p = p * z + 0.5355805287461665;
    p = p * z + 0.4364734893321661;
    p = p * z + 0.3615528563344184;
    p = p * z + 0.30588531014107107;
    p = p * z + 0.26625172705993877;
    p = p * z + 0.24128321682528003;
    p = p * z + 0.23252305015383715;
    p = p * z + 0.24893511100365384;
    p = p * z + 0.332329994057682;
    p = p * z + 0.9640216376238271;
    return x * p;
}

/* bt_erfcinv_far_f64 requires: */
/* The inverse of erfc for 0 < x <= 1/4, from the root of -log(x). */
BT_FUNCTION double bt_erfcinv_far_f64(double x)
{
    double s = BT_C(sqrt)(-BT_C(log)(x));
    if (s < 2.6) {
        double t = (s - 1.885) * 1.3986013986013985;
        /* degree 20 on [1.17, 2.6], error 2^-58.8 */
        double p = -1.8884819340856305e-11;
        p = p * t + 9.027026659707437e-11;
        p = p * t - 2.2547892735471463e-10;
        p = p * t + 4.962964986879659e-10;
        p = p * t - 9.035694404184273e-10;
        p = p * t + 1.98286401168701e-10;
        p = p * t + 7.867750410310075e-09;
        p = p * t - 4.65204699879322e-08;
        p = p * t + 1.8922255152472954e-07;
        p = p * t - 6.299296363078381e-07;
        p = p * t + 1.7554151152180028e-06;
        p = p * t - 3.837997324066821e-06;
        p = p * t + 4.377140313212015e-06;
        p = p * t + 1.4956998639745967e-05;
        p = p * t - 0.00014034671938786955;
        p = p * t + 0.000707354067078025;
        p = p * t - 0.0028661304193367955;
        p = p * t + 0.010127238917357858;
        p = p * t - 0.03177815218752061;
        p = p * t + 0.08650835845717166;
        p = p * t + 0.8209620097952591;
        return s * p;
    }
    if (s < 6.1) {
        double t = (s - 4.35) * 0.5714285714285715;
        /* degree 23 on [2.6, 6.1], error 2^-58.3 */
        double p = -4.4287696667665834e-11;
        p = p * t + 1.1243031510968524e-10;
        p = p * t - 1.8761425553688514e-11;
        p = p * t + 1.5404716384469366e-11;
        p = p * t - 5.852168703593973e-10;
        p = p * t + 1.0764178162144622e-09;
        p = p * t - 5.60345102909935e-10;
        p = p * t - 1.956653715815409e-09;
        p = p * t + 1.3684806849850171e-08;
        p = p * t - 6.1331835473911e-08;
        p = p * t + 2.272912592709511e-07;
        p = p * t - 7.619777662996708e-07;
        p = p * t + 2.4031672101317886e-06;
        p = p * t - 7.253846740399437e-06;
        p = p * t + 2.1145717830704564e-05;
        p = p * t - 5.983577252195241e-05;
        p = p * t + 0.00016478055637631346;
        p = p * t - 0.00044191397797065075;
        p = p * t + 0.001152650986805167;
        p = p * t - 0.0029128604257605078;
        p = p * t + 0.007073853182793365;
        p = p * t - 0.01622466764075582;
        p = p * t + 0.033688675842804536;
        p = p * t + 0.9452882086915083;
        return s * p;
    }
    double t = (1.0 / s - 0.10151515151515152) * 15.348837209302324;
    /* degree 26 on [1 / 27.5, 1 / 6] for 1 / s, error 2^-59.3 */
    double p = -9.902140341999794e-11;
    p = p * t + 1.5428552972605754e-10;
    p = p * t + 4.0196021251232803e-10;
    p = p * t - 5.835009023443081e-10;
    p = p * t - 1.0041734077230608e-09;
    p = p * t + 1.4263781968460776e-09;
    p = p * t + 1.0605080329495342e-09;
    p = p * t - 1.2886449006687568e-09;
    p = p * t - 1.8598312729392325e-09;
    p = p * t + 2.7559618458505844e-09;
    p = p * t - 1.8414270770708833e-09;
    p = p * t + 4.071346044234397e-09;
    p = p * t - 9.805557582726455e-09;
    p = p * t + 1.9171131785076456e-08;
    p = p * t - 3.811399015981991e-08;
    p = p * t + 7.931557099886266e-08;
    p = p * t - 1.7022181380119892e-07;
    p = p * t + 3.7916382153406307e-07;
    p = p * t - 8.871383408130399e-07;
    p = p * t + 2.215069327122219e-06;
    p = p * t - 6.0393686634046375e-06;
    p = p * t + 1.862561045026588e-05;
    p = p * t - 7.204602083669005e-05;
    p = p * t + 0.00043683454025692284;
    p = p * t - 0.002968237779333054;
    p = p * t - 0.01572974146401422;
    p = p * t + 0.9852041863507407;
    return s * p;
}

/* bt_erfinv_f64 requires: bt_erfinv_near_f64 bt_erfcinv_far_f64 */
/* The x whose erf is given. */
BT_FUNCTION double bt_erfinv_f64(double x)
{
    double size = BT_C(fabs)(x);
    if (size <= 0.75) return bt_erfinv_near_f64(x);
    if (size < 1.0) return BT_C(copysign)(bt_erfcinv_far_f64(1.0 - size), x);
    return size == 1.0 ? BT_C(copysign)(BT_INF, x) : BT_NAN;
}

/* bt_erfcinv_f64 requires: bt_erfinv_near_f64 bt_erfcinv_far_f64 */
/* The x whose erfc is given. */
BT_FUNCTION double bt_erfcinv_f64(double x)
{
    if (x >= 0.25 && x <= 1.75) return bt_erfinv_near_f64(1.0 - x);
    if (x > 0.0 && x < 2.0)
        return x < 1.0 ? bt_erfcinv_far_f64(x) : -bt_erfcinv_far_f64(2.0 - x);
    return x == 0.0 ? BT_INF : x == 2.0 ? -BT_INF : BT_NAN;
}
