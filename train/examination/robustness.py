"""Scores on degraded faces: how much blur, darkness or a hidden mouth a model stands.

Shapes: B batch, N faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import rescale_points
from contracts.examinations import DegradationCurve, DegradedPoint, Robustness
from measures.agreement import macro_average
from measures.classification import classification
from measures.faces import ATTENTION, CAM
from store.reading import read_points
from train.evaluation.batch import EvalOutputs, concatenate, evaluate_batch, prepare_batch
from train.evaluation.metrics import own_cosine
from train.evaluation.networks import EvalModel
from train.evaluation.split import SplitReader
from train.examination.degradations import DEGRADATIONS, DegradedFaces


def measure_robustness(
    model: EvalModel,
    split: SplitReader,
    levels: Mapping[str, Sequence[float]],
    batch: int,
) -> Robustness | None:
    """Score a sample of a split, whole and degraded; None if it has no face.

    Args:
        model: what to run.
        split: sampled faces.
        levels: row of DEGRADATIONS -> amounts.
        batch: faces per pass.
    """
    labels_N = split.faces.labels_N
    if not len(labels_N):
        return None

    def point(name: str | None, amount: float | None) -> DegradedPoint:
        parts: list[EvalOutputs] = []
        for start in range(0, len(labels_N), batch):
            rows_B = slice(start, start + batch)
            faces = _degraded(split, rows_B, name, amount)
            parts.append(_evaluated(model, split, rows_B, faces))
        return _point(concatenate(parts), labels_N, split.faces.classes, amount)

    return Robustness(
        whole=point(None, None),
        curves=[
            DegradationCurve(
                name=name,
                unit=DEGRADATIONS[name].unit,
                points=[point(name, amount) for amount in amounts],
            )
            for name, amounts in levels.items()
        ],
    )


def _degraded(
    split: SplitReader, rows_B: slice, name: str | None, amount: float | None
) -> DegradedFaces:
    rows = split.faces.rows_N[rows_B]
    images = split.images.array("image").take(rows)
    points = read_points(split.landmarks, rows)
    if name is None or amount is None:
        return DegradedFaces(images, points)
    return DEGRADATIONS[name].degrade(images, points, amount, rows)


def _evaluated(
    model: EvalModel,
    split: SplitReader,
    rows_B: slice,
    faces: DegradedFaces,
) -> EvalOutputs:
    points = rescale_points(faces.points_B682, faces.images_BSS3.shape[1], model.canvas_px)
    labels_B = split.faces.labels_N[rows_B]
    batch = prepare_batch(model, np.ascontiguousarray(faces.images_BSS3), labels_B, points)
    mapped_B = split.faces.mapped_in(rows_B.start, len(labels_B))
    return evaluate_batch(model, replace(batch, mapped_B=mapped_B))


def _point(
    outputs: EvalOutputs,
    labels_N: NDArray[np.int64],
    classes: Sequence[str],
    amount: float | None,
) -> DegradedPoint:
    scores = classification(labels_N, outputs.probabilities_BV.argmax(axis=1), classes)
    accuracy, count = scores["accuracy"], len(labels_N)
    valid_N = outputs.has_own_map(labels_N)

    def cosine(index: int) -> float | None:
        values_N = own_cosine(outputs.cosines_BMV[:, index], labels_N)
        return macro_average(values_N, labels_N, valid_N & np.isfinite(values_N), classes).overall

    return DegradedPoint(
        amount=amount,
        accuracy=accuracy,
        balanced_accuracy=scores["balanced_accuracy"],
        accuracy_error=float(np.sqrt(accuracy * (1 - accuracy) / count)),
        att_cos=cosine(ATTENTION),
        cam_cos=cosine(CAM),
        n=count,
    )
