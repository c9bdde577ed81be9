"""Keeps links, and the paths that label files name, inside the dataset's root."""

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath

from errors import DataError, printable

_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's control characters, undecodable bytes, and what ends a line or a paragraph."""

_DVC_OBJECT = re.compile(r"/(files/md5|\.dvc/cache)/[0-9a-f]{2}/[0-9a-f]{30}$")
"""Where DVC keeps a file of its cache, named by its content, and what its links lead to."""


def safe_path(root: Path, name: str, where: str) -> Path:
    """Return `root / name`, which lies under root as written; links are not looked at.

    Args:
        root: the dataset's folder.
        name: relative, with forward slashes.
        where: file and row, for the message.

    Raises:
        DataError: if the name is empty, absolute, climbs out with `..`, or has control characters,
            undecodable bytes, a backslash or a drive.
    """
    if any(unicodedata.category(char) in _NO_TEXT for char in name):
        raise DataError(
            where,
            f"name '{printable(name)}' has control characters, or bytes that are no UTF-8. "
            "Nothing was read. Rename the file, in the label file too.",
        )
    pure = PurePosixPath(name)
    plain = "\\" not in name and ":" not in pure.parts[0] if pure.parts else False
    if not plain or pure.is_absolute() or ".." in pure.parts:
        raise DataError(
            where,
            f"path '{printable(name)}' does not stay inside the dataset's folder. "
            "Nothing was read. Use relative names with '/' in the label file.",
        )
    return root / pure


def leads_out(root: Path, path: Path) -> bool:
    """Say whether a path under root leads to a place outside it through a link.

    Links that DVC makes into its cache do not count: they lead to what a file holds.

    Args:
        root: the dataset's folder, resolved: it may be a link itself.
        path: a path under it, as `safe_path` returns.
    """
    below = (path, *path.parents)[: len(path.parts) - len(root.parts)]
    if not any(step.is_symlink() for step in below):  # root has no links in it: it is resolved
        return False
    real = os.path.realpath(path)
    return not Path(real).is_relative_to(root) and not _DVC_OBJECT.search(real)
