"""How one sample of an array lies on disk: as it is, or as a JPEG.

Every sample is followed by its checksum, whatever its codec.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

CRC_BYTES = 4
RAW: Final = "raw"
JPEG: Final = "jpeg"
JPEG_QUALITY = 95
JPEG_SUBSAMPLING = "420"
_LARGEST_SHARE = 0.25
"""Of the bytes of a picture, those of its JPEG; faces of 256 px take .13 on average."""


def encode_raw(block: NDArray[Any]) -> Sequence[bytes]:
    """Return the bytes of each sample of a block, batch first."""
    return [row.tobytes() for row in block]


def encode_jpegs(block: NDArray[Any]) -> Sequence[bytes]:
    """Return a JPEG of each picture of a block (B, H, W, 3) of uint8."""
    return [encode_jpeg(picture) for picture in block]


def encode_jpeg(picture_HW3: NDArray[np.uint8]) -> bytes:
    """Return an RGB picture as a JPEG; its loss is about 38 dB on faces of 256 px."""
    payload: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(picture_HW3),
        quality=JPEG_QUALITY,
        colorsubsampling=JPEG_SUBSAMPLING,
    )
    return payload


def decode_jpeg(payload: bytes | NDArray[np.uint8], out_HW3: NDArray[np.uint8]) -> None:
    """Decode a JPEG in place; other threads run meanwhile.

    Args:
        payload: what `encode_jpeg` returned.
        out_HW3: RGB, C order, of the picture's size.

    Raises:
        ValueError: if it is damaged, or of another size.
    """
    decoded = simplejpeg.decode_jpeg(payload, buffer=out_HW3)
    if decoded.shape != out_HW3.shape:
        raise ValueError(f"a picture of {decoded.shape}, expected {out_HW3.shape}")


@dataclass(frozen=True, slots=True)
class SampleCodec:
    """How samples become bytes.

    Attributes:
        encode: a block of samples, batch first -> the bytes of each.
        largest_share: of the bytes of a sample in memory, those that it takes on disk; a bound for
            the space that a store needs if sizes differ, which only reading the index tells.
        sizes_differ: whether samples differ in their bytes.
    """

    encode: Callable[[NDArray[Any]], Sequence[bytes]]
    largest_share: float = 1.0
    sizes_differ: bool = False


CODECS = {
    RAW: SampleCodec(encode_raw),
    JPEG: SampleCodec(encode_jpegs, _LARGEST_SHARE, sizes_differ=True),
}
"""align.codec -> how its samples lie on disk."""
