"""Takes the steps of an epoch, and keeps count of them.

On a GPU the result of a step is read after the next one was begun, so that the GPU never idles.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from operator import or_
from pathlib import Path

from errors import DivergedError
from store.reading import Store
from train.data.augmentation import augment_batch
from train.data.batch_loader import BatchLoader, RawBatch
from train.fitting.distributed import Distributed
from train.fitting.face_lists import SKIPPED, write_skipped
from train.fitting.optimisers import learning_rate
from train.fitting.out_of_memory import is_out_of_memory, out_of_memory_error
from train.fitting.run_position import RunPosition
from train.fitting.train_state import (
    StepInfo,
    StepResult,
    TrainState,
    make_generator,
    seed_of,
)
from train.params import TrainParams
from train.records import Batch

_LOG = logging.getLogger(__name__)
_MAX_MISSED = 3

Flags = tuple[bool, ...]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StepHooks:
    """What is done around steps.

    Attributes:
        flags: (steps begun in the run) -> this rank's flags of the next step.
        on_step: called with every result.
        heed: called with the flags of the steps so far, any of which is set; all are recorded.
    """

    flags: Callable[[int], Flags]
    on_step: Callable[[StepResult], None]
    heed: Callable[[Flags], None]


@dataclass(frozen=True, slots=True)
class Unread:
    """A step that was begun.

    Attributes:
        read: returns its result.
        rows: of this rank's faces.
    """

    read: Callable[[], StepResult]
    rows: list[int]


@dataclass(frozen=True, slots=True)
class StepLoop:
    """Takes steps.

    Attributes:
        folder: of the run.
        loader: of the training split.
        state: what a step changes.
        params: [train] of params.yaml.
        seed: of the run.
        sizes: of the heatmaps that batches carry.
        faces: their store, for their ids.
        distributed: the ranks that train together.
        hooks: what is done around steps.
    """

    folder: Path
    loader: BatchLoader
    state: TrainState
    params: TrainParams
    seed: int
    sizes: tuple[Size, ...]
    faces: Store
    distributed: Distributed
    hooks: StepHooks

    @property
    def steps(self) -> int:
        """Steps per epoch: a last one takes what batches are left."""
        return -(-len(self.loader) // self.params.accumulate)

    def take_steps(self, position: RunPosition, target: int) -> None:
        """Take the steps of an epoch up to `target`, and record them in the position.

        Raises:
            ResourceError: if the device is out of memory.
            DivergedError: if too many steps in a row were skipped.
        """
        raw_batches = self.loader.epoch_batches(
            self.seed, position.epoch, position.step * self.params.accumulate
        )
        most_unread = int(self.distributed.device.type == "cuda")
        unread: deque[Unread] = deque()
        for begun in range(position.step, target):
            unread.append(self._begin(raw_batches, position.epoch, begun))
            last = begun + 1 == target
            flags = self._read(position, unread, 0 if last else most_unread)
            if any(flags):
                flags = self._merged(flags, self._read(position, unread, 0))
                self.hooks.heed(flags)

    def _read(self, position: RunPosition, unread: "deque[Unread]", left: int) -> Flags:
        flags: Flags = ()
        while len(unread) > left:
            step = unread.popleft()
            flags = self._merged(flags, self._record(position, step.read(), step.rows))
        return flags

    @staticmethod
    def _merged(one: Flags, other: Flags) -> Flags:
        return tuple(map(or_, one, other)) if one and other else one or other

    def _begin(self, raw_batches: Iterator[RawBatch], epoch: int, begun: int) -> Unread:
        """Begin the step after `begun` others of the epoch."""
        first, rows = begun * self.params.accumulate, list[int]()
        count = min(self.params.accumulate, len(self.loader) - first)
        done = epoch * self.steps + begun
        info = StepInfo(learning_rate(self.params, done, self.steps), epoch)
        batches = self._augmented(islice(raw_batches, count), epoch, first, rows)
        try:
            return Unread(self.state.step(batches, count, info, self.hooks.flags(done)), rows)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory_error(self.params, self.distributed.device, error) from error

    def _augmented(
        self, raw_batches: Iterator[RawBatch], epoch: int, first: int, rows: list[int]
    ) -> Iterator[Batch]:
        """Augment the batches of a step, the first one given; append their rows to `rows`."""
        for number, raw in enumerate(raw_batches, first):
            rows += raw.rows_B.tolist()
            key = self.seed, epoch, number, self.distributed.rank
            rng = make_generator(self.distributed.device, *key)
            batch = augment_batch(raw, self.sizes, self.params, rng, self.state.needs_second_view)
            yield replace(batch, epoch=epoch, shared_seed=seed_of(self.seed, epoch, number))

    def _record(self, position: RunPosition, result: StepResult, rows: list[int]) -> Flags:
        """Add a step to the sums, or to the skipped ones; return its flags."""
        position.step += 1
        if result.finite:
            position.missed, position.taken = 0, position.taken + 1
            for name, loss in result.losses.items():
                position.sums[name] = position.sums.get(name, 0.0) + loss
        else:
            position.missed += 1
            self._record_skipped(position, result, rows)
        self.hooks.on_step(result)
        if position.missed == _MAX_MISSED:
            losses = ", ".join(f"{name} is {loss:g}" for name, loss in result.losses.items())
            raise DivergedError(
                self.folder,
                f"{losses} in epoch {position.epoch + 1}, step {position.step}: the loss or its "
                f"gradient was not finite in {_MAX_MISSED} steps in a row. Their faces are listed "
                f"in {SKIPPED} there; the last checkpoint is safe. Lower train.lr.",
            )
        return result.flags

    def _record_skipped(self, position: RunPosition, result: StepResult, rows: list[int]) -> None:
        ids = self.faces.table(("id",))["id"]
        where = {"epoch": position.epoch + 1, "step": position.step}
        position.skipped += [{**where, "id": ids[row]} for row in self.distributed.all_gather(rows)]
        if self.distributed.is_main:
            write_skipped(self.folder, position.skipped)
            _LOG.warning("epoch %d, step %d: %s; skipped", *where.values(), result.losses)
