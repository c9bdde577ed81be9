"""Tool `inspect`: describes an output as text, whatever stage made it, finished or not."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from contracts.files import MANIFEST, STATUS
from contracts.labels import LabelSet
from errors import NoInputError, printable
from store.building import FINGERPRINT, Json, read_fingerprint, read_manifest
from store.layout import Layout, read_layout
from store.outputs import BUILDING_PREFIX, describe_unfinished
from store.samples import JPEG
from store.tables import read_table

_MAX_CHARS = 80


def describe(path: Path) -> str:
    """Describe what an output holds.

    Raises:
        NoInputError: if there is nothing that AULens builds.
        CorruptError: if its manifest is not the one that was written.
    """
    if not (path / MANIFEST).exists() and path.name.startswith(BUILDING_PREFIX) and path.is_dir():
        return "\n".join(_unfinished(path))
    manifest = read_manifest(path)
    files = manifest["files"]
    size = sum(record["bytes"] for record in files.values())
    lines = [
        f"{printable(str(path))}: finished",
        *_aligned({"digest": manifest["sha256"], "size": f"{size:,} bytes in {len(files)} files"}),
        *_section("metadata", _with_class_names(manifest["metadata"])),
        *_section("made from", read_fingerprint(path)),
    ]
    if manifest["layout"]:
        lines += _arrays(read_layout(path, manifest))
    if STATUS in files:
        lines += [
            "status",
            *_aligned({k: str(n) for k, n in sorted(count_by_status(path).items())}),
        ]
    return "\n".join(lines)


def _with_class_names(metadata: Json) -> Json:
    """Return metadata with the label set as its name and those of its classes."""
    if "labels" not in metadata:
        return metadata
    labels = LabelSet.model_validate(metadata["labels"])
    return {**metadata, "labels": f"{labels.name}: {', '.join(labels.names)}"}


def count_by_status(path: Path) -> dict[str, int]:
    """Count the rows of a store by status."""
    return dict(Counter(read_table(path / STATUS, ("status",))["status"]))


def status_line(path: Path) -> str:
    """Return the counts by status on one line."""
    counts = ", ".join(f"{name} {count}" for name, count in sorted(count_by_status(path).items()))
    return printable(f"{path}: {counts}")


def _unfinished(path: Path) -> Iterator[str]:
    output = describe_unfinished(path)
    if not (path / FINGERPRINT).exists():
        raise NoInputError(path, "does not say what is being built. `clean` removes it.")
    yield printable(f"{path}: NOT FINISHED, {output.state}")
    rows = {} if output.rows is None else {"rows": f"{output.rows:,}"}
    yield from _aligned(
        {
            "stage": output.stage,
            "size": f"{output.bytes:,} bytes",
            **rows,
            "in work": output.owner or "no; the same command goes on with it",
        }
    )
    yield from _section("made from", read_fingerprint(path))


def _arrays(layout: Layout) -> list[str]:
    lines = {
        name: f"{spec.dtype:<8} {(layout.rows, *spec.shape)}, {layout.rows * spec.bytes:,} bytes"
        + (" in memory, as JPEGs on disk" if spec.codec == JPEG else "")
        for name, spec in layout.arrays.items()
    }
    head = f"arrays: {layout.rows:,} rows in {layout.shards} shards of {layout.shard_rows}"
    return [head, *_aligned(lines)]


def _section(title: str, values: Json) -> list[str]:
    return [title, *_aligned(dict(_flatten(values)))] if values else []


def _flatten(values: Mapping[str, object], key: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested values as 'a.b' and text on one line."""
    for name, value in values.items():
        full_key = f"{key}.{name}" if key else name
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, full_key)
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield full_key, text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"


def _aligned(values: Mapping[str, str]) -> list[str]:
    width = max(map(len, values), default=0)
    return [f"  {printable(name):<{width}}  {printable(text)}" for name, text in values.items()]
