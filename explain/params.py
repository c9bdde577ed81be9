"""What is legal in [explain] of params.yaml."""

from pydantic import BaseModel, Field

from report.params import DrawParams
from train.params import ReadingParams


class FindParams(BaseModel, frozen=True, extra="forbid"):
    """[explain.find] in params.yaml."""

    backends: tuple[str, ...] = Field(min_length=1)
    min_face_width: float = Field(ge=0, le=1)
    video_fps: float = Field(gt=0)


class ReadParams(ReadingParams, frozen=True):
    """[explain.read] in params.yaml."""

    named: int = Field(ge=1)
    stands_out: float = Field(ge=1)


class ExplainParams(BaseModel, frozen=True, extra="forbid"):
    """[explain] in params.yaml."""

    find: FindParams
    read: ReadParams
    draw: DrawParams
