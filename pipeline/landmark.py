"""Stage `landmark`: 68 points on every aligned face, in 1/64 px."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import eye_distance, normalized_mean_error
from errors import DataError
from pipeline import array_attributes as described
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.crash_journal import Cells, RowWork
from pipeline.execution.isolated import RowLimits
from pipeline.execution.sharded_build import build_rows
from pipeline.faces.backends import BACKENDS, models
from pipeline.params import GIVEN, LandmarkParams
from store.build_plans import BuildPlan
from store.layout import ArraySpec, Layout, shard_rows
from store.reading import AU_INTENSITY, LABEL_SHARES, POINT_STEPS_PER_PX, Store
from store.records import Points, Status, U8Image
from store.tables import Row

VERSION = 3
_LARGE_SHARD = 4096
_MAPPED_ROWS = 256
"""Faces of 256 px are 50 MB then; a whole shard of 4,096 would be 800 MB."""
CARRIED = (AU_INTENSITY, LABEL_SHARES)
"""Arrays of the faces that heatmaps are drawn from, too."""
_FARTHEST_PX = np.iinfo(np.int16).max / POINT_STEPS_PER_PX


def landmark(
    faces: Path, out: Path, params: LandmarkParams, cluster: ClusterConfig, rebuild: bool = False
) -> bool:
    """Look once more on every aligned face, where detectors scatter half as much; store the points.

    Args:
        faces: store of stage align.
        out: store with points (int16, 1/64 px of the aligned face) and valid; and au_intensity
            and label_shares, as they stand in `faces`, so that heatmaps need no other store.
        params: where the points come from; those of a detector are taken if they moved less than
            `max_move` of the eye distance. A picture that `align.no_face: resize` kept without a
            face becomes no_face, which does not count against `max_bad`.
        cluster: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.
    """
    source = Store(faces)
    table = source.table()
    arrays = {
        "points": ArraySpec((68, 2), "int16", described.LANDMARKS),
        "valid": ArraySpec((), "uint8", described.VALID),
        **{key: one for key, one in source.layout.arrays.items() if key in CARRIED},
    }
    layout = Layout(len(table), shard_rows(len(table), _LARGE_SHARD), arrays)
    fingerprint = {
        "stage": "landmark",
        "version": VERSION,
        "params": params.model_dump(
            mode="json", exclude={"max_bad", "row_timeout_s", "row_memory_gb"}
        ),
        "faces": source.digest,
        "models": models(),
    }
    about = {**source.metadata, "size_px": source.array("image").shape[1]}
    kept_without = frozenset({Status.NO_FACE})
    plan = BuildPlan(
        out, fingerprint, about, layout, table, params.max_bad, no_failures=kept_without
    )
    limits = RowLimits(params.row_timeout_s, int(params.row_memory_gb * 1e9))
    work = partial(landmark_rows, faces.resolve(), params)
    return build_rows(plan, work, limits, cluster, rebuild)


def landmark_rows(faces: Path, params: LandmarkParams) -> RowWork:
    """Open what the rows of a shard share: the faces."""
    cv2.setNumThreads(1)
    source = Store(faces)
    valid = source.array("valid").load()
    return partial(_landmark_row, source, valid, params)


def _landmark_row(
    source: Store,
    valid_N: NDArray[np.uint8],
    params: LandmarkParams,
    number: int,
    row: Row,
    failed: Status | None,
) -> Cells:
    if number % _MAPPED_ROWS == 0:
        source.unmap()
    block, backend = np.zeros((68, 2), np.int16), row["backend"]
    status, good = failed or row["status"], False
    if valid_N[number] and not failed:
        points, how = landmark_sources()[params.backend](source, number, params)
        good = usable(points)
        block = to_steps(points) if good else block
        status = status if good else _failure(row)
        backend = (how or f"{backend} (carried)") if good else backend
    cells: dict[str, NDArray[Any]] = {"points": block, "valid": np.array(good, np.uint8)}
    for name in CARRIED:
        if name in source.layout.arrays:
            cells[name] = source.array(name).take(np.array([number]))[0]
    return cells, {"status": status, "backend": backend}


def _failure(row: Row) -> Status:
    """Return why a usable picture has no points: align found no face, or points are of no use."""
    return Status.LANDMARKS_INVALID if row["backend"] else Status.NO_FACE


def given(source: Store, row: int, params: LandmarkParams) -> tuple[Points, str]:
    """Take the dataset's own points, as the alignment moved them; NaN where it has none.

    Raises:
        DataError: if the dataset brings none at all.
    """
    if "given" not in source.layout.arrays:
        raise DataError(
            source.path,
            "this dataset brings no landmarks. Set landmark.backend to mediapipe or dlib.",
        )
    return source.array("given").take(np.array([row]))[0].astype(float), "given"


def detected(name: str, source: Store, row: int, params: LandmarkParams) -> tuple[Points, str]:
    """Look again on the aligned face; keep the points of the first look where nothing is near."""
    rows = np.array([row])
    carried = source.array("points").take(rows)[0].astype(float)
    return second_look(source.array("image").take(rows)[0], carried, name, params.max_move)


def second_look(
    image_SS3: U8Image, carried_L2: Points, backend: str, max_move: float
) -> tuple[Points, str]:
    """Look again on an aligned face.

    Args:
        image_SS3: RGB.
        carried_L2: points of the first look, px of the face.
        backend: row of BACKENDS.
        max_move: how far points may have moved, of the eye distance.

    Returns:
        The points, and who found them: nobody, if nothing was near and they are those of the first.
    """
    faces = BACKENDS[backend](image_SS3)
    errors = [normalized_mean_error(face, carried_L2) for face in faces]
    near = [place for place, error in enumerate(errors) if error < max_move]
    if not near:
        return carried_L2, ""
    return np.asarray(faces[min(near, key=errors.__getitem__)]), backend


LandmarkSource = Callable[[Store, int, LandmarkParams], tuple[Points, str]]
"""(faces, row, params) -> points in px of the face, and who found them; nobody if carried."""


def landmark_sources() -> dict[str, LandmarkSource]:
    """Return where landmarks may come from: the dataset, or a second look with any backend."""
    return {GIVEN: given, **{name: partial(detected, name) for name in BACKENDS}}


def usable(points_L2: Points) -> bool:
    """Say whether points are finite, fit the stored range and have two eyes apart."""
    return bool(
        np.isfinite(points_L2).all()
        and np.abs(points_L2).max() < _FARTHEST_PX
        and eye_distance(points_L2) > 1
    )


def to_steps(points_L2: Points) -> NDArray[np.int16]:
    """Round px to the stored 1/64 px."""
    return np.rint(points_L2 * POINT_STEPS_PER_PX).astype(np.int16)
