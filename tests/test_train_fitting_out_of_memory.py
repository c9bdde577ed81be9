from types import SimpleNamespace

import torch

from train.fitting.out_of_memory import is_out_of_memory, out_of_memory_error


def test_both_allocators_are_recognised_and_other_errors_are_not():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_the_error_names_the_sizes_and_the_remedy():
    params = SimpleNamespace(batch=224, image_px=112, feed=SimpleNamespace(source="resident"))
    error = RuntimeError("no memory. More\nlines follow")
    message = str(out_of_memory_error(params, torch.device("cpu"), error))
    assert "train.batch 224 at train.image_px 112 (no memory)." in message
    assert "raise train.accumulate" in message
    assert "train.feed.source is resident; mapped keeps none" in message
