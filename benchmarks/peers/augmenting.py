"""A batch of pictures augmented by other libraries: the recipe of AULens as far as each has it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

Work = Callable[[], object]


def torchvision(images_BSS3: Tensor, size_px: int) -> Work:
    """Torchvision's transforms v2, picture by picture, as a Dataset does them."""
    from torchvision.transforms import v2

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    chain = v2.Compose(
        [
            v2.RandomRotation(6),
            v2.RandomResizedCrop(size_px, (0.8, 1), (1, 1)),
            v2.RandomHorizontalFlip(),
            v2.RandomGrayscale(0.2),
            v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8),
            v2.ToDtype(torch.float32, scale=True),
            v2.RandomErasing(0.1, value="random"),
            v2.Normalize(mean, std),
        ]
    )
    pictures = images_BSS3.permute(0, 3, 1, 2).contiguous()
    return lambda: torch.stack([chain(one) for one in pictures])


def kornia(images_BSS3: Tensor, size_px: int) -> Work:
    """Kornia's augmentations, on the whole batch."""
    augmentation: Any = import_module("kornia.augmentation")
    chain = augmentation.AugmentationSequential(
        augmentation.RandomRotation(6.0, p=1.0),
        augmentation.RandomResizedCrop((size_px, size_px), (0.8, 1.0), (1.0, 1.0)),
        augmentation.RandomHorizontalFlip(),
        augmentation.RandomGrayscale(p=0.2),
        augmentation.ColorJiggle(0.4, 0.4, 0.4, 0.1, p=0.8),
        augmentation.RandomErasing(p=0.1),
        augmentation.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    )
    return lambda: chain(images_BSS3.permute(0, 3, 1, 2).float() / 255)


AUGMENTATIONS: dict[str, Callable[[Tensor, int], Work]] = {
    "torchvision": torchvision,
    "kornia": kornia,
}
"""Package -> (stored pictures, size of the input) -> work on one batch."""
