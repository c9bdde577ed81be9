"""Detectors of covered patches, on made-up latents."""

from typing import get_args

import pytest
import torch

from anatomy.patches import PATCHES, PatchStatistics
from measures.detection import auroc
from tests.occlusion import PATCH_PARAMS
from train.occlusion.detectors import (
    DETECTORS,
    DeepSVDD,
    Evidence,
    Mahalanobis,
    svdd_loss,
)
from train.occlusion.params import DetectorName


@pytest.fixture(scope="module")
def evidence():
    """Faces whose covered patches lie elsewhere, in a direction that all kinds share a little."""
    rng = torch.Generator().manual_seed(0)
    bare = torch.randn((40, PATCHES, 6), generator=rng) * torch.tensor([1.0, 2, 1, 1, 0.2, 1])
    covered = torch.randn((40, PATCHES, 6), generator=rng) * torch.tensor([1.0, 2, 1, 1, 0.2, 1])
    masks = torch.rand((40, PATCHES), generator=rng) < 0.3
    covered[masks] += torch.tensor([0.0, 0, 0, 0, 3, 3])
    return Evidence(bare, covered, masks.to(torch.uint8))


def test_the_family_is_what_may_be_named():
    assert set(DETECTORS) == set(get_args(DetectorName))


@pytest.mark.parametrize("name", DETECTORS)
def test_covered_patches_have_higher_scores(name, evidence):
    torch.manual_seed(0)
    detector = DETECTORS[name].make(6)
    detector.learn(evidence, PATCH_PARAMS)
    with torch.no_grad():
        scores = detector(evidence.covered_NPD)
    assert scores.shape == (40, PATCHES)
    found = auroc(scores.flatten().numpy(), evidence.masks_NP.flatten().numpy() == 1)
    assert found > {"svdd": 0.6}.get(name, 0.9)


@pytest.mark.parametrize("name", ["svdd", "classifier"])
def test_the_loss_falls(name, evidence):
    torch.manual_seed(0)
    losses = DETECTORS[name].make(6).learn(evidence, PATCH_PARAMS)
    assert losses[-1] < 0.8 * losses[0]


def test_the_distance_is_that_of_the_patch_statistics(evidence):
    detector = Mahalanobis(6)
    detector.learn(evidence, PATCH_PARAMS)
    bare = evidence.bare_NPD.numpy()
    expected = PatchStatistics.fit(bare).distances(bare)
    torch.testing.assert_close(detector(evidence.bare_NPD), torch.from_numpy(expected))


def test_the_loss_of_svdd_by_hand():
    embedded = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    assert float(svdd_loss(embedded, torch.tensor([1.0, 0.0]))) == pytest.approx((4 + 1) / 2)


def test_the_centre_is_the_mean_of_the_first_pass_and_stays(evidence):
    torch.manual_seed(0)
    detector = DeepSVDD(6)
    with torch.no_grad():
        expected = detector.embed(evidence.bare_NPD.flatten(0, 1)).mean(dim=0)
    detector.learn(evidence, PATCH_PARAMS)
    torch.testing.assert_close(detector.centre_E, expected)
    assert not any("bias" in name for name, _ in detector.named_parameters())
