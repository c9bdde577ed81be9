"""What is legal in [demo] of params.yaml."""

from pydantic import BaseModel, Field


class DemoParams(BaseModel, frozen=True, extra="forbid"):
    """[demo] in params.yaml."""

    seed: int = Field(ge=0)
    variety: float = Field(ge=0, le=1)
    size_px: int = Field(ge=32, le=1024)
    train: int = Field(ge=1)
    val: int = Field(ge=1)
    test: int = Field(ge=1)
