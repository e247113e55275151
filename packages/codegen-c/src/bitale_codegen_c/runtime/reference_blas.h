/* Plain loops behind the BLAS table when no BLAS library answers: slow, and always there.
 *
 * Fortran calling convention with 32-bit integers, column-major; the semantics are those of the
 * reference BLAS (netlib): with beta == 0 the result is not read, so its NaNs do not survive. */
#ifndef BITALE_REFERENCE_BLAS_H
#define BITALE_REFERENCE_BLAS_H

#include <stddef.h>

static inline int blas_transposed(const char *flag) { return *flag != 'N' && *flag != 'n'; }

/* Fortran starts a vector of negative increment at its far end. */
static inline ptrdiff_t blas_start(int n, int increment) {
    return increment < 0 ? (ptrdiff_t)(1 - n) * increment : 0;
}

#define BLAS_ROUTINES(T, P)                                                                        \
    static void own_##P##scal(int *n, T *alpha, T *x, int *incx) {                                 \
        for (ptrdiff_t i = 0; i < *n; i++) x[i * *incx] *= *alpha;                                 \
    }                                                                                              \
    static void own_##P##axpy(int *n, T *alpha, T *x, int *incx, T *y, int *incy) {                \
        x += blas_start(*n, *incx);                                                                \
        y += blas_start(*n, *incy);                                                                \
        for (ptrdiff_t i = 0; i < *n; i++) y[i * *incy] += *alpha * x[i * *incx];                  \
    }                                                                                              \
    static T own_##P##dot(int *n, T *x, int *incx, T *y, int *incy) {                              \
        T total = 0;                                                                               \
        x += blas_start(*n, *incx);                                                                \
        y += blas_start(*n, *incy);                                                                \
        for (ptrdiff_t i = 0; i < *n; i++) total += x[i * *incx] * y[i * *incy];                   \
        return total;                                                                              \
    }                                                                                              \
    static void own_##P##ger(int *m, int *n, T *alpha, T *x, int *incx, T *y, int *incy, T *a,     \
                             int *lda) {                                                           \
        x += blas_start(*m, *incx);                                                                \
        y += blas_start(*n, *incy);                                                                \
        for (ptrdiff_t j = 0; j < *n; j++) {                                                       \
            T scaled = *alpha * y[j * *incy];                                                      \
            for (ptrdiff_t i = 0; i < *m; i++) a[j * *lda + i] += scaled * x[i * *incx];           \
        }                                                                                          \
    }                                                                                              \
    static void own_##P##clear(ptrdiff_t n, T beta, T *y, ptrdiff_t step) {                        \
        for (ptrdiff_t i = 0; i < n; i++) y[i * step] = beta == 0 ? 0 : beta * y[i * step];        \
    }                                                                                              \
    static void own_##P##gemv(char *trans, int *m, int *n, T *alpha, T *a, int *lda, T *x,         \
                              int *incx, T *beta, T *y, int *incy) {                               \
        int t = blas_transposed(trans);                                                            \
        int rows = t ? *n : *m, columns = t ? *m : *n;                                             \
        x += blas_start(columns, *incx);                                                           \
        y += blas_start(rows, *incy);                                                              \
        own_##P##clear(rows, *beta, y, *incy);                                                     \
        for (ptrdiff_t j = 0; j < *n; j++) {                                                       \
            T *column = a + j * *lda, total = 0;                                                   \
            if (t) {                                                                               \
                for (ptrdiff_t i = 0; i < *m; i++) total += column[i] * x[i * *incx];              \
                y[j * *incy] += *alpha * total;                                                    \
            } else {                                                                               \
                total = *alpha * x[j * *incx];                                                     \
                for (ptrdiff_t i = 0; i < *m; i++) y[i * *incy] += total * column[i];              \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void own_##P##gemm(char *transa, char *transb, int *m, int *n, int *k, T *alpha, T *a,  \
                              int *lda, T *b, int *ldb, T *beta, T *c, int *ldc) {                 \
        int ta = blas_transposed(transa);                                                          \
        ptrdiff_t step = blas_transposed(transb) ? *ldb : 1;                                       \
        ptrdiff_t next = blas_transposed(transb) ? 1 : *ldb;                                       \
        for (ptrdiff_t j = 0; j < *n; j++) {                                                       \
            T *result = c + j * *ldc, *right = b + j * next;                                       \
            own_##P##clear(*m, *beta, result, 1);                                                  \
            if (ta) {                                                                              \
                for (ptrdiff_t i = 0; i < *m; i++) {                                               \
                    T *left = a + i * *lda, total = 0;                                             \
                    for (ptrdiff_t l = 0; l < *k; l++) total += left[l] * right[l * step];         \
                    result[i] += *alpha * total;                                                   \
                }                                                                                  \
            } else {                                                                               \
                for (ptrdiff_t l = 0; l < *k; l++) {                                               \
                    T *left = a + l * *lda, scaled = *alpha * right[l * step];                     \
                    for (ptrdiff_t i = 0; i < *m; i++) result[i] += scaled * left[i];              \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

BLAS_ROUTINES(float, s)
BLAS_ROUTINES(double, d)

#define BLAS_COUNT 12

static void *blas_table[BLAS_COUNT];

static void blas_table_reset(void) {
    void *own[BLAS_COUNT] = {(void *)own_sgemm, (void *)own_dgemm, (void *)own_sgemv,
                             (void *)own_dgemv, (void *)own_sger,  (void *)own_dger,
                             (void *)own_sdot,  (void *)own_ddot,  (void *)own_saxpy,
                             (void *)own_daxpy, (void *)own_sscal, (void *)own_dscal};
    for (int i = 0; i < BLAS_COUNT; i++) blas_table[i] = own[i];
}

static int blas_is_own(void) { return blas_table[0] == (void *)own_sgemm; }

#endif
