"""Which patches of a face are covered: the family DETECTORS.

Each gives a score per patch, higher where it is stranger; which score is too high is decided on
held-out bare faces, in train.occlusion.patches.

Shapes: N faces, P = 196 patches, D numbers per patch (latent or pixels), E of an embedding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from anatomy.patches import PATCHES, PatchStatistics, patch_pixels
from anatomy.patches import PIXELS as PIXELS_PER_SIDE
from train.occlusion.params import PatchesParams

PIXELS, LATENTS = "pixels", "latents"
"""What a detector looks at."""
PIXEL_NUMBERS = 3 * PIXELS_PER_SIDE**2
"""D of a patch that is seen as pixels."""
_EMBEDDINGS = (128, 64)
_SLOPE = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What detectors learn from.

    Attributes:
        bare_NPD: patches of bare faces.
        covered_NPD: those of faces behind things of known kinds; for classifiers.
        masks_NP: which of these are covered, 0 or 1.
    """

    bare_NPD: Tensor
    covered_NPD: Tensor
    masks_NP: Tensor


class Mahalanobis(nn.Module):
    """Distance from what is usual at the patch's place, in units of how it varies there."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.mean_PD: Tensor
        self.whitening_PDD: Tensor
        self.register_buffer("mean_PD", torch.zeros(PATCHES, numbers))
        self.register_buffer("whitening_PDD", torch.zeros(PATCHES, numbers, numbers))

    def learn(self, evidence: Evidence, params: PatchesParams) -> list[float]:
        """Estimate mean and covariance at every place; there are no losses."""
        found = PatchStatistics.fit(evidence.bare_NPD.cpu().numpy())
        self.mean_PD.copy_(torch.from_numpy(found.mean_PD))
        self.whitening_PDD.copy_(torch.from_numpy(found.whitening_PDD))
        return []

    def forward(self, patches_NPD: Tensor) -> Tensor:
        """Return scores (N, P)."""
        centred = patches_NPD - self.mean_PD
        white = torch.einsum("npd,pde->npe", centred, self.whitening_PDD)
        return white.square().mean(dim=2).sqrt()


class DeepSVDD(nn.Module):
    """Distance from the centre of an embedding that draws bare patches together.

    No layer has a bias, or the embedding could become constant.
    Source: Ruff et al., Deep One-Class Classification, ICML 2018; used on latents by Lee et al.,
    Latent-OFER, ICCV 2023.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        first, second = _EMBEDDINGS
        self.embed = nn.Sequential(
            nn.Linear(numbers, first, bias=False),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(first, second, bias=False),
        )
        self.centre_E: Tensor
        self.register_buffer("centre_E", torch.zeros(second))

    def learn(self, evidence: Evidence, params: PatchesParams) -> list[float]:
        """Fix the centre as the mean of a first pass, then draw patches to it."""
        flat_ND = evidence.bare_NPD.flatten(0, 1)
        with torch.no_grad():
            self.centre_E.copy_(self.embed(flat_ND).mean(dim=0))

        def loss(chosen_B: Tensor) -> Tensor:
            return svdd_loss(self.embed(flat_ND[chosen_B]), self.centre_E)

        return _descend(self, loss, len(flat_ND), params)

    def forward(self, patches_NPD: Tensor) -> Tensor:
        """Return scores (N, P): distances, not squared."""
        squared: Tensor = (self.embed(patches_NPD) - self.centre_E).square().sum(dim=2)
        return squared.sqrt()


def svdd_loss(embedded_BE: Tensor, centre_E: Tensor) -> Tensor:
    """Return the mean squared distance from the centre; weight decay is the optimiser's."""
    return (embedded_BE - centre_E).square().sum(dim=1).mean()


class PatchClassifier(nn.Module):
    """Two layers that learnt what covered patches look like, from drawn things of some kinds.

    The paper has none; on small data the trials found it better than its SVDD.
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(numbers, _EMBEDDINGS[0]), nn.GELU(), nn.Linear(_EMBEDDINGS[0], 1)
        )

    def learn(self, evidence: Evidence, params: PatchesParams) -> list[float]:
        """Learn to tell covered patches from the others of the same faces and of bare ones."""
        everything = torch.cat([evidence.covered_NPD, evidence.bare_NPD]).flatten(0, 1)
        bare = torch.zeros(evidence.bare_NPD.shape[:2], device=everything.device)
        covered_N = torch.cat([evidence.masks_NP.float(), bare]).flatten()
        rare = (len(covered_N) - covered_N.sum()) / covered_N.sum().clamp(min=1)

        def loss(chosen_B: Tensor) -> Tensor:
            logits_B = self.layers(everything[chosen_B])[:, 0]
            return F.binary_cross_entropy_with_logits(
                logits_B, covered_N[chosen_B], pos_weight=rare
            )

        return _descend(self, loss, len(everything), params)

    def forward(self, patches_NPD: Tensor) -> Tensor:
        """Return scores (N, P): logits."""
        scores: Tensor = self.layers(patches_NPD)[..., 0]
        return scores


Detector = Mahalanobis | DeepSVDD | PatchClassifier


@dataclass(frozen=True, slots=True)
class DetectorKind:
    """A way to find covered patches.

    Attributes:
        looks_at: PIXELS or LATENTS.
        make: numbers per patch -> untrained detector.
    """

    looks_at: str
    make: Callable[[int], Detector]


DETECTORS: dict[str, DetectorKind] = {
    "pixels": DetectorKind(PIXELS, Mahalanobis),
    "mahalanobis": DetectorKind(LATENTS, Mahalanobis),
    "svdd": DetectorKind(LATENTS, DeepSVDD),
    "classifier": DetectorKind(LATENTS, PatchClassifier),
}
"""Name -> kind. `pixels` needs no network: it is the floor that the others are compared with."""


def pixel_patches(images_NSS3: NDArray[np.uint8]) -> Tensor:
    """Return patches of stored faces as pixels: (N, P, D)."""
    return torch.from_numpy(patch_pixels(images_NSS3))


def _descend(
    model: nn.Module, loss: Callable[[Tensor], Tensor], count: int, params: PatchesParams
) -> list[float]:
    """Minimise a loss over random patches with Adam; return its mean per epoch.

    Args:
        model: whose weights.
        loss: of chosen patches.
        count: patches in all.
        params: epochs, batch, lr, weight_decay, seed.
    """
    device = next(model.parameters()).device
    rng = torch.Generator().manual_seed(params.seed)
    optimiser = torch.optim.Adam(model.parameters(), params.lr, weight_decay=params.weight_decay)
    means = []
    for _ in range(params.epochs):
        losses = []
        for chosen_B in torch.split(torch.randperm(count, generator=rng), params.batch):
            value = loss(chosen_B.to(device))
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(value)
            optimiser.step()
            losses.append(float(value.detach()))
        means.append(float(np.mean(losses)))
    return means
