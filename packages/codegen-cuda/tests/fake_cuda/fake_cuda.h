/* What the two libraries share. With -DWITH_CUDA_H the compiler compares every declaration with
   NVIDIA's own. */
#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H
#include <stddef.h>
#include <stdint.h>

#ifdef WITH_CUDA_H
#include <cuda.h>
#else
typedef int CUresult;
typedef int CUdevice;
typedef int CUdevice_attribute, CUpointer_attribute, CUstreamCaptureMode, CUstreamCaptureStatus, CUjit_option;
typedef unsigned long long CUdeviceptr;
typedef uint64_t cuuint64_t;
typedef struct CUctx_st *CUcontext;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUkern_st *CUkernel;
typedef struct CUgraphEdgeData_st CUgraphEdgeData;
typedef struct {
  CUfunction func;
  unsigned int gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes;
  void **kernelParams, **extra;
  CUkernel kern;
  CUcontext ctx;
} CUDA_KERNEL_NODE_PARAMS;
#endif

enum { LIMIT = 32 };

/* Work of a stream: what `work` does with a copy of its data. */
typedef CUresult (*fake_work)(void *data);
CUresult fake_enqueue(CUstream stream, fake_work work, const void *data, size_t size);
int fake_is_current(void);
int fake_is_memory(CUdeviceptr address, size_t size);
#endif
