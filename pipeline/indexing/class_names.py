"""Class folders whose names are no expressions: the user is asked, nothing is guessed."""

import re
from pathlib import Path

from errors import printable
from pipeline.datasets.affectnet import ORDERS
from pipeline.datasets.folder import class_folders
from pipeline.datasets.raf_db import CLASSES
from pipeline.datasets.reader import entries
from pipeline.datasets.walking import SUFFIXES

_LOOK_AT = 200
_SHOWN = 12
_NUMBERED = re.compile(r"(?:class)?[_ -]?(\d{1,3})", re.ASCII | re.IGNORECASE)


def numbered_folders(root: Path) -> str:
    """Return what to do about folders that are numbered; nothing if they are not.

    Args:
        root: a dataset's folder that no reader takes.
    """
    names = _names(root)
    if len(names) < 2 or not all(_NUMBERED.fullmatch(name) for name in names):
        return ""
    return (
        f"has numbered folders ({', '.join(names[:_SHOWN])}), and numbers mean something else in "
        f"every dataset: {_counted('RAF-DB', CLASSES, 1)}; "
        f"{_counted('AffectNet', ORDERS['official'][:8], 0)}; "
        f"{_counted('copies of AffectNet', ORDERS['alphabetical'], 0)}. "
        f"Nothing was guessed. Look at some pictures, then name them: {_remedy(root, names)}"
    )


def unknown_words(root: Path) -> str:
    """Return what to do about folders of pictures whose names are no known words, or nothing."""
    names = _names(root)
    if len(names) < 2:
        return ""
    return (
        f"has folders of pictures ({', '.join(names[:_SHOWN])}) whose names are no expressions "
        f"that AULens knows. Name them, or null to leave one out: {_remedy(root, names)}"
    )


def _names(root: Path) -> list[str]:
    """Return the different names of folders that hold pictures, as they may be printed."""
    holding = [folder for folder in class_folders(root) if _holds_pictures(folder)]
    return sorted(
        {printable(folder.name) for folder in holding}, key=lambda name: (len(name), name)
    )


def _holds_pictures(folder: Path) -> bool:
    return any(file.suffix.lower() in SUFFIXES for file in entries(folder, _LOOK_AT))


def _counted(what: str, words: tuple[str, ...], start: int) -> str:
    return f"{what}: {', '.join(f'{place} {word}' for place, word in enumerate(words, start))}"


def _remedy(root: Path, names: list[str]) -> str:
    example = ", ".join(f'"{name}": ...' for name in names[:_SHOWN])
    name = printable(root.name)
    return (
        f"python cli.py use {name} --reader folder, and in params.yaml "
        f"index.{name}.options: {{label_map: {{{example}}}}}"
    )
