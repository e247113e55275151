/* A libcuda without a GPU: memory is the host's, and a stream works when somebody waits for it. */
#define _GNU_SOURCE
#include "fake_cuda.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID = 1, NO_MEMORY = 2, NO_DEVICE = 100, BAD_DEVICE = 101, BAD_IMAGE = 200,
       NO_CONTEXT = 201, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, UNSUPPORTED = 900,
       INVALIDATED = 901 };
enum { BLOCKS = 4096, WORKS = 65536, DEPTH = 64, NODES = 1024 };

typedef struct {
  fake_work work;
  void *data;
  size_t size;
} job;
struct CUgraphNode_st { job job; };
struct CUgraph_st { int count, destroyed; CUgraphNode nodes[NODES]; };
struct CUgraphExec_st { CUgraph graph; job jobs[NODES]; };
struct CUctx_st { int device, held; };
struct CUstream_st { CUgraph graph; int broken; long first, last; job jobs[WORKS]; };
struct CUevent_st { CUstream stream; long position; };
struct CUmod_st { char *image; };
struct CUfunc_st { char name[64], kinds[LIMIT]; };
typedef struct { char *address; size_t size; int pinned, device; } block;
typedef struct { struct CUfunc_st *function; unsigned shape[6]; uint64_t arguments[LIMIT]; } launch;
typedef struct { char *to, *source; size_t size; char *owned; int checked_to, checked_source; } copy;
typedef struct { char *to; unsigned char value; size_t size; } fill;

static struct CUctx_st contexts[8];
static __thread CUcontext stack[DEPTH];
static __thread int depth;
static block blocks[BLOCKS];
static launch launches[WORKS];
static long launched, handles, used, waits;
static int device_count = 2, version = 13000, sticky, failing;
static size_t capacity = (size_t)1 << 30;
static char failure[64];

/* For the tests. */
void fake_reset(void) {
  launched = used = sticky = failing = handles = waits = 0;
  depth = 0, device_count = 2, version = 13000, capacity = (size_t)1 << 30, failure[0] = 0;
  memset(contexts, 0, sizeof contexts);
  memset(blocks, 0, sizeof blocks);
}
void fake_fail(const char *function, int status) {
  snprintf(failure, sizeof failure, "%s", function);
  failing = status;
}
void fake_devices(int count) { device_count = count; }
void fake_version(int number) { version = number; }
long fake_used(void) { return used; }
long fake_handles(void) { return handles; }
long fake_waits(void) { return waits; }
int fake_depth(void) { return depth; }
int fake_held(int device) { return contexts[device].held; }
long fake_launched(void) { return launched; }
void fake_launch(long number, char *name, char *kinds, unsigned *shape, uint64_t *arguments) {
  launch *one = launches + number;
  strcpy(name, one->function->name), strcpy(kinds, one->function->kinds);
  memcpy(shape, one->shape, sizeof one->shape);
  memcpy(arguments, one->arguments, sizeof one->arguments);
}

static CUresult enter(const char *function, int context) {
  if (failing && !strcmp(function, failure)) {
    int status = failing;
    failing = 0;
    if (status == ILLEGAL_ADDRESS) sticky = status;
    return status;
  }
  if (sticky) return sticky;
  return context && !depth ? NO_CONTEXT : OK;
}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void leave(int *held) { if (*held) pthread_mutex_unlock(&lock); }
/* One thread at a time, to the end of the function; refuses what the real ones would refuse. */
#define ENTER(context)                                                                            \
  __attribute__((cleanup(leave))) int held_ = !pthread_mutex_lock(&lock);                         \
  CUresult status_ = enter(__func__, context);                                                    \
  if (status_) return status_

static block *find(const char *address, size_t size) {
  for (block *b = blocks; b < blocks + BLOCKS; ++b)
    if (b->address && address >= b->address && address + size <= b->address + b->size) return b;
  return NULL;
}
static block *add(size_t size, int pinned) {
  for (block *b = blocks; b < blocks + BLOCKS; ++b)
    if (!b->address) {
      if (posix_memalign((void **)&b->address, 256, size)) return NULL;
      memset(b->address, 0x7f, size);
      b->size = size, b->pinned = pinned, used += size;
      b->device = stack[depth - 1]->device;
      return b;
    }
  return NULL;
}
static CUresult drop(char *address, int pinned) {
  block *b = find(address, 0);
  if (!b || b->address != address || b->pinned != pinned) return INVALID;
  memset(b->address, 0x55, b->size);
  used -= b->size, b->address = NULL; /* never given back, so that late readers see 0x55 */
  return OK;
}
int fake_is_current(void) { return depth > 0; }
int fake_is_memory(CUdeviceptr address, size_t size) {
  block *b = find((char *)(uintptr_t)address, size);
  return b && !b->pinned;
}

static CUresult drain(CUstream stream, long until) {
  while (stream->first < until) {
    job *one = stream->jobs + stream->first++ % WORKS;
    if (!sticky) sticky = one->work(one->data);
    free(one->data);
  }
  return sticky;
}
static job copied(job one) { /* with data of its own */
  void *data = malloc(one.size ? one.size : 1);
  memcpy(data, one.data, one.size);
  one.data = data;
  return one;
}
CUresult fake_enqueue(CUstream stream, fake_work work, const void *data, size_t size) {
  job one = copied((job){work, (void *)data, size});
  if (stream->graph) {
    if (stream->graph->count == NODES) return INVALID;
    CUgraphNode node = malloc(sizeof *node);
    node->job = one;
    stream->graph->nodes[stream->graph->count++] = node;
  } else {
    if (stream->last - stream->first == WORKS) drain(stream, stream->last);
    stream->jobs[stream->last++ % WORKS] = one;
  }
  return OK;
}
static CUresult do_copy(void *data) {
  copy *c = data;
  if (c->checked_to && !fake_is_memory((uintptr_t)c->to, c->size)) return ILLEGAL_ADDRESS;
  if (c->checked_source && !fake_is_memory((uintptr_t)c->source, c->size)) return ILLEGAL_ADDRESS;
  memcpy(c->to, c->source, c->size);
  free(c->owned);
  return OK;
}
static CUresult do_fill(void *data) {
  fill *f = data;
  if (!fake_is_memory((uintptr_t)f->to, f->size)) return ILLEGAL_ADDRESS;
  memset(f->to, f->value, f->size);
  return OK;
}
/* A kernel whose name begins with "fill" does what (float *to, int64_t n, double value) say. */
static CUresult do_launch(void *data) {
  launch *l = data;
  launches[launched++ % WORKS] = *l;
  if (!strncmp(l->function->name, "crash", 5)) return ILLEGAL_ADDRESS;
  if (!strncmp(l->function->name, "fill", 4)) {
    double value;
    memcpy(&value, l->arguments + 2, sizeof value);
    float *to = (float *)(uintptr_t)l->arguments[0];
    if (!fake_is_memory(l->arguments[0], l->arguments[1] * sizeof *to)) return ILLEGAL_ADDRESS;
    for (uint64_t i = 0; i < l->arguments[1]; ++i) to[i] = (float)value;
  }
  return OK;
}

CUresult cuInit(unsigned int flags) {
  if (failing && !strcmp("cuInit", failure)) return failing;
  return flags ? INVALID : device_count ? OK : NO_DEVICE;
}
CUresult cuDriverGetVersion(int *number) { *number = version; return OK; }
CUresult cuGetErrorName(CUresult status, const char **name) {
  *name = status == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : status == NO_MEMORY     ? "CUDA_ERROR_OUT_OF_MEMORY"
          : status == INVALID       ? "CUDA_ERROR_INVALID_VALUE"
                                    : NULL;
  return *name ? OK : INVALID;
}
CUresult cuGetErrorString(CUresult status, const char **text) {
  *text = status == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : NULL;
  return *text ? OK : INVALID;
}
CUresult cuDeviceGetCount(int *count) { *count = device_count; return OK; }
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal + 3; /* a handle need not be the number */
  return ordinal < device_count ? OK : BAD_DEVICE;
}
CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  snprintf(name, size, "Fake H%d", device - 3);
  return OK;
}
CUresult cuDeviceTotalMem_v2(size_t *size, CUdevice device) {
  *size = capacity;
  return device < 3 ? BAD_DEVICE : OK;
}
CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute which, CUdevice device) {
  *value = which == 16 ? 132 : which == 75 ? 9 : which == 76 ? 0 : -1;
  return device < 3 ? BAD_DEVICE : OK;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER(0);
  *context = contexts + device - 3;
  (*context)->device = device - 3, ++(*context)->held;
  return OK;
}
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) { --contexts[device - 3].held; return OK; }
CUresult cuCtxPushCurrent_v2(CUcontext context) {
  ENTER(0);
  if (!context || !context->held || depth == DEPTH) return INVALID;
  stack[depth++] = context;
  return OK;
}
CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  if (!depth) return NO_CONTEXT;
  *context = stack[--depth];
  return sticky;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
  ENTER(1);
  if (flags != 1) return INVALID;
  ++handles, *stream = calloc(1, sizeof **stream);
  return OK;
}
CUresult cuStreamDestroy_v2(CUstream stream) { ENTER(1); --handles, free(stream); return OK; }
CUresult cuStreamSynchronize(CUstream stream) {
  ENTER(1);
  if (stream->graph) { stream->broken = 1; return UNSUPPORTED; }
  ++waits;
  return drain(stream, stream->last);
}
CUresult cuEventCreate(CUevent *event, unsigned int flags) {
  ENTER(1);
  if (flags != 2 && flags != 0) return INVALID;
  ++handles, *event = calloc(1, sizeof **event);
  return OK;
}
CUresult cuEventDestroy_v2(CUevent event) { --handles, free(event); return OK; }
CUresult cuEventRecord(CUevent event, CUstream stream) {
  ENTER(1);
  /* Nothing is ever put into the default streams, which are 1 and 2. */
  event->stream = (uintptr_t)stream <= 2 ? NULL : stream;
  event->position = event->stream ? stream->last : 0;
  return OK;
}
CUresult cuEventSynchronize(CUevent event) {
  ENTER(1);
  ++waits;
  return event->stream ? drain(event->stream, event->position) : OK;
}
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  ENTER(1);
  if (!start->stream || start->stream != end->stream) return INVALID;
  *milliseconds = (float)(end->position - start->position);
  return OK;
}
static CUresult do_wait(void *data) {
  struct CUevent_st *event = data;
  return event->stream ? drain(event->stream, event->position) : OK;
}
CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned int flags) {
  ENTER(1);
  return flags ? INVALID : fake_enqueue(stream, do_wait, event, sizeof *event);
}

CUresult cuMemGetInfo_v2(size_t *free_, size_t *total) {
  ENTER(1);
  *total = capacity, *free_ = capacity - used;
  return OK;
}
CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size) {
  ENTER(1);
  if (!size) return INVALID;
  block *b = used + size > capacity ? NULL : add(size, 0);
  *address = b ? (uintptr_t)b->address : 0;
  return b ? OK : NO_MEMORY;
}
CUresult cuMemFree_v2(CUdeviceptr address) { ENTER(1); return drop((char *)(uintptr_t)address, 0); }
CUresult cuMemHostAlloc(void **address, size_t size, unsigned int flags) {
  ENTER(1);
  (void)flags;
  block *b = add(size, 1);
  *address = b ? b->address : NULL;
  return b ? OK : NO_MEMORY;
}
CUresult cuMemFreeHost(void *address) { ENTER(1); return drop(address, 1); }
CUresult cuPointerGetAttribute(void *value, CUpointer_attribute which, CUdeviceptr address) {
  ENTER(1);
  block *b = find((char *)(uintptr_t)address, 1);
  if (which != 9 || !b) return INVALID;
  *(int *)value = b->device;
  return OK;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *source, size_t size, CUstream stream) {
  ENTER(1);
  block *b = find(source, size);
  copy c = {(char *)(uintptr_t)to, (char *)source, size, NULL, 1, 0};
  if (!b || !b->pinned) { /* the driver has its own copy when it returns */
    c.owned = malloc(size);
    c.source = memcpy(c.owned, source, size);
  }
  return fake_enqueue(stream, do_copy, &c, sizeof c);
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr source, size_t size, CUstream stream) {
  ENTER(1);
  copy c = {to, (char *)(uintptr_t)source, size, NULL, 0, 1};
  return fake_enqueue(stream, do_copy, &c, sizeof c);
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr source, size_t size, CUstream stream) {
  ENTER(1);
  copy c = {(char *)(uintptr_t)to, (char *)(uintptr_t)source, size, NULL, 1, 1};
  return fake_enqueue(stream, do_copy, &c, sizeof c);
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t size, CUstream stream) {
  ENTER(1);
  fill f = {(char *)(uintptr_t)to, value, size};
  return fake_enqueue(stream, do_fill, &f, sizeof f);
}

/* An image is text with a line "name:kinds" for each kernel, or any ELF file. */
CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int count,
                            CUjit_option *options, void **values) {
  ENTER(1);
  (void)options, (void)values;
  if (count) return INVALID;
  int is_elf = !memcmp(image, "\x7f" "ELF", 4);
  if (!is_elf && !strchr(image, ':')) return BAD_IMAGE;
  ++handles, *module = calloc(1, sizeof **module);
  (*module)->image = is_elf ? NULL : strdup(image);
  return OK;
}
CUresult cuModuleUnload(CUmodule module) {
  ENTER(1);
  --handles, free(module->image), free(module);
  return OK;
}
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  ENTER(1);
  struct CUfunc_st *found = calloc(1, sizeof *found);
  snprintf(found->name, sizeof found->name, "%s", name);
  *function = found;
  if (!module->image) return OK;
  char line[80];
  snprintf(line, sizeof line, "\n%s:", name);
  const char *at = strstr(module->image, line);
  if (!at) return NOT_FOUND;
  sscanf(at + strlen(line), "%31[a-zA-Z?]", found->kinds);
  return OK;
}
static size_t width(char kind) {
  return strchr("Pqd", kind) || kind == 'Q' ? 8 : strchr("ifI", kind) ? 4 : 1;
}
static CUresult read_launch(launch *l, CUfunction function, const unsigned *shape, void **places) {
  if (!shape[0] || !shape[1] || !shape[2] || shape[0] > 0x7fffffffu || shape[1] > 65535) return INVALID;
  if (!shape[3] || shape[3] * shape[4] * shape[5] > 1024) return INVALID;
  memset(l, 0, sizeof *l);
  l->function = function;
  memcpy(l->shape, shape, sizeof l->shape);
  for (int i = 0; function->kinds[i]; ++i)
    memcpy(l->arguments + i, places[i], width(function->kinds[i]));
  return OK;
}
CUresult cuLaunchKernel(CUfunction function, unsigned int gx, unsigned int gy, unsigned int gz,
                        unsigned int bx, unsigned int by, unsigned int bz, unsigned int shared,
                        CUstream stream, void **places, void **extra) {
  ENTER(1);
  launch l;
  unsigned shape[6] = {gx, gy, gz, bx, by, bz};
  if (shared || extra || read_launch(&l, function, shape, places)) return INVALID;
  return fake_enqueue(stream, do_launch, &l, sizeof l);
}

CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
  ENTER(1);
  if (mode != 2 || stream->graph) return INVALID;
  ++handles, stream->graph = calloc(1, sizeof *stream->graph);
  return OK;
}
CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
  ENTER(1);
  if (!stream->graph) return INVALID;
  *graph = stream->graph, stream->graph = NULL;
  if (stream->broken) { stream->broken = 0, --handles, *graph = NULL; return INVALIDATED; }
  return OK;
}
static CUresult info(CUstream stream, CUstreamCaptureStatus *status, cuuint64_t *id,
                     CUgraph *graph, const CUgraphNode **nodes, size_t *count) {
  if (!stream->graph) return INVALID;
  *status = 1, *id = 7, *graph = stream->graph;
  *count = stream->graph->count ? 1 : 0;
  *nodes = stream->graph->nodes + stream->graph->count - *count;
  return OK;
}
#ifndef WITHOUT_V3
CUresult cuStreamGetCaptureInfo_v3(CUstream stream, CUstreamCaptureStatus *status, cuuint64_t *id,
                                   CUgraph *graph, const CUgraphNode **nodes,
                                   const CUgraphEdgeData **edges, size_t *count) {
  ENTER(1);
  *edges = NULL;
  return info(stream, status, id, graph, nodes, count);
}
#endif
CUresult cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus *status, cuuint64_t *id,
                                   CUgraph *graph, const CUgraphNode **nodes, size_t *count) {
  ENTER(1);
  return info(stream, status, id, graph, nodes, count);
}
CUresult cuGraphInstantiateWithFlags(CUgraphExec *made, CUgraph graph, unsigned long long flags) {
  ENTER(1);
  if (flags) return INVALID;
  ++handles, *made = calloc(1, sizeof **made);
  (*made)->graph = graph;
  for (int i = 0; i < graph->count; ++i) (*made)->jobs[i] = copied(graph->nodes[i]->job);
  return OK;
}
CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec made, CUgraphNode node,
                                           const CUDA_KERNEL_NODE_PARAMS *given) {
  ENTER(1);
  if (made->graph->destroyed || given->kern || given->ctx || given->extra) return INVALID;
  for (int i = 0; i < made->graph->count; ++i) {
    launch *l = made->jobs[i].data;
    if (made->graph->nodes[i] != node) continue;
    if (made->jobs[i].work != do_launch || l->function != given->func) return INVALID;
    unsigned shape[6] = {given->gridDimX, given->gridDimY, given->gridDimZ,
                         given->blockDimX, given->blockDimY, given->blockDimZ};
    return given->sharedMemBytes ? INVALID : read_launch(l, given->func, shape, given->kernelParams);
  }
  return INVALID;
}
CUresult cuGraphLaunch(CUgraphExec made, CUstream stream) {
  ENTER(1);
  for (int i = 0; i < made->graph->count; ++i) {
    job *one = made->jobs + i;
    fake_enqueue(stream, one->work, one->data, one->size);
  }
  return OK;
}
CUresult cuGraphExecDestroy(CUgraphExec made) { ENTER(1); --handles, free(made); return OK; }
CUresult cuGraphDestroy(CUgraph graph) { ENTER(1); --handles, graph->destroyed = 1; return OK; }
