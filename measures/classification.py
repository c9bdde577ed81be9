"""Classification scores: accuracy, recall, confusion, calibration, and the chance level.

Shapes: N faces, V = 7 expressions.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from contracts.scores import Calibration, CalibrationBin, ChanceLevel, Majority, TrainMajority

Ints = NDArray[np.integer]
Json = dict[str, Any]


def classification(labels_N: Ints, predicted_N: Ints) -> Json:
    """Return accuracy, balanced accuracy, macro F1, recall per class, and the confusion counts.

    Balanced accuracy is the mean recall of the classes that occur; macro F1 the mean F1 of those
    that occur or are predicted. confusion[i][j] counts faces of expression i predicted as j.
    """
    count = len(EXPRESSIONS)
    confusion = np.bincount(labels_N * count + predicted_N, minlength=count * count).reshape(
        count, count
    )
    right, totals = np.diag(confusion), confusion.sum(axis=1)
    called = confusion.sum(axis=0)
    recall = [float(right[i] / totals[i]) if totals[i] else None for i in range(count)]
    present = [value for value in recall if value is not None]
    seen = totals + called > 0
    return {
        "accuracy": float(right.sum() / max(confusion.sum(), 1)),
        "balanced_accuracy": float(np.mean(present)),
        "macro_f1": float(np.mean(2 * right[seen] / (totals + called)[seen])),
        "recall": dict(zip(EXPRESSIONS, recall, strict=True)),
        "confusion": confusion.tolist(),
        "n": int(confusion.sum()),
    }


def calibration(probabilities_NV: NDArray[np.floating], labels_N: Ints, bins: int) -> Calibration:
    """Compare how sure a model is with how often it is right.

    Args:
        probabilities_NV: rows sum to one; the highest is the confidence.
        labels_N: expression ids.
        bins: of equal width; a confidence on an edge belongs to the lower one.

    Returns:
        ece is the mean distance between confidence and accuracy, bins weighted by their faces.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    confidence_N = probabilities_NV.max(axis=1).astype(np.float64)
    right_N = probabilities_NV.argmax(axis=1) == labels_N
    bin_N = np.clip(np.ceil(confidence_N * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(bin_N, minlength=bins)
    confidence, right = (
        np.bincount(bin_N, weights=value, minlength=bins) for value in (confidence_N, right_N)
    )
    return Calibration(
        ece=float(np.abs(confidence - right).sum() / max(len(labels_N), 1)),
        bins=[
            CalibrationBin(
                low=index / bins,
                high=(index + 1) / bins,
                n=int(n),
                confidence=float(confidence[index] / n) if n else None,
                accuracy=float(right[index] / n) if n else None,
            )
            for index, n in enumerate(counts)
        ],
    )


def chance_level(labels_N: Ints, training_N: Ints | None) -> ChanceLevel:
    """Return the accuracy of a die, and of always giving the most frequent answer.

    Args:
        labels_N: of the scored faces.
        training_N: of the faces that the run was trained on; None if they are not known.
    """
    share_V = _shares(labels_N)
    uniform, majority = 1 / len(EXPRESSIONS), _majority(share_V)
    if training_N is None:
        return ChanceLevel(uniform=uniform, majority=majority, train_majority=None)
    most = _majority(_shares(training_N))
    accuracy = float(share_V[EXPRESSIONS.index(most.expression)])
    learned = TrainMajority(expression=most.expression, share=most.share, accuracy=accuracy)
    return ChanceLevel(uniform=uniform, majority=majority, train_majority=learned)


def _shares(labels_N: Ints) -> NDArray[np.float64]:
    return np.asarray(np.bincount(labels_N, minlength=len(EXPRESSIONS)) / max(len(labels_N), 1))


def _majority(share_V: NDArray[np.float64]) -> Majority:
    most = int(share_V.argmax())
    return Majority(expression=EXPRESSIONS[most], share=float(share_V[most]))
