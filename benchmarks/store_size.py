"""Claim: a map of 64 x 64 bytes is 60 times smaller than the published one, and just as good.

Run: python -m benchmarks.store_size. Over 1,050 faces of the embedded dataset in random poses, the
stored map is compared with the exact one (cosine): at 256 px, at 28 px where the loss reads it, and
at 28 px after the training augmentation, which is applied to both. Sizes count every byte of a
store.
"""

import gzip
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.heatmaps import drawing
from anatomy.landmarks import FLIP, rescale_points
from anatomy.templates import TEMPLATES
from benchmarks.basic7 import BASIC7
from benchmarks.scratch import scratch
from benchmarks.timing import save
from demo.render import render
from pipeline.faces.warp import template_matrix, transform_points
from store.building import building
from store.layout import ArraySpec, Layout, shard_rows
from store.shards import create_arrays, write_shard, write_status
from train.data.augmentation import random_affine, warp_maps
from train.params import AugmentParams

AFFECTNET, FACES, CANVAS, FINE = 283_901, 1050, 224, 512
PUBLISHED_BYTES = 256 * 256 * 4
KINDS, SIZES = ("au", "landmarks"), (32, 64, 128)
GEOMETRY = AugmentParams(
    resize_ratio=1,
    rotate_p=0.5,
    rotate_deg=6,
    crop_area_min=0.8,
    flip_p=0.5,
    grey_p=0,
    jitter_p=0,
    brightness=0,
    contrast=0,
    saturation=0,
    hue=0,
    noise_p=0,
    noise_std=0,
    erase_p=0,
    erase_area_max=0.33,
    erase_fill="noise",
)
Points = NDArray[np.floating]


def posed_faces(count: int) -> tuple[Points, list[int]]:
    """Return landmarks (count, 68, 2) on the canvas, and expressions.

    The faces are aligned, then turned and moved.
    """
    rng = np.random.default_rng(0)
    faces = []
    for number in range(count):
        _, drawn = render(5, 1 + number % 6, number // 6, 64)
        points: Points = rescale_points(
            transform_points(drawn, template_matrix(drawn, TEMPLATES["aulens"], 256)), 256, CANVAS
        )
        angle, scale = rng.uniform(-0.2, 0.2), rng.uniform(0.8, 1.15)
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = points.mean(axis=0)
        faces.append((points - centre) @ turn.T + centre + rng.uniform(-12, 12, 2))
    return np.stack(faces), [1 + number % 6 for number in range(count)]


def cosine(one: Tensor, other: Tensor) -> dict[str, float]:
    """Return the least and the mean cosine of corresponding maps."""
    found = F.cosine_similarity(one.flatten(1).double(), other.flatten(1).double())
    return {"min": float(found.min()), "mean": float(found.mean())}


def fidelity(kind: str, size: int, points: Points, labels: list[int]) -> dict[str, Any]:
    """Compare stored maps of a size with exact ones."""
    draw = partial(drawing(kind, BASIC7, {}), points, labels, canvas_px=CANVAS)
    stored = torch.from_numpy(np.rint(255 * draw(size)[0]).astype(np.uint8))
    affine = random_affine(len(points), GEOMETRY, torch.Generator().manual_seed(0))
    fine = torch.from_numpy(draw(FINE)[0])[:, None]
    exact, exact_moved = (exact_target(fine, one) for one in (torch.eye(2, 3), affine))
    redrawn = drawing(kind, BASIC7, {})(moved_points(points, affine), labels, 28, canvas_px=CANVAS)[
        0
    ]
    return {
        "at_256": cosine(warp_maps(stored, (256, 256))[:, 0], torch.from_numpy(draw(256)[0])),
        "at_28": cosine(warp_maps(stored, (28, 28)), exact),
        "at_28_augmented": cosine(warp_maps(stored, (28, 28), affine), exact_moved),
        "at_28_against_redrawn": cosine(
            warp_maps(stored, (28, 28), affine)[:, 0], torch.from_numpy(redrawn)
        ),
    }


def exact_target(fine_N1FF: Tensor, affine: Tensor) -> Tensor:
    """Return what the loss should read at 28 px: the exact map, moved, averaged by a triangle."""
    count = len(fine_N1FF)
    grid = F.affine_grid(affine.expand(count, 2, 3), [count, 1, 448, 448], align_corners=False)
    moved_map = F.grid_sample(fine_N1FF, grid, mode="bicubic", align_corners=False).clamp(0, 1)
    return F.interpolate(moved_map, [28, 28], mode="bilinear", align_corners=False, antialias=True)


def moved_points(points_N682: Points, affine_N23: Tensor) -> Points:
    """Move landmarks as `random_affine` moves their picture; a flip swaps left and right points."""
    matrix = affine_N23.double().numpy()
    normal = (points_N682 + 0.5) * (2 / CANVAS) - 1
    inverse = np.linalg.inv(matrix[:, :, :2])
    out = np.einsum("nij,nlj->nli", inverse, normal - matrix[:, None, :, 2])
    flipped = np.linalg.det(matrix[:, :, :2]) < 0
    out[flipped] = out[flipped][:, list(FLIP)]
    return np.asarray((out + 1) * (CANVAS / 2) - 0.5)


def bytes_per_face(maps_NSS: NDArray[np.uint8]) -> dict[str, float]:
    """Write a store and return its bytes per sample: on disk, and gzipped as an export is."""
    count = len(maps_NSS)
    arrays = {"map": ArraySpec(maps_NSS.shape[1:], "uint8"), "valid": ArraySpec((), "uint8")}
    layout = Layout(count, shard_rows(count, 4096), arrays)
    with scratch() as folder:
        out = folder / "store"
        with building(out, {"stage": "benchmark"}, {}, layout.as_json()) as path:
            create_arrays(path, layout)
            for shard in range(layout.shards):
                span = layout.span(shard)
                rows = maps_NSS[span.start : span.stop]
                blocks = {"map": rows, "valid": np.ones(len(rows), np.uint8)}
                write_shard(path, layout, shard, blocks, {"status": ["ok"] * len(rows)})
            write_status(path, layout, [{"id": f"train/{row:06d}.jpg"} for row in range(count)])
        whole = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    packed = sum(len(gzip.compress(one.tobytes(), 4)) for one in maps_NSS[:200]) / 200
    return {"on_disk": whole / count, "gzipped": packed}


def main() -> None:
    """Measure, print and save."""
    points, labels = posed_faces(FACES)
    figures: dict[str, Any] = {}
    for kind in KINDS:
        for size in SIZES:
            maps = drawing(kind, BASIC7, {})(points, labels, size, canvas_px=CANVAS)[0]
            # A store of many faces: what is fixed (zarr.json, manifest) does not count a face.
            repeated = np.tile(np.rint(255 * maps).astype(np.uint8), (8, 1, 1))
            found = {**fidelity(kind, size, points, labels), **bytes_per_face(repeated)}
            figures[f"{kind} {size}"] = {
                **found,
                "times_smaller": PUBLISHED_BYTES / found["on_disk"],
                "affectnet_gb": AFFECTNET * found["on_disk"] / 1e9,
                "affectnet_gb_gzipped": AFFECTNET * found["gzipped"] / 1e9,
            }
            row = figures[f"{kind} {size}"]
            cosines = "  ".join(f"{name} {row[name]['min']:.6f}" for name in list(found)[:4])
            print(
                f"{kind:9} {size:4} px  {row['on_disk']:8.0f} B per face  "
                f"{row['times_smaller']:5.1f}x smaller  "
                f"AffectNet {row['affectnet_gb']:.2f} GB "
                f"({row['affectnet_gb_gzipped']:.2f} gzipped)  {cosines}"
            )
    print(save("store_size", {"faces": FACES, **figures}))


if __name__ == "__main__":
    main()
