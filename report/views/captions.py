"""What stands below a face: its label, and what the map beside it shows."""

from collections.abc import Callable, Mapping
from typing import Any

from anatomy.codebooks import Codebook
from anatomy.landmarks import INNER_POINTS, POINTS

Options = Mapping[str, Any]
_NO_UNITS = "no AUs"


def units_of(expression: str, book: Codebook) -> str:
    """Return the AUs of an expression as 'AU6 12 25'."""
    units = book.expressions[expression]
    return f"AU{' '.join(map(str, units))}" if units else _NO_UNITS


def _own_units(expression: str, book: Codebook, options: Options) -> str:
    return units_of(expression, book)


def _every_unit(expression: str, book: Codebook, options: Options) -> str:
    return f"all {len(book.units)} AUs, whatever the label"


def _one_unit(expression: str, book: Codebook, options: Options) -> str:
    number = int(options.get("au", 12))
    return f"AU{number} {book.regions[number].name}, whatever the label"


def _points(expression: str, book: Codebook, options: Options) -> str:
    return f"{POINTS if options.get('jaw') else len(INNER_POINTS)} landmarks"


def _coded(expression: str, book: Codebook, options: Options) -> str:
    return "the AUs coded on this face"


def _coded_or_of_class(expression: str, book: Codebook, options: Options) -> str:
    return f"the AUs coded on this face, or {units_of(expression, book)}"


def _mixture(expression: str, book: Codebook, options: Options) -> str:
    return "AUs mixed by the labels' shares"


SHOWN: dict[str, Callable[[str, Codebook, Options], str]] = {
    "au": _own_units,
    "generic_au": _every_unit,
    "single_au": _one_unit,
    "per_class_au": _own_units,
    "own_au": _coded,
    "own_or_codebook": _coded_or_of_class,
    "soft_au": _mixture,
    "landmarks": _points,
}
"""Row of HEATMAPS -> what its map of a face of this label shows."""


def shown(kind: str, expression: str, book: Codebook, options: Options) -> str:
    """Return what a map of this kind shows of a face of this label; its name, if SHOWN has none."""
    return SHOWN[kind](expression, book, options) if kind in SHOWN else kind


def caption(expression: str, status: str, has_landmarks: bool, defined: bool, shown: str) -> str:
    """Return a face's label and what its map shows, or why there is none.

    Args:
        expression: name of the label.
        status: of stage landmark; 'ok' or the reason.
        has_landmarks: whether the face has them.
        defined: whether the map is.
        shown: what its map shows.
    """
    if not has_landmarks:
        return f"{status}: no landmarks"
    if defined or shown == _NO_UNITS:
        return f"{expression}: {shown}"
    return f"{expression}: no map (no unit acts, or off the canvas)"


def is_label(text: str, expression: str) -> bool:
    """Return whether a caption starts with the face's class, so that nothing is missing."""
    return text.split(":")[0] == expression
