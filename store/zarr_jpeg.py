"""Lets zarr write and read arrays whose samples are JPEGs.

The codec has the name and configuration of the one that the package imagecodecs-zarr brings, so a
reader with that package needs nothing of AULens; and after `import store.zarr_jpeg` zarr needs
nothing of that package.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import zarr.registry
from zarr.abc.codec import ArrayBytesCodec
from zarr.core.array_spec import ArraySpec
from zarr.core.buffer import Buffer, NDBuffer

from store.samples import JPEG_QUALITY, JPEG_SUBSAMPLING, decode_jpeg, encode_jpeg

NAME = "imagecodecs_jpeg"


@dataclass(frozen=True)
class JpegCodec(ArrayBytesCodec):
    """One picture (1, H, W, 3) per chunk, as a JPEG."""

    is_fixed_size = False

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote; a JPEG itself says all that its decoder must know."""
        return cls()

    def to_dict(self) -> dict[str, Any]:
        """Return what stands in zarr.json."""
        configuration = {"level": JPEG_QUALITY, "subsampling": JPEG_SUBSAMPLING}
        return {"name": NAME, "configuration": configuration}

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        picture = np.empty(chunk_spec.shape, np.uint8)
        decode_jpeg(chunk_bytes.to_bytes(), picture[0])
        return chunk_spec.prototype.nd_buffer.from_numpy_array(picture)

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        payload = encode_jpeg(chunk_array.as_numpy_array()[0])
        return chunk_spec.prototype.buffer.from_bytes(payload)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        """Refuse: it depends on the picture."""
        raise NotImplementedError


zarr.registry.register_codec(NAME, JpegCodec)
