"""Datasets of any size for benchmarks, made without a photograph, and a store's size on disk."""

import os
from collections.abc import Iterator, Mapping
from itertools import chain, product, repeat
from pathlib import Path

import cv2
import numpy as np

from anatomy.landmarks import POINTS
from benchmarks.basic7 import BASIC7, EXPRESSIONS
from benchmarks.heatmaps import faces
from demo.render import render
from params import load
from pipeline.index import index
from store.building import building
from store.layout import ArraySpec, Layout, shard_rows
from store.reading import POINT_STEPS_PER_PX
from store.shards import Array, create_arrays, write_shard, write_status
from store.tables import Row

FACE_PX = 256
ALL_TRAIN: Mapping[str, int] = {}
_DRAWN = 4
"""Different pictures per expression; the others are hard links to them."""


def index_pictures(raw: Path, out: Path) -> None:
    """List such a dataset; that its pictures look alike is known."""
    shipped = load(Path(__file__).parents[1] / "params.yaml").dataset("demo")
    params = shipped.model_copy(update={"reader": "folder", "look_alikes": "ignore"})
    index(raw, out, params, lambda done, total, note: None)


def picture_folder(folder: Path, count: int) -> Path:
    """Write a dataset for the `folder` reader: a few demo faces under many names."""
    drawn: list[Path] = []
    for number, (expression, name) in product(range(_DRAWN), enumerate(EXPRESSIONS)):
        file = folder / "train" / name.lower() / f"{number:08}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image_HW3, _ = render(0, expression, number, FACE_PX)
        cv2.imwrite(str(file), cv2.cvtColor(image_HW3, cv2.COLOR_RGB2BGR))
        drawn.append(file)
    for number in range(len(drawn), count):
        file = drawn[number % len(drawn)]
        os.link(file, file.with_name(f"{number:08}.jpg"))
    return folder


def table(count: int, splits: Mapping[str, int]) -> Iterator[Row]:
    """Yield the status table of a store, with every column that a true one has.

    Args:
        count: rows.
        splits: how many each has, one after the other; the rest is in `train`.
    """
    names = chain.from_iterable(repeat(*one) for one in splits.items())
    for row, split in zip(range(count), chain(names, repeat("train")), strict=False):
        name = EXPRESSIONS[row % len(EXPRESSIONS)]
        path = f"train/{name.lower()}/{row:08}.jpg"
        yield {
            **{"id": path, "path": path, "expression": name, "split": split, "person": ""},
            **{"box": "", "digest": f"{row:064x}", "status": "ok", "detail": "align"},
            **{"backend": "mediapipe", "faces": "1", "inside_fraction": "0.987"},
        }


def landmark_store(out: Path, count: int, splits: Mapping[str, int] = ALL_TRAIN) -> Path:
    """Write a store as stage `landmark` does: golden faces, each moved a little."""
    arrays = {"points": ArraySpec((POINTS, 2), "int16"), "valid": ArraySpec((), "uint8")}
    layout = Layout(count, shard_rows(count, 4096), arrays)
    known = np.rint(faces(layout.shard_rows) * POINT_STEPS_PER_PX).astype(np.int16)
    return _store(out, layout, {"points": known}, table(count, splits))


def face_store(out: Path, count: int, splits: Mapping[str, int] = ALL_TRAIN) -> Path:
    """Write a store as stage `align` does: noise."""
    arrays = {"image": ArraySpec((FACE_PX, FACE_PX, 3), "uint8"), "valid": ArraySpec((), "uint8")}
    layout = Layout(count, shard_rows(count, 256), arrays)
    size = (layout.shard_rows, *arrays["image"].shape)
    noise = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    return _store(out, layout, {"image": noise}, table(count, splits))


def _store(out: Path, layout: Layout, known: Mapping[str, Array], rows: Iterator[Row]) -> Path:
    """Write a store whose shards hold the same samples, each time in another order."""

    def blocks(span: range) -> dict[str, Array]:
        turn = span.start // layout.shard_rows
        moved = {name: np.roll(one, turn, axis=0)[: len(span)] for name, one in known.items()}
        return {**moved, "valid": np.ones(len(span), np.uint8)}

    about = {
        **{"dataset": "made_up", "notice": None, "size_px": FACE_PX},
        "labels": BASIC7.as_json(),
    }
    made_of = {"made_up": sorted(known), "count": layout.rows}
    with building(out, made_of, about, layout.as_json()) as folder:
        create_arrays(folder, layout)
        for shard in range(layout.shards):
            span = layout.span(shard)
            write_shard(folder, layout, shard, blocks(span), {"status": ["ok"] * len(span)})
        write_status(folder, layout, rows)
    return out


def size_on_disk(folder: Path) -> tuple[int, int]:
    """Return bytes and number of the files in a folder."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return sum(sizes), len(sizes)
