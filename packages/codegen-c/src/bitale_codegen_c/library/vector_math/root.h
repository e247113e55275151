/* Cube roots: an exponent that is divided by 3, then Halley's iteration. */

/* bt_cbrt_f32 requires: bt_bits_f32 bt_from_bits_f32 */
/* The cube root, in double but for the first digits. */
static inline __attribute__((always_inline)) float
bt_cbrt_f32(float x)
{
    float t = __builtin_fabsf(x);
    float scaled = t < 1.17549435e-38f ? t * 16777216.0f : t;
    double restored = t < 1.17549435e-38f ? 0.00390625 : 1.0;
    double whole = scaled;
    double y = bt_from_bits_f32(bt_bits_f32(scaled) / 3u + 0x2a510600u);
    double cube = y * y * y;
    y = y * ((cube + 2.0 * whole) / (2.0 * cube + whole));
    cube = y * y * y;
    float root = (float)(restored * y * ((cube + 2.0 * whole) / (2.0 * cube + whole)));
    return __builtin_copysignf((t > 0.0f) & (t < __builtin_inff()) ? root : t, x);
}

/* bt_cbrt_f64 requires: bt_bits_f64 bt_from_bits_f64 */
/* The cube root. */
static inline __attribute__((always_inline)) double
bt_cbrt_f64(double x)
{
    double t = __builtin_fabs(x);
    double scaled = t < 0x1p-700 ? t * 0x1p600 : t;
    scaled = t > 0x1p700 ? t * 0x1p-600 : scaled;
    double restored = t < 0x1p-700 ? 0x1p-200 : 1.0;
    restored = t > 0x1p700 ? 0x1p200 : restored;
    bt_u64 third = ((bt_bits_f64(scaled) >> 32) * 0xaaaaaaabull) >> 33;
    double y = bt_from_bits_f64((third + 0x2a9f7600ull) << 32);
    double cube = y * y * y;
    y = y * ((cube + 2.0 * scaled) / (2.0 * cube + scaled));
    cube = y * y * y;
    y = y * ((cube + 2.0 * scaled) / (2.0 * cube + scaled));
    /* The last step by what is left, which is small. */
    double square = y * y;
    y = y + (scaled / square - y) * 0.3333333333333333;
    return __builtin_copysign((t > 0.0) & (t < __builtin_inf()) ? y * restored : t, x);
}
