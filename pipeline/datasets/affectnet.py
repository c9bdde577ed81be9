"""What both releases of AffectNet share: the class ids, and how a wrong order is recognised."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from contracts.labels import LabelSet
from errors import DataError
from pipeline.datasets.reader import ReaderOptions
from pipeline.datasets.valence_arousal import written

ORDERS: dict[str, tuple[str, ...]] = {
    "official": (
        *("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"),
        *("none of the eight", "uncertain", "no face"),
    ),
    "alphabetical": (
        *("anger", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    ),
}
"""Option `ids` -> class of each id. Copies on Kaggle use the second."""

_PUBLISHED = {
    **{"neutral": 74_874, "happy": 134_415, "sad": 25_459, "surprise": 14_090},
    **{"fear": 6_378, "disgust": 3_803, "anger": 24_882, "contempt": 3_750},
}
"""Training pictures per class; they sum to the published 287,651."""


class AffectNetOptions(ReaderOptions, frozen=True):
    """What the ids mean; found out from their counts if not set."""

    ids: Literal["official", "alphabetical"] = "official"


def order_of_ids(
    options: Mapping[str, Any], training: Iterable[int], where: Path
) -> tuple[str, ...]:
    """Return the class of each id: as the option `ids` says, else the official ones.

    Args:
        options: of the reader.
        training: ids of the training pictures.
        where: for the message.

    Raises:
        DataError: if there is no option, and the counts are those of the alphabetical order.
    """
    if "ids" in options:
        return ORDERS[options["ids"]]
    counts = Counter(training)
    away = {name: _distance(counts, order) for name, order in ORDERS.items()}
    if away["alphabetical"] < away["official"] / 2:
        raise DataError(
            where,
            "the ids are counted as if they were alphabetical, as in copies on Kaggle: most faces "
            f"have id {max(counts, key=counts.__getitem__)}, and officially happy is 1, neutral 0. "
            "Nothing was read. Set the dataset's option ids to alphabetical or, "
            "if they are right as they are, to official.",
        )
    return ORDERS["official"]


def _distance(counts: Mapping[int, int], order: Sequence[str]) -> float:
    """Share of faces, 0 to 1, that would have to change class to make the published counts."""
    total = sum(counts.get(number, 0) for number in range(len(_PUBLISHED))) or 1
    published = sum(_PUBLISHED.values())
    return 0.5 * sum(
        abs(counts.get(number, 0) / total - _PUBLISHED[order[number]] / published)
        for number in range(len(_PUBLISHED))
    )


def class_of(
    number: int, order: Sequence[str], labels: LabelSet, where: str
) -> tuple[int | None, str]:
    """Return (class, class in words); None for one that the label set does not have.

    Raises:
        DataError: if no class has this id.
    """
    if not 0 <= number < len(order):
        raise DataError(where, f"class {number} is none of 0 to {len(order) - 1}.")
    return labels.find(order[number]), order[number]


def intensity(value: float, what: str, where: str) -> str:
    """Return valence or arousal as text; empty for -2, which means that there is none.

    Raises:
        DataError: if it is not within -1 and 1.
    """
    return "" if value == -2 else written(value, what, where)
