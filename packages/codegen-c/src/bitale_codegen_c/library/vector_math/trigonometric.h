/* Sine, cosine and tangent for every finite x, by the reduction of Payne and Hanek (SIGNUM
 * Newsletter 18, 1983) in floating point: x = X 2^(g i) with an integer-valued X where i > 0, times
 * 2^(g i) 2/pi mod 4 from a table, so that only a multiple of 4 quarter turns is dropped; in
 * float32, 1/pi mod 2 with g = 24, as numbers over 2^(g i), so that x needs no scaling.
 * Polynomials by Remez exchange, weighted for relative error of the result, on [-pi/4, pi/4] or, for
 * sine and cosine in float32, on [-pi/2, pi/2]. */

/* bt_turn_f32 requires: bt_product_error_f64 */
/* t = (n + r) pi for t >= 0, with high + low for 1/pi mod 2, n a multiple of 1/2^places and a half
 * more with `half`: puts a number whose lowest bits are those of n into round, and returns r. Where
 * there is no fused multiply-add, the product and its rounding error are exact too. */
static inline __attribute__((always_inline)) double
bt_turn_f32(float t, double high, double low, int places, int half, double *round)
{
    double shift = places ? 0x1.8p51 : 0x1.8p52;
    double near = half ? t * high - 0.5 : t * high;
    *round = near + shift;
    double whole = *round - shift;
    whole = half ? whole + 0.5 : whole;
#ifdef __FP_FAST_FMA
    double r = __builtin_fma(t, high, -whole);
#else
    double product = t * high;
    double r = (product - whole) + bt_product_error_f64(t, high, product);
#endif
    return r + t * low;
}

/* bt_reduce_f32 requires: bt_turn_f32 */
/* r of the turn of t, correct to 2^-57. The parts of 1/pi mod 2 are chosen by comparisons, which
 * take a third of the time of a gather. */
static inline __attribute__((always_inline)) double
bt_reduce_f32(float t, int places, int half, double *round)
{
    double high = t < 0x1p47f ? 0.3183098861837907 : -1.6961045754243482e-08;
    double low = t < 0x1p47f ? -1.9678676675182486e-17 : -2.7170920538718753e-25;
    high = t < 0x1p71f ? high : 1.46854777018591e-16;
    low = t < 0x1p71f ? low : 5.090832193749855e-33;
    high = t < 0x1p95f ? high : 1.6271903045673365e-23;
    low = t < 0x1p95f ? low : 1.2592086916704748e-39;
    high = t < 0x1p119f ? high : 1.2355694379560215e-29;
    low = t < 0x1p119f ? low : 4.903297298232168e-46;
    return bt_turn_f32(t, high, low, places, half, round);
}

/* bt_reduce_near_f32 requires: bt_turn_f32 */
/* The same for t < 2^20. */
static inline __attribute__((always_inline)) double
bt_reduce_near_f32(float t, int places, int half, double *round)
{
    return bt_turn_f32(t, 0.3183098861837907, -1.9678676675182486e-17, places, half, round);
}

/* bt_sine_f32 requires: bt_bits_f64 bt_bits_f32 bt_from_bits_f32 */
/* sin((n + r) pi), for |r| <= 1/2 and a little more. */
static inline __attribute__((always_inline)) float
bt_sine_f32(double r, bt_u32 n)
{
    float y = (float)(r * 3.141592653589793);
    float z = y * y;
    /* minimax of degree 3 on [0, 2.657], error 2^-26.7; with both of the last roundings, sine would
     * be above 1 */
    float p = 2.5931304e-06f;
    p = p * z - 0.0001980396f;
    p = p * z + 0.008332991f;
#ifdef __FP_FAST_FMAF
    y = __builtin_fmaf(y * z, __builtin_fmaf(p, z, -0.16666657f), y);
#else
    y = (float)(y + (double)(y * z) * ((double)p * z - 0.16666657f));
#endif
    return bt_from_bits_f32(bt_bits_f32(y) ^ n << 31);
}

/* bt_two_over_pi_f64 requires: */
/* 2^(16 i) 2/pi mod 4, in four parts. */
static const double bt_two_over_pi_f64[4][62] = {
    {
        0.6366197723675814, 1.5134018818108999, -1.694273640870821,
        0.08267188988231296, 1.9849753272621515, -0.6569525476390906,
        1.9578379245607584, 0.866224013870668, 0.8569730280980947,
        -1.4156305632638961, 1.2354059373013278, -0.4364930201812318,
        1.9934294027905102, 1.3893412788796755, -0.12994734157915236,
        -0.22897773132878904, 1.7153996364816557, 0.43057646179192954,
        -1.7410000041070035, 1.823730843417174, 0.02455418790652278,
        1.1832586418769218, -1.9616459540574243, 1.5707548926394448,
        0.9926440186547213, 1.9184065558140408, 0.6920418289742053,
        1.6533036535165209, -1.0917631412896922, -1.7892275612643795,
        1.1825449776166452, -0.732346915537936, 0.9125433058255776,
        0.43809058505417375, -1.2954178896674697, -0.5068172472909058,
        1.2248815431988307, 1.8368150785626818, 1.5129886839099682,
        -0.7736112763236216, 0.6113948551337428, 0.37322604496897016,
        -0.257916913571561, 1.157152174178918, -0.8751130104373971,
        0.5937479747445307, -0.13272714243868552, 1.5939931383050356,
        -0.06568804118975029, -0.9314674114747297, -0.648278407886016,
        -1.573739217944595, -0.5733872169732485, -1.5046515588094589,
        -0.8445581366984021, -0.9620466664788174, -0.6903343557802376,
        -1.7523404136498562, -1.381348956968254, -0.0852438714984774,
        1.457637475785212, -0.27038694034719685,
    },
    {
        -3.935735335036497e-17, -5.337836035525533e-17, 1.0852635185510961e-16,
        2.8658837463471963e-18, -3.1178565966641257e-17, 4.697763279926451e-17,
        7.769584704001829e-17, -5.1848526178844877e-17, 3.577510976413712e-18,
        -2.334345058404264e-17, 5.0950457647316266e-17, -1.7576488101953044e-17,
        7.468610146763042e-17, 9.911942016193991e-17, 3.158226718119009e-18,
        4.218832902568003e-18, 3.989997103266016e-17, -2.3788303215174337e-17,
        -1.5068331020551784e-17, -8.578366126749986e-17, 1.5716943815562158e-18,
        -2.6133695546373006e-17, -6.783354033487134e-17, 1.6135817923431506e-17,
        -1.0467525454342137e-17, -1.0396356234456101e-16, -2.8341991027430526e-17,
        -1.7603775800107138e-17, 6.271635464139531e-17, -8.86639887711112e-17,
        2.098179600458306e-18, -5.03344554213557e-17, -2.421972770216662e-17,
        2.1783617394641677e-17, 8.638451221074821e-17, 4.614507499656002e-17,
        -8.388410436886892e-17, -4.833518426841432e-17, -6.302354304316678e-18,
        -2.812652713956606e-17, 3.2051665461021856e-18, -4.0149372678785733e-19,
        -7.195152808990792e-21, -2.7452324639957946e-17, 8.638007821401913e-19,
        -1.1326197543405264e-17, -6.3235158433261986e-18, -8.27015181173465e-17,
        1.7036400926609164e-18, -3.86791646649287e-17, -1.6525656610109604e-17,
        1.0815122415976191e-16, 2.3815024694267182e-17, -1.0069654551037306e-17,
        -8.314819587895112e-18, -2.255602626723198e-17, 3.021983908099415e-17,
        7.154268567863649e-17, -7.242896184037602e-17, -1.4125372573751745e-18,
        2.0558554398611556e-17, 1.4269533548238337e-17,
    },
    {
        -2.1442872565786008e-33, 1.6504700163463247e-34, -5.665244373482231e-33,
        -1.4725546006520646e-34, 6.863064799465887e-34, 3.839205378856208e-34,
        3.34906530821634e-33, 2.2860889856306025e-33, -4.409950693639701e-35,
        3.303739526491e-34, 8.532979878662327e-34, -1.1056763818636922e-33,
        2.6623537174486554e-33, -6.158246857464226e-33, -1.5729866384287356e-34,
        -3.7779926832052613e-34, -2.778971522716871e-33, -5.791956937904934e-34,
        -4.0090031461978995e-34, 5.5258862524032535e-33, -6.677128753021848e-35,
        -2.102659325988091e-34, 4.257792839986927e-34, 9.981218560525574e-34,
        6.293270923234803e-34, 9.461214255788543e-34, -6.859988001438987e-34,
        1.2912555450892386e-33, 6.0653663707502085e-33, 2.3590360423738756e-34,
        -3.1428272666860984e-35, -1.2493529343236645e-33, 6.213798655161652e-34,
        8.881223436895315e-34, 8.4225269935799e-34, 2.2614429425635426e-33,
        -1.3178845532633915e-33, -9.389126129073187e-34, 1.1435170039797679e-34,
        -2.5562317805561434e-35, -7.81940772565019e-35, -1.2651056551548223e-35,
        -3.4279848075403856e-37, -8.952258575596304e-34, -1.4201656791519197e-35,
        -1.1043036108976403e-34, -2.897853492980069e-34, 2.918831930495243e-33,
        7.309546151776133e-36, -1.6736975162534317e-33, 1.2032554679689714e-33,
        -4.8882699985166894e-33, -1.6417372469441525e-35, -4.896412114873179e-34,
        -5.207463049859117e-35, 1.5256210540211053e-33, 1.144635385947028e-33,
        -9.170524361583744e-34, 1.391760450615745e-33, -8.853067052253843e-35,
        4.9571308478526475e-34, -1.0743213922938922e-33,
    },
    {
        1.6107127853188224e-49, 6.890035515849186e-52, -4.495785048513143e-51,
        9.812701206320003e-51, -3.385108475271734e-51, 1.438401992460529e-50,
        -1.9473147087135764e-49, -4.75015124409006e-50, 8.125176617421835e-52,
        7.68445489919835e-51, 1.6800657131910823e-50, -4.566629035391711e-50,
        2.624290316405018e-50, -2.937014207828551e-49, -5.033166681025912e-51,
        -1.3064264656472809e-50, 1.314003515760171e-49, 1.9366145609122253e-50,
        2.27415815770192e-50, 1.4421635484483468e-49, -3.390363894770571e-51,
        1.2078730540667263e-50, 2.568817226516546e-50, -4.236014066935262e-50,
        -3.1076181173778906e-50, -4.6645498826507757e-51, -1.7186745576996058e-50,
        5.9401287241271615e-50, -3.3322666471961407e-49, -1.615549084621088e-50,
        1.3820409653673834e-51, 8.431468143546813e-50, -5.416972084971054e-51,
        -6.352906041942405e-50, 8.545114584385982e-50, 6.414496730618777e-50,
        8.024134531623681e-50, 6.431271502144359e-50, -2.1813463004889347e-51,
        -1.217864851646903e-51, -5.236674178479329e-51, 3.281091468914304e-52,
        -1.570929526316849e-53, -3.182725691607095e-51, -5.52949567595393e-52,
        4.586606918501064e-51, -1.9393449229477956e-51, 1.6945556544325006e-49,
        -3.349855763064181e-52, -5.832622374214767e-50, -2.8985615296438144e-50,
        -1.850062520908266e-49, -2.7204478015414685e-52, -3.8804801808515137e-50,
        2.7482121952990456e-51, -1.6124911415009162e-50, 2.758975873299845e-50,
        5.0557242617997325e-50, -5.350359402069822e-50, -8.23511686524086e-52,
        -1.196861860890493e-51, 7.75972083489862e-50,
    },
};

/* bt_reduce_f64 requires: bt_two_over_pi_f64 bt_bits_f64 bt_from_bits_f64 bt_product_error_f64 bt_sum_error_f64 bt_reduce_near_f64 */
/* x = n pi/2 + r + low: puts n + 1.5 * 2^52 into round, and returns r. Multiples of 4 are taken
 * off each part of the product, which is exact; then the parts are added with their rounding
 * errors. Of a number that is near this is what the near form gives, whatever stands beside it. */
static inline __attribute__((always_inline)) double
bt_reduce_f64(double x, double *round, double *low)
{
    int e = (int)(bt_bits_f64(x) >> 52 & 0x7ff) - 1075;
    int i = (e < 0 ? 0 : e) >> 4;
    double scaled = x * bt_from_bits_f64((bt_u64)(bt_u32)(1023 - 16 * i) << 52);
    double t0 = bt_two_over_pi_f64[0][i], t1 = bt_two_over_pi_f64[1][i];
    double t2 = bt_two_over_pi_f64[2][i], t3 = bt_two_over_pi_f64[3][i];
    double p0 = scaled * t0, e0 = bt_product_error_f64(scaled, t0, p0);
    double p1 = scaled * t1, e1 = bt_product_error_f64(scaled, t1, p1);
    double p2 = scaled * t2, e2 = bt_product_error_f64(scaled, t2, p2);
    p0 = p0 - 4.0 * __builtin_rint(p0 * 0.25);
    e0 = e0 - 4.0 * __builtin_rint(e0 * 0.25);
    p1 = p1 - 4.0 * __builtin_rint(p1 * 0.25);
    double s = p0 + e0, d0 = bt_sum_error_f64(p0, e0, s);
    double a = s + p1, d1 = bt_sum_error_f64(s, p1, a);
    *round = a + 6755399441055744.0;
    a = a - (*round - 6755399441055744.0);
    double b = d0 + d1, rest = bt_sum_error_f64(d0, d1, b);
    double c = b + e1;
    rest = rest + bt_sum_error_f64(b, e1, c);
    double d = c + p2;
    rest = rest + bt_sum_error_f64(c, p2, d);
    double f = a + d;
    rest = (rest + (e2 + scaled * t3)) + bt_sum_error_f64(a, d, f);
    double turn = f + rest;
    rest = (f - turn) + rest;
    double r = turn * 1.5707963267948966;
    double tail = bt_product_error_f64(turn, 1.5707963267948966, r);
    tail = tail + (rest * 1.5707963267948966 + turn * 6.123233995736766e-17);
    double near_round, near_low, near = bt_reduce_near_f64(x, &near_round, &near_low);
    int is_near = __builtin_fabs(x) < 0x1p20;
    *round = is_near ? near_round : *round;
    *low = is_near ? near_low : tail;
    return is_near ? near : r;
}

/* bt_reduce_near_f64 requires: bt_product_error_f64 bt_sum_error_f64 */
/* The same for |x| < 2^20, with pi/2 in three parts (Cody and Waite): what the first leaves is
 * exact. */
static inline __attribute__((always_inline)) double
bt_reduce_near_f64(double x, double *round, double *low)
{
    *round = x * 0.6366197723675814 + 6755399441055744.0;
    double n = *round - 6755399441055744.0;
    double second = n * 6.123233995736766e-17;
#ifdef __FP_FAST_FMA
    double left = __builtin_fma(n, -1.5707963267948966, x);
#else
    double first = n * 1.5707963267948966;
    double left = (x - first) - bt_product_error_f64(n, 1.5707963267948966, first);
#endif
    double error = bt_product_error_f64(n, 6.123233995736766e-17, second);
    double r = left - second;
    *low = bt_sum_error_f64(left, -second, r) - (error + n * -1.4973849048591833e-33);
    return r;
}

/* bt_quadrant_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* sin(n pi/2 + r + low). */
static inline __attribute__((always_inline)) double
bt_quadrant_f64(double r, double low, bt_u64 n)
{
    double z = r * r;
    /* minimax of degree 5 on [0, 0.6175], error 2^-57.9 */
    double s = 1.5896082991403504e-10;
    s = s * z - 2.5050745375500153e-08;
    s = s * z + 2.7557313607194007e-06;
    s = s * z - 0.00019841269829551833;
    s = s * z + 0.008333333333322075;
    s = s * z - 0.1666666666666663;
    s = r + (r * (z * s) + low * (1.0 - 0.5 * z));
    /* minimax of degree 5 on [0, 0.6175], error 2^-63.9 */
    double c = -1.1358428201163501e-11;
    c = c * z + 2.087569882575324e-09;
    c = c * z - 2.755731416509602e-07;
    c = c * z + 2.4801587288805066e-05;
    c = c * z - 0.0013888888888872986;
    c = c * z + 0.041666666666666595;
    double h = 0.5 * z, w = 1.0 - h;
    c = w + (((1.0 - w) - h) + (z * z * c - r * low));
    double y = (n & 1) ? c : s;
    return bt_from_bits_f64(bt_bits_f64(y) ^ (n & 2) << 62);
}

/* bt_sin_f32 requires: bt_reduce_f32 bt_sine_f32 bt_bits_f64 bt_bits_f32 bt_from_bits_f32 */
/* sin(x). */
static inline __attribute__((always_inline)) float
bt_sin_f32(float x)
{
    double round;
    double r = bt_reduce_f32(__builtin_fabsf(x), 0, 0, &round);
    float y = bt_sine_f32(r, (bt_u32)bt_bits_f64(round));
    return bt_from_bits_f32(bt_bits_f32(y) ^ (bt_bits_f32(x) & 0x80000000u));
}

/* bt_sin_near_f32 requires: bt_reduce_near_f32 bt_sine_f32 bt_bits_f64 bt_bits_f32 bt_from_bits_f32 */
/* sin(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) float
bt_sin_near_f32(float x)
{
    double round;
    double r = bt_reduce_near_f32(__builtin_fabsf(x), 0, 0, &round);
    float y = bt_sine_f32(r, (bt_u32)bt_bits_f64(round));
    return bt_from_bits_f32(bt_bits_f32(y) ^ (bt_bits_f32(x) & 0x80000000u));
}

/* bt_sin_f64 requires: bt_reduce_f64 bt_quadrant_f64 bt_bits_f64 */
/* sin(x). */
static inline __attribute__((always_inline)) double
bt_sin_f64(double x)
{
    double round, low;
    double r = bt_reduce_f64(x, &round, &low);
    double y = bt_quadrant_f64(r, low, bt_bits_f64(round));
    return x == 0.0 ? x : y;
}

/* bt_sin_near_f64 requires: bt_reduce_near_f64 bt_quadrant_f64 bt_bits_f64 */
/* sin(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) double
bt_sin_near_f64(double x)
{
    double round, low;
    double r = bt_reduce_near_f64(x, &round, &low);
    double y = bt_quadrant_f64(r, low, bt_bits_f64(round));
    return x == 0.0 ? x : y;
}

/* bt_cos_f32 requires: bt_reduce_f32 bt_sine_f32 bt_bits_f64 */
/* cos(x) = -sin(x - pi/2). */
static inline __attribute__((always_inline)) float
bt_cos_f32(float x)
{
    double round;
    double r = bt_reduce_f32(__builtin_fabsf(x), 0, 1, &round);
    return bt_sine_f32(r, (bt_u32)bt_bits_f64(round) + 1);
}

/* bt_cos_near_f32 requires: bt_reduce_near_f32 bt_sine_f32 bt_bits_f64 */
/* cos(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) float
bt_cos_near_f32(float x)
{
    double round;
    double r = bt_reduce_near_f32(__builtin_fabsf(x), 0, 1, &round);
    return bt_sine_f32(r, (bt_u32)bt_bits_f64(round) + 1);
}

/* bt_cos_f64 requires: bt_reduce_f64 bt_quadrant_f64 bt_bits_f64 */
/* cos(x). */
static inline __attribute__((always_inline)) double
bt_cos_f64(double x)
{
    double round, low;
    double r = bt_reduce_f64(x, &round, &low);
    double y = bt_quadrant_f64(r, low, bt_bits_f64(round) + 1);
    return y;
}

/* bt_cos_near_f64 requires: bt_reduce_near_f64 bt_quadrant_f64 bt_bits_f64 */
/* cos(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) double
bt_cos_near_f64(double x)
{
    double round, low;
    double r = bt_reduce_near_f64(x, &round, &low);
    double y = bt_quadrant_f64(r, low, bt_bits_f64(round) + 1);
    return y;
}

/* bt_tangent_f32 requires: bt_bits_f64 bt_bits_f32 bt_from_bits_f32 */
/* tan(x), of (n + r) pi = |x|, in double up to the last rounding. */
static inline __attribute__((always_inline)) float
bt_tangent_f32(float x, double r, double round)
{
    r = r * 3.141592653589793;
    double z = r * r;
    /* minimax of degree 6 on [0, 0.6593], error 2^-28.7 */
    double p = 0.004766760540041503;
    p = p * z - 0.00070731744511735;
    p = p * z + 0.011467696893063248;
    p = p * z + 0.021037523090068542;
    p = p * z + 0.05410738391521148;
    p = p * z + 0.13332244590621387;
    p = p * z + 0.33333361885165;
    double y = r + (r * z) * p;
    bt_u64 odd = bt_bits_f64(round) & 1;
    float t = (float)((odd ? -1.0 : y) / (odd ? y : 1.0));
    return bt_from_bits_f32(bt_bits_f32(t) ^ (bt_bits_f32(x) & 0x80000000u));
}

/* bt_tan_f32 requires: bt_reduce_f32 bt_tangent_f32 */
/* tan(x). */
static inline __attribute__((always_inline)) float
bt_tan_f32(float x)
{
    double round;
    double r = bt_reduce_f32(__builtin_fabsf(x), 1, 0, &round);
    return bt_tangent_f32(x, r, round);
}

/* bt_tan_near_f32 requires: bt_reduce_near_f32 bt_tangent_f32 */
/* tan(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) float
bt_tan_near_f32(float x)
{
    double round;
    double r = bt_reduce_near_f32(__builtin_fabsf(x), 1, 0, &round);
    return bt_tangent_f32(x, r, round);
}

/* bt_tangent_f64 requires: bt_types */
/* tan(n pi/2 + r + low). */
static inline __attribute__((always_inline)) double
bt_tangent_f64(double r, double low, bt_u64 n)
{
    double z = r * r;
    /* minimax of degree 5 on [0, 0.6175], error 2^-57.9 */
    double s = 1.5896082991403504e-10;
    s = s * z - 2.5050745375500153e-08;
    s = s * z + 2.7557313607194007e-06;
    s = s * z - 0.00019841269829551833;
    s = s * z + 0.008333333333322075;
    s = s * z - 0.1666666666666663;
    s = r + (r * (z * s) + low * (1.0 - 0.5 * z));
    /* minimax of degree 5 on [0, 0.6175], error 2^-63.9 */
    double c = -1.1358428201163501e-11;
    c = c * z + 2.087569882575324e-09;
    c = c * z - 2.755731416509602e-07;
    c = c * z + 2.4801587288805066e-05;
    c = c * z - 0.0013888888888872986;
    c = c * z + 0.041666666666666595;
    double h = 0.5 * z, w = 1.0 - h;
    c = w + (((1.0 - w) - h) + (z * z * c - r * low));
    return ((n & 1) ? -c : s) / ((n & 1) ? s : c);
}

/* bt_tan_f64 requires: bt_reduce_f64 bt_tangent_f64 bt_bits_f64 */
/* tan(x). */
static inline __attribute__((always_inline)) double
bt_tan_f64(double x)
{
    double round, low;
    double r = bt_reduce_f64(x, &round, &low);
    double y = bt_tangent_f64(r, low, bt_bits_f64(round));
    return x == 0.0 ? x : y;
}

/* bt_tan_near_f64 requires: bt_reduce_near_f64 bt_tangent_f64 bt_bits_f64 */
/* tan(x) for |x| < 2^20. */
static inline __attribute__((always_inline)) double
bt_tan_near_f64(double x)
{
    double round, low;
    double r = bt_reduce_near_f64(x, &round, &low);
    double y = bt_tangent_f64(r, low, bt_bits_f64(round));
    return x == 0.0 ? x : y;
}
