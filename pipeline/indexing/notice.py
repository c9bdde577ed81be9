"""NOTICE.txt: the text that a dataset asks for beside every number obtained from it."""

import unicodedata
from pathlib import Path

from errors import DataError, NoPermissionError
from pipeline.paths import leads_out
from store.files import read_ordinary

NOTICE = "NOTICE.txt"
_MOST_BYTES = 64 << 10
_CONTROLS = frozenset({"Cc", "Cs"})


def read_notice(root: Path, follow_links: bool, key: str) -> str | None:
    """Return the notice of a dataset; None if it has none.

    Args:
        root: the dataset's folder, resolved.
        follow_links: whether a link may lead out of it.
        key: of the parameter that allows links, for the message.

    Raises:
        DataError: if it is a link out of the folder, no ordinary file, too large, or no text in
            UTF-8. It stands on every page, so it is not left out in silence.
        NoPermissionError: if it cannot be read.
    """
    file = root / NOTICE
    if not file.is_symlink() and not file.exists():
        return None
    if not follow_links and leads_out(root, file):
        raise DataError(
            file,
            "is a link out of the dataset's folder. Nothing was written. Put the text itself "
            f"there, or, if you made the link, set {key}: true.",
        )
    try:
        if (size := file.stat().st_size) > _MOST_BYTES:
            raise DataError(
                file, f"has {size:,} bytes, at most {_MOST_BYTES:,} fit on a page. Shorten it."
            )
        payload = read_ordinary(file)
    except PermissionError as error:
        raise NoPermissionError(file, "cannot be read. Change its rights.") from error
    except OSError as error:
        raise DataError(file, f"cannot be read: {error.strerror}. Remove or replace it.") from error
    return _text(payload, file)


def _text(payload: bytes, file: Path) -> str:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = payload.count(b"\n", 0, error.start) + 1
        byte = payload[error.start]
        raise DataError(
            file, f"line {place} is not UTF-8 (byte 0x{byte:02x}). Save it as UTF-8."
        ) from error
    text = text.replace("\r\n", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        if any(unicodedata.category(char) in _CONTROLS for char in line.replace("\t", " ")):
            raise DataError(file, f"line {number} has control characters. Remove them.")
    return text.strip()
