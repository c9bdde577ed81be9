"""Claim: finding faces costs at most a quarter more than the detector alone, and finds them well.

Run: python -m benchmarks.faces. On drawn faces whose true points are known: CPU time of stages
align and landmark, whole, against the detector's bare inference on the same pictures in the same
run; how many faces are found; and the error of the stored points, as a fraction of the outer eye
distance (NME).
"""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import normalized_mean_error
from benchmarks.timing import interleaved, ratios, save
from demo.stage import make
from params import load
from pipeline.align import align
from pipeline.datasets.csv_table import read_landmarks
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.decode import PictureLimits, decode
from pipeline.faces.locate import Attempt, view
from pipeline.faces.warp import transform_points
from pipeline.index import index
from pipeline.landmark import landmark
from store.reading import Store, read_points

ROUNDS = 5
DETECTORS = ("mediapipe", "dlib")
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
PARAMS = Path(__file__).parents[1] / "params.yaml"


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


def stage(root: Path, name: str, number: "count[int]") -> tuple[Path, Path]:
    """Run align and landmark into a new place."""
    place = root / f"{name}-{next(number)}"
    params = load(PARAMS).align.model_copy(update={"backends": (name,)})
    align(root / "index", place / "faces", params, ALONE)
    second = load(PARAMS).landmark.model_copy(update={"backend": name})
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
    root = Path(tempfile.mkdtemp(prefix="aulens-faces-"))
    try:
        figures = measured(root)
    finally:
        shutil.rmtree(root)
    for name in DETECTORS:
        one = figures[name]
        print(
            f"{name:10} found {one['found']} of {figures['faces']}, "
            f"{one['ms_per_face_bare']:.1f} ms per face bare, "
            f"{one['ms_per_face']:.1f} ms in the stages: "
            f"{one['overhead']['median']:+.1%} ({one['overhead']['min']:+.1%} to "
            f"{one['overhead']['max']:+.1%}); NME median {one['nme_median']:.4f}, "
            f"worst {one['nme_worst']:.4f}"
        )
    print(save("faces", figures))


def measured(root: Path) -> dict[str, Any]:
    """Draw faces, look for them, and return every figure."""
    small = load(PARAMS).demo.model_copy(update={"train": 20, "val": 1, "test": 9})
    make(root / "raw", small, ALONE)
    index(root / "raw", root / "index", load(PARAMS).dataset("demo"), ALONE.progress)
    truth = read_landmarks(root / "raw" / "landmarks.txt")
    files = sorted((root / "raw" / "images").iterdir())
    pictures = [decode(file.read_bytes(), PictureLimits(10**8, 16))[0] for file in files]
    number = count()
    ways: dict[str, Callable[[], object]] = {}
    for name in DETECTORS:
        model, faces = bare(name), Store(stage(root, name, number)[0]).array("image").load()
        views = [view(picture, Attempt(name))[0] for picture in pictures]
        ways[f"bare {name}"] = partial(run_over, model, [*views, *faces])
        ways[name] = partial(stage, root, name, number)
    seconds = interleaved(ways, ROUNDS)
    figures: dict[str, Any] = {"faces": len(pictures), "rounds": ROUNDS}
    for name in DETECTORS:
        last = stage(root, name, number)
        found = errors(*last, truth)
        over = ratios(seconds[name], seconds[f"bare {name}"])
        figures[name] = {
            "found": len(found),
            "ms_per_face": 1e3 * median(seconds[name]) / len(pictures),
            "ms_per_face_bare": 1e3 * median(seconds[f"bare {name}"]) / len(pictures),
            "overhead": {key: value - 1 for key, value in over.items()},
            "nme_median": median(found),
            "nme_worst": max(found),
        }
    return figures


if __name__ == "__main__":
    main()
