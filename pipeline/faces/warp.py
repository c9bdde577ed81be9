"""From a picture to an upright square crop: one similarity, one resampling."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import five_landmarks
from store.records import Points, U8Image

_FACE_WIDTH = 0.7
"""From ear to ear on the template `aulens`, fraction of the crop's side."""

Matrix = NDArray[np.float64]
Map = NDArray[np.float32]


def template_matrix(points_L2: Points, template_52: Points, size_px: int) -> Matrix:
    """Return the similarity (2, 3) from px of the picture to px of a crop with the eyes level.

    Args:
        points_L2: 68 landmarks, px of the picture.
        template_52: where five of them come to lie, see templates.
        size_px: side of the crop.

    Source: Umeyama, IEEE TPAMI 1991, over eye centres, nose tip and mouth corners.
    """
    source = five_landmarks(points_L2)
    target = template_52 * size_px - 0.5
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = source - source_mean
    u, singular, vt = np.linalg.svd((target - target_mean).T @ centred)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    scale = (singular * sign).sum() / (centred**2).sum()
    linear = scale * (u * sign) @ vt
    return np.column_stack([linear, target_mean - linear @ source_mean])


def resize_matrix(height: int, width: int, new_height: int, new_width: int) -> Matrix:
    """Return the map (2, 3) of a resize, half-pixel centres."""
    x, y = new_width / width, new_height / height
    return np.array([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5]])


def square_matrix(box: Sequence[float], size_px: int) -> Matrix:
    """Return the map (2, 3) from px of the picture to a crop of a box, upright and unstretched.

    The box's longer side fills as much of the crop as a face's width does on the template.

    Args:
        box: x, y, width, height in px, not empty.
        size_px: side of the crop.
    """
    x, y, width, height = box
    scale = size_px * _FACE_WIDTH / max(width, height)
    centre_x, centre_y = x + width / 2 - 0.5, y + height / 2 - 0.5
    middle = size_px / 2 - 0.5
    return np.array([[scale, 0, middle - scale * centre_x], [0, scale, middle - scale * centre_y]])


def transform_points(points_L2: Points, matrix_23: Matrix) -> Points:
    """Apply an affine map to points."""
    return points_L2 @ matrix_23[:, :2].T + matrix_23[:, 2]


def inside_fraction(matrix_23: Matrix, height: int, width: int, size_px: int) -> float:
    """Return the share of the crop, 0 to 1, that lies inside the picture."""
    axis = (np.arange(64) + 0.5) * size_px / 64 - 0.5
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    source = transform_points(grid, cv2.invertAffineTransform(matrix_23))
    inside = (source >= -0.5) & (source <= np.array([width, height]) - 0.5)
    return float(inside.all(axis=1).mean())


def crop(image_HW3: U8Image, matrix_23: Matrix, size_px: int) -> U8Image:
    """Resample the picture into the crop; the border is repeated outwards.

    A mirrored border makes ghost eyes.
    """
    shrink = float(np.sqrt(abs(np.linalg.det(matrix_23[:, :2]))))
    if (
        shrink < 0.5
    ):  # bilinear sampling would skip pixels: average first, to twice the size that is needed
        height, width = (max(1, round(side * 2 * shrink)) for side in image_HW3.shape[:2])
        small = resize_matrix(image_HW3.shape[0], image_HW3.shape[1], height, width)
        whole = np.vstack([matrix_23, [0, 0, 1]]) @ np.linalg.inv(np.vstack([small, [0, 0, 1]]))
        image_HW3 = cv2.resize(image_HW3, (width, height), interpolation=cv2.INTER_AREA)
        matrix_23 = whole[:2]
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image_HW3, matrix_23, (size_px, size_px), borderMode=border))


def paste_map(map_ZZ: Map, matrix_23: Points, size_px: int, shape: tuple[int, int]) -> Map:
    """Lay a map of a crop over the picture that the crop is of.

    Args:
        map_ZZ: of the whole crop, at any size.
        matrix_23: from px of the picture to px of the crop.
        size_px: side of the crop.
        shape: rows and columns of the picture.

    Returns:
        (rows, columns); zero outside the crop.
    """
    shrunk = np.vstack([resize_matrix(size_px, size_px, *map_ZZ.shape), [0, 0, 1]])
    whole = (shrunk @ np.vstack([matrix_23, [0, 0, 1]]))[:2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    laid = cv2.warpAffine(map_ZZ, whole, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(laid)
