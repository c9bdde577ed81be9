"""The loop: epochs of steps, each epoch judged and kept.

What a step does depends on the state before it and on its place in the run alone, so a run that
goes on from a checkpoint ends with the very bits of an undisturbed one.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from anatomy.expressions import EXPRESSIONS
from errors import DivergedError
from progress import ProgressCallback
from store.outputs import write_progress
from store.tables import write_table
from train.checkpoint import LAST, Keeper, fits, latest
from train.data.augmentation import training_batch
from train.data.batch_loader import Feed, Place, Raw
from train.data.stores import Stores
from train.fitting.distributed import Distributed
from train.fitting.label_store import LabelStore
from train.fitting.metrics_log import Curves
from train.fitting.optimisers import learning_rate
from train.fitting.run_position import Position
from train.fitting.step import Learner, Now, Outcome, chance, out_of_memory, ran_out_of_memory
from train.fitting.stop_request import Asked, heeded
from train.fitting.validation import validate
from train.methods import METHODS
from train.methods.au_alignment import alignment, target_sizes
from train.methods.base import Classifier
from train.methods.model import build_losses
from train.params import TrainParams
from train.records import Batch, Forward, Loss, faces_with_map
from train.runs import Run, revision

SKIPPED, RELABELLED = "skipped.csv", "relabelled.csv"
_LOG = logging.getLogger(__name__)
_MOST_MISSED = 3
_SECONDS_A_NOTE = 5.0


def _nothing(params: TrainParams) -> dict[str, Loss]:
    return {}


def _alignment(params: TrainParams) -> dict[str, Loss]:
    return {"alignment": Loss(alignment(params.alignment), faces_with_map, maps=True)}


SUPERVISIONS: dict[str, Callable[[TrainParams], dict[str, Loss]]] = {
    "plain": _nothing,
    "aligned": _alignment,
}
"""What is added to a method's own losses."""


class Fit:
    """One training run, from wherever it was left to its end."""

    def __init__(
        self,
        folder: Path,
        stores: Stores,
        run: Run,
        distributed: Distributed,
        progress: ProgressCallback,
    ) -> None:
        """Make the model and open the feeds.

        Args:
            folder: where the run is built; the first rank holds its lock.
            stores: faces, landmarks and heatmaps.
            run: what to train.
            ranks: who else does.
            progress: is called with (steps done, steps in all, note), on the first rank.
        """
        self._folder, self._faces, self._run, self._distributed = (
            folder,
            stores.faces,
            run,
            distributed,
        )
        self._params = params = run.params
        method = METHODS[run.method]
        losses = {**build_losses(method, params), **SUPERVISIONS[run.supervision](params)}
        place = Place(distributed.device, distributed.rank, distributed.world_size)
        self._feed, self._validation = (
            Feed(stores, split, params.batch, params.feed, place)
            for split in ("train", params.chosen_on)
        )
        self._feed.serve(losses.values())
        self._learner = Learner(method, params, losses, distributed, self._feed.labels_N)
        levels = _levels(self._learner.model, params.image_px, distributed.device)
        further = [loss.level for loss in losses.values() if loss.level]
        wanted = {"layers": (*params.alignment.layers, *further)}
        self._sizes = target_sizes(
            params.alignment.model_copy(update=wanted), levels, params.image_px
        )
        self._steps = -(-len(self._feed) // params.accumulate)
        self._at, self._tell, self._keeper = Position(), progress, Keeper(folder)
        self._started = self._saved = self._noted = time.monotonic()
        self._begun = 0
        self._about = {
            "expressions": list(EXPRESSIONS),
            "method": run.method,
            "supervision": run.supervision,
            **stores.digests(),
            "revision": revision(),
        }

    def to_the_end(self) -> None:
        """Train, from the last checkpoint on if there is one."""
        self._resume()
        at, curves = self._at, None
        if self._distributed.is_main:
            self._list_skipped()
            curves = Curves(self._folder / "curves", at.history)
            self._tell(self._done, self._total, "")
        with self._keeper, heeded() as asked:
            while at.epoch < self._params.epochs:
                self._epoch(asked)
                row = {
                    **self._means(),
                    **self._relabelled(),
                    **self._scores(),
                    "lr": self._rate(at.epoch * self._steps),
                }
                best = row["val/accuracy"] >= at.best()  # on a tie the later epoch, as published
                at.history.append(row)
                at.epoch, at.step, at.sums, at.taken = at.epoch + 1, 0, {}, 0
                self._save(best)
                if curves:
                    curves.log(at.epoch - 1, row)
            self._keeper.wait()
        if self._distributed.is_main and self._learner.labels:
            self._list_relabelled(self._learner.labels)

    def _resume(self) -> None:
        """Take up an interrupted run, all ranks from the same state."""
        state = (
            latest(self._folder, self._distributed.device) if self._distributed.is_main else None
        )
        self._distributed.barrier()
        if not self._distributed.is_main:
            state = latest(self._folder, self._distributed.device)
        if state is not None:
            fits(self._folder / LAST, state["model"], self._learner.model.state_dict())
            self._learner.take(state)
            self._at = Position(**json.loads(state["position"]))
            self._begun = self._done

    def _epoch(self, asked: Asked) -> None:
        """Take what is left of an epoch's steps; leave if somebody asks to.

        Raises:
            ResourceError: if the device is out of memory.
        """
        at, params = self._at, self._params
        raws = self._feed.shuffled(params.seed, at.epoch, at.step * params.accumulate)
        while at.step < self._steps:
            rows: list[int] = []
            count = min(params.accumulate, len(self._feed) - at.step * params.accumulate)
            wishes = asked.signal is not None, self._wants_to_save()
            batches = self._batches(islice(raws, count), rows)
            try:
                outcome = self._learner.step(batches, count, self._now, wishes)
            except RuntimeError as error:
                if not ran_out_of_memory(error):
                    raise
                raise out_of_memory(params, self._distributed.device, error) from error
            at.step += 1
            self._count(outcome, rows)
            stop, save = outcome.asked
            if stop or (save and at.step < self._steps):
                self._save(best=False)
            if stop:
                self._keeper.wait()
                asked.leave(self._folder)

    def _batches(self, raws: Iterator[Raw], rows: list[int]) -> Iterator[Batch]:
        """Augment the batches of one step, noting which rows they hold."""
        at, params = self._at, self._params
        first = at.step * params.accumulate
        for number, raw in enumerate(raws, first):
            rows += raw.rows_B.tolist()
            place = params.seed, at.epoch, number, self._distributed.rank
            yield training_batch(raw, self._sizes, params, chance(self._distributed.device, *place))

    def _count(self, outcome: Outcome, rows: list[int]) -> None:
        """Add a step to the epoch's sums, or to those that were not taken.

        Raises:
            DivergedError: if too many in a row were not.
        """
        at = self._at
        if outcome.finite:
            at.missed, at.taken = 0, at.taken + 1
            for name, loss in outcome.losses.items():
                at.sums[name] = at.sums.get(name, 0.0) + loss
        else:
            at.missed += 1
            ids = [row["id"] for row in self._faces.table()]
            place = {"epoch": at.epoch + 1, "step": at.step}
            at.skipped += [{**place, "id": ids[row]} for row in self._distributed.all_gather(rows)]
            if self._distributed.is_main:
                self._list_skipped()
                _LOG.warning("epoch %d, step %d: %s; skipped", *place.values(), outcome.losses)
        self._note(outcome)
        if at.missed == _MOST_MISSED:
            losses = ", ".join(f"{name} is {loss:g}" for name, loss in outcome.losses.items())
            raise DivergedError(
                self._folder,
                f"{losses} in epoch {at.epoch + 1}, step {at.step}: the loss or its gradient was "
                f"not finite {_MOST_MISSED} steps in a row. Their faces are in {SKIPPED} there; "
                "the last checkpoint is safe. Lower train.lr.",
            )

    def _note(self, outcome: Outcome) -> None:
        """Tell who waits, and who asks `status`."""
        if not self._distributed.is_main:
            return
        losses = ", ".join(f"{name} {loss:.4g}" for name, loss in outcome.losses.items())
        note = f"epoch {self._at.epoch + 1} of {self._params.epochs}, {losses}"
        self._tell(self._done, self._total, note)
        if time.monotonic() - self._noted >= _SECONDS_A_NOTE:
            self._write_progress()

    def _write_progress(self) -> None:
        self._noted = time.monotonic()
        rate = (self._done - self._begun) / (self._noted - self._started)
        write_progress(self._folder, self._done, self._total, rate)

    def _wants_to_save(self) -> bool:
        """Say whether a checkpoint is due after the next step."""
        params = self._params
        by_step = params.checkpoint_steps and (self._done + 1) % params.checkpoint_steps == 0
        minutes = (time.monotonic() - self._saved) / 60
        by_time = params.checkpoint_minutes and minutes >= params.checkpoint_minutes
        return self._distributed.is_main and bool(by_step or by_time)

    def _save(self, best: bool) -> None:
        """Keep the state, so that nothing before it is ever done again."""
        if self._distributed.is_main:
            # As text: equal values in different objects would be pickled to different bytes.
            place = {"position": json.dumps(asdict(self._at)), "about": self._about}
            self._keeper.keep({**self._learner.state(), **place}, best)
            self._write_progress()
        self._saved = time.monotonic()

    def _list_skipped(self) -> None:
        """Write the faces of the steps that were not taken, if there are any."""
        file, skipped = self._folder / SKIPPED, self._at.skipped
        if skipped:
            write_table(file, ["epoch", "step", "id"], skipped)
        else:
            file.unlink(missing_ok=True)

    def _list_relabelled(self, labels: LabelStore) -> None:
        """Write the faces whose label was changed, with the one they now have."""
        table = self._faces.table()
        rows = [
            {**{key: table[row][key] for key in ("id", "expression")}, "now": EXPRESSIONS[label]}
            for row, label in labels.changed()
        ]
        write_table(self._folder / RELABELLED, ["id", "expression", "now"], rows)

    def _means(self) -> dict[str, float]:
        at = self._at
        return {f"train/{name}": total / at.taken for name, total in at.sums.items()}

    def _relabelled(self) -> dict[str, float]:
        """Close the epoch of labels that training changes; return how many it has changed."""
        labels = self._learner.labels
        if labels is None:
            return {}
        labels.end_epoch()
        return {"train/relabelled": float(len(labels.changed()))}

    def _scores(self) -> dict[str, float]:
        self._distributed.broadcast_buffers(self._learner.model)
        judged = self._learner.judged
        return validate(judged, self._validation, self._params.image_px, self._distributed)

    def _rate(self, step: int) -> float:
        return learning_rate(self._params, step, self._steps)

    @property
    def _now(self) -> Now:
        return Now(self._rate(self._done), self._at.epoch)

    @property
    def _done(self) -> int:
        return self._at.epoch * self._steps + self._at.step

    @property
    def _total(self) -> int:
        return self._params.epochs * self._steps


def _levels(model: Classifier, image_px: int, device: torch.device) -> tuple[Tensor, ...]:
    """Return a model's activations of an empty picture, for their sizes."""
    model.eval()
    with torch.no_grad():
        forward: Forward = model(torch.zeros(1, 3, image_px, image_px, device=device))
    return forward.features
