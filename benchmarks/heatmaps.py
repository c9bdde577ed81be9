"""Claim: the same maps cost 2 (AU) and 100 (landmark) times less than the published way.

Run: python -m benchmarks.heatmaps. The published cost is transcribed: for an AU map two canvases of
doubles an AU, each shrunk, blurred and enlarged; for a landmark map one Gaussian pdf of scipy a
point.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import Frame
from anatomy.codebooks import codebook_of
from anatomy.heatmaps import HEATMAPS, drawing
from anatomy.landmarks import INNER_POINTS
from benchmarks.basic7 import BASIC7, EXPRESSIONS
from benchmarks.timing import interleaved, ratios, save

AFFECTNET = 283_901
GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "au_heatmaps.npz"
F64 = NDArray[np.float64]


def faces(count: int) -> F64:
    """Return landmarks (count, 68, 2), px of a 256 canvas: golden faces, each moved a little."""
    known = np.load(GOLDEN)["landmarks"][:9]
    rng = np.random.default_rng(0)
    chosen = known[np.arange(count) % len(known)]
    return np.asarray(chosen + rng.normal(0, 3, (count, 1, 2)))


def published_au(points_N682: NDArray[np.floating], expressions: list[int], side: int) -> list[F64]:
    """Draw AU maps at the published cost."""
    book, maps = codebook_of(BASIC7, "published"), []
    for points, expression in zip(points_N682, expressions, strict=True):
        frame = Frame(np.trunc(points[None]).astype(np.int64), side, None)
        planes = []
        for unit in book.expressions[EXPRESSIONS[expression]]:
            blank = np.full((side, side), 1e-4)
            canvas = blank.copy()
            for ellipse in book.units[unit].region:
                centre, axes = (one[0].tolist() for one in ellipse.on(frame))
                cv2.ellipse(canvas, centre, axes, 0, 0, 360, 255, -1)
            if (canvas - blank).sum() <= 0:
                continue
            small = cv2.blur(cv2.resize(canvas, (28, 28)), (3, 3))
            planes.append(cv2.resize(small, (side, side)).astype(np.float32))
        combined = np.max(np.stack(planes), axis=0)
        maps.append((combined - combined.min()) / (combined.max() - combined.min()))
    return maps


def published_landmarks(points_N682: F64, side: int) -> list[F64]:
    """Draw landmark maps at the published cost."""
    from scipy.stats import multivariate_normal

    grid = np.moveaxis(np.mgrid[0:side, 0:side], 0, 2)
    maps = []
    for points in points_N682:
        combined = np.zeros((side, side))
        for x, y in points[list(INNER_POINTS)]:
            combined = np.maximum(combined, multivariate_normal((y, x), 64 * np.eye(2)).pdf(grid))
        maps.append((combined - combined.min()) / (combined.max() - combined.min()))
    return maps


def main() -> None:
    """Measure, print and save."""
    cv2.setNumThreads(1)
    side, count, rounds = 256, 60, 15
    points = faces(count)
    labels = [1 + place % 6 for place in range(count)]
    few = points[:2]
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "au, published way, 256": (partial(published_au, points, labels, side), count),
        "landmarks, published way, 256": (partial(published_landmarks, few, side), len(few)),
    }
    for kind in HEATMAPS:
        for size in (256, 64):
            draw = partial(drawing(kind, BASIC7, {}), points, labels, size, canvas_px=side)
            ways[f"{kind}, {size}"] = (draw, count)
    seconds = interleaved({name: way for name, (way, _) in ways.items()}, rounds)
    each = {name: [one / ways[name][1] for one in found] for name, found in seconds.items()}
    figures: dict[str, Any] = {
        "ms_per_face": {name: 1e3 * median(found) for name, found in each.items()}
    }
    figures["times_cheaper"] = {
        "au": ratios(each["au, published way, 256"], each["au, 256"]),
        "landmarks": ratios(each["landmarks, published way, 256"], each["landmarks, 256"]),
    }
    figures["affectnet_core_minutes_at_64"] = {
        kind: AFFECTNET * median(each[f"{kind}, 64"]) / 60 for kind in HEATMAPS
    }
    for name, milliseconds in figures["ms_per_face"].items():
        print(f"{name:32} {milliseconds:9.3f} ms per face")
    for kind, found in figures["times_cheaper"].items():
        print(
            f"{kind}: {found['median']:.1f} times cheaper "
            f"({found['min']:.1f} to {found['max']:.1f})"
        )
    for kind, minutes in figures["affectnet_core_minutes_at_64"].items():
        print(f"{kind}: AffectNet's {AFFECTNET} faces at 64 px in {minutes:.1f} core-minutes")
    print(save("heatmaps", figures))


if __name__ == "__main__":
    main()
