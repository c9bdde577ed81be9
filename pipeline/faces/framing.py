"""Chooses which part of a picture becomes the square crop of a face."""

from collections.abc import Sequence

import numpy as np

from anatomy.landmarks import five_landmarks
from anatomy.templates import TEMPLATES
from pipeline.faces.warp import (
    Matrix,
    inside_fraction,
    resize_matrix,
    square_matrix,
    template_matrix,
    transform_points,
)
from pipeline.params import AlignParams
from store.records import Points

_ALREADY = 0.06
"""A picture is framed as the others if five points lie this near to theirs, in shares of the side
(root mean square per axis)."""


def frame(
    points_L2: Points,
    shape: tuple[int, int],
    params: AlignParams,
    box: Sequence[float] | None = None,
) -> tuple[Matrix, str, float]:
    """Choose between turning the face upright and keeping a picture that is a face crop already.

    A picture with a given box may show others: it never becomes a crop as a whole. Mode auto turns
    its face upright, mode resize takes what is around the box.

    Args:
        points_L2: of the face, px of the picture.
        shape: height and width of the picture.
        params: size, template, mode and min_inside_fraction count.
        box: x, y, width, height of the face in px, if known.

    Returns:
        Map from px of the picture to px of the crop; align or resize; the share of the crop that
        lies inside the picture.
    """
    aligned = template_matrix(points_L2, TEMPLATES[params.template], params.size_px)
    inside = inside_fraction(aligned, *shape, params.size_px)
    turned = abs(aligned[1, 0]) > abs(aligned[0, 0])
    leaves = inside < params.min_inside_fraction and not turned and box is None
    if params.mode == "align" or (params.mode == "auto" and not leaves):
        return aligned, "align", inside
    matrix, inside = without_face(shape, params.size_px, box)
    return matrix, "resize", inside


def frame_like(
    points_L2: Points, shape: tuple[int, int], like_52: Points, size_px: int
) -> tuple[Matrix, str, float]:
    """Frame a face so that it lies in its crop as other faces do.

    A picture in which it lies so already, as those were whole pictures too, is taken as a whole.

    Args:
        points_L2: of the face, px of the picture.
        shape: height and width of the picture.
        like_52: where five points of the others lie, see anatomy.templates.
        size_px: side of the crop.

    Returns:
        As `frame`.
    """
    whole = resize_matrix(*shape, size_px, size_px)
    five_52 = (five_landmarks(transform_points(points_L2, whole)) + 0.5) / size_px
    if np.sqrt(np.mean((five_52 - like_52) ** 2)) <= _ALREADY:
        return whole, "resize", 1.0
    matrix = template_matrix(points_L2, like_52, size_px)
    return matrix, "like-training", inside_fraction(matrix, *shape, size_px)


def without_face(
    shape: tuple[int, int], size_px: int, box: Sequence[float] | None = None
) -> tuple[Matrix, float]:
    """Return the map to a crop that no face decides, and how much of it lies inside the picture.

    Args:
        shape: height and width of the picture.
        size_px: side of the crop.
        box: what is to be seen; the whole picture, stretched, if None.
    """
    if box is None:
        return resize_matrix(*shape, size_px, size_px), 1.0
    matrix = square_matrix(box, size_px)
    return matrix, inside_fraction(matrix, *shape, size_px)
