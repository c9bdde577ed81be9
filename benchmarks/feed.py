"""Claim: loading costs 100 times less CPU than a Dataset; 4 cores load 10,000 faces per second.

Run: python -m benchmarks.feed. 4,480 rows (faces of the embedded dataset at 256 px, repeated) are
written as stores, as a JPEG and .npy files per face, as HDF5, and as one big .npy; every way reads
the same shuffled batches of 224, warm, in turns. Augmentation is left to the GPU in ours and done
by the per-sample Dataset, which is measured without it, too. Cold: after the kernel was asked to
forget the files (posix_fadvise); how far a disk's own cache remembers is not ours to say.
Loaders that are not in the lock: benchmarks/peers.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from anatomy.heatmaps import drawing
from anatomy.landmarks import rescale_points
from benchmarks.basic7 import BASIC7, EXPRESSIONS
from benchmarks.heatmaps import published_au
from benchmarks.rivals import (
    PlainPictureFiles,
    Rows,
    hdf5,
    hdf5_direct,
    memory_map,
    npy_files,
    per_sample_dataset,
    write_files,
    write_hdf5,
    write_npy,
    zarr_python,
)
from benchmarks.scratch import scratch
from benchmarks.timing import interleaved, ratios, save
from demo.render import render
from store.building import building
from store.layout import DATA, ArraySpec, Layout
from store.reading import Store
from store.samples import JPEG, RAW
from store.shards import create_arrays, write_shard, write_status
from train.data.batch_loader import BatchLoader, Placement
from train.data.prefetch import mapped
from train.data.stores import Stores
from train.params import FeedParams

ROWS, DISTINCT, BATCH, ROUNDS, CANVAS = 4_480, 256, 224, 10, 224
MANY, FEW = 20, 1  # batches per round: of fast ways, of slow ones
PARAMS = FeedParams(
    source="mapped", resident_share=0, threads=2, sampler="shuffled", heatmaps="stored"
)
CPU = torch.device("cpu")
Blocks = dict[str, NDArray[Any]]


def faces(count: int) -> tuple[Blocks, NDArray[np.floating], list[int]]:
    """Return distinct pictures and maps, their points on the canvas, and their labels."""
    labels = [1 + number % 6 for number in range(count)]
    drawn = [render(9, label, number // 6, 256) for number, label in enumerate(labels)]
    points = rescale_points(np.stack([points for _, points in drawn]), 256, CANVAS)
    maps, _ = drawing("au", BASIC7, {})(points, labels, 64, canvas_px=CANVAS)
    images = np.stack([image for image, _ in drawn])
    return {"image": images, "map": np.rint(maps * 255).astype(np.uint8)}, points, labels


def write_store(
    out: Path,
    rows: int,
    arrays: Blocks,
    shard_rows: int,
    labels: Sequence[int],
    jpeg: str = "",
) -> None:
    """Write a store of so many rows, which repeats these; one of the arrays may be of JPEGs."""
    specs = {
        name: ArraySpec(block.shape[1:], str(block.dtype), {}, JPEG if name == jpeg else RAW)
        for name, block in arrays.items()
    }
    layout = Layout(rows, shard_rows, specs)
    about = {"kind": "au", "size_px": 256, "canvas_px": CANVAS, "options": {}}
    about["labels"] = BASIC7.as_json()
    with building(out, {"stage": out.name}, about, layout.as_json()) as folder:
        create_arrays(folder, layout)
        for shard in range(layout.shards):
            places = np.array(layout.span(shard)) % len(labels)
            blocks = {name: block[places] for name, block in arrays.items()}
            write_shard(folder, layout, shard, blocks, {})
        write_status(
            folder,
            layout,
            [
                {
                    "id": str(row),
                    "expression": EXPRESSIONS[labels[row % len(labels)]],
                    "split": "train",
                    "status": "ok",
                }
                for row in range(rows)
            ],
        )


def write_stores(root: Path, rows: int, blocks: Blocks, labels: Sequence[int]) -> Stores:
    """Write stores of faces, landmarks and heatmaps of so many rows."""
    valid = np.ones(len(labels), np.uint8)
    points = np.zeros((len(labels), 68, 2), np.int16)
    for name, array, block, shard_rows in (
        ("faces", "image", blocks["image"], 256),
        ("landmarks", "points", points, 4096),
        ("maps", "map", blocks["map"], 4096),
    ):
        write_store(root / name, rows, {array: block, "valid": valid}, shard_rows, labels)
    return Stores.open(root / "faces", root / "landmarks", root / "maps")


def batches(count: int, seed: int) -> list[Rows]:
    """Return the same shuffled batches for every way, rows ascending."""
    order = np.random.default_rng(seed).permutation(ROWS)[: count * BATCH]
    return [np.sort(rows_B) for rows_B in order.reshape(count, BATCH)]


def reading(read: Callable[[Rows], object], count: int) -> Callable[[], object]:
    """Return a round of one way."""
    return lambda: [read(rows_B) for rows_B in batches(count, 0)]


def ours(
    stores: Stores, names: Sequence[str], faces: Store | None = None, count: int = MANY
) -> Callable[[], object]:
    """Return a round of ours, through the ring."""
    assert stores.heatmaps is not None
    faces = faces or stores.faces
    found = {"image": faces.array("image"), "map": stores.heatmaps.array("map")}
    columns = tuple(found[name] for name in names)
    source = mapped(columns, np.arange(ROWS), PARAMS, CPU)
    return lambda: [None for _ in source(batches(count, 0))]


def ways(root: Path, stores: Stores) -> dict[str, tuple[Callable[[], object], int]]:
    """Name -> (round, batches per round)."""
    both, files = ("image", "map"), root / "files"
    return {
        "ours": (ours(stores, both), MANY),
        "ours, faces as JPEGs": (ours(stores, both, Store(root / "jpegs"), FEW), FEW),
        "one big .npy, mapped": (reading(memory_map(root, both), MANY), MANY),
        "per-sample Dataset: JPEG, .npy, CPU transforms": (
            reading(per_sample_dataset(files), FEW),
            FEW,
        ),
        "the same without transforms": (
            reading(per_sample_dataset(files, PlainPictureFiles), FEW),
            FEW,
        ),
        "one .npy per face": (reading(npy_files(files, both), MANY), MANY),
        "h5py": (reading(hdf5(root / "all.h5", both), FEW), FEW),
        "h5py, read_direct": (reading(hdf5_direct(root / "all.h5", both), MANY), MANY),
        "zarr-python: pictures": (reading(zarr_python(root / "faces" / DATA, ["image"]), FEW), FEW),
        "map: ours": (ours(stores, ["map"]), MANY),
        "map: one .npy per face": (reading(npy_files(files, ["map"]), MANY), MANY),
        "map: one big .npy, mapped": (reading(memory_map(root, ["map"]), MANY), MANY),
        "map: h5py": (reading(hdf5(root / "all.h5", ["map"]), MANY), MANY),
        "map: h5py, read_direct": (reading(hdf5_direct(root / "all.h5", ["map"]), MANY), MANY),
        "map: zarr-python": (reading(zarr_python(root / "maps" / DATA, ["map"]), FEW), FEW),
    }


def forget(root: Path) -> None:
    """Ask the kernel to drop these files, written out already, from its page cache."""
    for file in root.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def cold(root: Path, stores: Stores) -> dict[str, float]:
    """Wall-clock samples per second of one pass over a few batches, each way after forgetting."""
    rates = {}
    os.sync()
    for name, (run, count) in ways(root, stores).items():
        forget(root)
        started = time.perf_counter()
        run()
        rates[name] = count * BATCH / (time.perf_counter() - started)
    return rates


def epochs(stores: Stores) -> dict[str, Any]:
    """Rate and CPU of whole epochs; the first also checks checksums and may wait for the disk."""
    feed = BatchLoader(stores, "train", BATCH, PARAMS, Placement(CPU))
    found = []
    for epoch in range(4):
        wall, spent = time.perf_counter(), time.process_time()
        faces_seen = sum(len(raw.rows_B) for raw in feed.epoch_batches(0, epoch))
        found.append(
            {
                "samples_per_second": faces_seen / (time.perf_counter() - wall),
                "cpu_us_per_sample": 1e6 * (time.process_time() - spent) / faces_seen,
            }
        )
    return {"first": found[0], "later": found[1:]}


def main() -> None:
    """Measure, print and save."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    blocks, points, labels = faces(DISTINCT)
    with scratch() as folder:
        stores = write_stores(folder, ROWS, blocks, labels)
        (folder / "files").mkdir()
        write_files(folder / "files", ROWS, blocks["image"], blocks["map"])
        write_hdf5(folder / "all.h5", ROWS, blocks["image"], blocks["map"])
        write_npy(folder, ROWS, blocks["image"], blocks["map"])
        write_store(folder / "jpegs", ROWS, {"image": blocks["image"]}, 256, labels, "image")
        compared = ways(folder, stores)
        whole = epochs(stores)
        seconds = interleaved({name: way for name, (way, _) in compared.items()}, ROUNDS)
        forgotten = cold(folder, stores)
    redrawn = interleaved(
        {"redraw": partial(published_au, points[:60], labels[:60], CANVAS)}, ROUNDS
    )
    each = {
        name: [one / (compared[name][1] * BATCH) for one in found]
        for name, found in seconds.items()
    }
    each["map: redrawn at the published cost"] = [one / 60 for one in redrawn["redraw"]]
    figures = {
        "rows": ROWS,
        "batch": BATCH,
        "threads": PARAMS.threads,
        "cpu_us_per_sample": {name: 1e6 * median(found) for name, found in each.items()},
        "samples_per_second_per_core": {name: 1 / median(found) for name, found in each.items()},
        "times_the_cpu_of_ours": {
            name: ratios(found, each["map: ours" if name.startswith("map") else "ours"])
            for name, found in each.items()
        },
        "epochs": whole,
        "cold_samples_per_second": forgotten,
    }
    show(figures)
    print(save("feed", figures))


def show(figures: Mapping[str, Any]) -> None:
    """Print the table."""
    for name, spent in figures["cpu_us_per_sample"].items():
        ratio = figures["times_the_cpu_of_ours"][name]
        chill = figures["cold_samples_per_second"].get(name, float("nan"))
        print(
            f"{name:48} {spent:9.1f} us CPU  {1e6 / spent:10,.0f}/s/core  "
            f"{ratio['median']:7.1f} times ours ({ratio['min']:.1f} to {ratio['max']:.1f})  "
            f"cold {chill:9,.0f}/s"
        )
    whole = figures["epochs"]
    print("epochs of ours:", whole["first"], *whole["later"], sep="\n  ")


if __name__ == "__main__":
    main()
