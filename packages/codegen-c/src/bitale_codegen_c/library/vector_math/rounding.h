/* Division with the floor, and the small exact functions. */

/* bt_mod_f32 requires: */
/* The remainder with the sign of y (Python's %), as numpy.mod; NaN for y = 0. */
static inline __attribute__((always_inline)) float
bt_mod_f32(float x, float y)
{
    float r = __builtin_fmodf(x, y);
    float moved = (r < 0.0f) != (y < 0.0f) ? r + y : r;
    return r == 0.0f ? __builtin_copysignf(r, y) : moved;
}

/* bt_mod_f64 requires: */
/* The remainder with the sign of y (Python's %), as numpy.mod; NaN for y = 0. */
static inline __attribute__((always_inline)) double
bt_mod_f64(double x, double y)
{
    double r = __builtin_fmod(x, y);
    double moved = (r < 0.0) != (y < 0.0) ? r + y : r;
    return r == 0.0 ? __builtin_copysign(r, y) : moved;
}

/* bt_floordiv_f32 requires: */
/* floor(x / y) (Python's //) from the exact remainder, as numpy.floor_divide; x / y for y = 0. */
static inline __attribute__((always_inline)) float
bt_floordiv_f32(float x, float y)
{
    float r = __builtin_fmodf(x, y);
    float q = (x - r) / y;
    q = (r != 0.0f) & ((r < 0.0f) != (y < 0.0f)) ? q - 1.0f : q;
    float whole = __builtin_floorf(q);
    whole = q - whole > 0.5f ? whole + 1.0f : whole;
    whole = q == 0.0f ? __builtin_copysignf(0.0f, x / y) : whole;
    return y == 0.0f ? x / y : whole;
}

/* bt_floordiv_f64 requires: */
/* floor(x / y) (Python's //) from the exact remainder, as numpy.floor_divide; x / y for y = 0. */
static inline __attribute__((always_inline)) double
bt_floordiv_f64(double x, double y)
{
    double r = __builtin_fmod(x, y);
    double q = (x - r) / y;
    q = (r != 0.0) & ((r < 0.0) != (y < 0.0)) ? q - 1.0 : q;
    double whole = __builtin_floor(q);
    whole = q - whole > 0.5 ? whole + 1.0 : whole;
    whole = q == 0.0 ? __builtin_copysign(0.0, x / y) : whole;
    return y == 0.0 ? x / y : whole;
}

/* bt_maximum_f32 requires: */
/* The larger of x and y; NaN where either is NaN; x where they are equal. */
static inline __attribute__((always_inline)) float
bt_maximum_f32(float x, float y)
{
    return (x >= y) | (x != x) ? x : y;
}

/* bt_maximum_f64 requires: */
/* The larger of x and y; NaN where either is NaN; x where they are equal. */
static inline __attribute__((always_inline)) double
bt_maximum_f64(double x, double y)
{
    return (x >= y) | (x != x) ? x : y;
}

/* bt_minimum_f32 requires: */
/* The smaller of x and y; NaN where either is NaN; x where they are equal. */
static inline __attribute__((always_inline)) float
bt_minimum_f32(float x, float y)
{
    return (x <= y) | (x != x) ? x : y;
}

/* bt_minimum_f64 requires: */
/* The smaller of x and y; NaN where either is NaN; x where they are equal. */
static inline __attribute__((always_inline)) double
bt_minimum_f64(double x, double y)
{
    return (x <= y) | (x != x) ? x : y;
}

/* bt_sign_f32 requires: */
/* -1, 0 or 1; NaN stays NaN. */
static inline __attribute__((always_inline)) float
bt_sign_f32(float x)
{
    float y = (float)((x > 0.0f) - (x < 0.0f));
    return x == x ? y : x;
}

/* bt_sign_f64 requires: */
/* -1, 0 or 1; NaN stays NaN. */
static inline __attribute__((always_inline)) double
bt_sign_f64(double x)
{
    double y = (double)((x > 0.0) - (x < 0.0));
    return x == x ? y : x;
}

/* bt_round_f32 requires: */
/* The nearest integer, ties to even. */
static inline __attribute__((always_inline)) float
bt_round_f32(float x)
{
    return __builtin_rintf(x);
}

/* bt_round_f64 requires: */
/* The nearest integer, ties to even. */
static inline __attribute__((always_inline)) double
bt_round_f64(double x)
{
    return __builtin_rint(x);
}
