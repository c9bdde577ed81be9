"""Heads: from the deepest level to logits and, for some, one map an expression.

Shapes: B batch, C channels, H W rows and columns, K expressions, M maps an
expression, P places of a map.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field
from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from errors import UsageError, pick
from train.canvas import unit_range
from train.methods.attentive import Attentive, AttentiveParams
from train.methods.cafe import Cafe, CafeParams
from train.methods.head import NOTHING, Deepest, Extra, Features, Head, of_class, xavier
from train.methods.rul import Uncertain, UncertainParams
from train.methods.scn import Weighted
from train.params import NoOptions, Options, checked
from train.records import Forward


class Pooled(Head):
    """Global average pooling and a linear layer.

    Source: Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016.
    """

    def __init__(self, deepest: Deepest) -> None:
        super().__init__()
        self.linear = xavier(nn.Linear(deepest.channels, len(EXPRESSIONS)))

    def class_weights(self) -> Tensor:
        """Return those of the linear layer."""
        return self.linear.weight

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return logits; class maps follow from the weights, see readouts.class_map."""
        return Forward(self.linear(features[-1].mean(dim=(2, 3))), features)

    def gradient(self, forward: Forward, classes_B: Tensor) -> Tensor:
        """Return it in closed form: everywhere the class's weights over the number of pixels."""
        level_BCHW = forward.features[-1]
        weights_BC = self.linear.weight.detach()[classes_B] / level_BCHW[0, 0].numel()
        return weights_BC[:, :, None, None].expand_as(level_BCHW)


class WildcatParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of WILDCAT.

    `arithmetic`: row of ARITHMETICS; the published code leaves the lowest values out.
    """

    maps: int = Field(ge=1, le=64)
    top: float = Field(gt=0, le=1)
    bottom: float = Field(gt=0, le=1)
    alpha: float = Field(ge=0)
    arithmetic: str


class Wildcat(Head):
    """M maps an expression, averaged; their highest and lowest values make the logit.

    Source: Durand et al., WILDCAT, CVPR 2017.
    """

    def __init__(self, deepest: Deepest, params: WildcatParams) -> None:
        super().__init__()
        self.params = params
        self.arithmetic = pick(ARITHMETICS, params.arithmetic, "arithmetic")
        self.modalities = xavier(nn.Conv2d(deepest.channels, len(EXPRESSIONS) * params.maps, 1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return logits and the maps before spatial pooling."""
        maps_BKHW = self.modalities(features[-1]).unflatten(1, (-1, self.params.maps)).mean(dim=2)
        return Forward(self.arithmetic(maps_BKHW.flatten(2), self.params), features, maps_BKHW)


def highest(values_BKP: Tensor, params: WildcatParams) -> Tensor:
    """Average the highest values."""
    return _extreme(values_BKP, params.top, largest=True)


def highest_and_lowest(values_BKP: Tensor, params: WildcatParams) -> Tensor:
    """Average the highest values, and add alpha times the mean of the lowest."""
    lowest_BK = _extreme(values_BKP, params.bottom, largest=False)
    return highest(values_BKP, params) + params.alpha * lowest_BK


def _extreme(values_BKP: Tensor, share: float, largest: bool) -> Tensor:
    """Return the mean of a share of the values, at least one of them."""
    count = max(1, round(share * values_BKP.shape[2]))
    return values_BKP.topk(count, dim=2, largest=largest).values.mean(dim=2)


ARITHMETICS: dict[str, Callable[[Tensor, WildcatParams], Tensor]] = {
    "paper": highest_and_lowest,
    "published": highest,
}
"""Name -> (values of the P places of every map, how many of them count) -> logits (B, K)."""


class PeakParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of PRM: side of the window in which only the highest value counts."""

    window: int = Field(ge=1)


class Peaks(Head):
    """One map an expression; the highest value around every place, averaged, is the logit.

    Source: Zhou et al., Weakly Supervised Instance Segmentation using Class Peak Response, CVPR
    2018, with the fixed window of the published code.
    """

    def __init__(self, deepest: Deepest, params: PeakParams) -> None:
        super().__init__()
        self.params = params
        self.classifier = xavier(nn.Conv2d(deepest.channels, len(EXPRESSIONS), 1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return logits and the maps before the window; a map smaller than it is one window."""
        maps_BKHW = self.classifier(features[-1])
        window = [min(self.params.window, side) for side in maps_BKHW.shape[2:]]
        return Forward(F.max_pool2d(maps_BKHW, window, 1).mean(dim=(2, 3)), features, maps_BKHW)


class ErasingParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of ACoL.

    `width`: channels inside a branch; `threshold`: of the first branch's map in [0, 1], from which
    on the second branch sees nothing.
    """

    width: int = Field(ge=1)
    threshold: float = Field(gt=0, le=1)


class Erasing(Head):
    """Two branches; the second sees what the first did not look at, and finds the rest.

    Erased is the map of the label while there is one, in training; otherwise that of the class
    which the first branch predicts, so that nobody has to know the label.

    Source: Zhang et al., Adversarial Complementary Learning, CVPR 2018.
    """

    def __init__(self, deepest: Deepest, params: ErasingParams) -> None:
        super().__init__()
        self.params = params
        self.first, self.second = (_branch(deepest.channels, params.width) for _ in range(2))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return the first branch's logits, and of both the higher of their maps in [0, 1].

        Extra `erased_logits_BK`: the second branch's, for its loss.
        """
        first_BKHW = self.first(features[-1])
        logits_BK = first_BKHW.mean(dim=(2, 3))
        classes_B = logits_BK.argmax(dim=1) if labels_B is None else labels_B
        seen_BHW = unit_range(of_class(first_BKHW.detach(), classes_B))
        kept_B1HW = (seen_BHW < self.params.threshold)[:, None]
        second_BKHW = self.second(features[-1] * kept_B1HW)
        return Forward(
            logits_BK,
            features,
            torch.maximum(unit_range(first_BKHW), unit_range(second_BKHW)),
            {"erased_logits_BK": second_BKHW.mean(dim=(2, 3))},
        )


def _branch(channels: int, width: int) -> nn.Sequential:
    """Return the published branch: two 3 x 3 convolutions, then one map an expression."""
    return nn.Sequential(
        xavier(nn.Conv2d(channels, width, 3, padding=1)),
        nn.ReLU(),
        xavier(nn.Conv2d(width, width, 3, padding=1)),
        nn.ReLU(),
        xavier(nn.Conv2d(width, len(EXPRESSIONS), 1)),
    )


class TokenConv(Head):
    """A convolution over the grid of patch tokens, averaged.

    Source: Gao et al., TS-CAM, ICCV 2021.
    """

    def __init__(self, deepest: Deepest) -> None:
        super().__init__()
        self.classifier = xavier(nn.Conv2d(deepest.channels, len(EXPRESSIONS), 3, padding=1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return logits and the maps that they are means of."""
        maps_BKHW = self.classifier(features[-1])
        return Forward(maps_BKHW.mean(dim=(2, 3)), features, maps_BKHW)


class FullyConnectedParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of VGG's: width of its two hidden layers, and dropout after each."""

    width: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)


class FullyConnected(Head):
    """VGG's classifier: every place has weights of its own.

    Source: Simonyan and Zisserman, ICLR 2015.
    """

    def __init__(self, deepest: Deepest, params: FullyConnectedParams) -> None:
        super().__init__()
        channels, rows, columns = deepest
        if min(rows, columns) < 2:
            raise UsageError(
                "train.image_px",
                f"VGG's classifier halves the deepest level, which is {rows} x {columns} here. Use "
                "larger pictures, large_maps with a ResNet, or method pal.",
            )
        width = params.width
        self.layers = nn.Sequential(
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(channels * (rows // 2) * (columns // 2), width),
            nn.ReLU(),
            nn.Dropout(params.dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(params.dropout),
            nn.Linear(width, len(EXPRESSIONS)),
        )

    def forward(
        self, features: Features, labels_B: Tensor | None = None, seen: Extra = NOTHING
    ) -> Forward:
        """Return logits."""
        return Forward(self.layers(features[-1]), features)


P = TypeVar("P", bound=BaseModel)
Row = Callable[[Deepest, Options], Head]


def row(make: Callable[[Deepest, P], Head], legal: type[P]) -> Row:
    """Return (deepest level, options) -> head, refusing options that are not legal."""
    return lambda deepest, options: make(deepest, checked(legal, options, "head"))


HEADS: dict[str, Row] = {
    "gap": row(lambda deepest, _: Pooled(deepest), NoOptions),
    "wildcat": row(Wildcat, WildcatParams),
    "prm": row(Peaks, PeakParams),
    "acol": row(Erasing, ErasingParams),
    "token_conv": row(lambda deepest, _: TokenConv(deepest), NoOptions),
    "apvit": row(Attentive, AttentiveParams),
    "fully_connected": row(FullyConnected, FullyConnectedParams),
    "weighted": row(lambda deepest, _: Weighted(deepest), NoOptions),
    "uncertain": row(Uncertain, UncertainParams),
    "cafe": row(Cafe, CafeParams),
}
"""Name -> (deepest level, train.head of params.yaml) -> head."""
