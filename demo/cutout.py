"""The person cut out of a picture with a plain backdrop. H W height and width."""

import cv2
import numpy as np
from numpy.typing import NDArray

U8Image = NDArray[np.uint8]
F32Image = NDArray[np.float32]

BAND_PX = 6


def cut_out(image_HW3: U8Image, outline_L2: NDArray[np.float64]) -> U8Image:
    """Return RGBA: alpha from the outline, sharpened by colour, and colours freed of the backdrop.

    Args:
        image_HW3: RGB.
        outline_L2: the person's outline in px, right to within BAND_PX.
    """
    inside = np.zeros(image_HW3.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.rint(outline_L2).astype(np.int32)], 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND_PX + 1, 2 * BAND_PX + 1))
    surely = cv2.erode(inside, kernel).astype(np.float32)
    hardly = 1 - cv2.dilate(inside, kernel).astype(np.float32)
    image = image_HW3.astype(np.float32)
    person, backdrop = _mean_where(image, surely), _mean_where(image, hardly)
    contrast = person - backdrop
    # at least 30 grey levels of contrast, or noise decides
    scale = np.maximum(np.square(contrast).sum(axis=2), 30**2)
    share = ((image - backdrop) * contrast).sum(axis=2) / scale
    alpha = cv2.GaussianBlur(np.clip(share * 1.3 - 0.15, 0, 1) * (1 - hardly), (0, 0), 1)
    alpha = np.maximum(alpha, surely)
    freed = (image - (1 - alpha[..., None]) * backdrop) / np.maximum(alpha, 0.3)[..., None]
    colours = np.where(alpha[..., None] > 0.3, freed, person)
    rgba = np.concatenate([colours, 255 * alpha[..., None]], axis=2)
    result: U8Image = np.clip(np.rint(rgba), 0, 255).astype(np.uint8)
    return result


def _mean_where(image_HW3: F32Image, weight_HW: F32Image) -> F32Image:
    """Return the local mean colour of the pixels that carry weight, (H, W, 3)."""
    weight = weight_HW[..., None]
    total = cv2.GaussianBlur(image_HW3 * weight, (0, 0), 7)
    mass = cv2.GaussianBlur(weight_HW, (0, 0), 7)[..., None]
    mean: F32Image = total / np.maximum(mass, 1e-4)
    return mean
