"""Heads: from the deepest level to logits and, for some, one map an expression.

Shapes: B batch, C channels, H W rows and columns, K expressions, M maps an
expression, P places of a map.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from train.methods.acol import ACoLHead, ACoLParams
from train.methods.apvit import APViTHead, APViTParams
from train.methods.base import Head, LevelShape
from train.methods.cafe import CAFEHead, CAFEParams
from train.methods.fully_connected import FullyConnectedHead, FullyConnectedParams
from train.methods.gap import GAPHead
from train.methods.prm import PRMHead, PRMParams
from train.methods.rul import RULHead, RULParams
from train.methods.scn import SCNHead
from train.methods.ts_cam import TSCAMHead
from train.methods.wildcat import WildcatHead, WildcatParams
from train.params import NoOptions, Options, checked

P = TypeVar("P", bound=BaseModel)
Row = Callable[[LevelShape, Options], Head]


def row(make: Callable[[LevelShape, P], Head], legal: type[P]) -> Row:
    """Return (deepest level, options) -> head, refusing options that are not legal."""
    return lambda deepest, options: make(deepest, checked(legal, options, "head"))


HEADS: dict[str, Row] = {
    "gap": row(lambda deepest, _: GAPHead(deepest), NoOptions),
    "wildcat": row(WildcatHead, WildcatParams),
    "prm": row(PRMHead, PRMParams),
    "acol": row(ACoLHead, ACoLParams),
    "token_conv": row(lambda deepest, _: TSCAMHead(deepest), NoOptions),
    "apvit": row(APViTHead, APViTParams),
    "fully_connected": row(FullyConnectedHead, FullyConnectedParams),
    "weighted": row(lambda deepest, _: SCNHead(deepest), NoOptions),
    "uncertain": row(RULHead, RULParams),
    "cafe": row(CAFEHead, CAFEParams),
}
"""Name -> (deepest level, train.head of params.yaml) -> head."""
