import numpy as np
import pytest
import torch

from train.methods.black_box import BLACK_BOX_METHODS, masked_probabilities, occlusion, rise
from train.options import BLACK_BOX_NAMES, OcclusionOptions, RiseOptions

SIDE = 32
CLASSES = torch.tensor([0, 1])


def quarters(images_B3SS):
    """Class 0 is the brightness of the upper left quarter, class 1 that of the lower right."""
    half = SIDE // 2
    first = images_B3SS[:, :, :half, :half].mean(dim=(1, 2, 3))
    second = images_B3SS[:, :, half:, half:].mean(dim=(1, 2, 3))
    return torch.stack([first, second, 1 - first - second], dim=1)


@pytest.fixture
def pictures():
    """Two pictures with a bright spot in each of the two quarters; blurred, they are darker."""
    images = torch.zeros(2, 3, SIDE, SIDE)
    images[:, :, 4:12, 4:12] = 1
    images[:, :, 20:28, 20:28] = 1
    return images


OPTIONS = {
    "occlusion": OcclusionOptions(cells=8, patch=2),
    "rise": RiseOptions(masks=400, cells=6, shown=0.5, seed=0),
}


def test_every_method_has_options_and_a_name():
    assert tuple(BLACK_BOX_METHODS) == BLACK_BOX_NAMES == tuple(OPTIONS)


@pytest.mark.parametrize("name", BLACK_BOX_METHODS)
def test_the_place_that_the_class_depends_on_is_the_highest(name, pictures):
    maps = BLACK_BOX_METHODS[name](OPTIONS[name]).method(quarters, pictures, CLASSES).maps_Bhw
    rows = maps.shape[-1]
    peaks = [divmod(int(one.argmax()), rows) for one in maps]
    assert all(max(peak) < rows / 2 for peak in peaks[:1])
    assert all(min(peak) >= rows / 2 for peak in peaks[1:])


@pytest.mark.parametrize("name", BLACK_BOX_METHODS)
def test_the_order_of_faces_and_the_batch_do_not_matter(name, pictures):
    method = BLACK_BOX_METHODS[name](OPTIONS[name]).method
    pictures[1] *= 0.5
    together = method(quarters, pictures, CLASSES).maps_Bhw
    alone = method(quarters, pictures[1:], CLASSES[1:]).maps_Bhw
    swapped = method(quarters, pictures.flip(0), CLASSES.flip(0)).maps_Bhw
    torch.testing.assert_close(together[1:], alone, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(together, swapped.flip(0), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", BLACK_BOX_METHODS)
def test_a_method_says_how_often_it_asks_the_model(name, pictures):
    asked = []

    def counted(images_B3SS):
        asked.append(len(images_B3SS))
        return quarters(images_B3SS)

    box = BLACK_BOX_METHODS[name](OPTIONS[name])
    box.method(counted, pictures, CLASSES)
    assert sum(asked) == box.passes * len(pictures)
    assert max(asked) <= 64


def test_occlusion_of_single_cells_is_the_loss_of_each():
    images = torch.zeros(1, 3, SIDE, SIDE)
    images[:, :, :8, :8] = 1  # one cell of 4 x 4
    box = occlusion(OcclusionOptions(cells=4, patch=1))
    found = box.method(quarters, images, torch.tensor([0])).maps_Bhw[0]
    whole = 8 * 8 / 16**2
    blurred = found[0, 0].item()
    assert 0.5 * whole < blurred <= whole  # the blurred picture keeps a little of it
    assert found.flatten()[1:].abs().max() < 0.5 * blurred


def test_a_patch_larger_than_the_picture_hides_all_of_it():
    box = occlusion(OcclusionOptions(cells=3, patch=5))
    images = torch.rand(1, 3, SIDE, SIDE)
    found = box.method(quarters, images, torch.tensor([0])).maps_Bhw
    assert box.passes == 2
    assert found.unique().numel() == 1


def test_rise_is_the_same_for_a_seed_and_another_for_the_next(pictures):
    first, again, other = (
        rise(RiseOptions(masks=50, cells=6, shown=0.5, seed=seed)).method(
            quarters, pictures, CLASSES
        )
        for seed in (1, 1, 2)
    )
    assert torch.equal(first.maps_Bhw, again.maps_Bhw)
    assert not torch.allclose(first.maps_Bhw, other.maps_Bhw)


def test_more_masks_make_the_parts_of_rise_agree(pictures):
    def spread(masks):
        options = RiseOptions(masks=masks, cells=6, shown=0.5, seed=0)
        found = rise(options).method(quarters, pictures, CLASSES)
        return (found.parts_GBhw.std(dim=0) / found.maps_Bhw.std()).mean().item()

    assert spread(2000) < 0.5 * spread(100)


def test_a_mask_of_one_shows_the_picture_and_of_zero_the_fill():
    images, fill = torch.rand(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    kept = torch.stack([torch.ones(4, 4), torch.zeros(4, 4)])[None]
    (found,) = masked_probabilities(
        lambda seen: seen.mean(dim=(2, 3)), images, fill, lambda a, b, side: kept[:, a:b], 2
    )
    np.testing.assert_allclose(found[0, 0], images.mean(dim=(2, 3))[0], rtol=1e-5)
    assert not found[0, 1].any()
