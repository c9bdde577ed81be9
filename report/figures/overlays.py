"""Maps as colours, alone or over a picture. Sides: S of a face, M of a map, H, W of a picture."""

import io
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.image import imsave
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
_LUMA = np.array([0.299, 0.587, 0.114])


def colorize_map(map_MM: NDArray[Any]) -> U8:
    """Paint a map in [0, 1]: (M, M, 3)."""
    return _to_uint8(colormaps["magma"](map_MM)[..., :3] * 255)


def overlay_map(image_SS3: U8, map_MM: NDArray[Any]) -> U8:
    """Resize a map in [0, 1] and lay it over a face in grey; where it is low, the face shows."""
    weights_SM = _bilinear(len(image_SS3), len(map_MM))
    return blend_map(image_SS3, weights_SM @ map_MM @ weights_SM.T)


def blend_map(image_HW3: U8, heat_HW: NDArray[Any]) -> U8:
    """Lay a map in [0, 1] over a picture of its size, as `overlay_map` does."""
    grey_HW1 = (image_HW3 @ _LUMA)[..., None]
    strength_HW1 = 0.1 + 0.65 * heat_HW[..., None]
    colour_HW3 = colormaps["magma"](heat_HW)[..., :3] * 255
    return _to_uint8(grey_HW1 * (1 - strength_HW1) + colour_HW3 * strength_HW1)


def _to_uint8(image: NDArray[np.floating]) -> U8:
    rounded: U8 = np.rint(image).astype(np.uint8)
    return rounded


def _bilinear(size: int, source: int) -> NDArray[np.float64]:
    """Return (size, source) weights that resize one axis with half-pixel centres."""
    centres = np.clip((np.arange(size) + 0.5) * source / size - 0.5, 0, source - 1)
    distance = np.abs(centres[:, None] - np.arange(source)[None])
    weights: NDArray[np.float64] = np.clip(1 - distance, 0, 1)
    return weights


def encode_jpeg(image: U8) -> bytes:
    """Encode a picture (H, W, 3) for the page."""
    buffer = io.BytesIO()
    imsave(buffer, image, format="jpg", pil_kwargs={"quality": 85})
    return buffer.getvalue()


def magma_stops(count: int) -> list[str]:
    """Return colours from low to high, for the page's legend."""
    colours = colormaps["magma"](np.linspace(0, 1, count))[:, :3]
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours]
