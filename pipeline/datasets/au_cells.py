"""Action units in a field of a table, such as `1;2;5:0.6;26` or, with FACS's letters, `1+2+12C`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from anatomy.au_coding import FACS_LETTERS, FACS_NUMBERS
from errors import DataError, printable
from pipeline.datasets.reader import Listed
from pipeline.datasets.table import ABSENT
from store.records import Sample

NOTHING = "0"
"""FACS's word for a neutral face: it was coded, and nothing acts."""

_ITEM = re.compile(r"(?:au)?0*([0-9]+)(?:(?::\s*)?([a-e])|:\s*([-+.0-9e]+))?", re.IGNORECASE)


def parse_units(text: str, where: str) -> dict[int, float] | None:
    """Read which units act, and how strongly, from 0 to 1.

    A unit without an intensity has 1; a letter from A to E stands for a fifth each.

    Args:
        text: units, separated by semicolons, commas, plus signs or spaces; `0`: none acts.
        where: file and line, for messages.

    Returns:
        FACS number -> intensity; None where the field says that nothing was coded.

    Raises:
        DataError: for what is no unit, a unit that stands there twice, or an intensity above 1.
    """
    if text.strip().lower() in ABSENT:
        return None
    found: dict[int, float] = {}
    words = re.sub(r":\s+", ":", text.strip())
    for word in filter(None, re.split(r"[;,+\s]+", words)):
        if word == NOTHING:
            continue
        unit, intensity = _unit(word, where)
        if unit in found:
            raise DataError(where, f"names AU{unit} twice, in '{printable(text[:40])}'.")
        found[unit] = intensity
    return found


def _unit(word: str, where: str) -> tuple[int, float]:
    item = _ITEM.fullmatch(word)
    if item is None:
        raise DataError(
            where,
            f"'{printable(word[:40])}' is no action unit. Write numbers, with or without an "
            "intensity: 1;2;5:0.6;12C.",
        )
    number, letter, written = item.groups()
    unit = known_unit(int(number[:9]), where)
    if letter:
        return unit, (FACS_LETTERS.index(letter.upper()) + 1) / len(FACS_LETTERS)
    return unit, 1.0 if written is None else _intensity(unit, written, where)


def known_unit(number: int, where: str) -> int:
    """Return a number that FACS has.

    Raises:
        DataError: if it has no such number.
    """
    if number not in FACS_NUMBERS:
        raise DataError(where, f"AU{number} is no number of FACS. Correct it.")
    return number


def _intensity(unit: int, written: str, where: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise DataError(
            where,
            f"AU{unit} has intensity {printable(written[:20])}, which must be from 0 to 1. Write "
            "FACS's A to E as letters, as in 12C; divide numbers from 0 to 5 by 5.",
        )
    return value


def with_absent_units(listed: Iterable[Listed]) -> Iterator[Listed]:
    """Say of every coded face that the units which only other faces show are absent."""
    everything = list(listed)
    coded = [one.aus for one in everything if isinstance(one, Sample) and one.aus is not None]
    absent = dict.fromkeys(sorted({unit for one in coded for unit in one}), 0.0)
    for one in everything:
        if isinstance(one, Sample) and one.aus is not None:
            yield replace(one, aus={**absent, **one.aus})
        else:
            yield one
