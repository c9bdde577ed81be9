"""What is legal in [mae], [patches] and [restore] of params.yaml. No torch.

A named choice is a Literal; a test holds it to its functions.
"""

from typing import Literal

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from anatomy.patches import GRID
from contracts.occlusion import OccluderName

DetectorName = Literal["pixels", "mahalanobis", "svdd", "classifier"]
"""Row of DETECTORS."""


def _divisible(width: int, heads: int, key: str) -> None:
    if width % heads:
        raise PydanticCustomError(
            "indivisible_width", "{key} cannot be divided among its heads", {"key": key}
        )


FillerName = Literal["none", "mae", "hybrid"]
"""Row of FILLERS."""


class MAEParams(BaseModel, frozen=True, extra="forbid"):
    """[mae] in params.yaml: the masked autoencoder, its two transformers, and its training."""

    weights: str
    weights_sha256: str | None
    patch_px: int = Field(ge=2, le=32)
    width: int = Field(ge=16, multiple_of=8)
    depth: int = Field(ge=1)
    heads: int = Field(ge=1)
    decoder_width: int = Field(ge=16, multiple_of=8)
    decoder_depth: int = Field(ge=1)
    decoder_heads: int = Field(ge=1)
    mask: float = Field(gt=0, lt=1)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    warmup_epochs: float = Field(ge=0)
    flip_p: float = Field(ge=0, le=1)
    seed: int = Field(ge=0)
    checkpoint_minutes: float = Field(ge=0)

    @property
    def image_px(self) -> int:
        """Side of the picture that it sees."""
        return GRID * self.patch_px

    @model_validator(mode="after")
    def _widths_fit_heads(self) -> "MAEParams":
        _divisible(self.width, self.heads, "width")
        _divisible(self.decoder_width, self.decoder_heads, "decoder_width")
        return self


class PatchesParams(BaseModel, frozen=True, extra="forbid"):
    """[patches] in params.yaml: the detectors of covered patches."""

    detector: DetectorName
    unseen: tuple[OccluderName, ...]
    quantile: float = Field(gt=0, lt=1)
    faces: int = Field(ge=2)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    lr: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    seed: int = Field(ge=0)


class RestoreParams(BaseModel, frozen=True, extra="forbid"):
    """[restore] in params.yaml: how covered patches are filled, how latents are kept."""

    filler: FillerName
    most_hidden: float = Field(gt=0, lt=1)
    latents: Literal["half", "single"]
