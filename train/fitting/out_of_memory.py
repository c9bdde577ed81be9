"""Out of memory on the device: how it is recognised, and what to change in params.yaml."""

import torch

from errors import ResourceError
from train.params import TrainParams


def is_out_of_memory(error: RuntimeError) -> bool:
    """Say whether the device was too small; the CPU's allocator has no error class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def out_of_memory_error(
    params: TrainParams, device: torch.device, error: Exception
) -> ResourceError:
    """Return the error that says what to change: a smaller batch with the same step."""
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    reason = " ".join(str(error).split()).split(". ")[0]
    return ResourceError(
        f"device {device}",
        f"out of memory with train.batch {params.batch} at train.image_px {params.image_px}"
        f"{f', peak {peak / 2**30:.1f} GiB' if peak else ''} ({reason}). "
        "The last checkpoint is safe. Lower train.batch and raise train.accumulate by the same "
        "factor: a step then sees as many faces. Faces that are kept on a GPU take memory, too: "
        f"train.feed.source is {params.feed.source}; mapped keeps none there.",
    )
