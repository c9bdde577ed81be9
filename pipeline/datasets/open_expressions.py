"""The open set muxspace/facial_expressions: `images/` and `data/legend.csv`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from pipeline.datasets.reader import Listed, Reader, each_once, listed_as, needs_paths
from pipeline.datasets.table import rows
from pipeline.paths import safe_path

_LEGEND = "data/legend.csv"
_NAMED = re.compile(r"(?P<person>.+?)_+\d+\.\w+")


def read_open_expressions(
    root: Path, options: Mapping[str, Any], labels: LabelSet
) -> Iterator[Listed]:
    """Read `data/legend.csv` (user.id, image, emotion), words in any case.

    Args:
        root: the repository's folder.
        options: none.
        labels: the classes.

    Yields:
        One sample per picture, without a split; the person is in names such as First_Last_0001.jpg.
        What the label set leaves out, and pictures whose labels differ, are left out.

    Raises:
        NoInputError: if the legend is not there.
        DataError: naming the line that cannot be accepted.
    """
    yield from each_once(_legend(root, labels))


def _legend(root: Path, labels: LabelSet) -> Iterator[Listed]:
    for line, row in rows(root / _LEGEND, ["image"], ["emotion"]):
        where = f"{root / _LEGEND}, line {line}"
        path = safe_path(root / "images", row["image"].strip(), where)
        name = path.relative_to(root).as_posix()
        word = row["emotion"].strip().lower()
        named = _NAMED.fullmatch(path.name)
        person = named["person"].lower() if named else None
        yield listed_as(labels.id_or_reason(word, where), name, person=person)


OPEN_EXPRESSIONS = Reader(
    read_open_expressions,
    needs_paths(_LEGEND),
    listed={"all": 13_690},
    note="The licence of the repository gives no rights in the photographs of people.",
)
