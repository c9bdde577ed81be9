import numpy as np
import pytest
import torch

from errors import UsageError
from train.methods.terms import (
    ATTENTIONS,
    RESIZES,
    SIMILARITIES,
    alignment,
    cosine_distance,
    published_resize,
)
from train.params import AlignmentParams
from train.records import Batch, Forward


@pytest.fixture(scope="module")
def golden(golden_folder):
    return {
        name: torch.from_numpy(value)
        for name, value in np.load(golden_folder / "alignment_loss.npz").items()
    }


def params(**changes):
    values = {
        "heatmap": "au",
        "layers": (5,),
        "weight": 9.0,
        "attention": "mean",
        "similarity": "cosine",
        "resize": "published",
    }
    return AlignmentParams(**{**values, **changes})


def batch(maps):
    valid = torch.isfinite(maps).flatten(1).all(dim=1)
    return Batch(torch.zeros(0), torch.zeros(0), torch.where(maps.isfinite(), maps, 0.0), valid)


def features(golden):
    return tuple(golden[f"feat{layer}"].clone().requires_grad_() for layer in range(1, 6))


@pytest.mark.parametrize(
    ("tag", "heatmap", "changes"),
    [
        ("published", "heatmap", {}),
        ("avg", "heatmap", {}),
        ("published_invalid", "heatmap_with_invalid", {}),
        ("layers_5_4", "heatmap", {"layers": (5, 4)}),
        ("layers_1to5", "heatmap", {"layers": (1, 2, 3, 4, 5)}),
        ("lambda1", "heatmap", {"weight": 1.0}),
    ],
)
def test_loss_and_gradients_equal_the_published_ones(golden, tag, heatmap, changes):
    levels = features(golden)
    loss = alignment(params(**changes))(Forward(torch.zeros(0), levels), batch(golden[heatmap]))
    assert loss.item() == pytest.approx(golden[f"loss_{tag}"].item(), abs=1e-5)
    loss.backward()
    for layer in params(**changes).layers:
        torch.testing.assert_close(
            levels[layer - 1].grad, golden[f"grad_{tag}_feat{layer}"], atol=1e-7, rtol=1e-4
        )


def test_the_loss_of_real_maps_equals_the_published_one(golden):
    levels = (golden["real_att"],)
    loss = alignment(params(layers=(1,)))(
        Forward(torch.zeros(0), levels), batch(golden["real_heatmap"])
    )
    assert loss.item() == pytest.approx(golden["loss_real"].item(), abs=1e-5)


def test_the_published_resize_gives_the_published_maps(golden):
    resized = published_resize(golden["real_heatmap"], (28, 28))
    torch.testing.assert_close(resized, golden["real_heatmap_28"], atol=1e-6, rtol=0)


def test_without_a_defined_map_the_loss_and_its_gradient_are_zero(golden):
    levels = features(golden)
    nowhere = torch.full_like(golden["heatmap"], torch.inf)
    loss = alignment(params())(Forward(torch.zeros(0), levels), batch(nowhere))
    loss.backward()
    assert loss.item() == golden["loss_published_all_invalid"].item() == 0
    assert not levels[4].grad.any()


def test_a_face_without_a_map_does_not_count():
    feature = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    maps = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    both = Batch(torch.zeros(0), torch.zeros(0), maps, torch.tensor([True, False]))
    one = Batch(torch.zeros(0), torch.zeros(0), maps[:1], torch.tensor([True]))
    term = alignment(params(layers=(1,)))
    torch.testing.assert_close(
        term(Forward(torch.zeros(0), (feature,)), both),
        term(Forward(torch.zeros(0), (feature[:1],)), one),
    )


def test_maps_that_agree_cost_nothing_and_opposite_ones_two():
    maps = torch.tensor([[[0.0, 1.0], [2.0, 0.0]]])
    assert cosine_distance(3 * maps, maps).item() == pytest.approx(0, abs=1e-6)
    assert cosine_distance(-maps, maps).item() == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize("name", RESIZES)
def test_resizing_keeps_a_flat_map_flat(name):
    resized = RESIZES[name](torch.full((1, 1, 8, 8), 0.5), (3, 3))
    torch.testing.assert_close(resized, torch.full((1, 1, 3, 3), 0.5))


@pytest.mark.parametrize(
    ("part", "known"),
    [("attention", ATTENTIONS), ("similarity", SIMILARITIES), ("resize", RESIZES)],
)
def test_an_unknown_part_names_the_known_ones(part, known):
    with pytest.raises(UsageError, match="known: " + ", ".join(sorted(known))):
        alignment(params(**{part: "nonsense"}))
