"""Paths that label files name, kept inside the dataset's root."""

from pathlib import Path, PurePosixPath

from errors import DataError, printable


def safe_path(root: Path, name: str, where: str) -> Path:
    """Return `root / name`, which lies under root as written.

    Args:
        root: the dataset's folder.
        name: relative, with forward slashes.
        where: file and row, for the message.

    Raises:
        DataError: if the name is empty, absolute, climbs out with `..`, or has control characters,
            a backslash or a drive.
    """
    pure = PurePosixPath(name)
    plain = (
        name.isprintable() and "\\" not in name and ":" not in pure.parts[0]
        if pure.parts
        else False
    )
    if not plain or pure.is_absolute() or ".." in pure.parts:
        raise DataError(
            where,
            f"path '{printable(name)}' does not stay inside the dataset's folder. "
            "Nothing was read. Use relative names with '/' in the label file.",
        )
    return root / pure
