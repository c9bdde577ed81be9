"""Latents of patches as rows of bytes, which is what is fetched, and as tensors again.

Shapes: N samples of a dataset, B of a batch, V = 2 views (the face, its mirror image), P patches,
D width, R bytes of a row.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from store.reading import MappedArray

_TYPES = {"float16": torch.float16, "float32": torch.float32}


@dataclass(frozen=True, slots=True)
class LatentRows:
    """The stored latents of a dataset, as rows of bytes."""

    stored: MappedArray

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, bytes of a sample)."""
        rows, *sample = self.stored.shape
        return rows, int(np.prod(sample)) * np.dtype(self.stored.dtype).itemsize

    @property
    def row_bytes(self) -> int:
        """R: a sample and its checksum."""
        return self.stored.row_bytes

    def gather(self, rows_B: NDArray[np.integer], out_BR: NDArray[np.uint8]) -> None:
        """Copy rows, given in ascending order."""
        self.stored.gather(rows_B, out_BR)

    def as_latents(self, fetched_BR: Tensor) -> Tensor:
        """Return fetched bytes as what they mean: (B, V, P, D)."""
        numbers = fetched_BR.view(_TYPES[self.stored.dtype])
        return numbers.reshape(len(fetched_BR), *self.stored.shape[1:])


def latents_as_shown(latents_BVPD: Tensor, affine_B23: Tensor) -> Tensor:
    """Return the latents (B, P, D) of each face as it is shown: mirrored, or not.

    Args:
        latents_BVPD: of both views.
        affine_B23: by which pictures are warped; it may mirror, and does nothing else.
    """
    mirrored_B = (affine_B23[:, 0, 0] < 0)[:, None, None]
    return torch.where(mirrored_B, latents_BVPD[:, 1], latents_BVPD[:, 0]).float()
