/* Random numbers by Philox 4x32-10; what each step is for tell bitale_graph/tensor/philox.py and draws.py. */

/* bt_philox requires: */
/* The two halves of the block of an element. The words are computed in 64 bits: products need them. The rounds are
 * written out, since compilers do not vectorise a loop around a loop. */
#define BT_ROUND(number)                                                                                             \
    p = c0 * 0xD2511F53u, q = c2 * 0xCD9E8D57u;                                                                      \
    c0 = (q >> 32) ^ c1 ^ ((k0 + number * (uint64_t)0x9E3779B9u) & low), c1 = q & low;                               \
    c2 = (p >> 32) ^ c3 ^ ((k1 + number * (uint64_t)0xBB67AE85u) & low), c3 = p & low;
BT_PORTABLE void
bt_philox(uint64_t key, uint64_t draw, uint64_t index, uint64_t *first, uint64_t *last)
{
    const uint64_t low = 0xFFFFFFFFu, k0 = key & low, k1 = key >> 32;
    uint64_t c0 = index & low, c1 = index >> 32, c2 = draw & low, c3 = draw >> 32, p, q;
    BT_ROUND(0) BT_ROUND(1) BT_ROUND(2) BT_ROUND(3) BT_ROUND(4)
    BT_ROUND(5) BT_ROUND(6) BT_ROUND(7) BT_ROUND(8) BT_ROUND(9)
    *first = c1 << 32 | c0;
    *last = c3 << 32 | c2;
}
#undef BT_ROUND

/* bt_random_bits_u64 requires: bt_philox */
BT_PORTABLE uint64_t
bt_random_bits_u64(uint64_t key, uint64_t draw, uint64_t index)
{
    uint64_t first, last;
    bt_philox(key, draw, index, &first, &last);
    return first;
}

/* bt_more_random_bits_u64 requires: bt_philox */
BT_PORTABLE uint64_t
bt_more_random_bits_u64(uint64_t key, uint64_t draw, uint64_t index)
{
    uint64_t first, last;
    bt_philox(key, draw, index, &first, &last);
    return last;
}

/* bt_random_below_u64 requires: bt_random_bits_u64 */
/* The upper half of bits times n. */
BT_PORTABLE uint64_t
bt_random_below_u64(uint64_t key, uint64_t draw, uint64_t index, uint64_t n)
{
    const uint64_t bits = bt_random_bits_u64(key, draw, index), mask = 0xFFFFFFFFu;
    const uint64_t low = bits & mask, high = bits >> 32, n_low = n & mask, n_high = n >> 32;
    const uint64_t middle = high * n_low + (low * n_low >> 32);
    const uint64_t other = low * n_high + (middle & mask);
    return high * n_high + (middle >> 32) + (other >> 32);
}

/* bt_unit_f64 requires: */
/* 53 bits, at least 0 and below 1. */
BT_PORTABLE double
bt_unit_f64(uint64_t bits)
{
    return (double)(int64_t)(bits >> 11) * 0x1p-53;
}

/* bt_above_zero_f64 requires: */
/* 53 bits, above 0 and at most 1. */
BT_PORTABLE double
bt_above_zero_f64(uint64_t bits)
{
    return ((double)(int64_t)(bits >> 11) + 1) * 0x1p-53;
}

/* bt_log_factorial_f64 requires: bt_log_f64 */
/* log(k!): by the product below 10, then by Stirling's series. */
BT_PORTABLE double
bt_log_factorial_f64(double k)
{
    if (k < 10) {
        double product = 1;
        for (double i = 2; i <= k; i++) product *= i;
        return bt_log_f64(product);
    }
    const double x = k + 1;
    const double series = (1.0 / 12 - (1.0 / 360 - 1 / (1260 * x * x)) / (x * x)) / x;
    return (x - 0.5) * bt_log_f64(x) - x + 0.9189385332046727 + series;
}

/* bt_cos_of_turn_f64 requires: */
/* cos(2 pi x) = -sin(2 pi y) for x in [0, 1], with y = 1/4 - |x - 1/2|, which is exact: there is nothing to reduce. */
BT_PORTABLE double
bt_cos_of_turn_f64(double x)
{
    const double y = 0.25 - BT_FABS(x - 0.5), z = y * y;
    /* minimax of degree 8 on [0, 1/16] for y^2, error 2^-61.7 */
    double p = 0.10085633431463713;
    p = p * z - 0.7177235810722752;
    p = p * z + 3.8199270505768457;
    p = p * z - 15.094641620515533;
    p = p * z + 42.05869392378542;
    p = p * z - 76.7058597527985;
    p = p * z + 81.60524927607341;
    p = p * z - 41.341702240399755;
    p = p * z + 6.283185307179586;
    return -y * p;
}

/* bt_random_gamma_f64 requires: bt_philox bt_above_zero_f64 bt_more_random_bits_u64 bt_log_f64 bt_exp_f64 bt_cos_of_turn_f64 */
/* Marsaglia and Tsang's rejection; of a shape below 1 by one of a shape above 1. */
BT_PORTABLE double
bt_random_gamma_f64(uint64_t key, uint64_t draw, uint64_t index, double shape)
{
    const int is_small = shape < 1;
    const double large = is_small ? shape + 1 : shape, d = large - 1.0 / 3, c = 1 / BT_SQRT(9 * d);
    double made = 0;
    if (!(shape > 0)) return shape * 0;
    for (uint64_t attempt = 0; attempt < 1000; attempt++) {
        const uint64_t at = index ^ (attempt << 48);
        uint64_t first, last;
        bt_philox(key, draw, at, &first, &last);
        const double radius = BT_SQRT(-2 * bt_log_f64(bt_above_zero_f64(first)));
        const double angle = ((double)(uint32_t)(last >> 32) + 0.5) * 0x1p-32;
        const double u = ((double)(uint32_t)last + 0.5) * 0x1p-32;
        const double x = radius * bt_cos_of_turn_f64(angle);
        double v = 1 + x * c;
        v = v * v * v;
        made = d * v;
        if (!(v > 0)) continue;
        if (u < 1 - 0.0331 * (x * x) * (x * x)) break;
        if (bt_log_f64(u) < 0.5 * x * x + d - d * v + d * bt_log_f64(v)) break;
    }
    if (!is_small) return made;
    const uint64_t bits = bt_more_random_bits_u64(key, draw, index ^ (uint64_t)1000 << 48);
    return made * bt_exp_f64(bt_log_f64(bt_above_zero_f64(bits)) / shape);
}

/* bt_reciprocal_f64 requires: */
/* 1 / k for a whole number above 0: a division takes longer than all else in a step of an inversion. */
BT_PORTABLE double
bt_reciprocal_f64(int k)
{
#ifdef __CUDACC__  /* where a table lies in memory that is slower still */
    return 1.0 / k;
#else
    const double known[] = {
        1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7, 1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 /
        12, 1.0 / 13, 1.0 / 14, 1.0 / 15, 1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21, 1.0 /
        22, 1.0 / 23, 1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27, 1.0 / 28, 1.0 / 29, 1.0 / 30, 1.0 / 31, 1.0 /
        32
    };
    return k <= 32 ? known[k - 1] : 1.0 / k;
#endif
}

/* bt_random_poisson_i64 requires: bt_reciprocal_f64 bt_philox bt_above_zero_f64 bt_unit_f64 bt_log_factorial_f64 bt_log_f64 bt_exp_f64 */
/* By inversion for small means, else by Hoermann's transformed rejection PTRS. */
BT_PORTABLE int64_t
bt_random_poisson_i64(uint64_t key, uint64_t draw, uint64_t index, double mean)
{
    uint64_t first, last;
    if (!(mean >= 10)) {
        bt_philox(key, draw, index, &first, &last);
        const double u = bt_unit_f64(first);
        double term = bt_exp_f64(-mean), total = term;
        int count = 0;
        while (u > total) {
            term = term * (mean * bt_reciprocal_f64(++count));
            if (!(total + term > total)) break;
            total += term;
        }
        return count;
    }
    const double b = 0.931 + 2.53 * BT_SQRT(mean), a = -0.059 + 0.02483 * b;
    double k = 0;
    for (uint64_t attempt = 0; attempt < 1000; attempt++) {
        bt_philox(key, draw, index ^ (attempt << 48), &first, &last);
        const double u = bt_unit_f64(first) - 0.5, v = bt_above_zero_f64(last);
        const double us = 0.5 - BT_FABS(u);
        k = BT_FLOOR((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) break;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        const double scale = bt_log_f64(v) + bt_log_f64(1.1239 + 1.1328 / (b - 3.4)) - bt_log_f64(a / (us * us) + b);
        if (scale <= -mean + k * bt_log_f64(mean) - bt_log_factorial_f64(k)) break;
    }
    return (int64_t)(k < 0x1p62 ? k : 0x1p62);
}

/* bt_random_binomial_i64 requires: bt_philox bt_above_zero_f64 bt_unit_f64 bt_log_factorial_f64 bt_log_f64 bt_log1p_f64 bt_exp_f64 */
/* By inversion for few expected, else by Hoermann's transformed rejection BTRS. */
BT_PORTABLE int64_t
bt_random_binomial_i64(uint64_t key, uint64_t draw, uint64_t index, int64_t trials, double likely)
{
    const double n = (double)trials, p = likely > 0.5 ? 1 - likely : likely;
    double k = 0;
    uint64_t first, last;
    if (!(n * p >= 10)) {
        bt_philox(key, draw, index, &first, &last);
        const double u = bt_unit_f64(first), odds = p / (1 - p);
        double term = bt_exp_f64(n * bt_log1p_f64(-p)), total = term;
        while (u > total && k < n) {
            k++;
            term = term * ((n - k + 1) / k * odds);
            if (!(total + term > total)) break;
            total += term;
        }
    } else {
        const double spread = BT_SQRT(n * p * (1 - p));
        const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
        const double m = BT_FLOOR((n + 1) * p);
        const double most = bt_log_factorial_f64(m) + bt_log_factorial_f64(n - m);
        const double log_odds = bt_log_f64(p / (1 - p));
        for (uint64_t attempt = 0; attempt < 1000; attempt++) {
            bt_philox(key, draw, index ^ (attempt << 48), &first, &last);
            const double u = bt_unit_f64(first) - 0.5, v = bt_above_zero_f64(last);
            const double us = 0.5 - BT_FABS(u);
            k = BT_FLOOR((2 * a / us + b) * u + n * p + 0.5);
            if (k < 0 || k > n) continue;
            if (us >= 0.07 && v <= 0.92 - 4.2 / b) break;
            const double scale = bt_log_f64(v * ((2.83 + 5.1 / b) * spread) / (a / (us * us) + b));
            const double tail = most - bt_log_factorial_f64(k) - bt_log_factorial_f64(n - k) + (k - m) * log_odds;
            if (scale <= tail) break;
        }
    }
    if (likely > 0.5) k = n - k;
    return (int64_t)(k < 0x1p62 ? k : 0x1p62);
}
