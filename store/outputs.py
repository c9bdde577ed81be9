"""What lies under data/, runs/ and results/: finished outputs and half-built ones."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from errors import CorruptError, NoInputError
from store.building import COMMITS, FINGERPRINT, MANIFEST, holder, read_manifest
from store.files import atomic_write, canonical_json
from store.shards import DATA

ROOTS = ("data", "runs", "results", "pages")
HALF_BUILT = ".building-"
PROGRESS = "progress.json"
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Output:
    """One finished or half-built output.

    Attributes:
        path: its folder.
        stage: which stage makes it; '' if it does not say.
        state: done, damaged, or how far it is.
        rows: of its arrays; None if it has none.
        bytes: on disk.
        holder: who works on it now; None if nobody does.
    """

    path: Path
    stage: str
    state: str
    rows: int | None
    bytes: int
    holder: str | None


def scan(roots: Iterable[Path]) -> Iterator[Output]:
    """Yield every output under the roots, in the order of their paths."""
    for folder in sorted(found for root in roots for found in _folders(root, _DEEPEST)):
        if folder.name.startswith(HALF_BUILT):
            yield half_built(folder)
        else:
            yield _finished(folder)


def with_digest(wanted: str, roots: Iterable[Path]) -> Path:
    """Return the finished output with this digest.

    Raises:
        NoInputError: if none of the roots holds it.
    """
    roots = list(roots)
    for root in roots:
        for folder in _folders(root, _DEEPEST):
            if (folder / MANIFEST).exists() and _digest(folder) == wanted:
                return folder
    raise NoInputError(
        ", ".join(map(str, roots)),
        f"no output has digest {wanted[:16]}…, which the store was made from. "
        "Bring it back (`dvc checkout`), or run this where it is.",
    )


def half_built(folder: Path) -> Output:
    """Describe a folder in which something is, or was, being built."""
    fingerprint = _json(folder / FINGERPRINT)
    rows, shards = _grid(folder)
    if shards is not None:
        done = len(list((folder / COMMITS).glob("*.json")))
        state = f"half-built, {done} of {shards} shards"
    else:
        state = "half-built" + _progress(folder)
    stage = str(fingerprint.get("stage", ""))
    return Output(folder, stage, state, rows, _bytes(folder), holder(folder))


def stale(roots: Iterable[Path]) -> list[Output]:
    """Return the half-built outputs that nobody works on."""
    return [
        output
        for output in scan(roots)
        if output.path.name.startswith(HALF_BUILT) and output.holder is None
    ]


def clean(outputs: Sequence[Output]) -> int:
    """Remove half-built outputs, except those that somebody took up meanwhile.

    Returns:
        Bytes freed.
    """
    freed = 0
    for output in outputs:
        with _alone(output.path) as is_free:
            if is_free:
                # renamed first: a folder that is half removed must not be taken up again
                doomed = output.path.with_name(f"{HALF_BUILT}removed-{os.getpid()}")
                shutil.rmtree(doomed, ignore_errors=True)
                output.path.replace(doomed)
                shutil.rmtree(doomed)
                freed += output.bytes
    return freed


def table(outputs: Sequence[Output]) -> str:
    """Return the outputs as aligned text."""
    lines = [("output", "stage", "rows", "MB", "state")]
    for output in outputs:
        state = output.state + (f"; {output.holder} is at it" if output.holder else "")
        rows = "" if output.rows is None else f"{output.rows:,}"
        lines.append((str(output.path), output.stage, rows, f"{output.bytes / 1e6:,.1f}", state))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        f"{path:<{widths[0]}}  {stage:<{widths[1]}}  {rows:>{widths[2]}}  {size:>{widths[3]}}  "
        f"{state}".rstrip()
        for path, stage, rows, size, state in lines
    )


def _folders(root: Path, deepest: int) -> Iterator[Path]:
    """Yield the folders of outputs; those of datasets brought along are passed over."""
    if (root / MANIFEST).exists() or root.name.startswith(HALF_BUILT):
        yield root
    elif deepest >= 0 and root.is_dir():
        with os.scandir(root) as entries:
            inner = [Path(entry.path) for entry in entries if entry.is_dir()]
        for folder in inner:
            yield from _folders(folder, deepest - 1)


def _finished(folder: Path) -> Output:
    try:
        manifest = read_manifest(folder)
    except CorruptError:
        return Output(folder, "", "damaged (see verify)", None, _bytes(folder), None)
    stage = str(_json(folder / FINGERPRINT).get("stage", ""))
    size = sum(record["bytes"] for record in manifest["files"].values())
    return Output(folder, stage, "done", manifest["layout"].get("rows"), size, None)


def _digest(folder: Path) -> str | None:
    try:
        return str(read_manifest(folder)["sha256"])
    except CorruptError:
        return None


def _grid(folder: Path) -> tuple[int | None, int | None]:
    """Return rows and number of shards, from the metadata of any of its arrays."""
    for file in sorted((folder / DATA).glob("*/zarr.json")):
        about = _json(file)
        if "shape" in about:
            largest = about["chunk_grid"]["configuration"]["chunk_shape"][0]
            return about["shape"][0], ceil(about["shape"][0] / largest)
    return None, None


def write_progress(folder: Path, done: int, total: int, rate: float) -> None:
    """Let `status` say how far a half-built output is.

    Args:
        folder: where it is built.
        done: steps.
        total: steps in all.
        rate: steps a second.
    """
    atomic_write(folder / PROGRESS, canonical_json({"done": done, "total": total, "rate": rate}))


def _progress(folder: Path) -> str:
    """Return what `write_progress` last said, in words."""
    said = _json(folder / PROGRESS)
    if not said:
        return ""
    left = timedelta(seconds=round((said["total"] - said["done"]) / max(said["rate"], 1e-9)))
    return f", step {said['done']} of {said['total']}, {said['rate']:.3g}/s, {left} left"


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(folder: Path) -> int:
    """Return what the files hold; those that vanish meanwhile count nothing."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold a folder's lock if it is free, and say whether it was."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _is_taken(descriptor, folder)
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int, folder: Path) -> bool:
    """Take the lock, unless somebody has it, or the folder has been published meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
