"""CAFE: a trained mask selects the channels of a frozen CLIP feature.

Shapes: B batch, C channels of the tower's feature, K expressions, G channels per expression.
Source: Zhang et al., Generalizable Facial Expression Recognition, ECCV 2024 (arXiv 2408.10614),
and its code: the linear layer predicts; the other logits are for training only.
"""

import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from errors import CorruptError, UsageError
from train.device import send
from train.methods.base import NO_EXTRA, Extra, Features, Head, LevelShape
from train.methods.clip import RANDOM, ImageTower, load_tower
from train.options import (
    CHANNELS_PER_EXPRESSION,
    CLIP_CHANNELS,
    CAFEParams,
    DiversityParams,
    SeparationParams,
)
from train.records import Batch, Forward, Loss

CLASSES = len(EXPRESSIONS)
_CAVEATS = {RANDOM: "a random tower replaces CLIP: its scores say nothing about CAFE"}


class CAFEHead(Head):
    """The tower's feature times the sigmoid of the pooled level, and a linear layer.

    Checkpoints hold the tower's digest, not the tower.
    """

    def __init__(self, level: LevelShape, params: CAFEParams) -> None:
        super().__init__()
        if level.channels != CLIP_CHANNELS:
            raise UsageError(
                "train.backbone",
                f"CAFE masks the {CLIP_CHANNELS} channels of its tower, this backbone has "
                f"{level.channels}. resnet18 and vgg16 fit.",
            )
        self.linear = nn.Linear(CLIP_CHANNELS, CLASSES)
        self.caveat, self.weight_sources = _CAVEATS.get(params.tower), (Path(params.tower).name,)
        self._tower: ImageTower = load_tower(
            params.tower, params.tower_sha256, params.tower_px, params.tower_input
        )

    def encode_extra(self, images_B3HW: Tensor) -> Extra:
        """Return the tower's feature of the images: `clip_BC`."""
        return {"clip_BC": self._tower(images_B3HW)}

    def forward(
        self, features: Features, labels_B: Tensor | None = None, extra: Extra = NO_EXTRA
    ) -> Forward:
        """Return logits; extra `masked_BC`, the input of the linear layer."""
        mask_BC = features[-1].mean(dim=(2, 3)).float().sigmoid()
        masked_BC = extra["clip_BC"] * mask_BC
        return Forward(self.linear(masked_BC), features, extra={"masked_BC": masked_BC})

    def get_extra_state(self) -> Tensor:
        """Return the tower's digest, for the checkpoint."""
        return torch.frombuffer(bytearray(bytes.fromhex(self._tower.sha256)), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Check the digest in a checkpoint.

        Raises:
            CorruptError: if its tower's digest differs.
        """
        wanted = bytes(state.cpu().tolist()).hex()
        if wanted != self._tower.sha256:
            raise CorruptError(
                "head.tower",
                f"this run was trained with a tower that has SHA-256 {wanted}, "
                f"the one here has {self._tower.sha256}. Name the file it was trained with.",
            )


def draw_channel_mask(rng: random.Random, dropped: int) -> Tensor:
    """Draw a mask over channels for the separation loss: (C,), 0 or 1.

    `dropped` channels per expression are 0; the odd channel belongs to the last expression here.
    They are drawn in the order of the published code, so Python's generator gives its sequence.
    """
    kept: list[int] = []
    for number in range(CLASSES):
        size = (
            CHANNELS_PER_EXPRESSION
            if number < CLASSES - 1
            else CLIP_CHANNELS - CHANNELS_PER_EXPRESSION * (CLASSES - 1)
        )
        group = [1] * (size - dropped) + [0] * dropped
        rng.shuffle(group)
        kept += group
    return torch.tensor(kept, dtype=torch.float32)


def max_per_expression(masked_BC: Tensor) -> Tensor:
    """Return the highest value among the channels of each expression: (B, K)."""
    return (
        masked_BC[:, : CHANNELS_PER_EXPRESSION * CLASSES]
        .reshape(-1, CLASSES, CHANNELS_PER_EXPRESSION)
        .amax(dim=2)
    )


def separation(params: SeparationParams) -> Loss:
    """Cross-entropy with the strongest channel per expression as logits; one mask for all ranks.

    It shapes channels and predicts nothing, so train.classification does not concern it.
    """

    def loss(forward: Forward, batch: Batch) -> Tensor:
        kept_C = draw_channel_mask(random.Random(batch.shared_seed), params.dropped)
        masked_BC = forward.extra["masked_BC"]
        logits_BK = max_per_expression(masked_BC * send(kept_C, masked_BC.device))
        return params.weight * F.cross_entropy(logits_BK, batch.target)

    return Loss(loss)


def diversity(params: DiversityParams) -> Loss:
    """One minus the mean of the strongest channels over their number; labels are not used.

    It has no lower bound, and typically lies near .99.
    """

    def loss(forward: Forward, batch: Batch) -> Tensor:
        return params.weight * (
            1 - max_per_expression(forward.extra["masked_BC"]).mean() / CHANNELS_PER_EXPRESSION
        )

    return Loss(loss)
