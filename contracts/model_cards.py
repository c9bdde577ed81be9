"""The card of a model that AULens did not train: what its file does not say about itself."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.files import Contract

Share = Annotated[float, Field(ge=0, le=1)]
Channel = tuple[float] | tuple[float, float, float]


class CardOutputs(Contract):
    """Names of outputs; None: the first one gives the scores, and there is no such map.

    Attributes:
        scores: (batch, classes).
        attention: (batch, rows, columns), of the deepest level.
        cam: (batch, classes, rows, columns).
    """

    scores: str | None
    attention: str | None
    cam: str | None


class ModelCard(Contract):
    """How pictures go into a model, and what comes out.

    Attributes:
        title: for people. conventions: where all this is published, or who says so.
        trained_on: name of its training data, for the report; "unknown" if it is not known.
        classes: in the order of the outputs; names as in label files, such as happy.
        unscored: those of the classes that AULens has no expression for, such as contempt.
        scores: whether the outputs are logits or already probabilities.
        input_px: side of the picture. crop: which part of the stored face it shows (left, top,
            right, bottom), as shares of its side.
        channels: order of the colours; grey: one channel of luminance.
        layout: order of the axes.
        white: value of a white pixel, before `mean` is subtracted and `std` divides.
        mean, std: one number, or one per channel in the order of `channels`.
        outputs: their names.
    """

    title: str
    conventions: str
    trained_on: str
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    unscored: tuple[str, ...]
    scores: Literal["logits", "probabilities"]
    input_px: Annotated[int, Field(ge=8, le=2048)]
    crop: tuple[Share, Share, Share, Share]
    channels: Literal["rgb", "bgr", "grey"]
    layout: Literal["nchw", "nhwc"]
    white: Literal[1, 255]
    mean: Channel
    std: Channel
    outputs: CardOutputs
