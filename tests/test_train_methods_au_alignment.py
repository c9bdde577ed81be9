from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from errors import UsageError
from train.methods.au_alignment import (
    ATTENTIONS,
    NORMALISATIONS,
    RESIZES,
    SIMILARITIES,
    alignment,
    barrier,
    half_pixel_resize,
    published_resize,
    target_sizes,
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
        "share": 1.0,
        "normalise": "none",
        "similarity": "cosine",
        "sharpness": 1.0,
        "sharpness_growth": 1.0,
        "resize": "published",
    }
    return AlignmentParams(**{**values, **changes})


def batch(*maps, seed=7):
    valid = torch.isfinite(maps[0]).flatten(1).all(dim=1)
    maps = tuple(torch.where(one.isfinite(), one, 0.0) for one in maps)
    rng = torch.Generator().manual_seed(seed)
    return Batch(torch.zeros(0), torch.zeros(0), maps, valid, rng)


def seen(*levels):
    return Forward(torch.zeros(0), levels)


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
        ("std_cosine", "heatmap", {"similarity": "standardised_cosine"}),
        ("l1", "heatmap", {"similarity": "l1"}),
        ("l2", "heatmap", {"similarity": "l2"}),
        ("kl", "heatmap", {"similarity": "kl"}),
        ("softmax_cosine", "heatmap", {"normalise": "softmax"}),
        ("half_left", "heatmap", {"attention": "left_half"}),
        ("half_right", "heatmap", {"attention": "right_half"}),
        ("fixed_q0.3", "heatmap", {"attention": "fixed_share", "share": 0.3}),
        ("random_p0.5_seed7", "heatmap", {"attention": "random_share", "share": 0.5}),
        ("elb_cosine", "heatmap", {"similarity": "log_barrier"}),
    ],
)
def test_loss_and_gradients_equal_the_published_ones(golden, tag, heatmap, changes):
    levels = features(golden)
    loss = alignment(params(**changes))(seen(*levels), batch(golden[heatmap]))
    assert loss.item() == pytest.approx(golden[f"loss_{tag}"].item(), abs=1e-5)
    loss.backward()
    for layer in params(**changes).layers:
        torch.testing.assert_close(
            levels[layer - 1].grad, golden[f"grad_{tag}_feat{layer}"], atol=1e-7, rtol=1e-4
        )


def test_the_loss_of_real_maps_equals_the_published_one(golden):
    term = alignment(params(layers=(1,)))
    loss = term(seen(golden["real_att"]), batch(golden["real_heatmap"]))
    assert loss.item() == pytest.approx(golden["loss_real"].item(), abs=1e-5)


def test_the_published_resize_gives_the_published_maps(golden):
    resized = published_resize(golden["real_heatmap"], (28, 28))
    torch.testing.assert_close(resized, golden["real_heatmap_28"], atol=1e-6, rtol=0)


@pytest.mark.parametrize(("side", "to"), [(224, 28), (28, 224)])
@pytest.mark.parametrize(
    ("resize", "tag"), [(published_resize, "acTrue"), (half_pixel_resize, "acFalse")]
)
def test_a_ramp_shows_the_geometry_of_a_resize(golden, side, to, resize, tag):
    ramp = torch.arange(side, dtype=torch.float32).expand(1, 1, side, side)
    found = resize(ramp, (to, to))[0, 0, 0]
    expected = golden[f"ramp_{side}to{to}_{tag}"].float()
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def test_without_a_defined_map_the_loss_and_its_gradient_are_zero(golden):
    levels = features(golden)
    nowhere = torch.full_like(golden["heatmap"], torch.inf)
    loss = alignment(params())(seen(*levels), batch(nowhere))
    loss.backward()
    assert loss.item() == golden["loss_published_all_invalid"].item() == 0
    assert not levels[4].grad.any()


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("attention", sorted(set(ATTENTIONS) - {"random_share"}))
def test_a_face_without_a_map_does_not_count(attention, similarity):
    feature = torch.rand(2, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    maps = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    maps[1] = torch.inf
    term = alignment(
        params(layers=(1,), attention=attention, share=0.5, similarity=similarity, sharpness=2)
    )
    torch.testing.assert_close(
        term(seen(feature), batch(maps)), term(seen(feature[:1]), batch(maps[:1]))
    )


@pytest.mark.parametrize("normalise", NORMALISATIONS)
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_a_flat_feature_and_an_empty_map_give_no_nan(similarity, normalise):
    feature = torch.zeros(1, 2, 3, 3, requires_grad=True)
    term = alignment(params(layers=(1,), similarity=similarity, normalise=normalise))
    loss = term(seen(feature), batch(torch.zeros(1, 1, 3, 3)))
    loss.backward()
    assert loss.isfinite()
    assert feature.grad.isfinite().all()


@pytest.mark.parametrize("similarity", ["cosine", "standardised_cosine"])
def test_maps_that_agree_cost_nothing_and_opposite_ones_two(similarity):
    maps = torch.tensor([[[0.0, 1.0], [2.0, 0.0]]])
    maps = maps - maps.mean()
    distance = SIMILARITIES[similarity].distance
    assert distance(3 * maps, maps, 1).item() == pytest.approx(0, abs=1e-6)
    assert distance(-maps, maps, 1).item() == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize("similarity", ["l1", "l2", "kl"])
def test_equal_maps_cost_nothing(similarity):
    maps = torch.rand(2, 3, 3, generator=torch.Generator().manual_seed(0))
    found = SIMILARITIES[similarity].distance(maps, maps, 1)
    torch.testing.assert_close(found, torch.zeros(2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("steps", [0, 100])
def test_the_barrier_equals_the_published_one(golden, steps):
    sharpness = 1.01**steps
    expected = golden["elb_t100_each" if steps else "elb_t1_each"].float()
    torch.testing.assert_close(barrier(golden["elb_x"], sharpness), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_an_attention_averages_channels_in_single_precision(attention):
    feature = torch.full((2, 5, 3, 3), 0.25, dtype=torch.bfloat16)
    rng = torch.Generator().manual_seed(0)
    found = ATTENTIONS[attention](feature, 0.6, rng)
    torch.testing.assert_close(found, torch.full((2, 3, 3), 0.25))


def test_a_random_share_is_drawn_for_every_face_and_step():
    feature = torch.rand(8, 64, 2, 2, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(0)
    first, second = (ATTENTIONS["random_share"](feature, 0.5, rng) for _ in range(2))
    assert (first != second).flatten(1).any(dim=1).all()


def test_a_softmax_of_large_activations_does_not_overflow():
    found = NORMALISATIONS["softmax"](torch.tensor([[[0.0, 60_000.0]]]))
    assert found.tolist() == [[[0.0, 1.0]]]


def test_each_layer_is_compared_with_the_map_of_its_own_size():
    levels = (torch.rand(1, 2, 8, 8), torch.rand(1, 2, 4, 4))
    maps = tuple(level.mean(dim=1, keepdim=True) for level in levels)
    term = alignment(params(layers=(1, 2), resize="half_pixel"))
    assert term(seen(*levels), batch(*maps)).item() == pytest.approx(0, abs=1e-5)
    assert term(seen(*levels), batch(maps[0])).item() > 0.01


def test_targets_are_wanted_at_the_size_of_each_layer():
    levels = [torch.zeros(1, 2, side, side) for side in (28, 14, 14)]
    assert target_sizes((3, 2, 1), "half_pixel", levels, 112) == ((14, 14), (28, 28))


def test_targets_of_the_published_resize_are_wanted_at_the_size_of_the_picture():
    assert target_sizes((1,), "published", [torch.zeros(1, 2, 7, 7)], 112) == ((112, 112),)


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="layers 1 to 1"):
        target_sizes((5,), "published", [torch.zeros(1, 2, 7, 7)], 112)


@pytest.mark.parametrize("name", RESIZES)
def test_resizing_keeps_a_flat_map_flat(name):
    resized = RESIZES[name].resize(torch.full((1, 1, 8, 8), 0.5), (3, 3))
    torch.testing.assert_close(resized, torch.full((1, 1, 3, 3), 0.5))


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("attention", ATTENTIONS),
        ("normalise", NORMALISATIONS),
        ("similarity", SIMILARITIES),
        ("resize", RESIZES),
    ],
)
def test_an_unknown_part_names_the_known_ones(part, known):
    with pytest.raises(ValidationError) as refused:
        params(**{part: "nonsense"})
    (error,) = refused.value.errors()
    assert all(f"'{name}'" in error["msg"] for name in known)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_the_term_never_waits_for_the_device():
    device = torch.device("cuda")
    feature = torch.rand(4, 8, 14, 14, device=device, requires_grad=True)
    given = Batch(
        torch.zeros(0),
        torch.zeros(0),
        (torch.rand(4, 1, 14, 14, device=device),),
        torch.ones(4, dtype=torch.bool, device=device),
        torch.Generator(device).manual_seed(0),
    )
    losses = [
        alignment(params(layers=(1,), attention=attention, similarity=similarity))
        for attention in ATTENTIONS
        for similarity in SIMILARITIES
    ]
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        torch.stack([term(seen(feature), given) for term in losses]).sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode(before)


@pytest.mark.parametrize(("epoch", "sharpness"), [(0, 2.0), (3, 2 * 1.5**3), (40, 10.0)])
def test_the_log_barrier_grows_sharper_with_the_epochs_up_to_ten(golden, epoch, sharpness):
    given = replace(batch(golden["heatmap"]), epoch=epoch)
    growing = alignment(params(similarity="log_barrier", sharpness=2.0, sharpness_growth=1.5))
    fixed = alignment(params(similarity="log_barrier", sharpness=sharpness))
    found, expected = (loss(seen(*features(golden)), given) for loss in (growing, fixed))
    torch.testing.assert_close(found, expected)
