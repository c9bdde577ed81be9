"""Claim: the face stages cost at most a fifth more than a bare loop by hand, and find faces well.

Run: python -m benchmarks.faces. On drawn faces whose true points are known: CPU time of stages
align and landmark, whole, against two things in the same run. One is a loop as one writes it by
hand, without any guard: decode, look, crop, look again, keep the points in memory. The other is
the detector's bare inference on the same pictures. Also how many faces are found, and the error of
the stored points, as a fraction of the outer eye distance (NME).
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anatomy.landmarks import normalized_mean_error
from anatomy.templates import TEMPLATES
from benchmarks.scratch import scratch
from benchmarks.timing import interleaved, ratios, save
from demo.stage import make
from params import load
from pipeline.align import align
from pipeline.datasets.csv_table import read_landmarks
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.faces.decode import PictureLimits, decode
from pipeline.faces.locate import Attempt, view
from pipeline.faces.warp import crop, template_matrix, transform_points
from pipeline.index import index
from pipeline.landmark import landmark
from store.reading import Store, read_points

ROUNDS = 5
DETECTORS = ("mediapipe", "dlib")
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
PARAMS = load(Path(__file__).parents[1] / "params.yaml")


def bare(name: str) -> Callable[[Any], object]:
    """Return a detector without anything of ours around it."""
    from pipeline.faces.backends.dlib import _model as dlib
    from pipeline.faces.backends.mediapipe import _model as mediapipe

    found: dict[str, Callable[[Any], object]] = {
        "mediapipe": mediapipe(),
        "dlib": partial(_dlib, dlib()),
    }
    return found[name]


def _dlib(model: Callable[[Any, int], object], image: NDArray[np.uint8]) -> object:
    return model(image, 0)


def run_over(model: Callable[[Any], object], images: list[NDArray[np.uint8]]) -> None:
    """Look at every picture."""
    for image in images:
        model(image)


def by_hand(name: str, files: list[Path]) -> None:
    """Do what the stages do, with no guard, no cascade, no store."""
    find = BACKENDS[name]
    for file in files:
        with Image.open(file) as picture:
            image = np.asarray(picture.convert("RGB"))
        for face in find(image)[:1]:
            matrix = template_matrix(face, TEMPLATES["aulens"], PARAMS.align.size_px)
            find(crop(image, matrix, PARAMS.align.size_px))


def stage(root: Path, name: str, number: "count[int]") -> tuple[Path, Path]:
    """Run align and landmark into a new place."""
    place = root / f"{name}-{next(number)}"
    params = PARAMS.align.model_copy(update={"backends": (name,)})
    align(root / "index", place / "faces", params, ALONE)
    second = PARAMS.landmark.model_copy(update={"backend": name})
    landmark(place / "faces", place / "landmarks", second, ALONE)
    return place / "faces", place / "landmarks"


def errors(faces: Path, landmarks: Path, truth: dict[str, tuple[float, ...]]) -> list[float]:
    """Return the NME of every face with points, against the points it was drawn with."""
    store = Store(faces)
    rows = np.flatnonzero(store.array("valid").load())
    found = read_points(Store(landmarks), rows)
    matrices = store.array("matrix").take(rows)
    table = store.rows()
    return [
        normalized_mean_error(
            points,
            transform_points(
                np.array(truth[table[row]["id"]]).reshape(68, 2), matrix.astype(float)
            ),
        )
        for row, points, matrix in zip(rows, found, matrices, strict=True)
        if np.isfinite(points).all()
    ]


def main() -> None:
    """Measure, print and save."""
    with scratch() as root:
        figures = measured(root)
    for name in DETECTORS:
        one = figures[name]
        print(
            f"{name:10} found {one['found']} of {figures['faces']}, "
            f"{one['ms_per_face']:.1f} ms per face in the stages, "
            f"{spread(one['times_by_hand'])} of {one['ms_per_face_by_hand']:.1f} ms by hand, "
            f"{spread(one['times_bare'])} of {one['ms_per_face_bare']:.1f} ms of the detector; "
            f"NME median {one['nme_median']:.4f}, worst {one['nme_worst']:.4f}"
        )
    print(save("faces", figures))


def spread(ratio: dict[str, float]) -> str:
    """Return a ratio in words."""
    return f"x {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"


def measured(root: Path) -> dict[str, Any]:
    """Draw faces, look for them, and return every figure."""
    small = PARAMS.demo.model_copy(update={"train": 20, "val": 1, "test": 9})
    make(root / "raw", small, ALONE)
    index(root / "raw", root / "index", PARAMS.dataset("demo"), ALONE.progress)
    truth = read_landmarks(root / "raw" / "landmarks.txt")
    files = sorted((root / "raw" / "images").iterdir())
    pictures = [decode(file.read_bytes(), PictureLimits(10**8, 16))[0] for file in files]
    number = count()
    ways: dict[str, Callable[[], object]] = {}
    for name in DETECTORS:
        model, faces = bare(name), Store(stage(root, name, number)[0]).array("image").load()
        views = [view(picture, Attempt(name))[0] for picture in pictures]
        ways[f"bare {name}"] = partial(run_over, model, [*views, *faces])
        ways[f"by hand {name}"] = partial(by_hand, name, files)
        ways[name] = partial(stage, root, name, number)
    seconds = interleaved(ways, ROUNDS)
    figures: dict[str, Any] = {"faces": len(pictures), "rounds": ROUNDS}
    for name in DETECTORS:
        last = stage(root, name, number)
        found = errors(*last, truth)
        figures[name] = {
            "found": len(found),
            "ms_per_face": 1e3 * median(seconds[name]) / len(pictures),
            "ms_per_face_by_hand": 1e3 * median(seconds[f"by hand {name}"]) / len(pictures),
            "ms_per_face_bare": 1e3 * median(seconds[f"bare {name}"]) / len(pictures),
            "times_by_hand": ratios(seconds[name], seconds[f"by hand {name}"]),
            "times_bare": ratios(seconds[name], seconds[f"bare {name}"]),
            "nme_median": median(found),
            "nme_worst": max(found),
        }
    return figures


if __name__ == "__main__":
    main()
