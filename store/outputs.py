"""Tools `status` and `clean`: find finished and half-built outputs below data/, runs/, results/."""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from contracts.files import MANIFEST
from errors import CorruptError, NoInputError, printable
from store.building import COMMITS, FINGERPRINT, read_manifest
from store.files import atomic_write, canonical_json, folder_bytes, read_ordinary
from store.layout import DATA
from store.locking import lock_owner, try_lock

ROOTS = ("data", "runs", "results", "pages")
BUILDING_PREFIX = ".building-"
PROGRESS = "progress.json"
_MAX_DEPTH = 3
_RAW = "raw"
"""Folder of a root in which people's own datasets lie: only outputs directly in it are ours."""
_BUILDING = re.compile(
    rf"{re.escape(BUILDING_PREFIX)}(?:(?:repair-)?[0-9a-f]{{16}}(?:\.old)?|removed-[0-9]+)"
)
"""Names of folders in which AULens builds; whatever else begins like them is not ours."""
_STRANGE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Output:
    """One finished or half-built output.

    Attributes:
        path: its folder.
        stage: which stage makes it; '' if it does not say.
        state: done, damaged, or how far it is.
        rows: of its arrays; None if it has none.
        bytes: on disk.
        owner: which process works on it now; None if nobody does.
    """

    path: Path
    stage: str
    state: str
    rows: int | None
    bytes: int
    owner: str | None


def find_outputs(roots: Iterable[Path]) -> Iterator[Output]:
    """Yield every output under the roots, in the order of their paths.

    An output that cannot be read, or holds something strange, has that as its state.
    """
    for folder in sorted(folder for root in roots for folder in _folders(root, _MAX_DEPTH)):
        yield _describe(folder)


def _describe(folder: Path) -> Output:
    try:
        if _BUILDING.fullmatch(folder.name):
            return describe_unfinished(folder)
        return _describe_finished(folder)
    except NoInputError:  # it may be entered but not listed
        state = "cannot be read (no right to list it)"
    except OSError as error:
        state = f"cannot be read ({error.strerror or error})"
    except _STRANGE as error:
        state = f"holds what AULens does not write ({type(error).__name__}: {error!s:.60})"
    return Output(folder, "", state, None, 0, None)


def find_by_digest(digest: str, roots: Iterable[Path]) -> Path:
    """Return the finished output with this digest.

    Raises:
        NoInputError: if none of the roots holds it.
    """
    roots = list(roots)
    for root in roots:
        for folder in _folders(root, _MAX_DEPTH):
            if _digest(folder) == digest:
                return folder
    raise NoInputError(
        ", ".join(map(str, roots)),
        f"no output has digest {digest[:16]}…, which the store was made from. "
        "Bring it back (`dvc checkout`), or run this where it is.",
    )


def describe_unfinished(folder: Path) -> Output:
    """Describe a folder in which something is, or was, being built."""
    fingerprint = _json(folder / FINGERPRINT)
    rows, shards = _rows_and_shards(folder)
    if shards is not None:
        done = len(list((folder / COMMITS).glob("*.json")))
        state = f"half-built, {done} of {shards} shards"
    else:
        state = "half-built" + _progress_text(folder)
    stage = str(fingerprint.get("stage", ""))
    return Output(folder, stage, state, rows, folder_bytes(folder), lock_owner(folder))


def abandoned_outputs(roots: Iterable[Path]) -> tuple[list[Output], list[Output]]:
    """Find the half-built outputs that no process works on.

    Returns:
        Those that may be removed, and those that lie behind a link below their root, or cannot be
        read: whoever made the link removes them.
    """
    removable: list[Output] = []
    left_alone: list[Output] = []
    for root in roots:
        for output in find_outputs([root]):
            if _BUILDING.fullmatch(output.path.name) and output.owner is None:
                ours = not _is_behind_link(root, output.path) and is_accessible(output.path)
                (removable if ours else left_alone).append(output)
    return removable, left_alone


def _is_behind_link(root: Path, folder: Path) -> bool:
    return any(root.joinpath(*parts).is_symlink() for parts in _prefixes(root, folder))


def _prefixes(root: Path, folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the ways from the root to each folder on the way, without the root itself."""
    parts = folder.relative_to(root).parts
    return (parts[:count] for count in range(1, len(parts) + 1))


def is_accessible(folder: Path) -> bool:
    """Say whether a folder can be listed and emptied."""
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def remove_unfinished(outputs: Sequence[Output]) -> int:
    """Remove half-built outputs, except those that a process resumed meanwhile.

    Returns:
        Bytes freed.
    """
    freed = 0
    for output in outputs:
        with try_lock(output.path) as is_free:
            if is_free:
                # renamed first: a folder that is half removed must not be taken up again
                doomed = output.path.with_name(f"{BUILDING_PREFIX}removed-{os.getpid()}")
                shutil.rmtree(doomed, ignore_errors=True)
                output.path.replace(doomed)
                shutil.rmtree(doomed)
                freed += output.bytes
    return freed


def format_outputs(outputs: Sequence[Output]) -> list[str]:
    """Return the outputs as aligned lines."""
    lines = [("output", "stage", "rows", "MB", "state")]
    for output in outputs:
        owner = printable(f"; in work by {output.owner}") if output.owner else ""
        name, state = printable(str(output.path)), printable(output.state) + owner
        rows = "" if output.rows is None else f"{output.rows:,}"
        lines.append((name, printable(output.stage), rows, f"{output.bytes / 1e6:,.1f}", state))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return [
        f"{path:<{widths[0]}}  {stage:<{widths[1]}}  {rows:>{widths[2]}}  {size:>{widths[3]}}  "
        f"{state}".rstrip()
        for path, stage, rows, size, state in lines
    ]


def _folders(root: Path, depth_left: int) -> Iterator[Path]:
    """Yield the folders of outputs, not those inside one or far below the root.

    A folder that cannot be read is one of them, unless it is a dataset of the user.
    """
    try:
        if (root / MANIFEST).exists() or _BUILDING.fullmatch(root.name):
            yield root
            return
        inner = _subfolders(root) if depth_left >= 0 else []
    except OSError:
        if depth_left >= 0:
            yield root
        return
    for folder in inner:
        is_raw = folder.name == _RAW and depth_left == _MAX_DEPTH
        yield from _folders(folder, 0 if is_raw else depth_left - 1)


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir()]


def _describe_finished(folder: Path) -> Output:
    try:
        manifest = read_manifest(folder)
    except CorruptError:
        return Output(folder, "", "damaged (see verify)", None, folder_bytes(folder), None)
    stage = str(_json(folder / FINGERPRINT).get("stage", ""))
    size = sum(record["bytes"] for record in manifest["files"].values())
    return Output(folder, stage, "done", manifest["layout"].get("rows"), size, None)


def _digest(folder: Path) -> str | None:
    try:
        return str(read_manifest(folder)["sha256"])
    except (CorruptError, NoInputError, OSError):
        return None


def _rows_and_shards(folder: Path) -> tuple[int | None, int | None]:
    """Return rows and number of shards, from the metadata of any of its arrays."""
    for file in sorted((folder / DATA).glob("*/zarr.json")):
        array = _json(file)
        if "shape" in array:
            shard_rows = array["chunk_grid"]["configuration"]["chunk_shape"][0]
            return array["shape"][0], ceil(array["shape"][0] / shard_rows)
    return None, None


def write_progress(folder: Path, done: int, total: int, rate: float) -> None:
    """Record how far a half-built output is, for `status`.

    Args:
        folder: where it is built.
        done: steps.
        total: steps in all.
        rate: steps per second.
    """
    atomic_write(folder / PROGRESS, canonical_json({"done": done, "total": total, "rate": rate}))


def _progress_text(folder: Path) -> str:
    """Return what `write_progress` last wrote, in words."""
    progress = _json(folder / PROGRESS)
    if not progress:
        return ""
    left = timedelta(
        seconds=round((progress["total"] - progress["done"]) / max(progress["rate"], 1e-9))
    )
    return (
        f", step {progress['done']} of {progress['total']}, {progress['rate']:.3g}/s, {left} left"
    )


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_ordinary(file))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
