"""Stage `train`: trains one run, and keeps its last and best state.

A run that is stopped, for whatever reason, resumes from its last checkpoint and ends with exactly
the bits of an undisturbed one: see train.fitting.trainer.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.files import RUN
from contracts.occlusion import RESTORER, RESTORER_WEIGHTS
from contracts.runs import DatasetMetadata, RunCard
from errors import UsageError, pick
from progress import ProgressCallback
from store.building import building, building_folder, is_built
from store.files import atomic_write, canonical_json
from store.outputs import PROGRESS
from train.checkpoint import PREV, delete_checkpoints
from train.combinations import (
    check_augmentation,
    check_classification,
    check_execution,
    check_frozen_levels,
    check_targets,
)
from train.data.soft_targets import read_soft_targets, require_shares
from train.data.stores import Stores, check_added_heads, expression_ids
from train.device import deterministic_mode, precision_of
from train.fitting.distributed import init_distributed
from train.fitting.finished import run_fingerprint
from train.fitting.framing import framing_of
from train.fitting.loggers import check_loggers
from train.fitting.run_report import Say, quiet
from train.fitting.trainer import Trainer
from train.methods import METHODS
from train.runs import Run


def train(
    stores: Stores,
    out: Path,
    run: Run,
    progress: ProgressCallback,
    rebuild: bool = False,
    say: Say = quiet,
) -> bool:
    """Train a method on the training split, choosing the best epoch on the validation split.

    Args:
        stores: faces, their landmarks, and the heatmaps that the run reads, if it reads any.
        out: run.json, last.ckpt, best.ckpt, curves/; skipped.csv if steps were skipped,
            relabelled.csv if the method changes labels.
        run: what to train.
        progress: called with (steps done, total steps, note), on rank 0 only.
        rebuild: start over and replace what is there.
        say: called with a line per validation, on rank 0 only.

    Returns:
        False if it was there already.

    Raises:
        UsageError: if the method is not known, or an aligned run has no heatmaps.
        DivergedError: if the loss is not finite, three steps in a row.
        ResourceError: if the device is out of memory.
        CorruptError: if the run was interrupted and none of its checkpoints is intact.
        TryLaterError: if SIGUSR1 came; the run is saved.
    """
    check_classification(pick(METHODS, run.method, "method"), run.params)
    check_loggers(run.params.loggers)
    check_frozen_levels(run.params)
    check_execution(METHODS[run.method], run.params)
    check_augmentation(METHODS[run.method], run.params)
    check_targets(METHODS[run.method], run.params)
    _check_latents(stores, run)
    _check_shares(stores, run)
    check_added_heads(run.params, stores.faces)
    if run.params.alignment is not None and stores.heatmaps is None:
        raise UsageError("train.alignment", "needs heatmaps, and the run has none.")
    stores = replace(stores, fold=run.repeat.fold)
    with init_distributed(run.device) as distributed, deterministic_mode(run.params.deterministic):
        precision = precision_of(run.params.amp, run.device)
        fingerprint = run_fingerprint(stores, run, run.device.type, precision)
        if not rebuild and is_built(out, fingerprint):
            return False
        if not distributed.is_main:
            Trainer(building_folder(out, fingerprint), stores, run, distributed, progress).fit()
            return True
        with building(out, fingerprint, stores.landmarks.metadata) as folder:
            if rebuild:
                delete_checkpoints(folder)
            card = _card(stores, fingerprint, run)
            atomic_write(folder / RUN, canonical_json(card.model_dump(exclude_unset=True)))
            Trainer(folder, stores, run, distributed, progress, say).fit()
            if stores.restored is not None:
                for name in (RESTORER, RESTORER_WEIGHTS):
                    atomic_write(folder / name, (stores.restored.path / name).read_bytes())
            for name in (PREV, PROGRESS):
                (folder / name).unlink(missing_ok=True)
    return True


def _check_latents(stores: Stores, run: Run) -> None:
    """Refuse a method that reads latents without any, or with others than its head expects."""
    reads, restored = METHODS[run.method].reads_latents, stores.restored
    if reads != (restored is not None):
        raise UsageError(
            "train", f"{run.method} {'needs' if reads else 'does not read'} restored faces."
        )
    if restored is None:
        return
    width, expected = restored.array("latents").shape[-1], run.params.head["latent_width"]
    if width != expected:
        raise UsageError(
            "head.latent_width", f"is {expected}, the latents in {restored.path} have {width}."
        )


def _check_shares(stores: Stores, run: Run) -> None:
    if run.params.soft_targets:
        require_shares(stores.faces, run.name)


def _card(stores: Stores, fingerprint: Mapping[str, Any], run: Run) -> RunCard:
    soft: dict[str, Any] = {"soft_faces": _soft_faces(stores)} if run.params.soft_targets else {}
    return RunCard(
        **fingerprint,
        **soft,
        training_faces=len(stores.usable_rows("train")),
        about=DatasetMetadata(**stores.landmarks.metadata),
        framing=framing_of(stores),
    )


def _soft_faces(stores: Stores) -> int:
    faces = stores.faces
    labels_N = expression_ids(faces.table(("expression",)), faces.labels)
    return int(read_soft_targets(faces, labels_N).known_N[stores.usable_rows("train")].sum())
