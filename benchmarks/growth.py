"""Claim: seconds, bytes and memory per face stay flat as stores grow; what AffectNet would take.

Run: python -m benchmarks.growth, or with one of `faces`, `heatmaps` for that half alone. Heatmap
stores are drawn by the true stage from made-up landmarks; face stores go through index, align and
landmark from a few demo faces under many names. Every build has a process of its own and two
workers; core time is that of driver and workers together, so that a busy machine matters little.
Needs 10 GB of free disk for a while, and leaves nothing there.
"""

import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.made_up import index_pictures, landmark_store, picture_folder, size_on_disk
from benchmarks.scratch import scratch
from benchmarks.timing import save
from contracts.files import MANIFEST, STATUS
from params import load
from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from pipeline.heatmap import heatmap
from pipeline.landmark import landmark
from pipeline.params import AlignParams, HeatmapParams, LandmarkParams
from store.building import building_folder, read_fingerprint
from store.reading import Store

FACES = (1_000, 5_000, 20_000)
HEATMAPS = (10_000, 30_000, 100_000, 300_000)
PROJECTED = {"AffectNet": 287_651 + 3_999, "ten million": 10_000_000}
KINDS = ("au", "landmarks")
WORKERS = 2
PARAMS = Path(__file__).parents[1] / "params.yaml"
Figures = dict[str, float]
Build = Callable[[ClusterConfig], object]


@dataclass
class PRMHead:
    """Highest resident memory so far, in MB: of this process, and of any of its workers."""

    worker: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Follow the workers until told to stop."""
        while not self.stop.wait(0.1):
            for child in psutil.Process().children(recursive=True):
                self.worker = max(self.worker, _peak_mb(child.pid))


def _peak_mb(pid: int | str) -> float:
    """Return the high-water mark of a process: of its own memory, not of who started it."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max(
        (int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), default=0
    )


@contextmanager
def peaks() -> Iterator[PRMHead]:
    """Watch the workers' memory during a block."""
    seen = PRMHead()
    watcher = threading.Thread(target=seen.watch)
    watcher.start()
    try:
        yield seen
    finally:
        seen.stop.set()
        watcher.join()


def measured(build: Build, out: Path, rows: int) -> Figures:
    """Build a store, and return what it took and what it takes to open and to resume it."""
    started, before = time.perf_counter(), _core_seconds()
    with peaks() as seen:
        build(ClusterConfig(_silent, WORKERS))
    wall, core = time.perf_counter() - started, _core_seconds() - before
    size, files = size_on_disk(out)
    figures = {"rows": rows, "wall_s": wall, "core_s": core, "bytes": size, "files": files}
    figures |= {"driver_mb": _peak_mb("self"), "worker_mb": seen.worker}
    return figures | {"open_s": _seconds(partial(Store, out))} | _resumed(build, out)


def _silent(done: int, total: int, note: str) -> None:
    """Tell nobody."""


def _core_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _resumed(build: Build, out: Path) -> Figures:
    """Return what it takes to finish a store whose shards are committed, all of them."""
    half_built = building_folder(out, read_fingerprint(out))
    out.replace(half_built)
    for name in (MANIFEST, STATUS):
        (half_built / name).unlink()
    before = time.process_time()
    seconds = _seconds(partial(build, ClusterConfig(_silent, WORKERS)))
    return {"resume_s": seconds, "resume_core_s": time.process_time() - before}


def heatmaps(count: int, root: Path) -> dict[str, Figures]:
    """Measure heatmap stores of `count` faces."""
    params, source = load(PARAMS).heatmap, root / "landmarks"
    _alone(landmark_store, source, count)
    found = {}
    for kind in KINDS:
        out = root / "maps" / kind
        build = partial(_heatmap, source, out, kind, params)
        found[f"heatmap {kind}"] = _alone(measured, build, out, count)
    return found


def faces(count: int, root: Path) -> dict[str, Figures]:
    """Measure stores of `count` faces, and of their landmarks."""
    raw, listed = _alone(picture_folder, root / "raw", count), root / "made_up"
    _alone(index_pictures, raw, listed)
    build = partial(_align, listed, root / "faces", load(PARAMS).align)
    found = {"align": _alone(measured, build, root / "faces", count)}
    look = load(PARAMS).landmark
    again = partial(_landmark, root / "faces", root / "landmarks", look)
    return found | {"landmark": _alone(measured, again, root / "landmarks", count)}


def _heatmap(
    source: Path, out: Path, kind: str, params: HeatmapParams, cluster: ClusterConfig
) -> bool:
    return heatmap(source, out, kind, params, cluster)


def _align(source: Path, out: Path, params: AlignParams, cluster: ClusterConfig) -> bool:
    return align(source, out, params, cluster)


def _landmark(source: Path, out: Path, params: LandmarkParams, cluster: ClusterConfig) -> bool:
    return landmark(source, out, params, cluster)


def _alone(do: Callable[..., Any], *given: object) -> Any:  # noqa: ANN401 - what `do` returns
    """Do it in a fresh process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(do, *given).result()


def fitted(rows: list[Figures], key: str) -> tuple[float, float]:
    """Return what a build takes at least, and what each face adds (least squares)."""
    each, fixed = np.polyfit([row["rows"] for row in rows], [row[key] for row in rows], 1)
    return float(fixed), float(each)


def projection(by_stage: Mapping[str, list[Figures]], count: int) -> dict[str, Figures]:
    """Project every stage that was measured at two sizes or more to `count` faces.

    Stores of up to 4,096 rows do not count: their shards are small.
    """
    found = {}
    for stage, every in by_stage.items():
        rows = [row for row in every if row["rows"] > 4096]
        if len(rows) < 2:
            continue
        at = {
            key: sum(f * n for f, n in zip(fitted(rows, key), (1, count), strict=True))
            for key in rows[0]
        }
        found[stage] = {
            "disk_gb": at["bytes"] / 1e9,
            "files": round(at["files"]),
            "core_hours": at["core_s"] / 3600,
            "driver_gb": at["driver_mb"] / 1e3,
        }
    return found


HALVES = {"faces": (faces, FACES), "heatmaps": (heatmaps, HEATMAPS)}


def main(halves: list[str]) -> None:
    """Measure, print and save; what is known is saved after every size."""
    by_stage: dict[str, list[Figures]] = {}
    for measure, counts in (HALVES[half] for half in halves or HALVES):
        for count in counts:
            with scratch() as folder:
                found = measure(count, folder)
            for stage, row in found.items():
                by_stage.setdefault(stage, []).append(row)
                print(_line(stage, row), flush=True)
            projected = {name: projection(by_stage, rows) for name, rows in PROJECTED.items()}
            figures = {"measured": by_stage, "projected": projected}
            path = save("_".join(("growth", *halves)), figures)
    for name, stages in projected.items():
        for stage, at in stages.items():
            print(
                f"{name:12} {stage:18} {at['disk_gb']:10.2f} GB {at['files']:9,} files "
                f"{at['core_hours']:8.2f} core-hours, driver {at['driver_gb']:.2f} GB"
            )
    print(path)


def _line(stage: str, row: Figures) -> str:
    return (
        f"{stage:18} {row['rows']:7,} faces  {1e3 * row['core_s'] / row['rows']:7.3f} core-ms and "
        f"{row['bytes'] / row['rows']:9.1f} B per face  {row['wall_s']:6.1f} s  driver "
        f"{row['driver_mb']:4.0f} MB  worker {row['worker_mb']:4.0f} MB  "
        f"open {row['open_s']:.3f} s  "
        f"resume {row['resume_s']:.2f} s ({row['resume_core_s']:.2f} core)"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
