"""Synthetic faces, drawn on all cores, and stores of any size made of them."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.heatmaps import drawing
from anatomy.landmarks import rescale_points
from benchmarks.basic7 import BASIC7, EXPRESSIONS
from benchmarks.gpu.scale import SCALE, SCRATCH
from store.building import building, is_built
from store.files import atomic_write, write_npz
from store.layout import ArraySpec, Layout
from store.reading import LABEL_SHARES, POINT_STEPS_PER_PX, VALENCE_AROUSAL
from store.shards import create_arrays, write_shard, write_status
from train.data.stores import Stores

Blocks = Mapping[str, NDArray[Any]]
FACE_PX, CANVAS_PX, MAP_PX = 256, 224, 64


def _draw(job: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    from demo.render import render  # slow to import, and only workers draw

    cv2.setNumThreads(1)
    seed, number = job
    image, points = render(seed, number % 7, number // 7, FACE_PX)
    return image, points


@cache
def faces(count: int, seed: int) -> Blocks:
    """Return so many faces with points and AU maps, labels in turn; drawn once."""
    file = SCRATCH / f"faces_{seed}_{count}.npz"
    if not file.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        jobs = [(seed, number) for number in range(count)]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            images, points = zip(*pool.map(_draw, jobs, chunksize=4), strict=True)
        write_npz(file, {"image": np.stack(images), "points": np.stack(points)})
    with np.load(file) as held:
        images, points = held["image"], held["points"]
    labels = [number % 7 for number in range(count)]
    scaled = rescale_points(points, FACE_PX, CANVAS_PX)
    maps, valid = drawing("au", BASIC7, {})(scaled, labels, MAP_PX, canvas_px=CANVAS_PX)
    return {
        "image": images,
        "points": np.rint(points * POINT_STEPS_PER_PX).astype(np.int16),
        "map": np.rint(maps * 255).astype(np.uint8),
        "map_valid": np.asarray(valid).astype(np.uint8),
        "label": np.array(labels),
    }


def write_store(
    out: Path,
    blocks: Blocks,
    rows: NDArray[np.int64],
    splits: Sequence[str],
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Path:
    """Write a store whose rows are these places of the blocks, and files beside it."""
    arrays = {name: block for name, block in blocks.items() if name != "label"}
    specs = {name: ArraySpec(one.shape[1:], str(one.dtype)) for name, one in arrays.items()}
    layout = Layout(len(rows), 256 if "image" in arrays else 4096, specs)
    metadata: dict[str, Any] = {"dataset": "rendered", "notice": "made up", "size_px": FACE_PX}
    metadata["labels"] = BASIC7.as_json()
    if "map" in blocks:
        metadata |= {"kind": "au", "canvas_px": CANVAS_PX, "options": {"codebook": "published"}}
    fingerprint = {"stage": out.name, "rows": len(rows), "splits": dict(Counter(splits))}
    if is_built(out, fingerprint):
        return out
    with building(out, fingerprint, metadata, layout.as_json()) as folder:
        create_arrays(folder, layout)

        def shard(number: int) -> None:
            chosen = rows[np.array(layout.span(number))]
            write_shard(folder, layout, number, {k: v[chosen] for k, v in arrays.items()}, {})

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(shard, range(layout.shards)))
        names = [EXPRESSIONS[label] for label in blocks["label"]]
        table = (
            {"id": str(row), "expression": names[place], "split": splits[row],
             "person": str(place), "status": "ok"}
            for row, place in enumerate(rows)
        )  # fmt: skip
        write_status(folder, layout, table)
        for name, content in files.items():
            atomic_write(folder / name, content)
    return out


def stores(name: str, drawn: Blocks, rows: NDArray[np.int64], splits: Sequence[str]) -> Stores:
    """Write or open the three stores that a training reads."""
    root = SCRATCH / name
    root.mkdir(parents=True, exist_ok=True)
    label = drawn["label"]
    ones = np.ones(len(label), np.uint8)
    told = {key: drawn[key] for key in (LABEL_SHARES, VALENCE_AROUSAL) if key in drawn}
    parts = (
        ("faces", {"image": drawn["image"], "valid": ones, "label": label, **told}),
        ("landmarks", {"points": drawn["points"], "valid": ones, "label": label}),
        ("heatmaps", {"map": drawn["map"], "valid": drawn["map_valid"], "label": label}),
    )
    return Stores.open(*(write_store(root / part, blocks, rows, splits) for part, blocks in parts))


def large() -> Stores:
    """Return many faces: all train, but a few to validate and those that are scored."""
    splits = ["test"] * SCALE.scored + ["val"] * SCALE.batch
    splits += ["train"] * (SCALE.rows - len(splits))
    rows = np.arange(SCALE.rows) % SCALE.distinct
    return stores("large", faces(SCALE.distinct, 9), rows, splits)


def epoch_of(count: int) -> Stores:
    """Return as many faces as one epoch of a short training takes."""
    splits = ["val"] * SCALE.batch + ["train"] * count
    rows = np.arange(len(splits)) % SCALE.distinct
    return stores(f"epoch{count}", faces(SCALE.distinct, 9), rows, splits)


def no_two_alike(name: str, per_expression: tuple[int, int, int], seed: int) -> Stores:
    """Return faces like those of the embedded dataset: train, val, test per expression."""
    names = ("train", "val", "test")
    splits = [
        split for split, count in zip(names, per_expression, strict=True) for _ in range(7 * count)
    ]
    return stores(name, faces(len(splits), seed), np.arange(len(splits)), splits)
