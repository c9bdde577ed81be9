from itertools import permutations

import pytest
import torch
from torchvision.transforms.v2 import functional as published

from train.data.colour_jitter import jitter_colours

NONE = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
ORDER = torch.arange(4)[None]
LIKE_PUBLISHED = (
    published.adjust_brightness,
    published.adjust_contrast,
    published.adjust_saturation,
)


def images(count=1):
    """Colours from which no step leaves [0, 1], so that nothing is clipped on the way."""
    rng = torch.Generator().manual_seed(0)
    return 0.4 + 0.2 * torch.rand(count, 3, 6, 5, generator=rng)


def factors(**changes):
    place = {"brightness": 0, "contrast": 1, "saturation": 2, "hue": 3}
    found = NONE.clone()
    for name, value in changes.items():
        found[0, place[name]] = value
    return found


def test_nothing_asked_is_nothing_done():
    torch.testing.assert_close(jitter_colours(images(), torch.zeros(1), NONE, ORDER), images())


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_brightness_contrast_and_saturation_are_the_published_ones_in_any_order(order):
    chosen = (1.2, 0.7, 1.3, 0.0)
    expected = images()
    for step in order:
        if step < 3:
            expected = LIKE_PUBLISHED[step](expected, chosen[step])
    found = jitter_colours(images(), torch.zeros(1), torch.tensor([chosen]), torch.tensor([order]))
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=0)  # torchvision rounds luma


def test_grey_is_the_published_one():
    found = jitter_colours(images(), torch.ones(1), NONE, ORDER)
    torch.testing.assert_close(found, published.rgb_to_grayscale(images(), 3), atol=2e-4, rtol=0)


@pytest.mark.parametrize("share", [-0.1, 0.05, 0.1])
def test_hue_turns_chroma_as_the_published_one_does(share):
    def chroma(some):
        return some - some.mean(dim=1, keepdim=True)

    found = jitter_colours(images(), torch.zeros(1), factors(hue=share), ORDER)
    expected = published.adjust_hue(images(), share)
    before, one, other = (chroma(some) for some in (images(), found, expected))
    changes = (one - before).flatten(1), (other - before).flatten(1)
    assert torch.nn.functional.cosine_similarity(*changes) > 0.8


def test_a_third_of_the_circle_swaps_the_colours():
    found = jitter_colours(images(), torch.zeros(1), factors(hue=1 / 3), ORDER)
    torch.testing.assert_close(found, images()[:, [2, 0, 1]])


def test_every_picture_has_its_own_steps():
    both = torch.cat([factors(brightness=0.5), factors(contrast=0.5)])
    found = jitter_colours(images(2), torch.tensor([0.0, 1.0]), both, ORDER.expand(2, 4))
    alone = [
        jitter_colours(
            images(2)[place : place + 1], torch.tensor([grey]), both[place : place + 1], ORDER
        )
        for place, grey in enumerate((0.0, 1.0))
    ]
    torch.testing.assert_close(found, torch.cat(alone))


def test_what_leaves_the_range_is_clipped():
    found = jitter_colours(torch.ones(1, 3, 2, 2), torch.zeros(1), factors(brightness=1.4), ORDER)
    torch.testing.assert_close(found, torch.ones(1, 3, 2, 2))
