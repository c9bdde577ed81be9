"""Claim: a checked store is as fast to write and read as an unchecked one.

Run: python -m benchmarks.store, or with some of `build`, `verify`, `read`, `workers`.

build    stores of maps and of faces, against the same arrays written by plain zarr (same shards,
         same checksums), against the same bytes merely written, and against drawing the maps.
verify   bytes per second on one core, everything hashed and every checksum checked.
read     shuffled batches of 224 maps from a store of AffectNet's size, against one .npy per face.
workers  faces per second of stage align, two workers against one: only an idle machine can tell.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec

from anatomy.heatmaps import drawing
from benchmarks.basic7 import BASIC7
from benchmarks.heatmaps import AFFECTNET, faces
from benchmarks.made_up import index_pictures, picture_folder, size_on_disk
from benchmarks.scratch import scratch
from benchmarks.timing import interleaved, ratios, save
from params import load
from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from store.building import building
from store.layout import ArraySpec, Layout
from store.reading import MappedArray, Store
from store.shards import create_arrays, pack_shard, write_shard, write_status
from store.verify import find_problems

PARAMS = Path(__file__).parents[1] / "params.yaml"
BATCH, BATCHES, EPOCHS = 224, 40, 20
MAPS = Layout(16_384, 4096, {"map": ArraySpec((64, 64), "uint8"), "valid": ArraySpec((), "uint8")})
FACES = Layout(512, 256, {"image": ArraySpec((256, 256, 3), "uint8")})
RNG = np.random.default_rng(0)
Blocks = dict[str, NDArray[Any]]


def made_up(layout: Layout) -> Blocks:
    """Return noise, for one shard after the other."""
    return {
        name: RNG.integers(0, 256, (layout.shard_rows, *spec.shape)).astype(spec.dtype)
        for name, spec in layout.arrays.items()
    }


def ours(out: Path, layout: Layout, blocks: Blocks) -> Path:
    """Build a store, with all that a stage does."""
    with building(out, {"stage": "benchmark"}, {}, layout.as_json()) as folder:
        create_arrays(folder, layout)
        for shard in range(layout.shards):
            span = layout.span(shard)
            rows = {name: block[: len(span)] for name, block in blocks.items()}
            write_shard(folder, layout, shard, rows, {"status": ["ok"] * len(span)})
        write_status(folder, layout, ({"id": str(row)} for row in range(layout.rows)))
    return out


def plain_zarr(out: Path, layout: Layout, blocks: Blocks) -> None:
    """Let zarr write the same arrays, as it does: without fsync, hashes or records."""
    group = zarr.create_group(out)
    for name, spec in layout.arrays.items():
        array = group.create_array(
            name,
            shape=(layout.rows, *spec.shape),
            dtype=spec.dtype,
            chunks=(1, *spec.shape),
            shards=(layout.shard_rows, *spec.shape),
            compressors=[Crc32cCodec()],
            fill_value=0,
            config={"write_empty_chunks": True},
        )
        for shard in range(layout.shards):
            span = layout.span(shard)
            array[span.start : span.stop] = blocks[name][: len(span)]


def bare_bytes(out: Path, layout: Layout, blocks: Blocks) -> None:
    """Write the same shards with nothing that guards them but their checksums."""
    out.mkdir()
    for name, block in blocks.items():
        for shard in range(layout.shards):
            rows = block[: len(layout.span(shard))]
            (out / f"{name}.{shard}").write_bytes(pack_shard(rows, layout.shard_rows))


def build_cost() -> dict[str, Any]:
    """Compare ways to write the same arrays, in processor time and on the clock."""
    found = {}
    for name, layout, rounds in (("maps", MAPS, 5), ("faces", FACES, 9)):
        blocks = made_up(layout)
        clocks = {"core": time.process_time, "clock": time.perf_counter}
        found[name] = {
            which: _build_ratios(layout, interleaved(_ways(layout, blocks), rounds, clock=clock))
            for which, clock in clocks.items()
        }
    return found


def _ways(layout: Layout, blocks: Blocks) -> dict[str, Callable[[], object]]:
    """Return ways to write; each into a folder of its own that is gone afterwards."""

    def gone(write: Callable[[Path, Layout, Blocks], object]) -> None:
        with scratch() as name:
            write(name / "out", layout, blocks)

    def without_fsync() -> None:
        with patch("os.fsync"):
            gone(ours)

    ways: dict[str, Callable[[], object]] = {
        "ours": partial(gone, ours),
        "ours, no fsync": without_fsync,
        "plain zarr": partial(gone, plain_zarr),
        "bare bytes": partial(gone, bare_bytes),
    }
    if "map" in blocks:
        points = faces(500)
        ways["drawing 500"] = partial(
            drawing("au", BASIC7, {}), points, [1] * 500, 64, canvas_px=224
        )
    return ways


def _build_ratios(layout: Layout, seconds: Mapping[str, list[float]]) -> dict[str, Any]:
    drawing = seconds.get("drawing 500")
    writing = {name: each for name, each in seconds.items() if name != "drawing 500"}
    found: dict[str, Any] = {
        "us_per_sample": {name: 1e6 * median(each) / layout.rows for name, each in writing.items()},
        "against_plain_zarr": ratios(writing["ours"], writing["plain zarr"]),
    }
    guards = (median(writing["ours"]) - median(writing["bare bytes"])) / layout.rows
    if drawing:
        found["us_per_sample"]["drawing"] = 1e6 * median(drawing) / 500
        each = median(drawing) / 500 + median(writing["bare bytes"]) / layout.rows
        found["guards_against_drawing_and_bare_writing"] = guards / each
    return found


def verify_speed() -> dict[str, Any]:
    """Return the GB that one core verifies per second."""
    found = {}
    for name, layout in (("maps", MAPS), ("faces", FACES)):
        with scratch() as folder:
            store = ours(folder / "store", layout, made_up(layout))
            size, _ = size_on_disk(store)
            deep = partial(_verified, store)
            seconds = interleaved({"deep": deep}, 7)["deep"]
        found[name] = {"gb_per_second_and_core": size / 1e9 / median(seconds)}
    return found


def _verified(store: Path) -> None:
    assert not list(find_problems(store, deep=True))


def read_cost() -> dict[str, Any]:
    """Compare ways to read the same shuffled batches; pages are in memory."""
    layout = Layout(AFFECTNET, 4096, {"map": MAPS.arrays["map"]})
    with scratch() as name:
        store, loose = ours(name / "store", layout, made_up(layout)), name / "loose"
        rows = RNG.permutation(AFFECTNET)[: BATCH * BATCHES]
        loose.mkdir()
        for row, one in zip(rows, Store(store).array("map").take(rows), strict=True):
            np.save(loose / f"{row}.npy", one)
        known = {check: Store(store, check).array("map") for check in (True, False)}
        ways = {
            "first touch": lambda: _read(Store(store).array("map"), rows),
            "first touch, unchecked": lambda: _read(Store(store, check=False).array("map"), rows),
            "later": lambda: _read(known[True], rows),
            "later, unchecked": lambda: _read(known[False], rows),
            "one .npy per face": lambda: _read_loose(loose, rows),
        }
        seconds = interleaved(ways, 11)
    each = {way: median(found) / len(rows) for way, found in seconds.items()}
    first = each["first touch"] - each["first touch, unchecked"]
    return {
        "us_per_sample": {way: 1e6 * found for way, found in each.items()},
        "times_faster_than_npy": ratios(seconds["one .npy per face"], seconds["later"]),
        "times_faster_than_npy_first_touch": ratios(
            seconds["one .npy per face"], seconds["first touch"]
        ),
        "crc_share_of_first_epoch": first / each["first touch, unchecked"],
        f"crc_share_of_{EPOCHS}_epochs": first / (EPOCHS * each["later, unchecked"]),
    }


def _read(maps: MappedArray, rows: NDArray[np.int64]) -> None:
    for start in range(0, len(rows), BATCH):
        maps.take(rows[start : start + BATCH])


def _read_loose(folder: Path, rows: NDArray[np.int64]) -> None:
    for start in range(0, len(rows), BATCH):
        np.stack([np.load(folder / f"{row}.npy") for row in rows[start : start + BATCH]])


def workers_gain(count: int = 1536) -> dict[str, Any]:
    """Return how well two workers of stage align share the work of one; start-up not counted."""
    found: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    with scratch() as name:
        raw, listed = picture_folder(name / "raw", count), name / "listed"
        index_pictures(raw, listed)
        for workers in (1, 2, 1, 2):
            out, ends = name / f"faces-{workers}", list[tuple[float, int]]()
            cluster = ClusterConfig(partial(_clocked, ends), workers)
            before = _children_seconds()
            align(listed, out, load(PARAMS).align, cluster, rebuild=True)
            # once every worker has done its first shard, all of them have their models
            (started, done), (ended, total) = ends[workers - 1], ends[-1]
            run = {"faces_per_second": (total - done) / (ended - started)}
            run["core_ms_per_face"] = 1e3 * (_children_seconds() - before) / count
            found.setdefault(f"{workers} workers", []).append(run)
            out.rename(out.with_name(f"done-{len(ends)}-{time.monotonic_ns()}"))
    one, two = (max(run["faces_per_second"] for run in found[f"{n} workers"]) for n in (1, 2))
    return found | {"efficiency": two / one / 2, "load_after": os.getloadavg()[0]}


def _clocked(ends: list[tuple[float, int]], done: int, total: int, note: str) -> None:
    ends.append((time.perf_counter(), done))


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


PARTS = {"build": build_cost, "verify": verify_speed, "read": read_cost, "workers": workers_gain}


def main(names: list[str]) -> None:
    """Measure, print and save."""
    figures = {}
    for name in names or PARTS:
        figures[name] = PARTS[name]()
        for line in _lines(figures[name], name):
            print(line, flush=True)
    print(save("store" + "".join(f"_{name}" for name in names), figures))


def _lines(value: object, name: str) -> list[str]:
    """Write nested figures as one line each."""
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in _lines(inner, f"{name}: {key}")]
    return [f"{name}  {value:.4g}" if isinstance(value, float) else f"{name}  {value}"]


if __name__ == "__main__":
    main(sys.argv[1:])
