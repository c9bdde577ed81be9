"""The training loop: every epoch is trained, validated and saved.

What a step does depends only on the state before it and on its position in the run, so a run that
resumes from a checkpoint ends with exactly the bits of an undisturbed one.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from anatomy.expressions import EXPRESSIONS
from errors import DivergedError
from progress import ProgressCallback
from store.outputs import write_progress
from train.checkpoint import (
    LAST,
    AsyncCheckpointer,
    load_latest,
    require_same_shapes,
    require_space_for_checkpoints,
)
from train.data.augmentation import augment_batch
from train.data.batch_loader import BatchLoader, Placement, RawBatch
from train.data.stores import Stores
from train.fitting.distributed import Distributed
from train.fitting.face_lists import SKIPPED, write_relabelled, write_skipped
from train.fitting.metrics_log import MetricsLog
from train.fitting.optimisers import learning_rate
from train.fitting.out_of_memory import is_out_of_memory, out_of_memory_error
from train.fitting.run_position import RunPosition
from train.fitting.stop_request import StopRequest, graceful_shutdown
from train.fitting.train_state import StepInfo, StepResult, TrainState, make_generator
from train.fitting.validation import validate
from train.methods import METHODS, Method
from train.methods.au_alignment import Size, alignment, target_sizes
from train.methods.base import Classifier
from train.methods.model import build_losses
from train.params import TrainParams
from train.records import Batch, Forward, Loss, faces_with_map
from train.runs import Run, git_revision

_LOG = logging.getLogger(__name__)
_MAX_MISSED = 3
_SECONDS_PER_PROGRESS_FILE = 5.0


def run_losses(method: Method, params: TrainParams, class_counts: Sequence[int]) -> dict[str, Loss]:
    """Return a method's own losses and, if the run is aligned, the AU alignment loss."""
    own, numbers = build_losses(method, params, class_counts), params.alignment
    if numbers is None:
        return own
    return {**own, "alignment": Loss(alignment(numbers), faces_with_map, needs_maps=True)}


def map_sizes(
    params: TrainParams, losses: Mapping[str, Loss], features: Sequence[Tensor]
) -> tuple[Size, ...]:
    """Return the sizes at which a run's batches carry their heatmaps; see target_sizes."""
    aligned = params.alignment
    layers = [
        *(aligned.layers if aligned else ()),
        *(one.level for one in losses.values() if one.level),
    ]
    return target_sizes(
        layers, aligned.resize if aligned else "half_pixel", features, params.image_px
    )


class Trainer:
    """Trains one run, from its last checkpoint to its end."""

    def __init__(
        self,
        folder: Path,
        stores: Stores,
        run: Run,
        distributed: Distributed,
        progress: ProgressCallback,
    ) -> None:
        """Build the model and open the data.

        Args:
            folder: where the run is built; rank 0 holds its lock.
            stores: faces, landmarks and heatmaps.
            run: what to train.
            distributed: the ranks that train it.
            progress: called with (steps done, total steps, note), on rank 0 only.
        """
        self._folder, self._faces, self._run, self._dist = folder, stores.faces, run, distributed
        self._params = params = run.params
        method = METHODS[run.method]
        placement = Placement(distributed.device, distributed.rank, distributed.world_size)
        self._loader, self._validation = (
            BatchLoader(stores, split, params.batch, params.feed, placement)
            for split in ("train", params.chosen_on)
        )
        losses = run_losses(method, params, self._loader.class_counts)
        self._loader.prepare_for(losses.values())
        self._seed = run.repeat.seed
        labels_N = self._loader.labels_N
        self._state = TrainState(method, params, losses, distributed, labels_N, self._seed)
        features = _features(self._state.model, params.image_px, distributed.device)
        self._sizes = map_sizes(params, losses, features)
        self._steps = -(-len(self._loader) // params.accumulate)  # per epoch, rounded up
        self._position, self._progress = RunPosition(), progress
        self._checkpointer = AsyncCheckpointer(folder)
        self._started = self._saved = self._reported = time.monotonic()
        self._resumed_at = 0
        self._about = {
            "expressions": list(EXPRESSIONS),
            "method": run.method,
            "variant": run.variant,
            "repeat": str(run.repeat),
            **stores.digests(),
            "revision": git_revision(),
        }

    def fit(self) -> None:
        """Train to the last epoch, from the last checkpoint if there is one."""
        self._resume()
        position, log = self._position, None
        if self._dist.is_main:
            require_space_for_checkpoints(self._folder, self._state.checkpoint_bytes)
            write_skipped(self._folder, position.skipped)
            log = MetricsLog(self._folder / "curves", position.history)
            self._progress(self._done, self._total, "")
        with self._checkpointer, graceful_shutdown() as stop:
            while position.epoch < self._params.epochs:
                self._train_epoch(stop)
                metrics = {
                    **self._mean_losses(),
                    **self._end_label_epoch(),
                    **self._validate(),
                    "lr": self._lr(position.epoch * self._steps),
                }
                # on a tie the later epoch, as published
                best = metrics["val/accuracy"] >= position.best_accuracy()
                position.history.append(metrics)
                position.epoch, position.step = position.epoch + 1, 0
                position.sums, position.taken = {}, 0
                self._save(best)
                if log:
                    log.log(position.epoch - 1, metrics)
            self._checkpointer.wait()
        if self._dist.is_main and self._state.labels:
            write_relabelled(
                self._folder, self._faces.table(("id", "expression")), self._state.labels.changed()
            )

    def _resume(self) -> None:
        """Resume an interrupted run, all ranks from the same state."""
        state = load_latest(self._folder) if self._dist.is_main else None
        self._dist.barrier()
        if not self._dist.is_main:
            state = load_latest(self._folder)
        if state is not None:
            model = self._state.model.state_dict()
            require_same_shapes(self._folder / LAST, state["model"], model)
            self._state.load_state_dict(state)
            self._position = RunPosition(**json.loads(state["position"]))
            self._resumed_at = self._done

    def _train_epoch(self, stop: StopRequest) -> None:
        """Take the remaining steps of an epoch; exit if that was requested.

        Raises:
            ResourceError: if the device is out of memory.
        """
        position, params = self._position, self._params
        raw_batches = self._loader.epoch_batches(
            self._seed, position.epoch, position.step * params.accumulate
        )
        while position.step < self._steps:
            rows: list[int] = []
            count = min(params.accumulate, len(self._loader) - position.step * params.accumulate)
            flags = stop.signal is not None, self._checkpoint_is_due()
            batches = self._augmented(islice(raw_batches, count), rows)
            info = StepInfo(self._lr(self._done), position.epoch)
            try:
                result = self._state.step(batches, count, info, flags)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                raise out_of_memory_error(params, self._dist.device, error) from error
            position.step += 1
            self._record(result, rows)
            must_stop, must_save = result.flags
            if must_stop or (must_save and position.step < self._steps):
                self._save(best=False)
            if must_stop:
                self._checkpointer.wait()
                stop.exit(self._folder)

    def _augmented(self, raw_batches: Iterator[RawBatch], rows: list[int]) -> Iterator[Batch]:
        """Augment the batches of one step, and append their rows to `rows`."""
        position, params = self._position, self._params
        for number, raw in enumerate(raw_batches, position.step * params.accumulate):
            rows += raw.rows_B.tolist()
            key = self._seed, position.epoch, number, self._dist.rank
            rng = make_generator(self._dist.device, *key)
            yield augment_batch(raw, self._sizes, params, rng)

    def _record(self, result: StepResult, rows: list[int]) -> None:
        """Add a step to the epoch's sums, or to the skipped ones.

        Raises:
            DivergedError: if too many steps in a row were skipped.
        """
        position = self._position
        if result.finite:
            position.missed, position.taken = 0, position.taken + 1
            for name, loss in result.losses.items():
                position.sums[name] = position.sums.get(name, 0.0) + loss
        else:
            position.missed += 1
            self._record_skipped(result, rows)
        self._report(result)
        if position.missed == _MAX_MISSED:
            losses = ", ".join(f"{name} is {loss:g}" for name, loss in result.losses.items())
            raise DivergedError(
                self._folder,
                f"{losses} in epoch {position.epoch + 1}, step {position.step}: the loss or its "
                f"gradient was not finite in {_MAX_MISSED} steps in a row. Their faces are listed "
                f"in {SKIPPED} there; the last checkpoint is safe. Lower train.lr.",
            )

    def _record_skipped(self, result: StepResult, rows: list[int]) -> None:
        ids = self._faces.table(("id",))["id"]
        where = {"epoch": self._position.epoch + 1, "step": self._position.step}
        self._position.skipped += [{**where, "id": ids[row]} for row in self._dist.all_gather(rows)]
        if self._dist.is_main:
            write_skipped(self._folder, self._position.skipped)
            _LOG.warning("epoch %d, step %d: %s; skipped", *where.values(), result.losses)

    def _report(self, result: StepResult) -> None:
        """Update the progress bar and, every few seconds, the file that `status` reads."""
        if not self._dist.is_main:
            return
        losses = ", ".join(f"{name} {loss:.4g}" for name, loss in result.losses.items())
        note = f"epoch {self._position.epoch + 1} of {self._params.epochs}, {losses}"
        self._progress(self._done, self._total, note)
        if time.monotonic() - self._reported >= _SECONDS_PER_PROGRESS_FILE:
            self._write_progress()

    def _write_progress(self) -> None:
        self._reported = time.monotonic()
        rate = (self._done - self._resumed_at) / (self._reported - self._started)
        write_progress(self._folder, self._done, self._total, rate)

    def _checkpoint_is_due(self) -> bool:
        """Say whether to save after the next step."""
        params = self._params
        by_step = params.checkpoint_steps and (self._done + 1) % params.checkpoint_steps == 0
        minutes = (time.monotonic() - self._saved) / 60
        by_time = params.checkpoint_minutes and minutes >= params.checkpoint_minutes
        return self._dist.is_main and bool(by_step or by_time)

    def _save(self, best: bool) -> None:
        if self._dist.is_main:
            # As text: equal values in different objects would be pickled to different bytes.
            extra = {"position": json.dumps(asdict(self._position)), "about": self._about}
            self._checkpointer.save({**self._state.state_dict(), **extra}, best)
            self._write_progress()
        self._saved = time.monotonic()

    def _mean_losses(self) -> dict[str, float]:
        position = self._position
        return {f"train/{name}": total / position.taken for name, total in position.sums.items()}

    def _end_label_epoch(self) -> dict[str, float]:
        """Apply the label changes of this epoch; return how many labels now differ."""
        labels = self._state.labels
        if labels is None:
            return {}
        labels.end_epoch()
        return {"train/relabelled": float(len(labels.changed()))}

    def _validate(self) -> dict[str, float]:
        self._dist.broadcast_buffers(self._state.model)
        model = self._state.eval_model
        return validate(model, self._validation, self._params.image_px, self._dist)

    def _lr(self, step: int) -> float:
        return learning_rate(self._params, step, self._steps)

    @property
    def _done(self) -> int:
        return self._position.epoch * self._steps + self._position.step

    @property
    def _total(self) -> int:
        return self._params.epochs * self._steps


def _features(model: Classifier, image_px: int, device: torch.device) -> tuple[Tensor, ...]:
    """Return a model's activations of an empty picture, for their sizes."""
    model.eval()
    with torch.no_grad():
        forward: Forward = model(torch.zeros(1, 3, image_px, image_px, device=device))
    return forward.features
