/* Integer division with the floor and integer powers; overflow wraps, nothing traps. */

/* bt_floordiv_i8 requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __INT8_TYPE__
bt_floordiv_i8(__INT8_TYPE__ x, __INT8_TYPE__ y)
{
    float divisor = (y == 0) | (y == -1) ? 1.0f : (float)y;
    __INT8_TYPE__ q = (__INT8_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    q = y == -1 ? (__INT8_TYPE__)(0u - (__UINT32_TYPE__)x) : q;
    return y == 0 ? 0 : q;
}

/* bt_mod_i8 requires: bt_floordiv_i8 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT8_TYPE__
bt_mod_i8(__INT8_TYPE__ x, __INT8_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_i8(x, y) * (__UINT32_TYPE__)y;
    __INT8_TYPE__ r = (__INT8_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_i8 requires: */
/* x^y modulo 2^8; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT8_TYPE__
bt_ipow_i8(__INT8_TYPE__ x, __INT8_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    for (__UINT32_TYPE__ e = (__UINT32_TYPE__)y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT8_TYPE__)result;
}

/* bt_floordiv_u8 requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __UINT8_TYPE__
bt_floordiv_u8(__UINT8_TYPE__ x, __UINT8_TYPE__ y)
{
    float divisor = (y == 0) ? 1.0f : (float)y;
    __UINT8_TYPE__ q = (__UINT8_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    return y == 0 ? 0 : q;
}

/* bt_mod_u8 requires: bt_floordiv_u8 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT8_TYPE__
bt_mod_u8(__UINT8_TYPE__ x, __UINT8_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_u8(x, y) * (__UINT32_TYPE__)y;
    __UINT8_TYPE__ r = (__UINT8_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_u8 requires: */
/* x^y modulo 2^8. */
static inline __attribute__((always_inline)) __UINT8_TYPE__
bt_ipow_u8(__UINT8_TYPE__ x, __UINT8_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    for (__UINT32_TYPE__ e = y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT8_TYPE__)result;
}

/* bt_floordiv_i16 requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __INT16_TYPE__
bt_floordiv_i16(__INT16_TYPE__ x, __INT16_TYPE__ y)
{
    float divisor = (y == 0) | (y == -1) ? 1.0f : (float)y;
    __INT16_TYPE__ q = (__INT16_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    q = y == -1 ? (__INT16_TYPE__)(0u - (__UINT32_TYPE__)x) : q;
    return y == 0 ? 0 : q;
}

/* bt_mod_i16 requires: bt_floordiv_i16 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT16_TYPE__
bt_mod_i16(__INT16_TYPE__ x, __INT16_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_i16(x, y) * (__UINT32_TYPE__)y;
    __INT16_TYPE__ r = (__INT16_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_i16 requires: */
/* x^y modulo 2^16; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT16_TYPE__
bt_ipow_i16(__INT16_TYPE__ x, __INT16_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    for (__UINT32_TYPE__ e = (__UINT32_TYPE__)y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT16_TYPE__)result;
}

/* bt_floordiv_u16 requires: */
/* floor(x / y); 0 for y = 0. The quotient in float never rounds up to an integer. */
static inline __attribute__((always_inline)) __UINT16_TYPE__
bt_floordiv_u16(__UINT16_TYPE__ x, __UINT16_TYPE__ y)
{
    float divisor = (y == 0) ? 1.0f : (float)y;
    __UINT16_TYPE__ q = (__UINT16_TYPE__)(__INT32_TYPE__)__builtin_floorf((float)x / divisor);
    return y == 0 ? 0 : q;
}

/* bt_mod_u16 requires: bt_floordiv_u16 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT16_TYPE__
bt_mod_u16(__UINT16_TYPE__ x, __UINT16_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_u16(x, y) * (__UINT32_TYPE__)y;
    __UINT16_TYPE__ r = (__UINT16_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_u16 requires: */
/* x^y modulo 2^16. */
static inline __attribute__((always_inline)) __UINT16_TYPE__
bt_ipow_u16(__UINT16_TYPE__ x, __UINT16_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    for (__UINT32_TYPE__ e = y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT16_TYPE__)result;
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

/* bt_mod_i32 requires: bt_floordiv_i32 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT32_TYPE__
bt_mod_i32(__INT32_TYPE__ x, __INT32_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_i32(x, y) * (__UINT32_TYPE__)y;
    __INT32_TYPE__ r = (__INT32_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_i32 requires: */
/* x^y modulo 2^32; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT32_TYPE__
bt_ipow_i32(__INT32_TYPE__ x, __INT32_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    for (__UINT32_TYPE__ e = (__UINT32_TYPE__)y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT32_TYPE__)result;
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

/* bt_mod_u32 requires: bt_floordiv_u32 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT32_TYPE__
bt_mod_u32(__UINT32_TYPE__ x, __UINT32_TYPE__ y)
{
    __UINT32_TYPE__ multiple = (__UINT32_TYPE__)bt_floordiv_u32(x, y) * (__UINT32_TYPE__)y;
    __UINT32_TYPE__ r = (__UINT32_TYPE__)((__UINT32_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_u32 requires: */
/* x^y modulo 2^32. */
static inline __attribute__((always_inline)) __UINT32_TYPE__
bt_ipow_u32(__UINT32_TYPE__ x, __UINT32_TYPE__ y)
{
    __UINT32_TYPE__ base = (__UINT32_TYPE__)x, result = 1;
    for (__UINT32_TYPE__ e = y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT32_TYPE__)result;
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

/* bt_mod_i64 requires: bt_floordiv_i64 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __INT64_TYPE__
bt_mod_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __UINT64_TYPE__ multiple = (__UINT64_TYPE__)bt_floordiv_i64(x, y) * (__UINT64_TYPE__)y;
    __INT64_TYPE__ r = (__INT64_TYPE__)((__UINT64_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_i64 requires: */
/* x^y modulo 2^64; for y < 0 the true value truncated to an integer, and 0 for x = 0. */
static inline __attribute__((always_inline)) __INT64_TYPE__
bt_ipow_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __UINT64_TYPE__ base = (__UINT64_TYPE__)x, result = 1;
    if (y < 0)
        return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);
    for (__UINT64_TYPE__ e = (__UINT64_TYPE__)y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__INT64_TYPE__)result;
}

/* bt_floordiv_u64 requires: */
/* floor(x / y); 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT64_TYPE__
bt_floordiv_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    return y == 0 ? 0 : x / (y == 0 ? 1 : y);
}

/* bt_mod_u64 requires: bt_floordiv_u64 */
/* The remainder with the sign of y; 0 for y = 0. */
static inline __attribute__((always_inline)) __UINT64_TYPE__
bt_mod_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    __UINT64_TYPE__ multiple = (__UINT64_TYPE__)bt_floordiv_u64(x, y) * (__UINT64_TYPE__)y;
    __UINT64_TYPE__ r = (__UINT64_TYPE__)((__UINT64_TYPE__)x - multiple);
    return y == 0 ? 0 : r;
}

/* bt_ipow_u64 requires: */
/* x^y modulo 2^64. */
static inline __attribute__((always_inline)) __UINT64_TYPE__
bt_ipow_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    __UINT64_TYPE__ base = (__UINT64_TYPE__)x, result = 1;
    for (__UINT64_TYPE__ e = y; e != 0; e >>= 1) {
        result = (e & 1) ? result * base : result;
        base = base * base;
    }
    return (__UINT64_TYPE__)result;
}
