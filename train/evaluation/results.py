"""What an evaluation writes: scores, predictions, numbers per face, maps.

Shapes: N faces.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.files import ALL_MAPS, CURVES, FACES, MEAN_MAPS, METRICS, PREDICTIONS, SCORES, SHEET
from contracts.scores import Agreement, LearningCurve, LearningCurves, Scores
from errors import DataError
from measures.agreement import compute_agreements
from measures.classification import chance_level
from measures.faces import FaceScores
from measures.scores import ScoreSettings, compute_scores
from progress import ProgressCallback
from store.files import atomic_write, canonical_json, write_npz
from train.device import float32_precision
from train.evaluation.artifacts import mean_maps, sheet, write_maps, write_predictions
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.evaluation.hiding import HidingEffects, measure_hiding
from train.evaluation.metrics import ZERO_2, face_scores
from train.evaluation.networks import EvalModel
from train.evaluation.split import SplitReader, evaluate_split
from train.params import EvaluateParams

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """A model to score, and what its scores say of it.

    Attributes:
        where: for messages.
        model: what to run.
        conditions: keys of contracts.scores.Scores that are of the model.
        training_labels: expression ids that it was trained on; None if they are not known.
        curves: its learning curves, by metric.
        fold: that it was not trained on; None without cross-validation, or on other faces.
        forbidden: classes of the model that the dataset does not have.
        constant_2: mean valence and arousal of the faces that it was trained on; 0 if not known.
    """

    where: str
    model: EvalModel
    conditions: Json
    training_labels: NDArray[np.int64] | None
    curves: dict[str, LearningCurve]
    fold: int | None
    forbidden: tuple[str, ...] = ()
    constant_2: NDArray[np.floating] = field(default_factory=lambda: ZERO_2)


def write_results(
    folder: Path,
    scored: ScoredModel,
    split: SplitReader,
    params: EvaluateParams,
    progress: ProgressCallback,
) -> None:
    """Score a split and write the files that train.evaluation.stage lists.

    Args:
        folder: to write to.
        scored: the model.
        split: the faces.
        params: [evaluate].
        progress: is called with (faces done, faces in all, note).

    Raises:
        DataError: if a prediction is not finite.
    """
    model, faces = scored.model, split.faces
    with float32_precision(params.tf32):
        outputs = evaluate_split(model, split, params, progress)
    _require_finite(scored.where, outputs)
    effects, others = measure_hiding(model, split, outputs, params), len(model.other_cams)
    outputs_of_own = outputs.with_cam(others, others)
    measured = face_scores(outputs_of_own, faces, effects, split.own, scored.constant_2)
    metadata = split.images.metadata
    scores = Scores(
        **scored.conditions,
        dataset=str(metadata.get("shown_as") or metadata["dataset"]),
        notice=metadata["notice"],
        split=params.split,
        geometry=params.geometry,
        labels=model.codebook.labels,
        codebook=model.codebook.name,
        scored=len(faces.rows_N),
        total=faces.total,
        caveat=_caveat(scored, split),
        **compute_scores(measured, ScoreSettings.of(model.codebook, params.model_dump())),
        other_cams={
            name: _other_cam(outputs.with_cam(number, others), faces, effects)
            for number, name in enumerate(model.other_cams)
        },
        chance_level=chance_level(
            faces.labels_N, scored.training_labels, model.codebook.labels.names
        ),
    )
    _write(folder, scores, measured, outputs, split, params)
    curves = LearningCurves(metrics=scored.curves)
    atomic_write(folder / CURVES, canonical_json(curves.model_dump(mode="json")))


def _other_cam(outputs: EvalOutputs, faces: EvalFaces, effects: HidingEffects) -> Agreement:
    """Return the agreement of a further CAM with the maps of the expressions."""
    found: Agreement = compute_agreements(face_scores(outputs, faces, effects, None))["cam_cos"]
    return found


def _caveat(scored: ScoredModel, split: SplitReader) -> str | None:
    """Return the model's caveat and what its classes and the dataset's do not have in common."""
    others, unknown = split.faces.others, scored.forbidden
    faces = ", ".join(f"{name} {count:,}" for name, count in sorted(others.items()))
    words = [
        scored.model.caveat,
        f"not scored are faces of classes that the run does not know: {faces}" if faces else None,
        f"answers that the dataset has no class for were not allowed: {', '.join(unknown)}"
        if unknown
        else None,
    ]
    return "; ".join(filter(None, words)) or None


def _require_finite(where: str, outputs: EvalOutputs) -> None:
    finite_N = np.isfinite(outputs.probabilities_BV).all(axis=1)
    lost = int((~finite_N).sum())
    if lost:
        raise DataError(
            where,
            f"predicts no finite probability for {lost} of {finite_N.size} faces. If it is a run, "
            "its training diverged: train again with a lower learning rate.",
        )


def main_scores(scores: Scores) -> Json:
    """Return the few scores by which experiments are compared."""
    attention, cam = scores.attention, scores.cam_cos
    return {
        **{name: getattr(scores, name) for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        "att_cos": attention.overall,
        "att_selectivity": attention.selectivity.overall,
        "cam_cos": cam.overall,
        "cam_selectivity": cam.selectivity.overall,
        **_own_scores(scores),
        **_value_scores(scores),
        **_soft_scores(scores),
        "coverage": scores.scored / scores.total,
        **{f"cam_cos_{name}": one.overall for name, one in scores.other_cams.items()},
    }


def _own_scores(scores: Scores) -> Json:
    """Return how attention agrees with the action units coded on each face, if any were."""
    if scores.own_units is None:
        return {}
    seen = scores.own_units.attention
    return {"own_att_cos": seen.overall, "own_att_selectivity": seen.selectivity.overall}


def _value_scores(scores: Scores) -> Json:
    """Return how valence and arousal agree with the dataset's, if both have them."""
    found = scores.valence_arousal
    return {f"ccc_{name}": one.ccc for name, one in found.dimensions().items()} if found else {}


def _soft_scores(scores: Scores) -> Json:
    """Return how near probabilities are to people's shares, if any are known."""
    if scores.soft is None:
        return {}
    return {
        "soft_cross_entropy": scores.soft.cross_entropy,
        "soft_annotator": scores.soft.annotator,
    }


def _write(
    folder: Path,
    scores: Scores,
    measured: FaceScores,
    outputs: EvalOutputs,
    split: SplitReader,
    params: EvaluateParams,
) -> None:
    """Write the files that the module's docstring lists, all but the curves."""
    faces = split.faces
    atomic_write(folder / SCORES, canonical_json(scores.model_dump(mode="json")))
    atomic_write(folder / METRICS, canonical_json(main_scores(scores)))
    write_predictions(folder / PREDICTIONS, measured, faces)
    write_npz(folder / FACES, measured.as_arrays())
    write_npz(folder / MEAN_MAPS, mean_maps(outputs, faces.labels_N, len(scores.labels)))
    write_npz(folder / SHEET, sheet(outputs, faces, split.images, params))
    if params.save_maps:
        write_maps(folder / ALL_MAPS, outputs, faces)
