"""Valence and arousal in a field of a table: how pleasant and how excited a face looks.

Both from -1 to 1. Source: Russell, A Circumplex Model of Affect, 1980; Mollahosseini et al.,
AffectNet, IEEE Transactions on Affective Computing 2019.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from contracts.files import VALENCE_AROUSAL_COLUMNS
from errors import DataError, printable
from pipeline.datasets.table import ABSENT

_ANOTHER_NAME = "If the column holds something else, give it another name."


def parse_value(text: str, what: str, where: str) -> str:
    """Return a value as the index holds it; empty where the field says that it is not known.

    Args:
        text: a number, or a word for unknown.
        what: valence or arousal.
        where: file and line, for messages.

    Raises:
        DataError: if it is no number from -1 to 1.
    """
    if text.strip().lower() in ABSENT:
        return ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            where,
            f"{what} needs a number from -1 to 1 with a decimal point, got "
            f"'{printable(text[:40])}'. {_ANOTHER_NAME}",
        )
    return written(value, what, where)


def mean_values(ratings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the mean of what several people said of one face; empty where nobody did.

    Args:
        ratings: attributes of the face, of every person; without valence and arousal for none.
    """
    found: dict[str, str] = {}
    for what in VALENCE_AROUSAL_COLUMNS:
        said = [one[what] for one in ratings if what in one]
        known = [float(value) for value in said if value]
        found |= {what: f"{np.mean(known):.10g}" if known else ""} if said else {}
    return found


def written(value: float, what: str, where: str) -> str:
    """Return a number from -1 to 1 as the index holds it.

    Raises:
        DataError: if it is outside.
    """
    if not -1 <= value <= 1:
        raise DataError(
            where,
            f"{what} {value:g} is not within -1 and 1. Map other scales, so that 1 to 9 becomes "
            "(value - 5) / 4; leave the field empty where it is not known, instead of -2. "
            f"{_ANOTHER_NAME}",
        )
    return f"{value:.10g}"
