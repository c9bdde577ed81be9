"""The open set muxspace/facial_expressions: `images/` and `data/legend.csv`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anatomy.expressions import expression_id
from pipeline.datasets.reader import LeftOut, Listed, Reader, each_once, needs_paths
from pipeline.datasets.table import rows
from pipeline.paths import safe_path
from store.records import Sample

_LEGEND = "data/legend.csv"
_NAMED = re.compile(r"(?P<person>.+?)_+\d+\.\w+")


def read_open_expressions(root: Path, options: Mapping[str, Any]) -> Iterator[Listed]:
    """Read `data/legend.csv` (user.id, image, emotion), words in any case.

    Args:
        root: the repository's folder.
        options: none.

    Yields:
        One sample per picture, without a split; the person is in names such as First_Last_0001.jpg.
        Contempt, and pictures whose labels differ, are left out.

    Raises:
        NoInputError: if the legend is not there.
        DataError: naming the line that cannot be accepted.
    """
    yield from each_once(_legend(root))


def _legend(root: Path) -> Iterator[Listed]:
    for line, row in rows(root / _LEGEND, ["image"], ["emotion"]):
        where = f"{root / _LEGEND}, line {line}"
        path = safe_path(root / "images", row["image"].strip(), where)
        name = path.relative_to(root).as_posix()
        word = row["emotion"].strip().lower()
        named = _NAMED.fullmatch(path.name)
        person = named["person"].lower() if named else None
        if word == "contempt":
            yield LeftOut(name, word)
        else:
            yield Sample(name, name, expression_id(word, where), person=person)


OPEN_EXPRESSIONS = Reader(
    read_open_expressions,
    needs_paths(_LEGEND),
    listed={"all": 13_690},
    note="The licence of the repository gives no rights in the photographs of people.",
)
