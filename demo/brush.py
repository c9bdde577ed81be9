"""Soft shapes and smooth curves to paint with.

S picture side in px; masks are float32 in [0, 1], (S, S).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

F32Image = NDArray[np.float32]
Points = NDArray[np.float64]

_BITS = 4  # OpenCV draws at 1/16 px


def curve(points_K2: Points, steps: int = 8) -> Points:
    """Return a smooth curve through the points (Catmull-Rom), (steps * (K - 1) + 1, 2)."""
    padded = np.concatenate([points_K2[:1], points_K2, points_K2[-1:]])
    t = (np.arange(steps) / steps)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        pieces.append(b + ((c - a) * t + bend) / 2)
    return np.concatenate([*pieces, points_K2[-1:]])


def filled(size: int, outline: list[Points], blur_px: float) -> F32Image:
    """Return the share of each pixel inside an outline, (S, S) in [0, 1], with a soft edge."""
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, _fixed(outline), 255, cv2.LINE_AA, _BITS)
    return _soft(mask, blur_px)


def stroke(size: int, path_K2: Points, width_px: float, blur_px: float) -> F32Image:
    """Return a soft line that fades towards its ends, (S, S) in [0, 1]."""
    mask = np.zeros((size, size), np.uint8)
    path, width = _fixed(path_K2)[0], max(1, round(width_px))
    middles = (np.arange(len(path) - 1) + 0.5) / (len(path) - 1)
    for start, end, strength in zip(path, path[1:], np.sqrt(np.sin(np.pi * middles)), strict=False):
        cv2.line(mask, start, end, 255 * strength, width, cv2.LINE_AA, _BITS)
    return _soft(mask, blur_px)


def mixed(image_SS3: F32Image, share_SS: F32Image, colour: tuple[float, float, float]) -> F32Image:
    """Return the picture with a share of a colour in it."""
    share = share_SS[..., None]
    return image_SS3 + (np.array(colour, np.float32) - image_SS3) * share


def _fixed(points: Points | list[Points]) -> list[NDArray[np.int32]]:
    """Return points as OpenCV draws them below one pixel."""
    return [np.rint(np.asarray(points) * 2**_BITS).astype(np.int32)]


def _soft(mask_SS: NDArray[np.uint8], blur_px: float) -> F32Image:
    """Return the mask blurred and in [0, 1]."""
    blurred: F32Image = (
        cv2.GaussianBlur(mask_SS, (0, 0), max(blur_px, 0.4)).astype(np.float32) / 255
    )
    return blurred
