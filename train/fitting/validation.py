"""Metrics of a split during training; the best epoch is chosen by them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from train.data.augmentation import warp_maps
from train.data.batch_loader import BatchLoader, RawBatch
from train.fitting.distributed import Distributed
from train.images import eval_images
from train.methods.base import Classifier
from train.records import Forward


def validate(
    model: Classifier, loader: BatchLoader, image_px: int, distributed: Distributed
) -> dict[str, float]:
    """Return a split's accuracy and cross-entropy and, if the run reads heatmaps, `att_cos`.

    `att_cos` is the mean cosine of the deepest layer's attention with the faces' heatmaps.

    Args:
        model: what is scored; left in evaluation mode.
        loader: this rank's share of the split; every face counts once, on one rank.
        image_px: side of the image that the model sees.
        distributed: ranks whose sums are added up.
    """
    model.eval()
    sums = torch.zeros(5, dtype=torch.float64, device=distributed.device)
    with torch.no_grad():
        for raw in loader.sequential_batches():
            labels, valid = raw.labels_B, raw.valid_B
            forward = model(eval_images(raw.images_BSS3, image_px))
            sums += torch.stack(
                [
                    torch.ones_like(labels).sum(),
                    (forward.logits_BK.argmax(dim=1) == labels).sum(),
                    F.cross_entropy(forward.logits_BK, labels, reduction="none").double().sum(),
                    valid.sum(),
                    (_attention_cosines(forward, raw).double() * valid).sum(),
                ]
            )
    faces, right, losses, counted, cosines = distributed.all_reduce(sums).tolist()
    scores = {"val/accuracy": right / faces, "val/cross_entropy": losses / faces}
    return scores | ({"val/att_cos": cosines / counted} if counted else {})


def _attention_cosines(forward: Forward, raw: RawBatch) -> Tensor:
    if raw.maps_Bss is None:
        return torch.zeros_like(forward.logits_BK[:, 0])
    attention_BHW = forward.features[-1].mean(dim=1)
    rows, columns = attention_BHW.shape[-2:]
    target_B1HW = warp_maps(raw.maps_Bss, (rows, columns))
    return F.cosine_similarity(attention_BHW.flatten(1), target_B1HW.flatten(1))
