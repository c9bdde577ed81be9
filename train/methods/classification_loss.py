"""The loss that learns the expressions, in every method: its kind, class weights, smoothing.

Shapes: B batch, K expressions. A target is labels (B,), or shares (B, K) that sum to one where
labels are soft or faces are mixed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from errors import pick
from train.device import constant
from train.params import ClassificationParams

_LEAST = 1e-12

Floats = tuple[float, ...]


def _no_weights(counts_K: Sequence[int], params: ClassificationParams) -> Floats | None:
    """Let every face count alike."""
    return None


def _inverse(counts_K: Sequence[int], params: ClassificationParams) -> Floats:
    """Weight a class by N / (K n): one on average over the training faces.

    Source: King and Zeng, Logistic Regression in Rare Events Data, Political Analysis 2001;
    scikit-learn's `balanced`.
    """
    present = sum(count > 0 for count in counts_K)
    return tuple(sum(counts_K) / (present * count) if count else 0.0 for count in counts_K)


def _effective_number(counts_K: Sequence[int], params: ClassificationParams) -> Floats:
    """Weight a class by (1 - beta) / (1 - beta ** n), scaled to one on average over the classes.

    Source: Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019, which
    tries beta .9, .99, .999 and .9999.
    """
    beta = params.effective_beta
    raw = [(1 - beta) / (1 - beta**count) if count else 0.0 for count in counts_K]
    present = sum(count > 0 for count in counts_K)
    return tuple(weight * present / sum(raw) for weight in raw)


CLASS_WEIGHTS: dict[str, Callable[[Sequence[int], ClassificationParams], Floats | None]] = {
    "none": _no_weights,
    "inverse": _inverse,
    "effective_number": _effective_number,
}
"""Name -> (training faces per class, params) -> weight of each class; 0 if it has no face."""


@dataclass(frozen=True, slots=True)
class ClassificationLoss:
    """The loss with its parts chosen: (logits (B, K), target) -> scalar, a mean over faces.

    A face counts by the weight of its class whatever else is in its batch, so accumulation and
    several ranks change nothing. (torch's cross_entropy divides by the batch's sum of weights.)

    Attributes:
        params: [train.classification].
        weights_K: of the classes; None: all alike.
        log_prior_K: log of each class's share of the training faces.
    """

    params: ClassificationParams
    weights_K: Floats | None
    log_prior_K: Floats

    def __call__(self, logits_BK: Tensor, target: Tensor) -> Tensor:
        """Return the loss; half-precision logits are taken in single precision."""
        return LOSS_KINDS[self.params.loss](self, logits_BK.float(), target)

    def shares(self, logits_BK: Tensor, target: Tensor) -> Tensor:
        """Return a target as shares: (B, K)."""
        if target.dim() == 1:
            target = F.one_hot(target, logits_BK.shape[1])
        return target.to(logits_BK.dtype)

    def weights(self, logits_BK: Tensor) -> Tensor | None:
        """Return the weights of the classes on the logits' device; None: all alike."""
        return None if self.weights_K is None else constant(self.weights_K, logits_BK.device)


def cross_entropy_kind(loss: ClassificationLoss, logits_BK: Tensor, target: Tensor) -> Tensor:
    """Minus the log-probability of the label.

    Label smoothing gives every class the share `label_smoothing` / K. Source: Szegedy et al.,
    Rethinking the Inception Architecture for Computer Vision, CVPR 2016, which uses 0.1.
    """
    smoothing = loss.params.label_smoothing
    if loss.weights_K is None:
        return F.cross_entropy(logits_BK, target, label_smoothing=smoothing)
    shares_BK, weights_K = loss.shares(logits_BK, target), loss.weights(logits_BK)
    return F.cross_entropy(logits_BK, shares_BK, weights_K, label_smoothing=smoothing)


def focal_kind(loss: ClassificationLoss, logits_BK: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy times (1 - p) ** gamma: faces that are recognised already count less.

    Class weights are the paper's alpha. Shares, mixed or smoothed, are treated class by class.

    Source: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, which uses gamma 2.
    """
    count, smoothing = logits_BK.shape[1], loss.params.label_smoothing
    shares_BK = (1 - smoothing) * loss.shares(logits_BK, target) + smoothing / count
    weights_K, logs_BK = loss.weights(logits_BK), logits_BK.log_softmax(dim=1)
    missing_BK = (-torch.expm1(logs_BK)).clamp(min=_LEAST)  # at 0 a root has no gradient
    losses_BK = -shares_BK * missing_BK**loss.params.focal_gamma * logs_BK
    return (losses_BK if weights_K is None else losses_BK * weights_K).sum(dim=1).mean()


def logit_adjusted_kind(loss: ClassificationLoss, logits_BK: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the logits plus tau times the log of each class's share in training.

    Frequent classes have to win by a margin, so the bare logits, which predict, suit balanced
    accuracy. Source: Menon et al., Long-Tail Learning via Logit Adjustment, ICLR 2021, which uses
    tau 1.
    """
    prior_K = constant(loss.log_prior_K, logits_BK.device)
    return cross_entropy_kind(loss, logits_BK + loss.params.logit_tau * prior_K, target)


LOSS_KINDS: dict[str, Callable[[ClassificationLoss, Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy_kind,
    "focal": focal_kind,
    "logit_adjusted": logit_adjusted_kind,
}
"""Name -> (the loss's numbers, logits (B, K), target) -> scalar."""


def classification_loss(
    params: ClassificationParams, counts_K: Sequence[int]
) -> ClassificationLoss:
    """Return the classification loss of a run.

    Args:
        params: [train.classification].
        counts_K: training faces per class; labels that a method changes later do not change them.

    Raises:
        UsageError: if a name is not known.
    """
    pick(LOSS_KINDS, params.loss, "classification loss")
    weights_K = pick(CLASS_WEIGHTS, params.class_weights, "class weights")(counts_K, params)
    total = sum(counts_K)
    # A class without a face: as if it had one, for its logarithm.
    log_prior_K = tuple(math.log(max(count, 1) / total) for count in counts_K)
    return ClassificationLoss(params, weights_K, log_prior_K)
