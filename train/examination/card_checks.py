"""Notices a card that is wrong: would another one be right more often on these very faces?

Shapes: N faces, V expressions.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from contracts.examinations import Suspicion

Ints = NDArray[np.int64]
SURE = 3.0
"""Standard errors by which another reading has to be better before it is mentioned."""


def better(right_N: NDArray[np.bool_], other_N: NDArray[np.bool_]) -> float:
    """Return by how many standard errors the other reading is right more often, on the same faces.

    Source: McNemar, Psychometrika 1947.
    """
    gained, lost = int((other_N & ~right_N).sum()), int((right_N & ~other_N).sum())
    return (gained - lost) / np.sqrt(gained + lost) if gained + lost else 0.0


def suspicions(
    predicted_N: Ints,
    labels_N: Ints,
    readings: Mapping[str, Callable[[], Ints]],
    classes: Sequence[str],
) -> list[Suspicion]:
    """Compare a card with others on labelled faces.

    Args:
        predicted_N: with the card as it is.
        labels_N: expression ids.
        readings: what would be different -> predictions if it were.
        classes: names, by id.
    """
    right_N = predicted_N == labels_N
    found: list[Suspicion] = []
    for what, reading in readings.items():
        other_N = reading() == labels_N
        found += _suspicion(f"if {what}", right_N, other_N)
    return sorted(found, key=lambda one: -one.accuracy_then) + _permuted(
        predicted_N, labels_N, classes
    )


def _suspicion(
    what: str, right_N: NDArray[np.bool_], other_N: NDArray[np.bool_]
) -> list[Suspicion]:
    score = better(right_N, other_N)
    if score < SURE:
        return []
    return [
        Suspicion(
            what=what,
            accuracy=float(right_N.mean()),
            accuracy_then=float(other_N.mean()),
            standard_errors=float(score),
            faces=len(right_N),
        )
    ]


def _permuted(predicted_N: Ints, labels_N: Ints, classes: Sequence[str]) -> list[Suspicion]:
    """Say whether other names for the classes would be right more often.

    Names are chosen on every other face and tried on the rest, and the other way round: names that
    are chosen and tried on the same faces always look better.
    """
    halves = np.arange(len(labels_N)) % 2 == 0
    other_N = np.zeros(len(labels_N), bool)
    for chosen in (halves, ~halves):
        names_V = best_names(predicted_N[chosen], labels_N[chosen], len(classes))
        other_N[~chosen] = names_V[predicted_N[~chosen]] == labels_N[~chosen]
    names_V = best_names(predicted_N, labels_N, len(classes))
    swapped = [
        f"{classes[number]} were {classes[name]}"
        for number, name in enumerate(names_V)
        if number != name
    ]
    if not swapped:
        return []
    return _suspicion(
        f"if the classes were named otherwise ({', '.join(swapped)})",
        predicted_N == labels_N,
        other_N,
    )


def best_names(predicted_N: Ints, labels_N: Ints, classes: int) -> Ints:
    """Return the permutation of the expressions with the most right answers: (V,)."""
    count = classes
    votes = np.bincount(predicted_N * count + labels_N, minlength=count * count)
    votes = votes.reshape(count, count) * count + np.eye(count, dtype=int)  # a tie keeps the name
    return np.asarray(linear_sum_assignment(votes, maximize=True)[1])
