/* In single precision by way of double. */

/* bt_gammaln_f32 requires: bt_gammaln_f64 */
BT_FUNCTION float bt_gammaln_f32(float x) { return (float)bt_gammaln_f64(x); }

/* bt_gamma_f32 requires: bt_gamma_f64 */
BT_FUNCTION float bt_gamma_f32(float x) { return (float)bt_gamma_f64(x); }

/* bt_psi_f32 requires: bt_psi_f64 */
BT_FUNCTION float bt_psi_f32(float x) { return (float)bt_psi_f64(x); }

/* bt_tri_gamma_f32 requires: bt_tri_gamma_f64 */
BT_FUNCTION float bt_tri_gamma_f32(float x) { return (float)bt_tri_gamma_f64(x); }

/* bt_erfcx_f32 requires: bt_erfcx_f64 */
BT_FUNCTION float bt_erfcx_f32(float x) { return (float)bt_erfcx_f64(x); }

/* bt_erfinv_f32 requires: bt_erfinv_f64 */
BT_FUNCTION float bt_erfinv_f32(float x) { return (float)bt_erfinv_f64(x); }

/* bt_erfcinv_f32 requires: bt_erfcinv_f64 */
BT_FUNCTION float bt_erfcinv_f32(float x) { return (float)bt_erfcinv_f64(x); }

/* bt_j0_f32 requires: bt_j0_f64 */
BT_FUNCTION float bt_j0_f32(float x) { return (float)bt_j0_f64(x); }

/* bt_j1_f32 requires: bt_j1_f64 */
BT_FUNCTION float bt_j1_f32(float x) { return (float)bt_j1_f64(x); }

/* bt_i0_f32 requires: bt_i0_f64 */
BT_FUNCTION float bt_i0_f32(float x) { return (float)bt_i0_f64(x); }

/* bt_i1_f32 requires: bt_i1_f64 */
BT_FUNCTION float bt_i1_f32(float x) { return (float)bt_i1_f64(x); }

/* bt_gammainc_f32 requires: bt_gammainc_f64 */
BT_FUNCTION float bt_gammainc_f32(float a, float x) { return (float)bt_gammainc_f64(a, x); }

/* bt_gammaincc_f32 requires: bt_gammaincc_f64 */
BT_FUNCTION float bt_gammaincc_f32(float a, float x) { return (float)bt_gammaincc_f64(a, x); }
