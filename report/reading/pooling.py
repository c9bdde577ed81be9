"""The folds of one seed as one result: every face was kept from training in one of them."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from anatomy.codebooks import codebook_of
from contracts.scores import ChanceLevel, LearningCurve, Scores, TrainMajority
from measures.classification import chance_level
from measures.faces import FaceScores, concatenate_faces
from measures.scores import ScoreSettings, compute_scores
from report.reading.studies import Arrays, Result
from store.files import digest

Key = tuple[str, int, bool]


def pool_folds(runs: Sequence[Result]) -> list[Result]:
    """Join the folds of each variant and seed; runs without folds stay as they are.

    Args:
        runs: of one method on one dataset.
    """

    def key(run: Result) -> Key:
        return run.scores.variant, run.scores.seed, bool(run.folds)

    ordered = sorted(runs, key=lambda run: (key(run), run.folds))
    groups = [list(members) for _, members in groupby(ordered, key=key)]
    return [one for runs in groups for one in ([_pooled(runs)] if runs[0].folds else runs)]


def _pooled(folds: Sequence[Result]) -> Result:
    first = folds[0]
    faces = concatenate_faces([one.faces for one in folds])
    return Result(
        path=first.path.rsplit("-fold", 1)[0],
        scores=_scores(folds, faces),
        faces=faces,
        curves=_curves([one.curves for one in folds]),
        maps=_maps([one.maps for one in folds]),
        sheet={name: np.concatenate([one.sheet[name] for one in folds]) for name in first.sheet},
        fingerprint=first.fingerprint,
        sha256=digest("".join(one.sha256 for one in folds).encode()),
        folds=tuple(fold for one in folds for fold in one.folds),
    )


def _scores(folds: Sequence[Result], faces: FaceScores) -> Scores:
    """Score all faces once. The class mean of AU maps is that of each fold."""
    first = folds[0].scores
    settings = ScoreSettings.of(
        codebook_of(first.labels, first.codebook), folds[0].fingerprint["params"]
    )
    changed: dict[str, Any] = {
        **compute_scores(faces, settings),
        "repeat": f"seed{first.seed}",
        "chance_level": _chance_level([one.scores for one in folds], faces),
        "protocol": max(one.scores.protocol for one in folds),  # `paper` if one fold is
        "scored": sum(one.scores.scored for one in folds),
        "total": sum(one.scores.total for one in folds),
    }
    return first.model_copy(update=changed)


def _chance_level(folds: Sequence[Scores], faces: FaceScores) -> ChanceLevel:
    """Weigh the folds by their faces; None for the training's majority if folds disagree on it."""
    level = chance_level(faces.labels_N, None, faces.classes)
    known = [one.chance_level.train_majority for one in folds]
    if None in known or len({one.expression for one in known if one}) != 1:
        return level
    counts = [one.n for one in folds]

    def weighted(name: str) -> float:
        return float(np.average([getattr(one, name) for one in known], weights=counts))

    expression = next(one.expression for one in known if one)
    majority = TrainMajority(
        expression=expression, share=weighted("share"), accuracy=weighted("accuracy")
    )
    return level.model_copy(update={"train_majority": majority})


def _maps(parts: Sequence[Arrays]) -> Arrays:
    pooled: Arrays = {}
    for name in ("attention", "cam", "au"):
        counts_FV = np.stack([one[f"{name}_count"] for one in parts])
        sums = sum(one[name] * one[f"{name}_count"][:, None, None] for one in parts)
        total_V = counts_FV.sum(axis=0)
        pooled[name] = sums / np.maximum(total_V, 1)[:, None, None]
        pooled[f"{name}_count"] = total_V
    return pooled


def _curves(parts: Sequence[dict[str, LearningCurve]]) -> dict[str, LearningCurve]:
    """Average every curve that all folds have, as far as the shortest goes."""
    shared = [name for name in parts[0] if all(name in one for one in parts)]
    return {name: mean_curve([one[name] for one in parts]) for name in shared}


def mean_curve(curves: Sequence[LearningCurve]) -> LearningCurve:
    """Average curves over the epochs that all of them have."""
    known = [dict(zip(one.epochs, one.values, strict=True)) for one in curves]
    epochs = [epoch for epoch in curves[0].epochs if all(epoch in one for one in known)]
    values = [float(np.mean([one[epoch] for one in known])) for epoch in epochs]
    return LearningCurve(epochs=epochs, values=values)
