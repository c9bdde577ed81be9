"""What is legal in [report] and [explain.draw] of params.yaml."""

from pydantic import BaseModel, Field


class ReportParams(BaseModel, frozen=True, extra="forbid"):
    """[report] in params.yaml."""

    title: str
    sheet_faces: int = Field(ge=0)


class DrawParams(BaseModel, frozen=True, extra="forbid"):
    """[explain.draw] in params.yaml."""

    panel_px: int = Field(ge=128, le=2048)
    video_faces: int = Field(ge=1)
