import numpy as np
import pytest
import torch

from train.evaluation.region_importance import FILLS, region_drops

SIDE = 32


def corner(images_B3SS):
    """Class 0 is the brightness of the upper left quarter."""
    first = images_B3SS[:, :, : SIDE // 2, : SIDE // 2].mean(dim=(1, 2, 3))
    return torch.stack([first, 1 - first], dim=1)


@pytest.fixture
def regions():
    """Two faces; the first region is the corner, the second lies opposite and one face lacks it."""
    masks = torch.zeros(2, 2, 16, 16)
    masks[:, 0, :8, :8] = 1
    masks[0, 1, 8:, 8:] = 1
    return masks, torch.tensor([[True, True], [True, False]])


def drops(regions, seeds, images=None):
    images = torch.ones(2, 3, SIDE, SIDE) if images is None else images
    masks, present = regions
    return region_drops(
        corner, images, torch.zeros_like(images), (masks, present), torch.tensor([0, 0]), seeds
    )


def test_hiding_what_the_answer_depends_on_costs_all_of_it_and_the_rest_nothing(regions):
    found = drops(regions, np.array([3, 4]))
    np.testing.assert_allclose(found.drop_BU[:, 0], 1, atol=0.1)  # the rim is soft
    assert abs(found.drop_BU[0, 1]) < 0.01
    assert np.isnan(found.drop_BU[1, 1])
    assert np.isnan(found.elsewhere_BU[1, 1])
    np.testing.assert_allclose(found.area_BU[0], 0.25)


def test_elsewhere_costs_what_a_hole_at_random_costs(regions):
    masks, present = (one[:1].expand(200, *one.shape[1:]) for one in regions)
    found = region_drops(
        corner,
        torch.ones(200, 3, SIDE, SIDE),
        torch.zeros(200, 3, SIDE, SIDE),
        (masks, present),
        torch.zeros(200, dtype=torch.long),
        np.arange(200),
    )
    # A square of half the side, anywhere: the mean overlap with the corner, along each axis.
    starts = np.arange(9)
    overlap = (np.maximum(8 - starts, 0) / 8).mean() ** 2
    assert found.elsewhere_BU[:, 0].mean() == pytest.approx(overlap, abs=0.05)
    assert found.elsewhere_BU[:, 0].std() > 0.1


def test_a_face_is_measured_alike_in_every_batch(regions):
    both = drops(regions, np.array([3, 4]))
    masks, present = regions
    images = torch.ones(1, 3, SIDE, SIDE)
    second = region_drops(
        corner,
        images,
        torch.zeros_like(images),
        (masks[1:], present[1:]),
        torch.tensor([0]),
        np.array([4]),
    )
    np.testing.assert_allclose(both.elsewhere_BU[1], second.elsewhere_BU[0])


def test_the_mean_face_is_the_same_for_all_and_the_blur_is_each_face_s_own():
    images, mean = torch.rand(2, 3, SIDE, SIDE), torch.rand(1, 3, SIDE, SIDE)
    filled = {name: fill(images, mean) for name, fill in FILLS.items()}
    assert {name: one.shape for name, one in filled.items()} == dict.fromkeys(FILLS, images.shape)
    assert torch.equal(filled["mean_face"][0], filled["mean_face"][1])
    assert not torch.equal(filled["blur"][0], filled["blur"][1])
