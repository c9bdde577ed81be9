"""JAFFE, the Japanese Female Facial Expression set: everything is in the names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anatomy.expressions import expression_id
from pipeline.datasets.reader import LeftOut, Listed, Reader, needs_named
from pipeline.datasets.walking import pictures
from store.records import Sample

_CODES = {
    **{"AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness"},
    **{"NE": "neutral", "SA": "sadness", "SU": "surprise"},
}
_NAME = re.compile(rf"([A-Z]{{2}})\.({'|'.join(_CODES)})\d+\.\d+\.\w+", re.IGNORECASE)


def read_jaffe(root: Path, options: Mapping[str, Any]) -> Iterator[Listed]:
    """Read pictures such as `KA.AN1.39.tiff`, wherever they lie: person, code, number.

    Args:
        root: the dataset's folder, or one above it.
        options: none.

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
            expression = expression_id(_CODES[parts[2].upper()], str(file))
            yield Sample(path, path, expression, person=parts[1].upper())


JAFFE = Reader(read_jaffe, needs_named("KA.AN1.39.tiff", _NAME.pattern), listed={"all": 213})
