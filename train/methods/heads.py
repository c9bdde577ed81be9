"""Heads: from the deepest level to logits and, for some, one map per expression.

Shapes: B batch, C channels, H W rows and columns, K expressions, M maps per
expression, P places of a map.
"""

from collections.abc import Callable
from typing import Any

from train.methods.acol import ACoLHead
from train.methods.apvit import APViTHead
from train.methods.base import Head, LevelShape
from train.methods.cafe import CAFEHead
from train.methods.dense import DenseHead
from train.methods.fully_connected import FullyConnectedHead
from train.methods.gap import GAPHead
from train.methods.ofer import OFERHead
from train.methods.prm import PRMHead
from train.methods.rul import RULHead
from train.methods.scn import SCNHead
from train.methods.ts_cam import TSCAMHead
from train.methods.wildcat import WildcatHead

HEADS: dict[str, Callable[[LevelShape, Any], Head]] = {
    "gap": lambda level, _: GAPHead(level),
    "wildcat": WildcatHead,
    "prm": PRMHead,
    "acol": ACoLHead,
    "ts_cam": lambda level, _: TSCAMHead(level),
    "apvit": APViTHead,
    "fully_connected": FullyConnectedHead,
    "dense": DenseHead,
    "scn": lambda level, _: SCNHead(level),
    "rul": RULHead,
    "cafe": CAFEHead,
    "ofer": OFERHead,
}
"""Name -> (shape of the deepest level, its model of HEAD_OPTIONS) -> head."""
