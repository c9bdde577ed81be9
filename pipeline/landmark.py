"""Stage `landmark`: 68 points on every aligned face, in 1/64 px."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from anatomy.landmarks import eye_distance, normalised_error
from errors import pick
from pipeline.backends import BACKENDS, models
from pipeline.cluster import Crew
from pipeline.sharded import Blocks, Notes, Plan, build
from store.reading import POINT_STEPS_PER_PX, Store
from store.records import Points, Status, U8Image
from store.shards import ArraySpec, Layout, shard_rows
from store.tables import Row

VERSION = 1
_LARGE_SHARD = 4096
_FARTHEST_PX = np.iinfo(np.int16).max / POINT_STEPS_PER_PX


class LandmarkParams(BaseModel, frozen=True, extra="forbid"):
    """[landmark] in params.yaml."""

    backend: str
    max_move: float = Field(ge=0)
    max_bad: float = Field(ge=0, le=1)


def landmark(
    faces: Path, out: Path, params: LandmarkParams, crew: Crew, rebuild: bool = False
) -> bool:
    """Look once more on every aligned face, where detectors scatter half as much, and store the points.

    Args:
        faces: store of stage align.
        out: store with points (int16, 1/64 px of the aligned face) and valid.
        params: backend for the second look; its points are taken if they moved less than `max_move` of the eye distance.
        crew: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.
    """
    pick(BACKENDS, params.backend, "face backend")
    source = Store(faces)
    rows = source.table()
    arrays = {"points": ArraySpec((68, 2), "int16"), "valid": ArraySpec((), "uint8")}
    layout = Layout(len(rows), shard_rows(len(rows), _LARGE_SHARD), arrays)
    fingerprint = {
        "stage": "landmark",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"max_bad"}),
        "faces": source.digest,
        "models": models(),
    }
    about = {**source.about, "size_px": source.array("image").shape[1]}
    plan = Plan(out, fingerprint, about, layout, rows, params.max_bad)
    return build(plan, partial(landmark_rows, faces.resolve(), params), crew, rebuild)


def landmark_rows(
    faces: Path, params: LandmarkParams, span: range, rows: list[Row]
) -> tuple[Blocks, Notes]:
    """Find the landmarks of one shard: the work of one task."""
    cv2.setNumThreads(1)
    source = Store(faces)
    images, points, valid = (source.array(name) for name in ("image", "points", "valid"))
    block = np.zeros((len(span), 68, 2), np.int16)
    good = np.zeros(len(span), np.uint8)
    status, backend = [row["status"] for row in rows], [row["backend"] for row in rows]
    for place, row in enumerate(span):
        if not valid.take(np.array([row]))[0]:
            continue
        carried = points.take(np.array([row]))[0].astype(float)
        found = second_look(images.take(np.array([row]))[0], carried, params)
        chosen = carried if found is None else found
        if not usable(chosen):
            status[place] = Status.LANDMARKS_INVALID
            continue
        backend[place] = f"{backend[place]} (carried)" if found is None else params.backend
        block[place], good[place] = to_steps(chosen), 1
    return {"points": block, "valid": good}, {"status": status, "backend": backend}


def second_look(image_HW3: U8Image, carried_L2: Points, params: LandmarkParams) -> Points | None:
    """Return the points found on the aligned face, or None if there are none near those of the first look."""
    faces = BACKENDS[params.backend](image_HW3)
    if not len(faces):
        return None
    errors = [normalised_error(face, carried_L2) for face in faces]
    nearest = int(np.argmin(errors))
    return np.asarray(faces[nearest]) if errors[nearest] < params.max_move else None


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
