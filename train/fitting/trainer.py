"""The training loop: every epoch is trained, validated and saved.

What a step does depends only on the state before it and on its position in the run, so a run that
resumes from a checkpoint ends with exactly the bits of an undisturbed one.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from progress import ProgressCallback
from store.outputs import BUILDING_PREFIX
from train.checkpoint import (
    LAST,
    AsyncCheckpointer,
    load_latest,
    require_same_shapes,
    require_space_for_checkpoints,
)
from train.data.batch_loader import BatchLoader, Placement
from train.data.stores import Stores
from train.device import device_name, precision_of
from train.fitting.distributed import Distributed
from train.fitting.face_lists import write_relabelled, write_skipped
from train.fitting.loggers import LoggedRun, open_curves
from train.fitting.metrics_log import EPOCH, STEP, Row
from train.fitting.model_selection import ModelSelection, next_validation
from train.fitting.optimisers import learning_rate
from train.fitting.run_position import ONE_DEVICE, RunPosition
from train.fitting.run_report import RunReport, Say, quiet
from train.fitting.step_loop import StepHooks, StepLoop
from train.fitting.stop_request import StopRequest, graceful_shutdown
from train.fitting.train_state import StepResult, TrainingLabels, TrainState
from train.fitting.validation import validate
from train.methods import METHODS, Method
from train.methods.added_heads import added_losses
from train.methods.au_alignment import Size, alignment, target_sizes
from train.methods.base import Classifier
from train.methods.model import build_losses
from train.params import TrainParams
from train.records import Loss, faces_with_map
from train.runs import Run, git_revision

_LOG = logging.getLogger(__name__)


def run_losses(method: Method, params: TrainParams, class_counts: Sequence[int]) -> dict[str, Loss]:
    """Return a method's own losses, AU alignment of an aligned run, and those of added heads."""
    losses = build_losses(method, params, class_counts)
    if params.alignment is not None:
        aligned = alignment(params.alignment)
        losses = {**losses, "alignment": Loss(aligned, faces_with_map, needs_maps=True)}
    return {**losses, **added_losses(params)}


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


def _in_words(precision: str) -> str:
    return "" if precision == "none" else f" in {precision}"


def _log_nothing(row: Row) -> None:
    pass


class Trainer:
    """Trains one run, from its last checkpoint to its end."""

    def __init__(
        self,
        folder: Path,
        stores: Stores,
        run: Run,
        distributed: Distributed,
        progress: ProgressCallback,
        say: Say = quiet,
    ) -> None:
        """Build the model and open the data.

        Args:
            folder: where the run is built; rank 0 holds its lock.
            stores: faces, landmarks and heatmaps.
            run: what to train.
            distributed: the ranks that train it.
            progress: called with (steps done, total steps, note), on rank 0 only.
            say: called with lines for people, on rank 0 only.
        """
        self._folder, self._faces, self._dist = folder, stores.faces, distributed
        self._name = f"{stores.landmarks.metadata['dataset']}/{run.name}"
        self._params = params = run.params
        method = METHODS[run.method]
        placement = Placement(distributed.device, distributed.rank, distributed.world_size)
        self._loader, self._validation = (
            BatchLoader(stores, split, params.batch, params.feed, placement)
            for split in ("train", params.chosen_on)
        )
        self._selection = ModelSelection(params, self._validation.has_maps)
        losses = run_losses(method, params, self._loader.class_counts)
        self._loader.prepare_for(losses.values(), params.soft_targets)
        if any(loss.needs_valence_arousal for loss in losses.values()):
            self._validation.carry_valence_arousal()
        labels = TrainingLabels(self._loader.labels_N, stores.faces.labels.names)
        self._state = TrainState(method, params, losses, distributed, labels, run.repeat.seed)
        features = _features(self._state.model, params.image_px, distributed.device)
        self._position, self._stop = RunPosition(), StopRequest()
        self._checkpointer, self._saved = AsyncCheckpointer(folder), time.monotonic()
        hooks = StepHooks(self._flags, self._on_step, self._heed)
        self._loop = StepLoop(
            folder=folder,
            loader=self._loader,
            state=self._state,
            params=params,
            seed=run.repeat.seed,
            sizes=map_sizes(params, losses, features),
            faces=stores.faces,
            distributed=distributed,
            hooks=hooks,
        )
        self._steps = self._loop.steps
        self._report = RunReport(
            folder,
            progress,
            say,
            total=params.epochs * self._steps,
            faces=params.batch * params.accumulate,
            epochs=params.epochs,
        )
        self._about = {
            "expressions": list(self._faces.labels.names),
            "method": run.method,
            "variant": run.variant,
            "repeat": str(run.repeat),
            **stores.digests(),
            "revision": git_revision(),
        }

    def fit(self) -> None:
        """Train to the last epoch, from the last checkpoint if there is one."""
        self._resume()
        position = self._position
        with ExitStack() as stack:
            log = stack.enter_context(self._curves()) if self._dist.is_main else _log_nothing
            stack.enter_context(self._checkpointer)
            self._stop = stack.enter_context(graceful_shutdown())
            while position.epoch < self._params.epochs and not self._is_exhausted():
                target = min(self._next_validation(), (position.epoch + 1) * self._steps)
                self._loop.take_steps(position, target - position.epoch * self._steps)
                due = self._done == self._next_validation()
                ended = position.step == self._steps
                relabelled = self._end_label_epoch() if ended else {}
                best = due and self._validate(relabelled, log)
                if ended:
                    position.epoch, position.step = position.epoch + 1, 0
                if best or ended or self._is_exhausted():
                    self._save(best)
            self._checkpointer.wait()
        self._finish()

    def _curves(self) -> AbstractContextManager[Callable[[Row], None]]:
        """Begin to tell and to write; return where rows of metrics go."""
        params = self._params
        require_space_for_checkpoints(self._folder, self._state.checkpoint_bytes)
        write_skipped(self._folder, self._position.skipped)
        faces, validated = len(self._loader.rows_N), len(self._validation.rows_N)
        self._report.start(
            self._done,
            f"{faces:,} training faces, {validated:,} of split {params.chosen_on}; {self._steps:,} "
            f"steps per epoch, {params.epochs} epochs, on {device_name(self._dist.device)}"
            f"{_in_words(precision_of(params.amp, self._dist.device))}{self._soft_words()}",
        )
        key = self._folder.name.removeprefix(BUILDING_PREFIX)
        logged = LoggedRun(self._name, key, params.model_dump(), self._position.history)
        return open_curves(self._folder, params.loggers, logged)

    def _soft_words(self) -> str:
        """Say how many faces have soft targets; nothing where targets are the labels."""
        if not self._params.soft_targets:
            return ""
        soft, faces = self._loader.soft_faces, len(self._loader.rows_N)
        rest = "" if soft == faces else "; the others learn from their label alone"
        return f"; soft targets: {soft:,} of {faces:,} training faces have shares{rest}"

    def _finish(self) -> None:
        if not self._dist.is_main:
            return
        history = self._position.history
        best = self._selection.best(history)
        self._report.finish(self._done, history, best, self._selection.metric)
        if self._state.labels:
            table, changed = self._faces.table(("id", "expression")), self._state.labels.changed()
            write_relabelled(self._folder, table, changed, self._faces.labels.names)

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
        other = self._position.note_device(device_name(self._dist.device))
        if other and self._dist.is_main:
            _LOG.warning("%s: was begun on %s. %s", self._folder, other, ONE_DEVICE)

    def _on_step(self, result: StepResult) -> None:
        if self._dist.is_main:
            self._report.step(self._done, result.losses)

    def _flags(self, begun: int) -> tuple[bool, bool]:
        """Say, before a step, whether to stop and whether to save after it."""
        return self._stop.signal is not None, self._checkpoint_is_due(begun)

    def _heed(self, flags: tuple[bool, ...]) -> None:
        """Save or exit, as the flags of the steps say; all of them are recorded."""
        must_stop, must_save = flags
        if must_stop or (must_save and self._position.step < self._steps):
            self._save(best=False)
        if must_stop:
            self._checkpointer.wait()
            self._stop.exit(self._folder)

    def _checkpoint_is_due(self, begun: int) -> bool:
        """Say whether to save after the next step."""
        params = self._params
        by_step = params.checkpoint_steps and (begun + 1) % params.checkpoint_steps == 0
        minutes = (time.monotonic() - self._saved) / 60
        by_time = params.checkpoint_minutes and minutes >= params.checkpoint_minutes
        return self._dist.is_main and bool(by_step or by_time)

    def _save(self, best: bool) -> None:
        if self._dist.is_main:
            # As text: equal values in different objects would be pickled to different bytes.
            extra = {"position": json.dumps(asdict(self._position)), "about": self._about}
            self._checkpointer.save({**self._state.state_dict(), **extra}, best)
            self._report.write(self._done)
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

    def _validate(self, extra: Mapping[str, float], log: Callable[[Row], None]) -> bool:
        """Add a row to the history; say whether it is the best."""
        self._dist.broadcast_buffers(self._state.model)
        params, position = self._params, self._position
        scores = validate(self._state.eval_model, self._validation, params.image_px, self._dist)
        done = self._done
        row = {
            EPOCH: done / self._steps,
            STEP: done,
            **self._mean_losses(),
            **extra,
            **scores,
            "lr": learning_rate(params, max(done - 1, 0), self._steps),
        }
        best = self._selection.is_best(row, position.history)
        position.history.append(row)
        position.sums, position.taken = {}, 0
        log(row)
        if self._dist.is_main:
            kept = self._selection.best(position.history)
            self._report.validated(done, row, kept, self._selection.metric)
        return best

    def _is_exhausted(self) -> bool:
        return self._selection.is_exhausted(self._position.history)

    def _next_validation(self) -> int:
        history = self._position.history
        last = int(history[-1][STEP]) if history else None
        return next_validation(self._params, self._steps, last)

    @property
    def _done(self) -> int:
        return self._position.epoch * self._steps + self._position.step


def _features(model: Classifier, image_px: int, device: torch.device) -> tuple[Tensor, ...]:
    """Return a model's activations of an empty picture, for their sizes."""
    model.eval()
    with torch.no_grad():
        features, _ = model.backbone(torch.zeros(1, 3, image_px, image_px, device=device))
    return tuple(features)
