"""JAFFE, the Japanese Female Facial Expression set: everything is in the names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from pipeline.datasets.reader import LeftOut, Listed, Reader, listed_as, needs_named
from pipeline.datasets.walking import pictures

_CODES = {
    **{"AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness"},
    **{"NE": "neutral", "SA": "sadness", "SU": "surprise"},
}
_NAME = re.compile(rf"([A-Z]{{2}})\.({'|'.join(_CODES)})\d+\.\d+\.\w+", re.IGNORECASE)


def read_jaffe(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read pictures such as `KA.AN1.39.tiff`, wherever they lie: person, code, number.

    Args:
        root: the dataset's folder, or one above it.
        options: none.
        labels: the classes.

    Yields:
        One sample per picture, without a split, with its person. Pictures with other names are left
        out.

    Raises:
        NoPermissionError: if a folder cannot be listed.
    """
    for file in pictures(root):
        path = file.relative_to(root).as_posix()
        parts = _NAME.fullmatch(file.name)
        if parts is None:
            yield LeftOut(path, "no name of JAFFE")
        else:
            found = labels.id_or_reason(_CODES[parts[2].upper()], str(file))
            yield listed_as(found, path, person=parts[1].upper())


JAFFE = Reader(read_jaffe, needs_named("KA.AN1.39.tiff", _NAME.pattern), listed={"all": 213})
