/* A CUDA runtime without a GPU. Device memory is address space that nobody may touch: whatever the
 * processor reads or writes there ends the process, as on a GPU. Copies and kernels are counted and
 * do nothing; what is copied back is zero. */
#define _GNU_SOURCE
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DEVICES 8

/* ---- what Python reads: counters in this order, devices touched, a call for every wait ---- */
enum { LAUNCHES, TO_DEVICE, FROM_DEVICE, UNPINNED, COUNTERS };
static atomic_long counters[COUNTERS];
static atomic_int touched[DEVICES];
static void (*on_wait)(void);

long fake_count(int which) { return atomic_load(&counters[which]); }
int fake_touched(int device) { return atomic_load(&touched[device]); }
void fake_on_wait(void (*call)(void)) { on_wait = call; }
void fake_launch(void) { counters[LAUNCHES]++; }
static void waits(void) {
  if (on_wait) on_wait();
}

/* ---- devices: every thread starts on the first ---- */
static __thread int current;
static void touch(void) { touched[current] = 1; }
cudaError_t cudaGetDeviceCount(int *count) {
  const char *asked = getenv("FAKE_CUDA_GPUS");
  *count = asked ? atoi(asked) : 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int *device) { return *device = current, cudaSuccess; }
cudaError_t cudaSetDevice(int device) { return current = device, touch(), cudaSuccess; }
cudaError_t cudaDriverGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int *version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaGetLastError(void) { return cudaSuccess; }
cudaError_t cudaPeekAtLastError(void) { return cudaSuccess; }
const char *cudaGetErrorString(cudaError_t error) { return error ? "not in the fake CUDA runtime" : "no error"; }
const char *cudaGetErrorName(cudaError_t error) { return error ? "cudaErrorNotSupported" : "cudaSuccess"; }
cudaError_t cudaDeviceSynchronize(void) { return waits(), cudaSuccess; }
cudaError_t cudaDeviceCanAccessPeer(int *can, int one, int other) { return *can = 0, cudaSuccess; }
cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
  return *least = 0, *greatest = -5, cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char *id, int length, int device) {
  return snprintf(id, length, "0000:0%d:00.0", device), cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *found, int device) {
  *found = (struct cudaDeviceProp){
      .name = "fake CUDA device", .totalGlobalMem = 80UL << 30, .sharedMemPerBlock = 49152,
      .regsPerBlock = 65536, .warpSize = 32, .maxThreadsPerBlock = 1024,
      .maxThreadsDim = {1024, 1024, 64}, .maxGridSize = {2147483647, 65535, 65535},
      .totalConstMem = 65536, .major = 9, .minor = 0, .textureAlignment = 512,
      .multiProcessorCount = 132, .maxThreadsPerMultiProcessor = 2048,
      .sharedMemPerMultiprocessor = 233472, .regsPerMultiprocessor = 65536,
      .sharedMemPerBlockOptin = 232448, .l2CacheSize = 50 << 20, .maxBlocksPerMultiProcessor = 32};
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr which, int device) {
  static const int values[256] = {
      [cudaDevAttrMaxThreadsPerBlock] = 1024, [cudaDevAttrMaxBlockDimX] = 1024,
      [cudaDevAttrMaxBlockDimY] = 1024, [cudaDevAttrMaxBlockDimZ] = 64,
      [cudaDevAttrMaxGridDimX] = 2147483647, [cudaDevAttrMaxGridDimY] = 65535,
      [cudaDevAttrMaxGridDimZ] = 65535, [cudaDevAttrMaxSharedMemoryPerBlock] = 49152,
      [cudaDevAttrTotalConstantMemory] = 65536, [cudaDevAttrWarpSize] = 32,
      [cudaDevAttrMaxRegistersPerBlock] = 65536, [cudaDevAttrTextureAlignment] = 512,
      [cudaDevAttrMultiProcessorCount] = 132, [cudaDevAttrMaxThreadsPerMultiProcessor] = 2048,
      [cudaDevAttrMaxSharedMemoryPerMultiprocessor] = 233472,
      [cudaDevAttrMaxRegistersPerMultiprocessor] = 65536,
      [cudaDevAttrComputeCapabilityMajor] = 9, [cudaDevAttrMaxSharedMemoryPerBlockOptin] = 232448,
      [cudaDevAttrL2CacheSize] = 50 << 20, [cudaDevAttrMaxBlocksPerMultiprocessor] = 32,
      [cudaDevAttrReservedSharedMemoryPerBlock] = 1024};
  return *value = which < 256 ? values[which] : 0, cudaSuccess;
}

/* ---- memory ---- */
typedef struct Block {
  char *start;
  size_t bytes;
  int device; /* -1: pinned memory of the host */
  struct Block *next;
} Block;
static Block *blocks;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static cudaError_t allocate(void **pointer, size_t bytes, int device) {
  touch();
  int access = device < 0 ? PROT_READ | PROT_WRITE : PROT_NONE;
  *pointer = mmap(NULL, bytes, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (*pointer == MAP_FAILED) return cudaErrorMemoryAllocation;
  Block *block = malloc(sizeof *block);
  pthread_mutex_lock(&guard);
  *block = (Block){*pointer, bytes, device, blocks};
  blocks = block;
  pthread_mutex_unlock(&guard);
  return cudaSuccess;
}
static cudaError_t release(void *pointer) {
  pthread_mutex_lock(&guard);
  for (Block **at = &blocks; *at; at = &(*at)->next)
    if ((*at)->start == pointer) {
      Block *block = *at;
      *at = block->next;
      munmap(block->start, block->bytes);
      free(block);
      break;
    }
  pthread_mutex_unlock(&guard);
  return cudaSuccess;
}
static int device_of(const void *pointer) { /* -1: pinned, -2: unknown to CUDA */
  int device = -2;
  pthread_mutex_lock(&guard);
  for (Block *at = blocks; at; at = at->next)
    if ((char *)pointer >= at->start && (char *)pointer < at->start + at->bytes) device = at->device;
  pthread_mutex_unlock(&guard);
  return device;
}
cudaError_t cudaMalloc(void **pointer, size_t bytes) { return allocate(pointer, bytes, current); }
cudaError_t cudaHostAlloc(void **pointer, size_t bytes, unsigned flags) { return allocate(pointer, bytes, -1); }
cudaError_t cudaFree(void *pointer) { return release(pointer); }
cudaError_t cudaFreeHost(void *pointer) { return release(pointer); }
cudaError_t cudaMemGetInfo(size_t *unused, size_t *total) {
  return *unused = 75UL << 30, *total = 80UL << 30, cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *found, const void *pointer) {
  int device = device_of(pointer);
  *found = (struct cudaPointerAttributes){
      .type = device == -2 ? cudaMemoryTypeUnregistered : device == -1 ? cudaMemoryTypeHost : cudaMemoryTypeDevice,
      .device = device < 0 ? current : device,
      .devicePointer = (void *)pointer,
      .hostPointer = device == -1 ? (void *)pointer : NULL};
  return cudaSuccess;
}
static cudaError_t copy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  touch();
  if (kind == cudaMemcpyDeviceToHost) {
    counters[FROM_DEVICE]++;
    counters[UNPINNED] += device_of(to) == -2;
    memset(to, 0, bytes);
    return cudaSuccess;
  }
  if (kind == cudaMemcpyHostToDevice) {
    counters[TO_DEVICE]++;
    counters[UNPINNED] += device_of(from) == -2;
  }
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(to, from, bytes, kind);
}
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind) {
  return waits(), copy(to, from, bytes, kind);
}
cudaError_t cudaMemcpyPeerAsync(void *to, int one, const void *from, int other, size_t bytes, cudaStream_t stream) {
  return copy(to, from, bytes, cudaMemcpyDeviceToDevice);
}
cudaError_t cudaMemcpyToSymbol(const void *symbol, const void *from, size_t bytes, size_t offset, enum cudaMemcpyKind kind) {
  return touch(), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream) {
  return touch(), cudaSuccess;
}
cudaError_t cudaMemset(void *to, int value, size_t bytes) { return cudaMemsetAsync(to, value, bytes, 0); }
cudaError_t cudaGetSymbolAddress(void **pointer, const void *symbol) {
  static char memory[1 << 20];
  return *pointer = memory, cudaSuccess;
}

/* ---- streams and events: all work is done when it is asked for ---- */
static void *handle(void) { return touch(), malloc(8); }
cudaError_t cudaStreamCreate(cudaStream_t *stream) { return *stream = handle(), cudaSuccess; }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) { return *stream = handle(), cudaSuccess; }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority) {
  return *stream = handle(), cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return waits(), cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) { return cudaSuccess; }
cudaError_t cudaStreamGetPriority(cudaStream_t stream, int *priority) { return *priority = 0, cudaSuccess; }
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
  return *status = cudaStreamCaptureStatusNone, cudaSuccess;
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus *status,
                                     unsigned long long *id, cudaGraph_t *graph, const cudaGraphNode_t **nodes,
                                     const cudaGraphEdgeData **edges, size_t *count) {
  return *status = cudaStreamCaptureStatusNone, cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode *mode) { return cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t *event) { return *event = handle(), cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) { return *event = handle(), cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return free(event), cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) { return cudaSuccess; }
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t event) { return waits(), cudaSuccess; }
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t one, cudaEvent_t other) { return *ms = 1, cudaSuccess; }

/* ---- kernels ---- */
static cudaError_t launched(void) { return touch(), fake_launch(), cudaSuccess; }
cudaError_t cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream) {
  return launched();
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream) {
  return launched();
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *how, const void *kernel, void **arguments) { return launched(); }
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *function) { return *kernel = (cudaKernel_t)function, cudaSuccess; }
cudaError_t cudaFuncGetAttributes(struct cudaFuncAttributes *found, const void *kernel) {
  *found = (struct cudaFuncAttributes){.maxThreadsPerBlock = 1024, .numRegs = 32, .binaryVersion = 90, .ptxVersion = 90};
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute which, int value) { return cudaSuccess; }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *count, const void *kernel, int block, size_t shared, unsigned flags) {
  return *count = 4, cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *count, const void *kernel, int block, size_t shared) {
  return *count = 4, cudaSuccess;
}

/* ---- entry points of the driver that torch asks the runtime for ---- */
static CUresult done(void) { return CUDA_SUCCESS; }
static CUresult context_state(CUdevice device, unsigned *flags, int *active) {
  if (flags) *flags = 0;
  if (active) *active = fake_touched(device);
  return CUDA_SUCCESS;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned version,
                                             unsigned long long flags, enum cudaDriverEntryPointQueryResult *result) {
  *function = strcmp(name, "cuDevicePrimaryCtxGetState") ? (void *)done : (void *)context_state;
  if (result) *result = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
