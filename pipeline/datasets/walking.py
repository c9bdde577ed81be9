"""What lies below a dataset's folder: pictures, judged by content, and everything else, counted."""

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from errors import NoPermissionError, printable
from pipeline.datasets.reader import LeftOut
from pipeline.faces.signatures import CONVERT, HEAD_BYTES, HEIC, picture_format

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
        *(".avif", ".jp2", ".j2k", ".pgm", ".ppm", ".pbm", ".pnm"),
    }
)
"""Endings of pictures, in lower case. A file with another one is looked into."""

DOCUMENTS = frozenset(
    {
        *(".csv", ".tsv", ".txt", ".md", ".rst", ".json", ".jsonl", ".xml", ".yaml", ".yml"),
        *(".npy", ".npz", ".mat", ".pts", ".lst", ".pdf", ".html", ".htm", ".doc", ".docx"),
        *(".xls", ".xlsx", ".py", ".ipynb", ".sh", ".log", ".dvc"),
    }
)
"""Endings of labels, annotations and texts: neither pictures nor missed."""

LITTER = (
    *("._*", ".DS_Store", "__MACOSX", ".AppleDouble", ".Spotlight-*", ".Trash*", ".fseventsd"),
    *("Thumbs.db", "ehthumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information"),
    *("@eaDir", "#recycle", "@Recycle", "@Recently-Snapshot", ".@__thumb", "#snapshot"),
    *(".ipynb_checkpoints", "__pycache__", ".git", ".svn", ".hg", ".dvc", "lost+found"),
)
"""Files and folders that systems, network disks and editors leave behind, in any case."""


_SYSTEM = ("/proc", "/sys", "/dev")
"""Folders whose files are no files."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies below a folder; paths are relative to it, with forward slashes, sorted.

    Attributes:
        pictures: files with a picture's ending or content. They may still be damaged.
        others: what is no picture, and why; documents are not among them.
        locked: folders that cannot be listed.
        dead_links: links that lead nowhere.
    """

    pictures: tuple[str, ...]
    others: tuple[LeftOut, ...]
    locked: tuple[str, ...]
    dead_links: tuple[str, ...]


def litter(name: str) -> str | None:
    """Return the pattern of LITTER that a file's or folder's name fits; None if it fits none."""
    low = name.lower()
    return next((pattern for pattern in LITTER if fnmatchcase(low, pattern.lower())), None)


def walk(root: Path) -> Contents:
    """List everything below a folder.

    Links to folders are entered after all other folders. No folder is entered twice, so circles of
    links end; nor one above the dataset, or of the system. Litter and names that begin with a dot
    are counted, not entered.
    """
    walker = _Walker(root)
    walker.run()
    others = sorted(walker.others, key=lambda one: one.path)
    return Contents(
        tuple(sorted(walker.pictures, key=lambda path: path.split("/"))),
        tuple(others),
        tuple(sorted(walker.locked)),
        tuple(sorted(walker.dead_links)),
    )


def pictures(folder: Path) -> list[Path]:
    """Return the pictures below a folder, sorted.

    Raises:
        NoPermissionError: if a folder cannot be listed: a whole class could be missing.
    """
    found = walk(folder)
    if found.locked:
        raise NoPermissionError(
            folder / found.locked[0],
            f"cannot be listed (of such folders there are {len(found.locked)}), so its pictures "
            "would be missing. Nothing was written. Change its rights: chmod u+rx, or move it "
            "elsewhere.",
        )
    return [folder / path for path in found.pictures]


@dataclass(slots=True)
class _Walker:
    """Collects as it goes; `walk` hands out what it found."""

    root: Path
    pictures: list[str] = field(default_factory=list)
    others: list[LeftOut] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    _folders: list[str] = field(default_factory=lambda: [""])
    _links: list[str] = field(default_factory=list)
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> None:
        while self._folders or self._links:
            beneath = self._folders.pop() if self._folders else heapq.heappop(self._links)
            for entry in self._entries(beneath):
                path = f"{beneath}/{entry.name}" if beneath else entry.name
                self._take(path, entry)

    def _entries(self, beneath: str) -> Iterator[os.DirEntry[str]]:
        folder = self.root / beneath
        try:
            info = folder.stat()
            if (info.st_dev, info.st_ino) in self._seen:
                self.others.append(LeftOut(beneath, "link to a folder that was read already"))
                return
            self._seen.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as entries:
                found = list(entries)
        except FileNotFoundError:
            return
        except OSError:
            self.locked.append(beneath or ".")
            return
        yield from found

    def _take(self, path: str, entry: os.DirEntry[str]) -> None:
        pattern = litter(entry.name) or (".*" if entry.name.startswith(".") else None)
        if pattern:
            self.others.append(LeftOut(path, f"litter {pattern}"))
        elif _is_folder(entry):
            if entry.is_symlink():
                self._take_link(path, Path(os.path.realpath(entry.path)))
            else:
                self._folders.append(path)
        else:
            self._take_file(path, entry)

    def _take_link(self, path: str, target: Path) -> None:
        """Enter a linked folder later, unless it is one that would lead to the whole machine."""
        if target in Path(os.path.realpath(self.root)).parents:
            self.others.append(LeftOut(path, "link to a folder above the dataset"))
        elif any(target.is_relative_to(system) for system in _SYSTEM):
            self.others.append(LeftOut(path, "link into the system"))
        else:
            heapq.heappush(self._links, path)

    def _take_file(self, path: str, entry: os.DirEntry[str]) -> None:
        dead = entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - of a DirEntry
        if dead:
            self.dead_links.append(path)
        ending = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - no Path per file
        if ending in SUFFIXES:
            self.pictures.append(path)
        elif dead:
            self.others.append(LeftOut(path, "link that leads nowhere"))
        elif ending not in DOCUMENTS:
            found = _sniffed(entry)
            if found and found != HEIC:
                self.pictures.append(path)
            else:
                shown = printable(ending) or "no ending"
                self.others.append(LeftOut(path, CONVERT if found else f"no picture, {shown}"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _sniffed(entry: os.DirEntry[str]) -> str | None:
    """Return the format of an ordinary file; None for other files, and for what cannot be read."""
    try:
        if not entry.is_file():
            return None
        with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123 - of a DirEntry
            return picture_format(file.read(HEAD_BYTES))
    except OSError:
        return None
