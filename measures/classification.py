"""Classification scores: accuracy, recall, confusion, calibration, and the chance level.

Shapes: N faces, V classes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.scores import Calibration, CalibrationBin, ChanceLevel, Majority, TrainMajority

Ints = NDArray[np.integer]
Json = dict[str, Any]


def classification(labels_N: Ints, predicted_N: Ints, classes: Sequence[str]) -> Json:
    """Return accuracy, balanced accuracy, macro F1, recall per class, and the confusion counts.

    Balanced accuracy is the mean recall of the classes that occur; macro F1 the mean F1 of those
    that occur or are predicted. confusion[i][j] counts faces of expression i predicted as j.
    """
    count = len(classes)
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
        "recall": dict(zip(classes, recall, strict=True)),
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


def chance_level(labels_N: Ints, training_N: Ints | None, classes: Sequence[str]) -> ChanceLevel:
    """Return the accuracy of a die, and of always giving the most frequent answer.

    Args:
        labels_N: of the scored faces.
        training_N: of the faces that the run was trained on; None if they are not known.
        classes: names, by id.
    """
    share_V = _shares(labels_N, len(classes))
    uniform, majority = 1 / len(classes), _majority(share_V, classes)
    if training_N is None:
        return ChanceLevel(uniform=uniform, majority=majority, train_majority=None)
    most = _majority(_shares(training_N, len(classes)), classes)
    accuracy = float(share_V[classes.index(most.expression)])
    learned = TrainMajority(expression=most.expression, share=most.share, accuracy=accuracy)
    return ChanceLevel(uniform=uniform, majority=majority, train_majority=learned)


def _shares(labels_N: Ints, classes: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(labels_N, minlength=classes) / max(len(labels_N), 1))


def _majority(share_V: NDArray[np.float64], classes: Sequence[str]) -> Majority:
    most = int(share_V.argmax())
    return Majority(expression=classes[most], share=float(share_V[most]))
