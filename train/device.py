"""Which device to train on, and whether its results repeat to the bit."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from errors import UsageError
from train.params import AUTO


def select_device(name: str) -> torch.device:
    """Return the device called `name`.

    `auto` is a GPU if there is one; under torchrun `auto` and `cuda` are the GPU of this rank.

    Raises:
        UsageError: if it cannot be used.
    """
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            "--device", f"'{name}' cannot be used: {reason}. Use cpu, cuda or auto."
        ) from error
    return device


def precision_of(amp: str, device: torch.device) -> str:
    """Return what `train.amp` means on a device: none (single precision), bf16 or fp16.

    `auto` is bf16 where a GPU, or a processor with avx512_bf16 or amx_bf16, computes in it.
    Elsewhere bf16 is emulated and slower, so there it is none.
    """
    if amp != AUTO:
        return amp
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if fast else "none"


def device_name(device: torch.device) -> str:
    """Return `cpu`, or the model of a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def use_device(device: torch.device) -> None:
    """Make a GPU the current one of this thread; every thread starts on GPU 0."""
    if device.type == "cuda" and device.index is not None:
        torch.cuda.set_device(device)


def constant(
    values: tuple[float, ...], device: torch.device, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return numbers that never change as a tensor, made once per device.

    Making one anew copies it, and the processor waits for the GPU each time. A compiled or exported
    graph holds its own.
    """
    if torch.compiler.is_compiling():
        return torch.tensor(values, dtype=dtype, device=device)
    return _kept_constant(values, device, dtype)


@cache
def _kept_constant(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    with torch.inference_mode(False):  # it may meet gradients later
        return torch.tensor(values, dtype=dtype, device=device)


def send(values: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on a device, without waiting for it; one that is there already stays."""
    if device.type == "cuda" and values.device.type == "cpu":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def receive(values: Iterable[Tensor]) -> list[NDArray[Any]]:
    """Copy tensors of one device to the processor, and wait for it once."""
    copies = [one.to("cpu", non_blocking=True) for one in values]
    if not any(one.is_pinned() for one in copies):
        return [one.numpy() for one in copies]
    torch.cuda.current_stream().synchronize()
    return [one.numpy().copy() for one in copies]  # pinned memory goes back


def start_fetch(values: Tensor) -> Callable[[], Tensor]:
    """Begin to copy a tensor to the processor.

    Returns:
        A function that waits for the copy alone, not for work queued after it, and returns it.
    """
    if values.device.type != "cuda":
        return lambda: values
    copy = torch.empty_like(values, device="cpu", pin_memory=True)
    copy.copy_(values, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record(torch.cuda.current_stream(values.device))

    def wait() -> Tensor:
        arrived.synchronize()
        return copy

    return wait


@contextmanager
def float32_precision(tf32: bool) -> Iterator[None]:
    """Let a GPU round single precision to TF32's 10 bits in its products, or forbid it.

    torch allows it in convolutions by default, which is faster, and another number than a CPU's.
    """
    backends: Any = torch.backends
    parts = backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn
    before = [part.fp32_precision for part in parts]
    for part in parts:
        part.fp32_precision = "tf32" if tf32 else "ieee"
    try:
        yield
    finally:
        for part, kept in zip(parts, before, strict=True):
            part.fp32_precision = kept


@contextmanager
def deterministic_mode(deterministic: bool) -> Iterator[None]:
    """Make a GPU compute the same bits every time, or else as fast as it can.

    The CPU computes the same bits either way.
    """
    if deterministic:
        # Read by cuBLAS when it is first used: Reproducibility, cuBLAS documentation.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    fresh_memory: Any = torch.utils.deterministic
    filled = fresh_memory.fill_uninitialized_memory
    if deterministic != before[0]:  # setting it imports torch's compiler: seconds
        torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.benchmark = not deterministic
    # Else every fresh tensor is filled first: two kernels in five, and nothing here reads them.
    fresh_memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        if deterministic != before[0]:
            torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]
        fresh_memory.fill_uninitialized_memory = filled
