"""mixup: two faces are blended, and so are their labels and heatmaps.

Shapes: B batch, h w of a heatmap, K expressions.
"""

from dataclasses import replace

import numpy as np
import torch

from train.records import Batch


def mixup(batch: Batch, alpha: float, classes: int) -> Batch:
    """Blend each face with another one of its batch, all by one share.

    The share is drawn from Beta(alpha, alpha). The larger of it and its rest is the face's own:
    over all pairs that changes nothing, and the face's label stays that of its larger part.
    A heatmap is blended, too, and is defined where both are: attention has to cover the action
    units of both faces. So are valence and arousal, which are known where they are of both.

    Args:
        batch: of faces that are not mixed yet; their labels may be soft.
        alpha: of the Beta distribution; 0: the batch stays as it is. ImageNet: 0.2, CIFAR: 1.
        classes: how many there are.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018.
    """
    if not alpha:
        return batch
    # Drawn on the processor, whose number the device need not wait for.
    share = float(np.random.default_rng(batch.rng.initial_seed()).beta(alpha, alpha))
    rest = min(share, 1 - share)
    partners_B = torch.randperm(len(batch.labels_B), generator=batch.rng, device=batch.rng.device)
    second = batch.second_B3HW
    own_BK = batch.shares(classes)
    values = batch.valence_arousal_B2
    return replace(
        batch,
        images_B3HW=torch.lerp(batch.images_B3HW, batch.images_B3HW[partners_B], rest),
        second_B3HW=None if second is None else torch.lerp(second, second[partners_B], rest),
        maps=tuple(torch.lerp(maps_B1hw, maps_B1hw[partners_B], rest) for maps_B1hw in batch.maps),
        valid_B=batch.valid_B & batch.valid_B[partners_B],
        shares_BK=torch.lerp(own_BK, own_BK[partners_B], rest),
        valence_arousal_B2=None if values is None else torch.lerp(values, values[partners_B], rest),
    )
