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

from errors import CorruptError, UsageError
from train.device import send
from train.methods.base import NO_EXTRA, Classifier, Extra, Features, Head, LevelShape
from train.methods.clip import RANDOM, ImageTower, load_tower
from train.options import (
    CLIP_CHANNELS,
    CAFEParams,
    DiversityParams,
    SeparationParams,
)
from train.records import Batch, Forward, Loss

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
        self.linear = nn.Linear(CLIP_CHANNELS, level.classes)
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


def draw_channel_mask(rng: random.Random, dropped: int, classes: int) -> Tensor:
    """Draw a mask over channels for the separation loss: (C,), 0 or 1.

    `dropped` channels per expression are 0; odd channels belong to the last expression here.
    They are drawn in the order of the published code, so Python's generator gives its sequence.
    """
    kept: list[int] = []
    each = CLIP_CHANNELS // classes
    for number in range(classes):
        size = each if number < classes - 1 else CLIP_CHANNELS - each * (classes - 1)
        group = [1] * (size - dropped) + [0] * dropped
        rng.shuffle(group)
        kept += group
    return torch.tensor(kept, dtype=torch.float32)


def max_per_expression(masked_BC: Tensor, classes: int) -> Tensor:
    """Return the highest value among the channels of each expression: (B, K)."""
    each = CLIP_CHANNELS // classes
    return masked_BC[:, : each * classes].reshape(-1, classes, each).amax(dim=2)


def separation(params: SeparationParams) -> Loss:
    """Cross-entropy with the strongest channel per expression as logits; one mask for all ranks.

    It shapes channels and predicts nothing, so train.classification does not concern it.
    """

    def loss(forward: Forward, batch: Batch) -> Tensor:
        classes, masked_BC = forward.logits_BK.shape[1], forward.extra["masked_BC"]
        kept_C = draw_channel_mask(random.Random(batch.shared_seed), params.dropped, classes)
        logits_BK = max_per_expression(masked_BC * send(kept_C, masked_BC.device), classes)
        return params.weight * F.cross_entropy(logits_BK, batch.target)

    def check(model: Classifier) -> None:
        assert isinstance(model.head, CAFEHead)
        each = CLIP_CHANNELS // model.head.linear.out_features
        if params.dropped >= each:
            raise UsageError(
                "methods.cafe.losses.separation.dropped",
                f"is {params.dropped}, and {each} channels belong to each class. Lower it.",
            )

    return Loss(loss, check=check)


def diversity(params: DiversityParams) -> Loss:
    """One minus the mean of the strongest channels over their number; labels are not used.

    It has no lower bound, and typically lies near .99.
    """

    def loss(forward: Forward, batch: Batch) -> Tensor:
        classes = forward.logits_BK.shape[1]
        strongest_BK = max_per_expression(forward.extra["masked_BC"], classes)
        return params.weight * (1 - strongest_BK.mean() / (CLIP_CHANNELS // classes))

    return Loss(loss)
