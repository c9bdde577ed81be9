import pytest
import torch

from errors import UsageError
from train.device import (
    deterministic_mode,
    device_name,
    float32_precision,
    precision_of,
    select_device,
    send,
    start_fetch,
    use_device,
)


def test_under_torchrun_cuda_is_the_gpu_of_the_rank(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch, "zeros", lambda size, device: None)
    assert select_device("cuda") == torch.device("cuda", 3)


def test_a_device_that_is_not_there_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"'gpu' cannot be used.*Use cpu, cuda or auto"):
        select_device("gpu")


CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("amp", ["none", "bf16", "fp16"])
def test_a_stated_precision_is_used_anywhere(amp):
    assert {precision_of(amp, device) for device in (CPU, GPU)} == {amp}


@pytest.mark.parametrize(
    ("avx512", "amx", "meant"),
    [(False, False, "none"), (True, False, "bf16"), (False, True, "bf16")],
)
def test_a_processor_takes_bf16_if_it_computes_in_it(avx512, amx, meant, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert precision_of("auto", CPU) == meant


@pytest.mark.parametrize(("native", "meant"), [(True, "bf16"), (False, "none")])
def test_a_gpu_takes_bf16_if_it_does_not_emulate_it(native, meant, monkeypatch):
    def supported(including_emulation):
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert precision_of("auto", GPU) == meant


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_what_is_on_the_gpu_stays_there():
    there = torch.ones(2, device="cuda:0")
    assert send(there, there.device) is there


def test_a_thread_uses_the_gpu_that_it_is_given(monkeypatch):
    used = []
    monkeypatch.setattr(torch.cuda, "set_device", used.append)
    for name in ("cpu", "cuda", "cuda:1"):
        use_device(torch.device(name))
    assert used == [torch.device("cuda", 1)]


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_mode_lasts_as_long_as_its_block(deterministic, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    with deterministic_mode(deterministic):
        assert torch.are_deterministic_algorithms_enabled() == deterministic
        assert torch.backends.cudnn.benchmark != deterministic
    assert before == (
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark,
    )


def test_a_mode_that_fills_fresh_memory_is_not_taken():
    with deterministic_mode(deterministic=True):
        assert not torch.utils.deterministic.fill_uninitialized_memory
    assert torch.utils.deterministic.fill_uninitialized_memory


@pytest.mark.parametrize(("tf32", "precision"), [(True, "tf32"), (False, "ieee")])
def test_the_precision_of_products_lasts_as_long_as_its_block(tf32, precision):
    parts = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    before = [part.fp32_precision for part in parts]
    with float32_precision(tf32):
        assert {part.fp32_precision for part in parts} == {precision}
    assert [part.fp32_precision for part in parts] == before


def test_a_tensor_of_the_processor_is_fetched_as_it_is():
    values = torch.ones(2)
    assert start_fetch(values)() is values


def test_a_cpu_has_no_model_name():
    assert device_name(torch.device("cpu")) == "cpu"
