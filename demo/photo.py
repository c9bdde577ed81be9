"""What a camera and a room do to a picture: light, exposure, colour, focus, noise.

Pictures are float32 RGB in [0, 1], (S, S, 3). Each step takes (picture, rng) and returns a new
picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

F32Image = NDArray[np.float32]

_GREY = (0.299, 0.587, 0.114)


def taken(image_SS3: F32Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the photograph, (S, S, 3) uint8."""
    for step in (lit, exposed, coloured, focused, grained):
        image_SS3 = step(image_SS3, rng)
    return np.rint(np.clip(image_SS3, 0, 1) * 255).astype(np.uint8)


def lit(image_SS3: F32Image, rng: np.random.Generator) -> F32Image:
    """Return the picture under light that falls off by at most 40 % towards one side."""
    size = image_SS3.shape[0]
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4)
    ramp = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    fall = np.cos(angle) * ramp[None, :, None] + np.sin(angle) * ramp[:, None, None]
    shade: F32Image = (1 + strength * fall).astype(np.float32)
    return image_SS3 * shade


def exposed(image_SS3: F32Image, rng: np.random.Generator) -> F32Image:
    """Return the picture with gamma in [0.7, 1.45] and its channels gained by up to 10 %."""
    gain = rng.uniform(0.9, 1.1, 3).astype(np.float32)
    gamma = float(np.exp(rng.uniform(np.log(0.7), np.log(1.45))))
    result: F32Image = cv2.pow(np.clip(image_SS3 * gain, 0, 1), gamma)
    return result


def coloured(image_SS3: F32Image, rng: np.random.Generator) -> F32Image:
    """Return the picture with another saturation, in 15 % of the cases none."""
    saturation = rng.uniform(0.6, 1.3)
    if rng.random() < 0.15:
        saturation = 0.0
    grey = (image_SS3 @ np.array(_GREY, np.float32))[..., None]
    return grey + (image_SS3 - grey) * np.float32(saturation)


def focused(image_SS3: F32Image, rng: np.random.Generator) -> F32Image:
    """Return the picture, blurred in half of the cases by at most 1.2 px on 256."""
    size = image_SS3.shape[0]
    radius = rng.uniform(0.3, 1.2) * size / 256
    if rng.random() < 0.5:
        return image_SS3
    blurred: F32Image = cv2.GaussianBlur(image_SS3, (0, 0), radius)
    return blurred


def grained(image_SS3: F32Image, rng: np.random.Generator) -> F32Image:
    """Return the picture with normal noise of up to 2.5 % of the range."""
    noise = rng.standard_normal(image_SS3.shape, dtype=np.float32)
    return image_SS3 + noise * np.float32(rng.uniform(0, 0.025))
