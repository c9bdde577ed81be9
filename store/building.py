"""Builds an output aside, under a lock, and renames it once its manifest is written.

    <parent>/.building-<fingerprint>/   while it is built; a run with this fingerprint resumes it
    <parent>/<name>/                    finished: the stage's files, fingerprint.json, MANIFEST.json

The fingerprint holds everything that decides the bytes (stage, version, parameters, inputs'
digests, models), so other parameters build elsewhere and nothing can mix. The manifest lists every
file with size and SHA-256 and is written last: no manifest, no reading.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.files import MANIFEST
from contracts.manifests import Manifest, Metadata
from errors import CorruptError, NoInputError, OutputExistsError
from store.files import (
    PARTIAL_SUFFIX,
    atomic_write,
    canonical_json,
    digest,
    file_digest,
    read_ordinary,
    sync_folder,
)
from store.locking import LOCK_OWNER, locked

SCHEMA = 1
FINGERPRINT = "fingerprint.json"
COMMITS = "commit"
_REMEDY = "Delete the folder and run `dvc repro` to build it again."

Json = dict[str, Any]


def building_folder(out: Path, fingerprint: Mapping[str, Any]) -> Path:
    """Return where an output with this fingerprint is built."""
    return out.parent / f".building-{digest(canonical_json(fingerprint))[:16]}"


def is_built(out: Path, fingerprint: Mapping[str, Any]) -> bool:
    """Say whether `out` is finished and was made from exactly this fingerprint.

    Raises:
        OutputExistsError: if something else is there; the message lists the differences.
    """
    if not out.exists():
        return False
    try:
        existing = (
            json.loads((out / FINGERPRINT).read_bytes()) if (out / MANIFEST).exists() else None
        )
    except (OSError, ValueError):
        existing = None
    if existing == fingerprint:
        return True
    if existing is None:
        what = "something that AULens did not finish is in the way; move it aside"
    else:
        what = "made with other settings (" + "; ".join(differences(existing, fingerprint)) + ")"
    raise OutputExistsError(
        out,
        f"{what}. It is untouched. "
        "Use --rebuild to replace it, or `dvc repro`, which keeps it in its cache.",
    )


def differences(before: object, after: object, key: str = "") -> list[str]:
    """List what differs between two JSON values as 'key: before -> after'."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = sorted({*before, *after})
        return [
            line
            for name in keys
            for line in differences(
                before.get(name), after.get(name), f"{key}.{name}" if key else name
            )
        ]
    return [] if before == after else [f"{key}: {_short(before)} -> {_short(after)}"]


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:18] + "…"


@contextmanager
def building(
    out: Path,
    fingerprint: Mapping[str, Any],
    metadata: Mapping[str, Any],
    layout: Mapping[str, Any] | None = None,
) -> Iterator[Path]:
    """Yield the locked folder to build `out` in, and publish it as `out` when the block ends well.

    Whatever an earlier, interrupted run left there is still there. After an exception the folder
    stays, to be resumed; the exception gets a note that says how many shards are safe.

    Args:
        out: the output; an older one is replaced at the very end.
        fingerprint: everything that decides the bytes.
        metadata: of the dataset (name, notice), passed on from store to store.
        layout: rows, shard size and arrays, for stores of arrays.

    Raises:
        TryLaterError: if another run is building the same thing.
    """
    folder = building_folder(out, fingerprint)
    with locked(folder, out):
        atomic_write(folder / FINGERPRINT, canonical_json(fingerprint))
        try:
            yield folder
            _publish(folder, out, {"metadata": dict(metadata), "layout": dict(layout or {})})
        except BaseException as error:
            if layout and folder.exists():
                error.add_note(_committed_shards(folder, layout))
            raise


def _committed_shards(folder: Path, layout: Mapping[str, Any]) -> str:
    """Say how much of an interrupted build need not be done again."""
    done = len(list((folder / COMMITS).glob("*.json")))
    return f"{done} of {ceil(layout['rows'] / layout['shard_rows'])} shards are safe."


def _publish(folder: Path, out: Path, content: Json) -> None:
    (folder / LOCK_OWNER).unlink(missing_ok=True)
    for partial in folder.rglob(f"*{PARTIAL_SUFFIX}"):
        partial.unlink()
    (folder / MANIFEST).unlink(missing_ok=True)
    files = _files(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
    _seal(folder, content, files)
    (folder / MANIFEST).chmod(0o444)
    aside = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if out.is_dir():
        out.replace(aside)  # deleted where it stands, it would be readable with half its files
    folder.replace(out)
    sync_folder(out.parent)
    shutil.rmtree(aside, ignore_errors=True)


def write_in_place(
    out: Path,
    fingerprint: Mapping[str, Any],
    files: Mapping[str, bytes | memoryview],
    metadata: Json,
) -> None:
    """Write a small output where it stands, among files of others, which are left alone.

    The files of an earlier one are removed first; the manifest is written last.

    Args:
        out: its folder; created if needed.
        fingerprint: what decides the bytes.
        files: path below `out` -> content.
        metadata: of the dataset.

    Raises:
        CorruptError: if an earlier one has a manifest that is not what was written.
    """
    if (out / MANIFEST).exists():
        earlier = read_manifest(out)["files"]
        (out / MANIFEST).unlink()
        for name in earlier:
            (out / name).unlink(missing_ok=True)
    everything: dict[str, bytes | memoryview] = {
        **files,
        FINGERPRINT: canonical_json(fingerprint),
    }
    for name, payload in everything.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        atomic_write(out / name, payload)
    listed = {
        name: {"bytes": len(payload), "sha256": digest(payload)}
        for name, payload in everything.items()
    }
    _seal(out, {"metadata": metadata, "layout": {}}, listed)


def _seal(folder: Path, content: Json, files: Json) -> None:
    manifest = {"schema": SCHEMA, **content, "files": files}
    sealed = {"sha256": digest(canonical_json(manifest)), "manifest": manifest}
    atomic_write(folder / MANIFEST, canonical_json(sealed))


def _files(folder: Path) -> Json:
    """Size and SHA-256 of every file: from commit records where there are some, else measured."""
    recorded: Json = {}
    for record in sorted((folder / COMMITS).glob("*.json")):
        recorded.update(json.loads(record.read_bytes())["files"])
    measured = {
        name: {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in folder.rglob("*")
        if path.is_file() and (name := path.relative_to(folder).as_posix()) not in recorded
    }
    return {**recorded, **measured}


def read_manifest(path: Path) -> Json:
    """Return the manifest of a finished output, with its own digest under 'sha256'.

    Raises:
        NoInputError: if there is no finished output.
        CorruptError: if the manifest is not the one that was written, of another schema, or holds
            what no stage writes, such as a name that leads out of the output.
    """
    file = path / MANIFEST
    if not file.exists():
        raise NoInputError(
            path,
            "is not there or not finished (it has no MANIFEST.json). Run `dvc repro` to build it.",
        )
    try:
        sealed = json.loads(read_ordinary(file))
        manifest, seal = sealed["manifest"], sealed["sha256"]
        actual = digest(canonical_json(manifest))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptError(file, f"cannot be read. {_REMEDY}") from error
    if actual != seal:
        raise CorruptError(file, f"was changed. {_REMEDY}")
    if not isinstance(manifest, dict) or "schema" not in manifest:
        raise CorruptError(file, f"says no schema. {_REMEDY}")
    if manifest["schema"] != SCHEMA:
        raise CorruptError(
            file,
            f"has schema {manifest['schema']}, this version reads {SCHEMA}. "
            "Build it again with `--rebuild`.",
        )
    if "about" in manifest:  # its name until November 2026
        manifest["metadata"] = manifest.pop("about")
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        keys = dict.fromkeys(".".join(map(str, one["loc"])) for one in error.errors())
        raise CorruptError(
            file, f"holds what AULens does not write ({', '.join(keys):.200}). {_REMEDY}"
        ) from error
    return {**manifest, "metadata": Metadata(manifest["metadata"], path), "sha256": seal}


def read_fingerprint(path: Path) -> Json:
    """Return the fingerprint of a finished output.

    Raises:
        CorruptError: if it is no JSON object.
    """
    try:
        fingerprint = json.loads(read_ordinary(path / FINGERPRINT))
    except (ValueError, RecursionError):
        fingerprint = None
    if not isinstance(fingerprint, dict):
        raise CorruptError(path / FINGERPRINT, f"cannot be read. {_REMEDY}")
    return fingerprint
