"""Claim: no other loader costs less processor time per face and map while it checks what it reads.

Run: make peers, or python -m benchmarks.peers where benchmarks/peers/requirements.txt is installed.
1,024 faces of the embedded dataset at 256 px with their maps; processor time of this process, one
thread, everything in the page cache, all ways in one interleaved run. What is not installed, or
fails, is named and left out.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.feed import CPU, faces, write_stores
from benchmarks.peers.augmenting import AUGMENTATIONS
from benchmarks.peers.loading import BATCH, LOADERS, Blocks
from benchmarks.rivals import memory_map, write_npy
from benchmarks.scratch import scratch
from benchmarks.timing import interleaved, ratios, save
from params import load
from train.data.augmentation import augment_batch
from train.data.batch_loader import BatchLoader, Placement, RawBatch
from train.params import FeedParams

ROWS, ROUNDS = 1024, 7
NUMBERS = Path(__file__).parents[2] / "params.yaml"
FEED = FeedParams(
    source="mapped", resident_share=0, threads=1, sampler="shuffled", heatmaps="stored"
)
Ways = dict[str, Callable[[], object]]


def loading(root: Path, blocks: Blocks, labels: list[int]) -> tuple[Ways, dict[str, str]]:
    """Return a round of every loader, and why others are left out."""
    feed = BatchLoader(
        write_stores(root, ROWS, dict(blocks), labels), "train", BATCH, FEED, Placement(CPU)
    )
    write_npy(root, ROWS, blocks["image"], blocks["map"])
    mapped, order = memory_map(root, ("image", "map")), np.random.default_rng(0).permutation(ROWS)
    whole = {name: np.concatenate([block] * (ROWS // len(block))) for name, block in blocks.items()}
    ways: Ways = {
        "AULens": lambda: [None for _ in feed.epoch_batches(0, 0)],
        "np.load, mapped": lambda: [mapped(np.sort(rows)) for rows in order.reshape(-1, BATCH)],
    }
    left_out = {}
    for name, make in LOADERS.items():
        folder = root / name
        folder.mkdir()
        try:
            ways[name] = make(folder, whole)
            ways[name]()
        except Exception as error:  # other people's code may raise anything
            ways.pop(name, None)
            left_out[name] = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    return ways, left_out


def augmenting(blocks: Blocks) -> tuple[Ways, dict[str, str]]:
    """Return the augmentation of one batch by every library, and why others are left out."""
    params = load(NUMBERS).train
    images = torch.from_numpy(blocks["image"][:BATCH])
    nothing = torch.zeros(len(images), dtype=torch.int64)
    raw = RawBatch(nothing.numpy(), images, None, nothing.bool(), nothing, nothing, None)
    rng = torch.Generator().manual_seed(0)
    ways: Ways = {"AULens": lambda: augment_batch(raw, [], params, rng)}
    left_out = {}
    for name, make in AUGMENTATIONS.items():
        try:
            ways[name] = make(images, params.image_px)
            ways[name]()
        except Exception as error:  # as above
            ways.pop(name, None)
            left_out[name] = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    return ways, left_out


def compared(ways: Ways, faces_per_round: int) -> dict[str, Any]:
    """Time all ways in turns: microseconds per face, and times the time of ours."""
    seconds = interleaved(ways, ROUNDS, budget_s=120)
    return {
        name: {
            "us_per_face": 1e6 * median(found) / faces_per_round,
            "times_ours": ratios(found, seconds["AULens"]),
        }
        for name, found in seconds.items()
    }


def show(title: str, figures: Mapping[str, Any], left_out: Mapping[str, str]) -> None:
    """Print a table."""
    print(title)
    for name, one in sorted(figures.items(), key=lambda item: item[1]["us_per_face"]):
        ratio = one["times_ours"]
        spread = f"({ratio['min']:.1f} to {ratio['max']:.1f})"
        print(
            f"  {name:18} {one['us_per_face']:9.1f} us per face, x {ratio['median']:.1f} {spread}"
        )
    for name, why in left_out.items():
        print(f"  {name:18} left out: {why}")


def main() -> None:
    """Measure, print and save."""
    torch.set_num_threads(1)
    blocks, _, labels = faces(256)
    with scratch() as root:
        loaders, no_loader = loading(root, blocks, labels)
        loaded = compared(loaders, ROWS)
    augmentations, no_augmentation = augmenting(blocks)
    augmented = compared(augmentations, BATCH)
    show("loading a face and its map", loaded, no_loader)
    show("augmenting a face", augmented, no_augmentation)
    left_out = {**no_loader, **no_augmentation}
    figures = {"loading": loaded, "augmenting": augmented, "left_out": left_out, "rounds": ROUNDS}
    print(save("peers", figures))


if __name__ == "__main__":
    main()
