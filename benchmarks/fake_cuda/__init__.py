"""A fake CUDA runtime: AULens's GPU path runs on a machine without a GPU, and is watched.

PyTorch's own dispatch, allocator, streams, generators and NCCL process groups run on it. Kernels
and copies do nothing and are counted; whatever is read back is zero. So wrong devices raise, and
every wait of the processor is listed with its line, as is every copy of memory that is not pinned.
Numbers, times, cuDNN, full memory and races cannot be checked this way.

    python -m benchmarks.fake_cuda [--gpus N] ARGUMENTS     python ARGUMENTS on fake GPUs
    python -m benchmarks.fake_cuda -m benchmarks.fake_cuda.waits     the table of waits and launches

Files:
    __main__.py    runs a command on fake GPUs
    build.py       builds the runtime with the C compiler, for the torch that is installed
    driver.c       libcuda.so.1
    libraries.c    cuBLAS and NCCL, as far as torch reads anything from them
    runtime.c      memory, copies, streams, devices, kernels; counters
    validation.py  validation where every sum is read as zero
    waits.py       waits and launches per step of every method: train, evaluate, explain
    watching.py    counters of the runtime, and the line of each wait
"""
