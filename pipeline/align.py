"""Stage `align`: one upright face per sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline import array_attributes as described
from pipeline.brought import Brought
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.crash_journal import Cells, RowWork
from pipeline.execution.isolated import RowLimits
from pipeline.execution.sharded_build import build_rows
from pipeline.faces.backends import models
from pipeline.faces.boxes import in_picture
from pipeline.faces.decode import (
    PictureLimits,
    UndecodableError,
    content_digest,
    decode,
    read_picture,
)
from pipeline.faces.framing import frame, frame_like, without_face
from pipeline.faces.locate import Search, cascade, locate, locate_all
from pipeline.faces.warp import crop, transform_points
from pipeline.index import read_index
from pipeline.params import AlignParams
from store.build_plans import BuildPlan
from store.building import building_folder
from store.files import ANOTHER_DISK, folder_bytes, require_space
from store.layout import ArraySpec, Layout, shard_rows
from store.records import Face, Points, Status, U8Image
from store.tables import Row

VERSION = 7
_LARGE_SHARD = 256
_SMALL_FACE_PX = 24


def align(
    index: Path, out: Path, params: AlignParams, cluster: ClusterConfig, rebuild: bool = False
) -> bool:
    """Find, turn upright and crop the face of every sample.

    Args:
        index: what stage index wrote.
        out: store with image, points, matrix, inside_fraction, valid; if the dataset brings
            landmarks, also given: they, in px of the aligned face, NaN where there are none; if it
            brings action units, also au_intensity, NaN where they were not coded; if it brings
            several people's labels, also label_shares, NaN where they are not known; if it brings
            valence and arousal, also valence_arousal, NaN where they are not known.
        params: how.
        cluster: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.
    """
    table, manifest = read_index(index)
    brought = Brought.of(manifest["metadata"], table)
    layout = _layout(len(table), params, brought.arrays())
    fingerprint = {
        "stage": "align",
        "version": VERSION,
        "params": params.model_dump(
            mode="json", exclude={"max_bad", "row_timeout_s", "row_memory_gb"}
        ),
        "index": manifest["sha256"],
        "models": models(),
    }
    if not out.exists():
        need = layout.bytes - folder_bytes(building_folder(out, fingerprint))
        require_space(out, need, f"Free space, {ANOTHER_DISK}")
    root = Path(manifest["metadata"]["root"]).resolve()
    follow = bool(manifest["metadata"].get("follow_links"))
    source = PictureFolder(root, follow, brought)
    work = partial(align_rows, source, params)
    left_out = frozenset({"landmarks", "aus", "shares"})
    plan = BuildPlan(
        out, fingerprint, manifest["metadata"], layout, table, params.max_bad, left_out
    )
    limits = RowLimits(params.row_timeout_s, int(params.row_memory_gb * 1e9))
    return build_rows(plan, work, limits, cluster, rebuild)


def _layout(rows: int, params: AlignParams, brought: Mapping[str, ArraySpec]) -> Layout:
    size = (params.size_px, params.size_px, 3)
    arrays = {
        "image": ArraySpec(size, "uint8", described.IMAGE, params.codec),
        "points": ArraySpec((68, 2), "float32", described.DETECTED_POINTS),
        "matrix": ArraySpec((2, 3), "float32", described.MATRIX),
        "inside_fraction": ArraySpec((), "float32", described.INSIDE_FRACTION),
        "valid": ArraySpec((), "uint8", described.VALID),
    }
    return Layout(rows, shard_rows(rows, _LARGE_SHARD), {**arrays, **brought})


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Where the pictures are.

    Attributes:
        root: the dataset's folder, resolved.
        follow_links: whether links in it may leave it.
        brought: what the dataset says of its faces.
    """

    root: Path
    follow_links: bool
    brought: Brought


def align_rows(source: PictureFolder, params: AlignParams) -> RowWork:
    """Open what the rows of a shard share."""
    cv2.setNumThreads(1)
    return partial(_align_row, source, params)


def _align_row(
    source: PictureFolder, params: AlignParams, number: int, row: Row, failed: Status | None
) -> Cells:
    face = no_face(failed, "", params.size_px) if failed else align_picture(source, row, params)
    cells: dict[str, NDArray[Any]] = {
        "image": face.image_HW3,
        "points": face.points_L2.astype(np.float32),
        "matrix": face.matrix_23.astype(np.float32),
        "inside_fraction": np.array(face.inside_fraction, np.float32),
        "valid": np.array(face.status == Status.OK, np.uint8),
    }
    return cells | source.brought.cells(row, face), {
        "status": face.status,
        "detail": face.detail,
        "backend": face.backend,
        "faces": face.faces,
        "inside_fraction": f"{face.inside_fraction:.3f}",
    }


def align_picture(source: PictureFolder, row: Row, params: AlignParams) -> Face:
    """Align the picture of one row of the index; never raises for a bad picture."""
    try:
        payload = read_picture(source.root, row["path"], source.follow_links)
        if row["digest"] and content_digest(payload) != row["digest"]:
            raise UndecodableError(
                Status.CHANGED, "not the picture that was indexed; run `dvc repro index`"
            )
        image, notes = decode(payload, PictureLimits(params.max_pixels, params.min_side_px))
    except UndecodableError as error:
        return no_face(error.status, error.detail, params.size_px)
    box = [float(number) for number in row["box"].split()] or None
    return align_image(image, params, box, notes)


def align_image(
    image_HW3: U8Image, params: AlignParams, box: Sequence[float] | None = None, notes: str = ""
) -> Face:
    """Align one decoded picture.

    Args:
        image_HW3: RGB.
        params: how.
        box: x, y, width, height of the face in px, if known: no other face is taken.
        notes: what the decoder put right, kept in the detail.
    """
    image_HW3 = _prepared(image_HW3, params)
    found = locate(image_HW3, _search(params), box)
    if box is not None and in_picture(box, *image_HW3.shape[:2]) is None:
        return _unaligned(image_HW3, params.size_px, None, f"{notes} box-outside".strip())
    if found is None:
        aside = _unaligned(image_HW3, params.size_px, box, notes)
        return replace(aside, status=NO_FACE[params.no_face])
    if found.rejected:
        aside = _unaligned(image_HW3, params.size_px, None, notes)
        return replace(aside, status=Status.SEVERAL_FACES, faces=found.faces)
    words = (notes, "rival" if found.rival else "")
    face = _aligned(image_HW3, found.points_L2, params, words, box)
    return replace(face, backend=found.attempt, faces=found.faces)


def align_all(
    image_HW3: U8Image, params: AlignParams, notes: str = "", like_52: Points | None = None
) -> list[Face]:
    """Align every face of one decoded picture, the most prominent first.

    A lone face comes out as `align_image` gives it. Of several, each is turned upright, as a whole
    picture cannot be the crop of each.

    Args:
        image_HW3: RGB.
        params: how.
        notes: what the decoder put right, kept in the detail.
        like_52: where five points of other faces lie in their crops, to frame these faces likewise;
            None to frame them as `params` say.
    """
    image_HW3 = _prepared(image_HW3, params)
    found = locate_all(image_HW3, _search(params))
    if like_52 is not None:
        found_like = (
            (_framed_like(image_HW3, one, params, like_52, notes), how) for one, how in found
        )
        return [replace(face, backend=how, faces=len(found)) for face, how in found_like]
    framing = params if len(found) == 1 else params.model_copy(update={"mode": "align"})
    faces = [(_aligned(image_HW3, points, framing, (notes, "")), how) for points, how in found]
    return [replace(face, backend=how, faces=len(found)) for face, how in faces]


def _prepared(image_HW3: U8Image, params: AlignParams) -> U8Image:
    if not params.grey:
        return image_HW3
    grey = cv2.cvtColor(image_HW3, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))


def _search(params: AlignParams) -> Search:
    return Search(cascade(params.backends), params.min_face_width, params.faces)


def _aligned(
    image_HW3: U8Image,
    points_L2: Points,
    params: AlignParams,
    notes: tuple[str, str],
    box: Sequence[float] | None = None,
) -> Face:
    """Crop one located face; notes are of the decoder and of the choice."""
    height, width = image_HW3.shape[:2]
    matrix, mode, inside = frame(points_L2, (height, width), params, box)
    decoded, chosen = notes
    detail = [decoded, mode, chosen, "tiny" if min(height, width) < _SMALL_FACE_PX else ""]
    return Face(
        status=Status.OK,
        detail=" ".join(filter(None, detail)),
        image_HW3=crop(image_HW3, matrix, params.size_px),
        points_L2=transform_points(points_L2, matrix),
        matrix_23=matrix,
        inside_fraction=inside,
    )


def _framed_like(
    image_HW3: U8Image, points_L2: Points, params: AlignParams, like_52: Points, notes: str
) -> Face:
    """Crop one located face so that it lies as other faces do."""
    matrix, mode, inside = frame_like(points_L2, image_HW3.shape[:2], like_52, params.size_px)
    return Face(
        status=Status.OK,
        detail=f"{notes} {mode}".strip(),
        image_HW3=crop(image_HW3, matrix, params.size_px),
        points_L2=transform_points(points_L2, matrix),
        matrix_23=matrix,
        inside_fraction=inside,
    )


def _unaligned(image_HW3: U8Image, size_px: int, box: Sequence[float] | None, notes: str) -> Face:
    """Keep the picture, or what is around its box, to be used or only looked at; no points."""
    height, width = image_HW3.shape[:2]
    matrix, inside = without_face((height, width), size_px, box)
    detail = " ".join(filter(None, [notes, "whole" if box is None else "box"]))
    picture, unknown = crop(image_HW3, matrix, size_px), np.full((68, 2), np.nan)
    return Face(Status.NO_FACE, detail, picture, unknown, matrix, inside)


NO_FACE = {"skip": Status.NO_FACE, "resize": Status.OK}
"""What becomes of a picture without a face: the status of its row, which keeps it whole, or only
what is around the box that the dataset gives."""


def no_face(status: Status, detail: str, size_px: int) -> Face:
    """Return the empty row of a picture without a usable face."""
    return Face(
        status,
        detail,
        np.zeros((size_px, size_px, 3), np.uint8),
        np.zeros((68, 2)),
        np.zeros((2, 3)),
    )
