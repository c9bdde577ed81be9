"""The portrait made ready for warping: enlarged, levelled, cut out, its smile closed.

H W are the canvas: the eye frame from ORIGIN on, UNIT_PX px per eye distance.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import REGIONS
from demo import cutout, portrait, warp
from demo.numbers import numbers

U8Image = NDArray[np.uint8]
F32Image = NDArray[np.float32]

UNIT_PX = 96
ORIGIN = (-2.9, -2.35)
WIDTH, HEIGHT = 557, 562

LIP_RGB = (203, 135, 126)
OUTER_LIP = REGIONS["outer lip"]
UPPER_LIP = (48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60)

_CLOSING_NODES = 151  # about 4 canvas px: the teeth vanish within 2 px


def eyes_to_canvas() -> portrait.Points:
    """Return the (2, 3) matrix from the eye frame to canvas px."""
    x, y = ORIGIN
    return np.array([[UNIT_PX, 0, -x * UNIT_PX], [0, UNIT_PX, -y * UNIT_PX]], dtype=np.float64)


@cache
def neutral_face() -> U8Image:
    """Return the face at rest, (H, W, 4) RGBA, where alpha cuts the person out. Read-only.

    Its control points are `portrait.resting_points()`. Costs about a third of a second, once per
    process.
    """
    from skimage.data import astronaut

    to_canvas = _after(eyes_to_canvas(), portrait.portrait_to_eyes())
    levelled: U8Image = cv2.warpAffine(
        astronaut(),
        to_canvas,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    cut = cutout.cut_out(levelled, portrait.moved(np.array(numbers()["outline_px"]), to_canvas))
    cut[..., :3] = _without_smile(cut[..., :3].copy(), to_canvas)
    closed: U8Image = cv2.remap(
        cut, _closing_map(), None, cv2.INTER_CUBIC, None, cv2.BORDER_REPLICATE
    )
    closed[..., :3] = _with_lips(closed[..., :3])
    closed.setflags(write=False)
    return closed


def _after(second_23: portrait.Points, first_23: portrait.Points) -> portrait.Points:
    """Return the affine map that does `first_23`, then `second_23`."""
    return np.column_stack(
        [second_23[:, :2] @ first_23[:, :2], portrait.moved(first_23[:, 2], second_23)]
    )


def _closing_map() -> F32Image:
    """Return where each canvas pixel of the resting face lies in the smiling one, (H, W, 2)."""
    resting, smiling = portrait.resting_points(), portrait.smiling_points()
    canvas = eyes_to_canvas()
    x, y = np.meshgrid(warp.grid(WIDTH, _CLOSING_NODES), warp.grid(HEIGHT, _CLOSING_NODES))
    at = (np.column_stack([x.ravel(), y.ravel()]) - canvas[:, 2]) / UNIT_PX
    source = portrait.moved(warp.thin_plate_spline(resting, smiling, at), canvas)
    return warp.dense(source.reshape(_CLOSING_NODES, _CLOSING_NODES, 2), WIDTH, HEIGHT)


def _without_smile(image_HW3: U8Image, to_canvas: portrait.Points) -> U8Image:
    """Return the picture with lip colour in place of the teeth, and softer nasolabial folds."""
    inner = portrait.smiling_points()[list(REGIONS["inner lip"])]
    teeth = np.zeros(image_HW3.shape[:2], np.uint8)
    cv2.fillPoly(teeth, [np.rint(portrait.moved(inner, eyes_to_canvas())).astype(np.int32)], 255)
    teeth = cv2.dilate(teeth, np.ones((5, 5), np.uint8))
    folds = np.zeros_like(teeth)
    for fold in numbers()["smile_folds_px"]:
        line = np.rint(portrait.moved(np.array(fold), to_canvas)).astype(np.int32)
        cv2.polylines(folds, [line], isClosed=False, color=255, thickness=9)
    filled = cv2.inpaint(image_HW3, teeth, 5, cv2.INPAINT_TELEA)
    smooth = cv2.inpaint(filled, folds, 5, cv2.INPAINT_TELEA)
    share = cv2.GaussianBlur(folds, (0, 0), 3)[..., None] / np.float32(255)
    result: U8Image = np.rint(filled * (1 - share) + smooth * share).astype(np.uint8)
    return result


def _with_lips(image_HW3: U8Image) -> U8Image:
    """Return the resting face with an even lip colour, which the mouth's stretched inside lacks."""
    resting = portrait.moved(portrait.resting_points(), eyes_to_canvas())
    lips, upper = np.zeros(image_HW3.shape[:2], np.uint8), np.zeros(image_HW3.shape[:2], np.uint8)
    for mask, ring in ((lips, OUTER_LIP), (upper, UPPER_LIP)):
        cv2.fillPoly(mask, [np.rint(resting[list(ring)]).astype(np.int32)], 255)
    share = cv2.GaussianBlur(cv2.dilate(lips, np.ones((3, 3), np.uint8)), (0, 0), 1.5)[
        ..., None
    ] / np.float32(255)
    darker = 1 - 0.16 * cv2.GaussianBlur(upper, (0, 0), 1.5)[..., None] / np.float32(255)
    detail = cv2.GaussianBlur(image_HW3, (0, 0), 1.0).mean(axis=2, keepdims=True) / np.float32(190)
    colour = np.array(LIP_RGB, np.float32) * (0.6 + 0.4 * detail) * darker
    result: U8Image = np.rint(image_HW3 * (1 - 0.75 * share) + colour * (0.75 * share)).astype(
        np.uint8
    )
    return result
