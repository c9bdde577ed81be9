"""KDEF, the Karolinska Directed Emotional Faces: everything is in the names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.labels import LabelSet
from pipeline.datasets.reader import LeftOut, Listed, Reader, listed_as, needs_named
from pipeline.datasets.walking import pictures

_CODES = {
    **{"AF": "fear", "AN": "anger", "DI": "disgust", "HA": "happiness"},
    **{"NE": "neutral", "SA": "sadness", "SU": "surprise"},
}
_ANGLES = {
    **{"FL": "full left", "HL": "half left", "S": "straight"},
    **{"HR": "half right", "FR": "full right"},
}
_NAME = re.compile(
    rf"([AB])([FM]\d\d)({'|'.join(_CODES)})({'|'.join(_ANGLES)})\.\w+", re.IGNORECASE
)


def read_kdef(root: Path, options: Mapping[str, Any], labels: LabelSet) -> Iterator[Listed]:
    """Read pictures such as `AF01/AF01ANFL.JPG`, wherever they lie: session, person, code, angle.

    Args:
        root: the dataset's folder, or one above it.
        options: none.
        labels: the classes.

    Yields:
        One sample per picture, without a split, with its person (both sessions are one person) and
        the attributes session and angle. Pictures with other names are left out.

    Raises:
        NoPermissionError: if a folder cannot be listed.
    """
    for file in pictures(root):
        path = file.relative_to(root).as_posix()
        parts = _NAME.fullmatch(file.name)
        if parts is None:
            yield LeftOut(path, "no name of KDEF")
            continue
        session, person, code, angle = (part.upper() for part in parts.groups())
        yield listed_as(
            labels.id_or_reason(_CODES[code], str(file)),
            path,
            person=person,
            attributes={"session": session, "angle": _ANGLES[angle]},
        )


KDEF = Reader(
    read_kdef,
    needs_named("AF01/AF01AFS.JPG", _NAME.pattern),
    listed={"all": 4_900},
    note="Two of five pictures are profiles (full left, full right), where few faces are found.",
)
