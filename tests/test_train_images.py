import pytest
import torch

from train.images import (
    INPUTS,
    MEAN,
    STD,
    eval_images,
    minmax_normalize,
    normalize_images,
    renormalize,
    resize_images,
)


def test_a_stored_image_becomes_channels_first_in_the_unit_range():
    images = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    assert resize_images(images, 1)[0, :, 0, 0].tolist() == pytest.approx([0, 0.2, 1])


def test_the_mean_colour_of_imagenet_is_zero_and_one_deviation_above_it_is_one():
    images = torch.tensor([MEAN, [m + s for m, s in zip(MEAN, STD, strict=True)]])
    found = normalize_images(images[:, :, None, None])
    torch.testing.assert_close(found[:, :, 0, 0], torch.tensor([[0.0] * 3, [1.0] * 3]))


def test_an_evaluated_image_is_resized_and_then_normalised():
    images = torch.randint(0, 256, (2, 8, 8, 3), dtype=torch.uint8)
    assert torch.equal(eval_images(images, 4), normalize_images(resize_images(images, 4)))
    assert eval_images(images, 4).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", INPUTS)
def test_another_normalisation_is_that_of_the_picture_itself(name):
    mean, std = (torch.tensor(one).view(1, 3, 1, 1) for one in INPUTS[name])
    images = torch.rand(2, 3, 4, 4)
    found = renormalize(normalize_images(images), name)
    torch.testing.assert_close(found, (images - mean) / std, rtol=1e-5, atol=1e-4)


def test_a_map_is_scaled_to_the_unit_range_and_a_constant_one_is_zero():
    maps = torch.tensor([[[1.0, 2.0], [3.0, 5.0]], [[7.0, 7.0], [7.0, 7.0]]])
    expected = torch.tensor([[[0.0, 0.25], [0.5, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
    torch.testing.assert_close(minmax_normalize(maps), expected)
