/* cuBLAS, cuSPARSE, cuSOLVER and NCCL without a GPU: what torch reads from them. Their other
 * functions are written by build.py; each succeeds, does nothing and counts as one launch. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int handle(void **made) { return *made = calloc(1, 64), 0; }
int cublasCreate_v2(void **made) { return handle(made); }
int cublasLtCreate(void **made) { return handle(made); }
int cusolverDnCreate(void **made) { return handle(made); }
int cusparseCreate(void **made) { return handle(made); }
int cublasSetStream_v2(void *handle, void *stream) { return 0; }
int cublasSetWorkspace_v2(void *handle, void *memory, size_t bytes) { return 0; }
int cublasSetMathMode(void *handle, int mode) { return 0; }
int cublasGetMathMode(void *handle, int *mode) { return *mode = 0; }
int cublasSetPointerMode_v2(void *handle, int mode) { return 0; }
int cublasGetPointerMode_v2(void *handle, int *mode) { return *mode = 0; }
int cublasGetVersion_v2(void *handle, int *version) { return *version = 130000, 0; }
const char *cublasGetStatusString(int status) { return "fake cuBLAS"; }
size_t cublasLtGetVersion(void) { return 130000; }
int cublasLtMatmulPreferenceSetAttribute() { return 0; }
int cublasLtMatmulDescSetAttribute() { return 0; }
int cublasLtMatrixLayoutSetAttribute() { return 0; }
int cublasLtMatmulDescCreate(void **made) { return handle(made); }
int cublasLtMatrixLayoutCreate(void **made) { return handle(made); }
int cublasLtMatmulPreferenceCreate(void **made) { return handle(made); }
int cublasLtMatmulDescDestroy(void *made) { return free(made), 0; }
int cublasLtMatrixLayoutDestroy(void *made) { return free(made), 0; }
int cublasLtMatmulPreferenceDestroy(void *made) { return free(made), 0; }
int cublasLtMatmulAlgoConfigGetAttribute() { return 0; }
int cublasLtMatmulAlgoGetHeuristic(void *handle, void *description, void *a, void *b, void *c, void *d,
                                   void *preference, int asked, void *results, int *found) {
  return memset(results, 0, 96), *found = 1, 0;
}
const char *cusparseGetErrorString(int status) { return "fake cuSPARSE"; }
int cusolverDnSetStream(void *handle, void *stream) { return 0; }

/* NCCL: every rank keeps its own values */
int ncclGetVersion(int *version) { return *version = 22700, 0; }
int ncclGetUniqueId(void *id) { return memset(id, 1, 128), 0; }
const char *ncclGetErrorString(int error) { return "fake NCCL"; }
const char *ncclGetLastError(void *communicator) { return "fake NCCL"; }
int ncclCommInitRankConfig(void **made) { return handle(made); }
int ncclCommInitRank(void **made) { return handle(made); }
int ncclCommGetAsyncError(void *communicator, int *error) { return *error = 0; }
int ncclCommDestroy(void *communicator) { return 0; }
int ncclCommAbort(void *communicator) { return 0; }
int ncclCommFinalize(void *communicator) { return 0; }
int ncclCommRegister(void *communicator) { return 0; }
int ncclCommDeregister(void *communicator) { return 0; }
int ncclGroupStart(void) { return 0; }
int ncclGroupEnd(void) { return 0; }

/* at::Context::userEnabledCuDNN() and userEnabledCuDNNSDP(), const: torch's own kernels take cuDNN's
 * place, in every process */
_Bool _ZNK2at7Context16userEnabledCuDNNEv(const void *context) { return 0; }
_Bool _ZNK2at7Context19userEnabledCuDNNSDPEv(const void *context) { return 0; }
