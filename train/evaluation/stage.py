"""Stage `evaluate`: one pass over a split, and the scores that follow.

    OUT/scores.json        every score: contracts.scores.Scores
    OUT/metrics.json       the main ones, for `dvc metrics` and `dvc exp show`
    OUT/predictions.csv    one row per face
    OUT/faces.npz          the numbers per face that scores follow from: measures.faces.FaceScores
    OUT/curves.json        the learning curves of the run: contracts.scores.LearningCurves
    OUT/maps.npz           mean attention, CAM and AU map per expression (V, 64, 64), their counts
    OUT/sheet.npz          a few faces with their maps, for the report
    OUT/maps.h5            the maps of every face, if asked for

Shapes: N faces, V classes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from contracts.repeats import Repeat
from contracts.runs import RunCard
from progress import ProgressCallback
from store.building import building, is_built
from store.reading import Store
from train.data.splits import splits_of
from train.data.stores import expression_ids, read_valence_arousal
from train.evaluation.finished import headline, read_scores, scores_fingerprint
from train.evaluation.learning_curves import read_curves
from train.evaluation.metrics import ZERO_2
from train.evaluation.networks import load_eval_model, read_as
from train.evaluation.results import ScoredModel, write_results
from train.evaluation.split import SplitReader
from train.params import EvaluateParams, TrainParams

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """The run to score, the stores to score it on, and the device.

    Attributes:
        run: output of stage train.
        faces: store of stage align.
        landmarks: store of stage landmark, made from the same faces.
        device: where.
    """

    run: Path
    faces: Path
    landmarks: Path
    device: torch.device


def evaluate(
    inputs: EvaluationInputs,
    out: Path,
    params: EvaluateParams,
    progress: ProgressCallback,
    rebuild: bool = False,
) -> str:
    """Score a run.

    Args:
        inputs: run, faces and landmarks.
        out: see the module.
        params: [evaluate].
        progress: is called with (faces done, faces in all, note).
        rebuild: replace whatever is there.

    Returns:
        The main scores in one line.

    Raises:
        DataError: if the split has no usable face.
    """
    store, landmarks = Store(inputs.faces), Store(inputs.landmarks)
    fingerprint = scores_fingerprint(inputs.run, store, landmarks, params)
    if rebuild or not is_built(out, fingerprint):
        scored = open_run(inputs.run, params, store, inputs.device)
        with building(out, fingerprint, store.metadata) as folder:
            split = SplitReader.open(
                store, landmarks, params, scored.fold, scored.model.codebook.labels
            )
            write_results(folder, scored, split, params, progress)
    return headline(read_scores(out))


def open_run(run: Path, params: EvaluateParams, store: Store, device: torch.device) -> ScoredModel:
    """Load a run, and what scores.json says of it.

    Args:
        run: output of stage train.
        params: [evaluate].
        store: the faces to score.
        device: where.
    """
    loaded, card = load_eval_model(run, params, params.black_box, device)
    model = read_as(loaded, store.labels.common(card.labels), params.codebook)
    fold = Repeat.parse(card.repeat).fold if card.faces == store.digest else None
    conditions = {
        "method": card.method,
        "variant": card.variant,
        "repeat": card.repeat,
        "backbone": card.params["backbone"],
        "train": card.params,
        "trained_on": card.about.dataset,
        "checkpoint": params.checkpoint,
        "cam_method": params.cam_method,
        "protocol": _protocol(card, store, params),
    }
    trained, told_apart = _training_labels(card, store, fold), model.codebook.labels
    forbidden = tuple(name for name in card.labels.names if told_apart.place(name) is None)
    constant_2 = _mean_of_training(card, store, fold) if model.heads else ZERO_2
    return ScoredModel(
        str(run), model, conditions, trained, read_curves(run), fold, forbidden, constant_2
    )


def _protocol(card: RunCard, store: Store, params: EvaluateParams) -> str:
    """Return `paper` if the scored faces chose the checkpoint; `unknown` if nobody says."""
    if card.imported and "protocol" not in card.imported.stated:
        return "unknown"
    if card.imported is None and card.about.dataset != store.metadata["dataset"]:
        return "holdout"  # an imported run may know the same faces by another name
    trained = TrainParams.model_validate(card.params)
    chose = params.checkpoint == "best" and params.split == trained.chosen_on
    return "paper" if chose and card.faces == store.digest else trained.protocol


def _training_labels(card: RunCard, store: Store, fold: int | None) -> NDArray[np.int64] | None:
    """Return the labels that the run was trained on; None if these are not its faces."""
    if card.faces != store.digest:
        return None
    trained_N = _trained_on(store, fold)
    return expression_ids(store.table(("expression",)).filter(trained_N), store.labels)


def _trained_on(store: Store, fold: int | None) -> NDArray[np.bool_]:
    """Say which faces a run was trained on: (N,)."""
    usable_N = store.array("valid").load() == 1
    return np.asarray(usable_N & (splits_of(store, fold) == "train"))


def _mean_of_training(card: RunCard, store: Store, fold: int | None) -> NDArray[np.floating]:
    """Return the mean valence and arousal of the training faces; 0 if they are not known."""
    values_N2 = read_valence_arousal(store)
    if card.faces != store.digest or values_N2 is None:
        return ZERO_2
    known_N = np.isfinite(values_N2).all(axis=1) & _trained_on(store, fold)
    return values_N2[known_N].mean(axis=0, dtype=np.float64) if known_N.any() else ZERO_2
