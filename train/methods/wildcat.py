"""WILDCAT: several maps per expression; their highest and lowest values make the logit.

Shapes: B batch, C channels, H W rows and columns, K expressions,
M maps per expression, P places of a map.
"""

from collections.abc import Callable

from torch import Tensor, nn

from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape, init_xavier
from train.options import WildcatParams
from train.records import Forward


class WildcatHead(Head):
    """M maps per expression, averaged; their highest and lowest values make the logit.

    Source: Durand et al., WILDCAT, CVPR 2017.
    """

    def __init__(self, level: LevelShape, params: WildcatParams) -> None:
        super().__init__()
        self.params = params
        self.arithmetic = ARITHMETICS[params.arithmetic]
        self.modalities = init_xavier(nn.Conv2d(level.channels, level.classes * params.maps, 1))

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits and the maps before spatial pooling."""
        maps_BKHW = self.modalities(features[-1]).unflatten(1, (-1, self.params.maps)).mean(dim=2)
        return Forward(self.arithmetic(maps_BKHW.flatten(2), self.params), features, maps_BKHW)


def published_logits(values_BKP: Tensor, params: WildcatParams) -> Tensor:
    """Average the highest values."""
    return _mean_of_extremes(values_BKP, params.top, largest=True)


def paper_logits(values_BKP: Tensor, params: WildcatParams) -> Tensor:
    """Average the highest values, and add alpha times the mean of the lowest."""
    lowest_BK = _mean_of_extremes(values_BKP, params.bottom, largest=False)
    return published_logits(values_BKP, params) + params.alpha * lowest_BK


def _mean_of_extremes(values_BKP: Tensor, share: float, largest: bool) -> Tensor:
    """Return the mean of a share of the values, at least one of them."""
    count = max(1, round(share * values_BKP.shape[2]))
    return values_BKP.topk(count, dim=2, largest=largest).values.mean(dim=2)


ARITHMETICS: dict[str, Callable[[Tensor, WildcatParams], Tensor]] = {
    "paper": paper_logits,
    "published": published_logits,
}
"""Name -> (values of the P places of every map, how many of them count) -> logits (B, K)."""
