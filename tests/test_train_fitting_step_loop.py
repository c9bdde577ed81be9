"""Steps whose results are read late, as on a GPU, and at once, as on a CPU."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from errors import DivergedError
from tests.networks import scratch
from train.data.batch_loader import RawBatch
from train.fitting.distributed import Distributed
from train.fitting.run_position import RunPosition
from train.fitting.step_loop import StepHooks, StepLoop
from train.fitting.train_state import StepResult
from train.records import Batch

CPU = Distributed.single(torch.device("cpu"))


class Loader:
    """Eight batches of one face; the face of batch n is row n."""

    def __len__(self):
        return 8

    def epoch_batches(self, seed, epoch, skip):
        for row in range(skip, 8):
            rows, images = np.array([row]), torch.zeros(1, 40, 40, 3, dtype=torch.uint8)
            maps = torch.zeros(1, 8, 8, dtype=torch.uint8)
            numbers = torch.zeros(1, dtype=torch.int64)
            yield RawBatch(rows, images, maps, numbers == 0, numbers, numbers)


class State:
    """Notes when a step begins and when its result is read; some steps are bad."""

    needs_second_view = False

    def __init__(self, bad=()):
        self.bad, self.log = bad, []

    def step(self, batches, count, info, flags):
        number = sum(what == "begin" for what, _ in self.log)
        list(batches)
        self.log.append(("begin", number))

        def read():
            self.log.append(("read", number))
            return StepResult({"loss": float(number)}, number not in self.bad, flags)

        return read


@pytest.fixture
def loop(tmp_path):
    """A function: (state, device, hooks) -> loop."""
    params = scratch().train.model_copy(update={"image_px": 32})
    faces = SimpleNamespace(table=lambda columns: {"id": [f"face {row}" for row in range(8)]})

    def make(state, device="cpu", **hooks):
        known = {
            "flags": lambda begun: (False,),
            "on_step": lambda result: None,
            "heed": lambda flags: None,
        }
        # The name alone is the GPU's: what is drawn and augmented stays on the processor.
        distributed = replace(CPU, device=SimpleNamespace(type=device))
        return StepLoop(
            folder=tmp_path,
            loader=Loader(),
            state=state,
            params=params,
            seed=0,
            sizes=(),
            faces=faces,
            distributed=distributed,
            hooks=StepHooks(**{**known, **hooks}),
        )

    return make


@pytest.fixture(autouse=True)
def _no_augmentation(monkeypatch):
    def as_they_are(raw, *rest):
        return Batch(raw.images_BSS3, raw.labels_B, (), raw.valid_B, torch.Generator())

    monkeypatch.setattr("train.fitting.step_loop.augment_batch", as_they_are)
    monkeypatch.setattr("train.fitting.step_loop.make_generator", lambda device, *key: None)


def test_a_cpu_reads_every_result_at_once(loop):
    state = State()
    loop(state).take_steps(RunPosition(), 2)
    assert state.log == [("begin", 0), ("read", 0), ("begin", 1), ("read", 1)]


def test_a_gpu_reads_a_result_after_the_next_step_was_begun(loop):
    state = State()
    loop(state, "cuda").take_steps(RunPosition(), 3)
    order = ["begin 0", "begin 1", "read 0", "begin 2", "read 1", "read 2"]
    assert [f"{what} {number}" for what, number in state.log] == order


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_both_end_with_the_same_position(loop, device):
    position = RunPosition()
    loop(State(bad={2, 5}), device).take_steps(position, 8)
    assert (position.step, position.taken, position.missed) == (8, 6, 0)
    assert position.sums == {"loss": 0 + 1 + 3 + 4 + 6 + 7}
    assert [row["id"] for row in position.skipped] == ["face 2", "face 5"]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_three_bad_steps_in_a_row_stop_the_run(loop, device):
    position = RunPosition()
    with pytest.raises(DivergedError, match="in epoch 1, step 5"):
        loop(State(bad={2, 3, 4}), device).take_steps(position, 8)
    assert len(position.skipped) == 3


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_flags_are_heeded_once_every_step_begun_is_recorded(loop, device):
    position, heeded = RunPosition(), []
    state = State()

    def heed(flags):
        begun = sum(what == "begin" for what, _ in state.log)
        heeded.append((flags, begun, position.step))

    loop(state, device, flags=lambda begun: (begun == 3,), heed=heed).take_steps(position, 8)
    late = int(device == "cuda")
    assert heeded == [((True,), 4 + late, 4 + late)]


def test_a_resumed_epoch_begins_where_it_was_left(loop):
    position = RunPosition(step=5)
    loop(State(), on_step=lambda result: None).take_steps(position, 8)
    assert position.step == 8
