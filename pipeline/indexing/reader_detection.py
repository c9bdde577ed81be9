"""Chooses the reader that fits a folder, by what lies in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from errors import NoInputError, UsageError, pick, printable
from pipeline.datasets import AUTO, DATASETS
from pipeline.datasets.reader import LayoutClue, entries
from pipeline.indexing.class_names import numbered_folders, unknown_words
from pipeline.unpacking import find_packing

_LOOK_AT = 2000
_LAYOUTS = "All layouts: docs/datasets.md."


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """The chosen row of DATASETS, and the evidence for it; empty if the user named it."""

    name: str
    saw: str = ""


def choose(root: Path, name: str) -> ReaderChoice:
    """Return the named reader; for `auto` the one that the folder is for.

    Raises:
        UsageError: if there is no such reader, or the folder fits several.
        NoInputError: if it is no folder, or fits none.
    """
    if name != AUTO:
        pick({**DATASETS, AUTO: None}, name, "dataset reader")
    if not root.is_dir():
        raise NoInputError(
            root, f"is no folder. Put the dataset there or link it: ln -s /where/it/is {root}"
        )
    return detect(root) if name == AUTO else ReaderChoice(name)


def detect(root: Path) -> ReaderChoice:
    """Say which reader a folder is for.

    A reader that knows its dataset by name goes before a general one.

    Raises:
        UsageError: if several readers find all they want, naming them.
        NoInputError: if none does: what is missing where some of it is there, what every reader
            wants where nothing is.
    """
    clues = {name: reader.check_layout(root) for name, reader in DATASETS.items()}
    fits = [name for name, wanted in clues.items() if all(there for _, there in wanted)]
    best = [name for name in fits if not DATASETS[name].general] or fits
    if len(best) > 1:
        listed = "; ".join(f"{name}: it has {_present(root, clues[name])}" for name in best)
        raise UsageError(
            root,
            f"fits several readers ({listed}). Name one: "
            f"python cli.py use {printable(root.name)} --reader {best[0]}",
        )
    if not best:
        raise NoInputError(root, _nothing(root, clues))
    return ReaderChoice(best[0], _present(root, clues[best[0]]))


def _present(root: Path, wanted: Iterable[LayoutClue]) -> str:
    """Name the paths that are there; a clue that is no path speaks for itself."""
    return ", ".join(
        next((name for name in names if (root / name).exists()), names[0])
        for names, there in wanted
        if there
    )


def _nothing(root: Path, clues: dict[str, list[LayoutClue]]) -> str:
    """Say why no reader takes a folder: the nearest miss, a folder too high, or nothing at all."""
    if deeper := _too_high(root, general=False):
        return deeper
    if numbered := numbered_folders(root):
        return numbered
    if packing := find_packing(root):
        name = printable(root.name)
        return (
            f"holds no pictures as files, but {packing}. Unpack them: "
            f"python cli.py unpack data/raw/{name} data/raw/{name}_pictures"
        )
    if deeper := _too_high(root, general=True):
        return deeper
    misses = {name: missed for name, wanted in clues.items() if (missed := _miss(root, wanted))}
    if misses:
        lacks = {name: sum(not there for _, there in clues[name]) for name in misses}
        nearest = [name for name in misses if lacks[name] == min(lacks.values())]
        listed = "; ".join(f"{name}: {misses[name]}" for name in nearest)
        return f"fits no reader whole. Did you mean {listed}? {_LAYOUTS}"
    if words := unknown_words(root):
        return words
    wants = "; ".join(f"{name}: {_wanted(wanted)}" for name, wanted in clues.items())
    packed = sorted(printable(file.name) for file in root.glob("*.zip"))
    hint = f" Still packed: {', '.join(packed)}; unpack it there." if packed else ""
    return f"fits no reader.{hint} They want to see: {wants}. {_LAYOUTS}"


def _too_high(root: Path, general: bool) -> str:
    """Return which folder below is a dataset for a general or another reader; nothing if none."""
    for sub in sorted(entries(root))[:_LOOK_AT]:
        readers = DATASETS.items() if sub.is_dir() else ()
        for name, reader in readers:
            clues = reader.check_layout(sub) if reader.general == general else [((), False)]
            if all(there for _, there in clues):
                return (
                    f"is no dataset itself, but its folder '{printable(sub.name)}' looks like "
                    f"{name}. Did you mean that one? Link it instead."
                )
    return ""


def _wanted(wanted: Iterable[LayoutClue]) -> str:
    return " and ".join(names[0] for names, _ in wanted)


def _miss(root: Path, wanted: list[LayoutClue]) -> str:
    """Say what is missing where another clue is there, or a name is misspelt; else nothing."""
    missing = [names for names, there in wanted if not there]
    entries = _entries(root)
    near = [match for names in missing for match in _near(names, entries)]
    if not near and len(missing) == len(wanted):
        return ""
    seen = _present(root, wanted)
    listed = " and ".join(names[0] for names in missing)
    there = f"has {printable(seen)}, but " if seen else ""
    hint = f" (there is {', '.join(map(printable, near))})" if near else ""
    return f"{there}not {listed}{hint}"


def _near(names: tuple[str, ...], entries: list[str]) -> list[str]:
    return [match for name in names for match in get_close_matches(name, entries, 1, 0.88)][:1]


def _entries(root: Path) -> list[str]:
    """Return names in a folder and in its folders, a bounded number of each."""
    tops = entries(root, _LOOK_AT)
    below = [sub for top in tops if top.is_dir() for sub in entries(top, _LOOK_AT)]
    return sorted(path.relative_to(root).as_posix() for path in (*tops, *below))
