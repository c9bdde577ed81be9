"""A small noisy picture, and the bytes of pictures in any format."""

import io

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (40, 48, 3), np.uint8)
PICTURE = Image.fromarray(NOISE)
PAGE_PICTURE = np.random.default_rng(0).integers(1, 256, (256, 320, 3), np.uint8)
"""Large enough for a face."""


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


JPEG, PNG = saved(PICTURE, "JPEG", quality=95), saved(PICTURE, "PNG")


def with_orientation(image, kind, number):
    exif = Image.Exif()
    exif[0x0112] = number
    options = {"lossless": True} if kind == "WEBP" else {}
    return saved(image, kind, exif=exif, **options)
