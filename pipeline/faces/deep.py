"""Brings pictures of 16 bits per sample to 8: finds which value is white, and scales by it.

Cameras and scanners put 8, 10, 12 or 14 bits into 16; taken for 16 they come out dark. What a file
states counts: TIFF's BitsPerSample and MaxSampleValue, PNG's sBIT. Otherwise white is that of the
smallest of 8, 10, 12, 14 and 16 bits which hold the brightest sample; a guess, and reported.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from store.records import U8Image

BITS = (8, 10, 12, 14, 16)
_GREY_MODES = ("I;16", "I;16B", "I;16L", "I;16N")
_COLOUR_MODES = ("RGB", "RGBA", "LA")
_BITS_PER_SAMPLE, _MAX_SAMPLE_VALUE = 258, 281
_PNG_START, _PNG_DEPTH = 8, 24  # bytes of the signature; place of the depth in the header

Samples = NDArray[np.uint16]


def to_8_bits(image: Image.Image, payload: bytes) -> tuple[Image.Image, list[str]]:
    """Bring samples of 16 bits to 8; any other picture is returned as it is.

    Args:
        image: opened and loaded; Pillow has cut colours to their upper 8 bits.
        payload: its file.

    Returns:
        Mode L, RGB or RGBA, and a note: `u12` if white is that of 12 bits because the file says so,
        `u12-guessed` if because of its brightest sample.
    """
    if image.mode in _GREY_MODES:
        return _brought_down(np.asarray(image).astype(np.uint16), image, payload)
    if image.mode not in _COLOUR_MODES or _container_bits(image, payload) != 16:
        return image, []
    samples = _colours(image, payload)
    if samples is None:
        return image, ["u16-guessed"]
    return _brought_down(samples, image, payload)


def _brought_down(
    samples: Samples, image: Image.Image, payload: bytes
) -> tuple[Image.Image, list[str]]:
    """Scale (H, W), (H, W, 3) or (H, W, 4); opacity has a white of its own."""
    colours = samples[..., :3] if samples.ndim == 3 else samples
    brightest = int(colours.max())
    stated = stated_bits(image, payload, brightest)
    bits = stated or holding(brightest)
    eight = scaled(colours, bits)
    if samples.ndim == 3 and samples.shape[2] == 4:
        alpha = samples[..., 3]
        eight = np.dstack([eight, scaled(alpha, holding(int(alpha.max())))])
    sure = stated or bits == 16
    return Image.fromarray(eight), [f"u{bits}" if sure else f"u{bits}-guessed"]


def _colours(image: Image.Image, payload: bytes) -> Samples | None:
    """Read (H, W, 3) or (H, W, 4) of 16 bits, RGB(A), which Pillow cannot; None if OpenCV cannot.

    Nor is it asked where one colour stands for transparency.
    """
    if "transparency" in image.info:
        return None
    import cv2  # here: params.yaml is validated without it, and knows the readers

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # it warns of odd headers
    as_stored = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.imdecode(np.frombuffer(payload, np.uint8), as_stored)
    cv2.utils.logging.setLogLevel(level)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        return None
    if found.shape[:2] != (image.height, image.width) or found.shape[2] not in (3, 4):
        return None
    order = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(found, order), np.uint16)


def _container_bits(image: Image.Image, payload: bytes) -> int:
    """Return the bits per sample of a PNG or TIFF; 8 for other formats."""
    if image.format == "PNG":
        return payload[_PNG_DEPTH]
    return max(_tag(image, _BITS_PER_SAMPLE), default=8)


def _tag(image: Image.Image, number: int) -> tuple[int, ...]:
    """Return the whole numbers of a TIFF's tag; none if it has no such tag, or is no TIFF."""
    value = getattr(image, "tag_v2", {}).get(number, ())
    values = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in values if isinstance(one, int))


def stated_bits(image: Image.Image, payload: bytes, brightest: int) -> int | None:
    """Return how many bits white has by what the file says; None if it says nothing usable.

    Args:
        image: a PNG or TIFF.
        payload: its file.
        brightest: its brightest sample. In a PNG one of more than the stated bits has been moved
            up to 16, as the format wants it; in a TIFF it contradicts the file.
    """
    if image.format == "PNG":
        stated = max((max(body) for kind, body in _chunks(payload) if kind == b"sBIT"), default=0)
        if not 0 < stated <= 16:
            return None
        return stated if brightest < 1 << stated else 16
    bits = [number for number in _tag(image, _BITS_PER_SAMPLE) if 0 < number < 16]
    whites = [white for white in _tag(image, _MAX_SAMPLE_VALUE) if 0 < white < 65535]
    stated = max([*bits, *(white.bit_length() for white in whites)], default=0)
    return stated if stated and brightest < 1 << stated else None


def _chunks(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of a PNG's chunks before its samples."""
    place = _PNG_START
    while (kind := payload[place + 4 : place + 8]) and kind != b"IDAT":
        length = int.from_bytes(payload[place : place + 4])
        if length:
            yield kind, payload[place + 8 : place + 8 + length]
        place += length + 12


def holding(brightest: int) -> int:
    """Return the fewest usual bits that hold a sample."""
    return next(bits for bits in BITS if brightest < 1 << bits)


def scaled(samples: Samples, bits: int) -> U8Image:
    """Map 0 to the white of so many bits onto 0 to 255."""
    white = (1 << bits) - 1
    return ((samples.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
