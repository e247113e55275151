/* A libcublas without a GPU: its one product is three loops, in the stream of fake_cuda.c. */
#include "fake_cuda.h"
#include <stdlib.h>
#include <string.h>

typedef int cublasStatus_t;
typedef struct { CUstream stream; void *workspace; size_t size; int pointer_mode, math_mode; } handle;
enum { OK = 0, NOT_INITIALIZED = 1, INVALID = 7, EXECUTION_FAILED = 13 };

typedef struct {
  int transa, transb, type, on_device;
  int64_t m, n, k, lda, ldb, ldc;
  const char *a, *b;
  char *c;
  const char *alpha, *beta;
  double scales[2];
} product;

static int alive, last_mode, wide, refused;
void fake_cublas_refuse(void) { refused = 1; }
int fake_cublas_alive(void) { return alive; }
int fake_cublas_mode(void) { return last_mode; }
int fake_cublas_wide(void) { return wide; }

static double get(const char *at, int64_t i, int type) {
  return type == 1 ? ((const double *)at)[i] : (double)((const float *)at)[i];
}
static CUresult multiply(void *data) {
  product *p = data;
  double alpha = p->scales[0], beta = p->scales[1];
  if (p->on_device) alpha = get(p->alpha, 0, p->type), beta = get(p->beta, 0, p->type);
  for (int64_t j = 0; j < p->n; ++j)
    for (int64_t i = 0; i < p->m; ++i) {
      double sum = 0;
      for (int64_t l = 0; l < p->k; ++l) {
        double a = get(p->a, p->transa ? l + i * p->lda : i + l * p->lda, p->type);
        double b = get(p->b, p->transb ? j + l * p->ldb : l + j * p->ldb, p->type);
        sum += a * b;
      }
      int64_t at = i + j * p->ldc;
      double out = alpha * sum + (beta == 0 ? 0 : beta * get(p->c, at, p->type));
      if (p->type == 1) ((double *)p->c)[at] = out;
      else ((float *)p->c)[at] = (float)out;
    }
  return OK;
}

const char *cublasGetStatusName(cublasStatus_t status) {
  return status == INVALID ? "CUBLAS_STATUS_INVALID_VALUE" : "CUBLAS_STATUS_OTHER";
}
cublasStatus_t cublasGetProperty(int which, int *value) {
  *value = which == 0 ? 13 : 2;
  return OK;
}
cublasStatus_t cublasCreate_v2(handle **made) {
  if (!fake_is_current() || refused) { refused = 0; return NOT_INITIALIZED; }
  *made = calloc(1, sizeof **made);
  ++alive;
  return OK;
}
cublasStatus_t cublasDestroy_v2(handle *h) {
  --alive, free(h);
  return OK;
}
cublasStatus_t cublasSetStream_v2(handle *h, CUstream stream) {
  h->stream = stream, h->workspace = NULL, h->size = 0; /* as the manual says */
  return OK;
}
cublasStatus_t cublasSetWorkspace_v2(handle *h, void *workspace, size_t size) {
  if (!fake_is_memory((uintptr_t)workspace, size) || (uintptr_t)workspace % 256) return INVALID;
  h->workspace = workspace, h->size = size;
  return OK;
}
cublasStatus_t cublasSetPointerMode_v2(handle *h, int mode) { h->pointer_mode = mode; return OK; }
cublasStatus_t cublasSetMathMode(handle *h, int mode) { h->math_mode = mode; return OK; }

static int bad(int transposed, int64_t rows, int64_t columns, int64_t leading) {
  int64_t least = transposed ? columns : rows;
  return leading < (least > 1 ? least : 1);
}
cublasStatus_t cublasGemmEx_64(handle *h, int transa, int transb, int64_t m, int64_t n, int64_t k,
                               const void *alpha, const void *a, int a_type, int64_t lda,
                               const void *b, int b_type, int64_t ldb, const void *beta, void *c,
                               int c_type, int64_t ldc, int compute, int algorithm) {
  if (!h || !h->size || !fake_is_current() || algorithm != -1) return INVALID;
  if (a_type != b_type || a_type != c_type || compute != (a_type == 1 ? 70 : 68)) return INVALID;
  if (m < 0 || n < 0 || k < 0) return INVALID;
  if (bad(transa, m, k, lda) || bad(transb, k, n, ldb) || bad(0, m, n, ldc)) return INVALID;
  last_mode = h->math_mode, wide = 1;
  product p = {transa, transb, a_type, h->pointer_mode, m, n, k, lda, ldb, ldc, a, b, c,
               alpha, beta, {0, 0}};
  if (!h->pointer_mode) p.scales[0] = get(alpha, 0, a_type), p.scales[1] = get(beta, 0, a_type);
  if (a_type > 1) return OK; /* numbers of 16 bits: only looked at */
  return fake_enqueue(h->stream, multiply, &p, sizeof p) ? EXECUTION_FAILED : OK;
}
cublasStatus_t cublasGemmEx(handle *h, int transa, int transb, int m, int n, int k,
                            const void *alpha, const void *a, int a_type, int lda, const void *b,
                            int b_type, int ldb, const void *beta, void *c, int c_type, int ldc,
                            int compute, int algorithm) {
  cublasStatus_t status = cublasGemmEx_64(h, transa, transb, m, n, k, alpha, a, a_type, lda, b,
                                          b_type, ldb, beta, c, c_type, ldc, compute, algorithm);
  wide = 0;
  return status;
}

cublasStatus_t cublasGemmStridedBatchedEx_64(handle *h, int transa, int transb, int64_t m, int64_t n, int64_t k,
                                             const void *alpha, const void *a, int a_type, int64_t lda,
                                             int64_t a_step, const void *b, int b_type, int64_t ldb,
                                             int64_t b_step, const void *beta, void *c, int c_type,
                                             int64_t ldc, int64_t c_step, int64_t count, int compute,
                                             int algorithm) {
  if (count < 0 || count > 65535) return INVALID;
  int64_t size = a_type == 1 ? 8 : a_type == 0 ? 4 : 2;
  for (int64_t i = 0; i < count; ++i) {
    cublasStatus_t status = cublasGemmEx_64(
        h, transa, transb, m, n, k, alpha, (const char *)a + i * a_step * size, a_type, lda,
        (const char *)b + i * b_step * size, b_type, ldb, beta, (char *)c + i * c_step * size,
        c_type, ldc, compute, algorithm);
    if (status) return status;
  }
  return OK;
}
cublasStatus_t cublasGemmStridedBatchedEx(handle *h, int transa, int transb, int m, int n, int k,
                                          const void *alpha, const void *a, int a_type, int lda,
                                          long long a_step, const void *b, int b_type, int ldb,
                                          long long b_step, const void *beta, void *c, int c_type,
                                          int ldc, long long c_step, int count, int compute,
                                          int algorithm) {
  cublasStatus_t status = cublasGemmStridedBatchedEx_64(
      h, transa, transb, m, n, k, alpha, a, a_type, lda, a_step, b, b_type, ldb, b_step, beta, c,
      c_type, ldc, c_step, count, compute, algorithm);
  wide = 0;
  return status;
}
