/* Integer division with the floor and integer powers; overflow wraps, nothing traps. A section with widths in
 * braces stands for one of each width, which the sign @ is replaced by. */

/* bt_floordiv_i@{8,16} requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_floordiv_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    float divisor = (y == 0) | (y == -1) ? 1.0f : (float)y;
    __INT@_TYPE__ q = (__INT@_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    q = y == -1 ? (__INT@_TYPE__)(0u - (__UINT32_TYPE__)x) : q;
    return y == 0 ? 0 : q;
}

/* bt_floordiv_i32 requires: */
/* floor(x / y); 0 for y = 0. The quotient in double never rounds up to an integer. */
static inline __attribute__((always_inline)) __INT32_TYPE__
bt_floordiv_i32(__INT32_TYPE__ x, __INT32_TYPE__ y)
{
    double divisor = (y == 0) | (y == -1) ? 1.0 : (double)y;
    __INT32_TYPE__ q = (__INT32_TYPE__)(__INT32_TYPE__)__builtin_floor((double)x / divisor);
    q = y == -1 ? (__INT32_TYPE__)(0u - (__UINT32_TYPE__)x) : q;
    return y == 0 ? 0 : q;
}

/* bt_floordiv_i64 requires: */
/* floor(x / y); 0 for y = 0; the lowest number divided by -1 wraps. */
static inline __attribute__((always_inline)) __INT64_TYPE__
bt_floordiv_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __INT64_TYPE__ divisor = (y == 0) | (y == -1) ? 1 : y;
    __INT64_TYPE__ q = x / divisor;
    q = q - ((q * divisor != x) & ((x < 0) != (divisor < 0)));
    q = y == -1 ? (__INT64_TYPE__)(0u - (__UINT64_TYPE__)x) : q;
    return y == 0 ? 0 : q;
}

/* bt_floordiv_u@{8,16} requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_floordiv_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    float divisor = (y == 0) ? 1.0f : (float)y;
    __UINT@_TYPE__ q = (__UINT@_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    return y == 0 ? 0 : q;
}

/* bt_floordiv_u32 requires: bt_bits_f64 */
/* floor(x / y); 0 for y = 0. The quotient in double never rounds up to an integer. */
static inline __attribute__((always_inline)) __UINT32_TYPE__
bt_floordiv_u32(__UINT32_TYPE__ x, __UINT32_TYPE__ y)
{
    double whole = __builtin_floor((double)x / (y == 0 ? 1.0 : (double)y));
    __UINT32_TYPE__ q = (__UINT32_TYPE__)bt_bits_f64(whole + 4503599627370496.0);
    return y == 0 ? 0 : q;
}

/* bt_floordiv_u64 requires: */
/* floor(x / y); 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT64_TYPE__
bt_floordiv_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    return y == 0 ? 0 : x / (y == 0 ? 1 : y);
}

/* bt_mod_i@{8,16} requires: bt_floordiv_i@ */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_mod_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_i@(x, y) * (__UINT32_TYPE__)y;
    __INT@_TYPE__ r = (__INT@_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_mod_i32 requires: bt_floordiv_i32 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT32_TYPE__
bt_mod_i32(__INT32_TYPE__ x, __INT32_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_i32(x, y) * (__UINT32_TYPE__)y;
    __INT32_TYPE__ r = (__INT32_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_mod_i64 requires: */
/* The remainder with the sign of y; 0 for y = 0. By the instruction that divides: by way of the quotient it took five
 * times as long, since compilers took the numbers out of vectors for it and put them back. */
static inline __attribute__((always_inline)) __INT64_TYPE__
bt_mod_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __INT64_TYPE__ divisor = (y == 0) | (y == -1) ? 1 : y;
    __INT64_TYPE__ r = x % divisor;
    r += (r != 0) & ((r < 0) != (divisor < 0)) ? divisor : 0;
    return y == 0 ? 0 : r;
}

/* bt_mod_u@{8,16} requires: bt_floordiv_u@ */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_mod_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_u@(x, y) * (__UINT32_TYPE__)y;
    __UINT@_TYPE__ r = (__UINT@_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_mod_u@{32,64} requires: bt_floordiv_u@ */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_mod_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT@_TYPE__ multiple = (__UINT@_TYPE__)bt_floordiv_u@(x, y) * (__UINT@_TYPE__)y;
    __UINT@_TYPE__ r = (__UINT@_TYPE__)((__UINT@_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_i@{8,16} requires: */
/* x^y modulo 2^@; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_ipow_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    __UINT32_TYPE__ e = (__UINT32_TYPE__)y;
#pragma GCC unroll 4
    for (int bit = 0; bit < 4; bit++, e >>= 1) {
        result *= ((base ^ 1) & -(e & 1)) ^ 1;
        base = base * base;
    }
    for (; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT@_TYPE__)result;
}

/* bt_ipow_i@{32,64} requires: */
/* x^y modulo 2^@; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_ipow_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    __UINT@_TYPE__ base = (__UINT@_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    __UINT@_TYPE__ e = (__UINT@_TYPE__)y;
#pragma GCC unroll 4
    for (int bit = 0; bit < 4; bit++, e >>= 1) {
        result *= ((base ^ 1) & -(e & 1)) ^ 1;
        base = base * base;
    }
    for (; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT@_TYPE__)result;
}

/* bt_ipow_u@{8,16} requires: */
/* x^y modulo 2^@. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_ipow_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    __UINT32_TYPE__ e = y;
#pragma GCC unroll 4
    for (int bit = 0; bit < 4; bit++, e >>= 1) {
        result *= ((base ^ 1) & -(e & 1)) ^ 1;
        base = base * base;
    }
    for (; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT@_TYPE__)result;
}

/* bt_ipow_u@{32,64} requires: */
/* x^y modulo 2^@. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_ipow_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT@_TYPE__ base = (__UINT@_TYPE__)x, result = 1;
    __UINT@_TYPE__ e = y;
#pragma GCC unroll 4
    for (int bit = 0; bit < 4; bit++, e >>= 1) {
        result *= ((base ^ 1) & -(e & 1)) ^ 1;
        base = base * base;
    }
    for (; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT@_TYPE__)result;
}

/* bt_gcd_i@{8,16,32,64} requires: */
/* The greatest common divisor; 0 of two zeros. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_gcd_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    __UINT@_TYPE__ a = x < 0 ? 0u - (__UINT@_TYPE__)x : (__UINT@_TYPE__)x;
    __UINT@_TYPE__ b = y < 0 ? 0u - (__UINT@_TYPE__)y : (__UINT@_TYPE__)y;
    while (b != 0) {
        __UINT@_TYPE__ rest = a % b;
        a = b;
        b = rest;
    }
    return (__INT@_TYPE__)a;
}

/* bt_lcm_i@{8,16,32,64} requires: bt_gcd_i@ */
/* The least common multiple; 0 where one is. */
static inline __attribute__((always_inline)) __INT@_TYPE__
bt_lcm_i@(__INT@_TYPE__ x, __INT@_TYPE__ y)
{
    __INT@_TYPE__ divisor = bt_gcd_i@(x, y);
    __UINT@_TYPE__ a = x < 0 ? 0u - (__UINT@_TYPE__)x : (__UINT@_TYPE__)x;
    __UINT@_TYPE__ b = y < 0 ? 0u - (__UINT@_TYPE__)y : (__UINT@_TYPE__)y;
    return divisor == 0 ? 0 : (__INT@_TYPE__)(a / (__UINT@_TYPE__)divisor * b);
}

/* bt_gcd_u@{8,16,32,64} requires: */
/* The greatest common divisor; 0 of two zeros. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_gcd_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT@_TYPE__ a = x;
    __UINT@_TYPE__ b = y;
    while (b != 0) {
        __UINT@_TYPE__ rest = a % b;
        a = b;
        b = rest;
    }
    return (__UINT@_TYPE__)a;
}

/* bt_lcm_u@{8,16,32,64} requires: bt_gcd_u@ */
/* The least common multiple; 0 where one is. */
static inline __attribute__((always_inline)) __UINT@_TYPE__
bt_lcm_u@(__UINT@_TYPE__ x, __UINT@_TYPE__ y)
{
    __UINT@_TYPE__ divisor = bt_gcd_u@(x, y);
    __UINT@_TYPE__ a = x;
    __UINT@_TYPE__ b = y;
    return divisor == 0 ? 0 : (__UINT@_TYPE__)(a / (__UINT@_TYPE__)divisor * b);
}
