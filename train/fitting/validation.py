"""Metrics of a split during training; the best epoch is chosen by them."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from contracts.files import VALENCE_AROUSAL_COLUMNS
from measures.valence_arousal import MOMENTS, agreement
from store.reading import VALENCE_AROUSAL
from train.data.augmentation import warp_maps
from train.data.batch_loader import BatchLoader, RawBatch
from train.fitting.distributed import Distributed
from train.images import eval_images
from train.methods.base import LATENTS, Classifier
from train.records import Forward


def validate(
    model: Classifier, loader: BatchLoader, image_px: int, distributed: Distributed
) -> dict[str, float]:
    """Return a split's accuracies and cross-entropy; `att_cos`, if the run reads heatmaps.

    And `ccc_valence` and `ccc_arousal`, if it predicts these and faces of the split have them.

    Balanced accuracy and macro F1 are those of metrics.classification. `att_cos` is the mean cosine
    of the deepest layer's attention with the faces' heatmaps.

    Args:
        model: what is scored; left in evaluation mode.
        loader: this rank's share of the split; every face counts once, on one rank.
        image_px: side of the image that the model sees.
        distributed: ranks whose sums are added up.
    """
    model.eval()
    count = loader.classes
    sums = torch.zeros(3 + count**2, dtype=torch.float64, device=distributed.device)
    value_sums = torch.zeros(2, len(MOMENTS), dtype=torch.float64, device=distributed.device)
    with torch.no_grad():
        for raw in loader.sequential_batches():
            labels, valid = raw.labels_B, raw.valid_B
            given = {} if raw.latents_BVPD is None else {LATENTS: raw.latents_BVPD[:, 0].float()}
            forward = model(eval_images(raw.images_BSS3, image_px), None, given)
            losses_B = F.cross_entropy(forward.logits_BK, labels, reduction="none").double()
            cosines_B = _attention_cosines(forward, raw).double() * valid
            shown, called = (
                F.one_hot(classes_B, count).double()
                for classes_B in (labels, forward.logits_BK.argmax(dim=1))
            )
            scalars = torch.stack([losses_B.sum(), valid.sum(), cosines_B.sum()])
            sums += torch.cat([scalars, (shown.T @ called).flatten()])
            value_sums += _value_moments(forward, raw)
    losses, counted, cosines, *confusion = distributed.all_reduce(sums).tolist()
    scores = _accuracies(np.array(confusion).reshape(count, count))
    scores["val/cross_entropy"] = losses / sum(confusion)
    scores |= {"val/att_cos": cosines / counted} if counted else {}
    return scores | _concordances(distributed.all_reduce(value_sums).cpu().numpy())


def _accuracies(confusion: NDArray[np.float64]) -> dict[str, float]:
    """Return the accuracies; confusion[i][j] counts faces of expression i predicted as j."""
    right, shown, called = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs, seen = shown > 0, shown + called > 0
    return {
        "val/accuracy": float(right.sum() / confusion.sum()),
        "val/balanced_accuracy": float((right[occurs] / shown[occurs]).mean()),
        "val/macro_f1": float((2 * right[seen] / (shown + called)[seen]).mean()),
    }


def _value_moments(forward: Forward, raw: RawBatch) -> Tensor:
    """Return what measures.valence_arousal sums, over the faces that are known: (2, M)."""
    predicted_B2, true_B2 = forward.extra.get(VALENCE_AROUSAL), raw.valence_arousal_B2
    if predicted_B2 is None or true_B2 is None:
        return torch.zeros(2, len(MOMENTS), dtype=torch.float64, device=raw.labels_B.device)
    known_B1 = true_B2.isfinite().all(dim=1, keepdim=True)
    p, t = (torch.where(known_B1, one.double(), 0) for one in (predicted_B2, true_B2))
    parts = [torch.ones_like(p), p, t, p * p, t * t, p * t, p.sign() == t.sign()]
    return torch.stack([(one * known_B1).sum(dim=0) for one in parts], dim=1)


def _concordances(sums_2M: NDArray[np.float64]) -> dict[str, float]:
    """Return the CCC of both; none where it is undefined, as without a known face."""
    if not sums_2M[:, 0].all():
        return {}
    found = zip(VALENCE_AROUSAL_COLUMNS, agreement(sums_2M).ccc.tolist(), strict=True)
    return {f"val/ccc_{name}": value for name, value in found if np.isfinite(value)}


def _attention_cosines(forward: Forward, raw: RawBatch) -> Tensor:
    if raw.maps_Bss is None:
        return torch.zeros_like(forward.logits_BK[:, 0])
    attention_BHW = forward.features[-1].mean(dim=1)
    rows, columns = attention_BHW.shape[-2:]
    target_B1HW = warp_maps(raw.maps_Bss, (rows, columns))
    return F.cosine_similarity(attention_BHW.flatten(1), target_B1HW.flatten(1))
