"""Finds the files that the paths on the command line mean, and reports those left out."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from errors import BEGINS_AGAIN, DataError, NoInputError, UsageError
from pipeline.datasets.walking import walk
from pipeline.faces.signatures import HEAD_BYTES, picture_format
from store.records import Status

VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"})
"""Endings, in lower case, of videos whose content does not say what they are: damaged ones."""

_HEAD_BYTES = 256
_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG
    b"\x00\x00\x01\xb3",
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Windows Media
    b"OggS",
)
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
    their content or else by their ending; the rest is counted, except labels and texts. What lies
    in OUT is our own.

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
            for file, video in _below(path, out):
                if isinstance(video, str):
                    left_out[video] += 1
                else:
                    found.setdefault(file, video)
        else:
            found.setdefault(path, _is_video(path))
    inputs = Inputs(tuple(MediaFile(*one) for one in found.items()), left_out)
    if not found:
        rest = " ".join(["holds no picture and no video.", *inputs.describe_left_out()])
        raise NoInputError(paths[0], rest)
    own = out.absolute() if out else None
    mixed = next((path for path in found if path.absolute().parent == own), None)
    if out and mixed:
        raise UsageError(out, f"holds the picture {mixed.name}. Name another folder with --out.")
    return inputs


@contextmanager
def say_how_far(out: Path, done: Sized, total: int) -> Iterator[None]:
    """Add to an error or interruption how many files OUT holds; `done` grows meanwhile."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{out} holds the first {len(done)} of {total} files. {BEGINS_AGAIN}")
        raise


def describe_statuses(statuses: Iterable[str]) -> str:
    """Return how many files have each status, most frequent first: 'ok 7, no_face 1'."""
    return ", ".join(f"{status} {n}" for status, n in Counter(statuses).most_common())


def _below(folder: Path, out: Path | None) -> Iterator[tuple[Path, bool | str]]:
    """Yield what lies below a folder: a path, and whether it is a video or why it is left out."""
    contents = walk(folder)
    yield from ((folder / name, "folder that cannot be listed") for name in contents.locked)
    reasons: dict[str, str] = dict.fromkeys(contents.pictures, "")
    reasons |= {one.path: one.reason for one in contents.others}
    own = out.absolute() if out else None
    for name in sorted(reasons, key=lambda name: name.split("/")):
        file, reason = folder / name, reasons[name]
        video = not reason.startswith("litter") and _is_video(file)
        if own in file.absolute().parents:
            yield file, "written by an earlier call"
        else:
            yield file, (reason if reason and not video else video)


def _is_video(file: Path) -> bool:
    """Say whether a file is a video by its content, or else by its ending."""
    head = _head(file)
    known_picture = picture_format(head[:HEAD_BYTES]) is not None
    return is_video_head(head) or (file.suffix.lower() in VIDEOS and not known_picture)


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
        return picture_format(head[:HEAD_BYTES]) is None and head[8:11] not in (b"M4A", b"M4B")
    if head[4:8] in _ATOMS:
        return True
    return any(
        len(head) > first + step and head[first] == head[first + step] == 0x47
        for first, step in _PACKETS
    )


def require_any_read(summary: Path, statuses: Mapping[str, str]) -> None:
    """Stop with an error if not a single file could be read.

    Args:
        summary: where all reasons are.
        statuses: name of a file -> `ok`, `no_face`, or another status and its reason.

    Raises:
        DataError: if none is ok or no_face.
    """
    if statuses and not {Status.OK, Status.NO_FACE} & set(statuses.values()):
        name, reason = next(iter(statuses.items()))
        raise DataError(
            name, f"{reason}. Of {len(statuses)} files none could be read; {summary} lists why."
        )


def as_text(path: Path | str) -> str:
    """Return a path as text for a UTF-8 file; bytes that are not UTF-8 are escaped."""
    return str(path).encode(errors="backslashreplace").decode()
