"""Tool `verify`: checks every file of a finished output against its manifest.

Fast: the manifest's seal, every file there with its size, no foreign file. Deep: also the SHA-256
of every file, and the crc32c of every sample, which tells which rows are damaged.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import google_crc32c
import numpy as np

from contracts.files import MANIFEST
from errors import CorruptError, printable
from progress import ProgressCallback
from store.building import Json, read_manifest
from store.files import canonical_json, digest, file_digest
from store.layout import DATA, Layout, read_layout, shard_of
from store.samples import CRC_BYTES
from store.shards import read_index


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One file that is not what was written.

    Attributes:
        file: relative to the output, with forward slashes.
        what: in a few words.
        shard: the shard it belongs to, if it does.
        rows: the rows concerned; empty if it is about none in particular.
        foreign: it is no part of the output.
    """

    file: str
    what: str
    shard: int | None = None
    rows: tuple[int, ...] = ()
    foreign: bool = False

    def __str__(self) -> str:
        rows = f"; {_ranges(self.rows)}" if self.rows else ""
        return f"{printable(self.file)}: {printable(self.what)}{rows}"


def _ranges(rows: tuple[int, ...]) -> str:
    """Write rows as 'rows 4 to 7, 9'."""
    parts = np.split(np.array(rows), np.flatnonzero(np.diff(rows) != 1) + 1)
    spans = [f"{part[0]} to {part[-1]}" if len(part) > 1 else f"{part[0]}" for part in parts]
    return ("row " if len(rows) == 1 else "rows ") + ", ".join(spans)


def find_problems(
    path: Path, deep: bool = False, progress: ProgressCallback | None = None
) -> Iterator[FileProblem]:
    """Yield every file of a finished output that is not what was written.

    Args:
        path: the output, of any stage.
        deep: hash what is in the files, too.
        progress: called with bytes read and in all.

    Raises:
        NoInputError: if there is no finished output.
    """
    try:
        manifest = read_manifest(path)
        layout = read_layout(path, manifest) if manifest["layout"] else None
    except CorruptError as error:
        yield FileProblem(MANIFEST, error.what)
        return
    if not _is_canonical((path / MANIFEST).read_bytes()):
        yield FileProblem(MANIFEST, "is not written as AULens writes it")
    files: Json = manifest["files"]
    total, done = sum(record["bytes"] for record in files.values()), 0
    for name, record in sorted(files.items()):
        shard = shard_of(name)
        rows = tuple(layout.span(shard)) if layout and shard is not None else ()
        what = _size_problem(path / name, record["bytes"])
        if what is None and deep:
            what, rows = _content_problem(path / name, name, rows, manifest)
        if what is not None:
            yield FileProblem(name, what, shard, rows)
        done += record["bytes"]
        if progress:
            progress(done, total, "bytes")
    for name in sorted(_present(path) - {*files, MANIFEST}):
        yield FileProblem(name, "is no part of this output", foreign=True)


def verify(
    paths: Sequence[Path], deep: bool, progress: ProgressCallback | None = None
) -> Iterator[str]:
    """Verify outputs and yield what to print: one line per problem, or how much was read.

    Raises:
        CorruptError: at the end, if there was any problem.
        NoInputError: if there is no finished output.
    """
    bad = 0
    for path in paths:
        started, count = time.perf_counter(), 0
        for problem in find_problems(path, deep, progress):
            count += 1
            yield f"{printable(str(path))}/{problem}"
        if not count:
            files, size = size_of(path)
            seconds = time.perf_counter() - started
            speed = f", {size / 1e6 / max(seconds, 1e-9):,.0f} MB/s" if deep else ""
            counts = f"{files} files, {size:,} bytes; {seconds:.2f} s{speed}"
            yield printable(f"{path}: ok: {counts}")
        bad += count
    if bad:
        raise CorruptError(
            ", ".join(map(str, paths)),
            f"{bad} {'file is' if bad == 1 else 'files are'} not what was written. "
            "`python cli.py repair STORE` builds bad shards again; "
            "else delete the output and run `dvc repro`.",
        )


def size_of(path: Path) -> tuple[int, int]:
    """Return how many files a finished output has, and how many bytes, by its manifest."""
    files = read_manifest(path)["files"]
    return len(files), sum(record["bytes"] for record in files.values())


def _is_canonical(payload: bytes) -> bool:
    """Say whether a manifest has the very bytes that AULens writes."""
    sealed = json.loads(payload)
    return payload == canonical_json({key: sealed[key] for key in ("sha256", "manifest")})


def _present(path: Path) -> set[str]:
    """Return every file, and whatever else is not a folder."""
    return {
        file.relative_to(path).as_posix()
        for file in path.rglob("*")
        if file.is_symlink() or not file.is_dir()
    }


def _size_problem(file: Path, expected: int) -> str | None:
    if not file.is_file():
        return "is not a file" if file.exists() else "is missing"
    size = file.stat().st_size
    return None if size == expected else f"has {size} bytes, {expected} were written"


def _content_problem(
    file: Path, name: str, rows: tuple[int, ...], manifest: Json
) -> tuple[str | None, tuple[int, ...]]:
    """Say what is wrong with a file's bytes, and which rows that concerns."""
    try:
        return _compare_digest(file, name, rows, manifest)
    except OSError as error:  # a failing disk
        return f"cannot be read ({error.strerror})", rows


def _compare_digest(
    file: Path, name: str, rows: tuple[int, ...], manifest: Json
) -> tuple[str | None, tuple[int, ...]]:
    expected = manifest["files"][name]["sha256"]
    if not name.startswith(f"{DATA}/") or not rows:
        return (None if file_digest(file) == expected else "was changed"), rows
    payload = file.read_bytes()
    actual = digest(payload)
    layout = Layout.from_json(manifest["layout"])
    places = _places(payload, layout, PurePosixPath(name).parts[1], len(rows))
    damaged = tuple(
        row
        for row, place in zip(rows, places, strict=False)
        if not _checksum_agrees(payload[slice(*place)])
    )
    if damaged:
        return "is damaged (checksum)", damaged
    if actual == expected:
        return None, ()
    sources = [other for other, record in manifest["files"].items() if record["sha256"] == actual]
    if sources:
        return f"holds what {sources[0]} should", rows
    return "is not the shard that was written, or its index is damaged", rows


def _places(payload: bytes, layout: Layout, array: str, rows: int) -> list[tuple[int, int]]:
    """Return start and end of every sample of a shard; none if its index is damaged."""
    spec = layout.arrays[array]
    if not spec.sizes_differ:
        return [(row * spec.disk_bytes, (row + 1) * spec.disk_bytes) for row in range(rows)]
    try:
        index = read_index(np.frombuffer(payload, np.uint8), layout, rows)
    except ValueError:
        return []
    return [(start, start + size) for start, size in index.tolist()]


def _checksum_agrees(sample: bytes) -> bool:
    """Say whether a sample and the crc32c behind it agree."""
    stored = int.from_bytes(sample[-CRC_BYTES:], "little")
    return bool(google_crc32c.value(sample[:-CRC_BYTES]) == stored)
