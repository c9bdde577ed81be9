"""Which files are meant by the paths on the command line, and what to say of those not taken."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import DataError, NoInputError, UsageError
from store.records import Status

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})
"""Endings of videos, in lower case, for those whose content does not say what they are."""

_HEAD_BYTES = 256
_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG
    b"\x00\x00\x01\xb3",
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Windows Media
    b"OggS",
)
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""First atoms of QuickTime files that do not begin with ftyp."""
_PACKETS = ((0, 188), (4, 192))
"""First sync byte and distance of the next in MPEG transport streams."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture or a video that is to be read."""

    path: Path
    is_video: bool


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that are meant.

    Attributes:
        files: those named, and the pictures and videos below the folders.
        left_out: what else lies below the folders: reason -> number of files.
    """

    files: tuple[MediaFile, ...]
    left_out: Counter[str]

    def describe_left_out(self) -> list[str]:
        """Return a line that says what was left out, if anything was."""
        if not self.left_out:
            return []
        listed = ", ".join(f"{why}: {n}" for why, n in sorted(self.left_out.items()))
        return [f"Left out of the folders: {self.left_out.total()} ({listed})."]


def gather(paths: Sequence[Path], out: Path | None) -> Inputs:
    """Find the files that paths mean.

    A file that is named is taken whatever it is. Of a folder, pictures and videos are taken, by
    their content or else by their ending; the rest is counted. What lies in OUT is our own.

    Args:
        paths: files and folders.
        out: the folder where results go; None if they go to one file.

    Raises:
        NoInputError: if there is no file to take.
        UsageError: if OUT is a folder of the pictures: a page could replace a picture.
    """
    found: dict[Path, bool] = {}
    left_out: Counter[str] = Counter()
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name too long
            for file, kind in _below(path, out):
                if kind in MEDIA:
                    found.setdefault(file, kind == VIDEO)
                else:
                    left_out[kind] += 1
        else:
            found.setdefault(path, _kind(path) == VIDEO)
    inputs = Inputs(tuple(MediaFile(*one) for one in found.items()), left_out)
    if not found:
        rest = " ".join(["holds no picture and no video.", *inputs.describe_left_out()])
        raise NoInputError(paths[0], rest)
    own = out.absolute() if out else None
    mixed = next((path for path in found if path.absolute().parent == own), None)
    if out and mixed:
        raise UsageError(out, f"holds the picture {mixed.name}. Name another folder with --out.")
    return inputs


def describe_statuses(statuses: Iterable[str]) -> str:
    """Return how many files have each status, most frequent first: 'ok 7, no_face 1'."""
    return ", ".join(f"{status} {n}" for status, n in Counter(statuses).most_common())


PICTURE, VIDEO = "picture", "video"
MEDIA = (PICTURE, VIDEO)


def _below(folder: Path, out: Path | None) -> Iterable[tuple[Path, str]]:
    """Yield every file below a folder: its path, and PICTURE, VIDEO or why it is left out."""
    for file in sorted(folder.rglob("*")):
        if file.is_dir():
            continue
        if out and out.absolute() in file.absolute().parents:
            yield file, "written by an earlier call"
        else:
            yield file, _kind(file) or f"no picture, {file.suffix.lower() or 'no ending'}"


def _kind(file: Path) -> str:
    """Return PICTURE or VIDEO by content, else by ending; empty for anything else."""
    head = _head(file)
    if is_video_head(head):
        return VIDEO
    ending = file.suffix.lower()
    return VIDEO if ending in VIDEOS else PICTURE if ending in PICTURES else ""


def _head(file: Path) -> bytes:
    """Return the first bytes of an ordinary file; none of any other."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would block for ever
    except OSError:
        return b""
    try:
        return os.read(descriptor, _HEAD_BYTES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def is_video_head(head: bytes) -> bool:
    """Say whether a file begins as a video does: MP4, QuickTime, AVI, Matroska, MPEG, WMV, FLV."""
    if head.startswith(_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] not in _PICTURE_BRANDS and head[8:11] not in (b"M4A", b"M4B")
    if head[4:8] in _ATOMS:
        return True
    return any(
        len(head) > first + step and head[first] == head[first + step] == 0x47
        for first, step in _PACKETS
    )


def require_any_read(summary: Path, statuses: Iterable[str]) -> None:
    """Stop with an error if not a single file could be read.

    Args:
        summary: where the reasons are.
        statuses: ok, no_face or another status per file.

    Raises:
        DataError: if none is ok or no_face.
    """
    counts = Counter(statuses)
    if not counts[Status.OK] and not counts[Status.NO_FACE]:
        raise DataError(
            summary,
            f"lists why none of {counts.total()} files could be read "
            f"({describe_statuses(counts.elements())}).",
        )


def as_text(path: Path | str) -> str:
    """Return a path as text that a file in UTF-8 can hold; bytes that are none are escaped."""
    return str(path).encode(errors="backslashreplace").decode()
