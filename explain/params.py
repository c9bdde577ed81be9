"""What is legal in [explain] of params.yaml."""

from typing import Literal

from pydantic import BaseModel, Field

from report.params import DrawParams
from train.params import CamMethodName


class FindParams(BaseModel, frozen=True, extra="forbid"):
    """[explain.find] in params.yaml."""

    backends: tuple[str, ...] = Field(min_length=1)
    min_face_width: float = Field(ge=0, le=1)
    video_fps: float = Field(gt=0)


class ReadParams(BaseModel, frozen=True, extra="forbid"):
    """[explain.read] in params.yaml."""

    checkpoint: Literal["last", "best"]
    cam_method: CamMethodName
    geometry: Literal["exact", "published"]
    named: int = Field(ge=1)
    stands_out: float = Field(ge=1)


class ExplainParams(BaseModel, frozen=True, extra="forbid"):
    """[explain] in params.yaml."""

    find: FindParams
    read: ReadParams
    draw: DrawParams
