from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from errors import UsageError
from tests.networks import scratch
from train.methods import METHODS
from train.methods.model import build_losses, build_model, build_strategy
from train.methods.pal import (
    CHANNELS,
    HEATMAP_SCALES,
    KINDS,
    MOMENTS,
    SCORES,
    TARGETS,
    attribution,
    landmark_heatmap,
    stored_heatmap,
)
from train.options import AttributionParams
from train.records import Batch, Forward
from validation import checked

OPTIONS = {
    "weight": 1.0,
    "layer": 1,
    "kind": "grad_input",
    "score": "abs_sum",
    "strategy": "mean",
    "moments": "mean",
    "reduction": "sum",
    "heatmap": "landmarks",
    "heatmap_scale": "one",
    "sigma_px": 3.0,
}


def options(values):
    return checked(AttributionParams, values, "losses.attribution")


NAMES = {
    "kind": {"grad": "grad", "gradinput": "grad_input"},
    "score": {"sum": "sum", "abs": "abs_sum"},
}


@pytest.fixture(scope="module")
def golden(golden_losses):
    return {
        name.removeprefix("pal/"): value
        for name, value in golden_losses.items()
        if name.startswith(("pal/", "scalar/pal/"))
    }


def edges(points_xy):
    """Pixel centres at integers on a canvas of 112 -> the picture's edges at -1 and 1."""
    return (points_xy + 0.5) / 56 - 1


def small_network(golden):
    """Logits = W2 tanh(W1 feature), twice differentiable."""
    feature = golden["feat"].clone().requires_grad_()
    first = golden["W1"].clone().requires_grad_()
    logits = torch.tanh(feature.flatten(1) @ first.T) @ golden["W2"].T
    return Forward(logits, (feature,)), first


def batch_of(golden, labels=(0, 1, 2), valid=True):
    faces = len(labels)
    points = edges(golden["landmarks_xy"])[:faces]
    return Batch(
        torch.zeros(faces, 3, 1, 1, dtype=torch.float64),
        torch.tensor(labels),
        (golden["heatmap7"][:faces, None],),
        torch.full((faces,), valid),
        torch.Generator(),
        points_B682=points,
    )


def test_the_landmark_heatmap_is_the_golden_one(golden):
    points = edges(golden["landmarks_xy"])
    whole, averaged = (
        HEATMAP_SCALES["one"](landmark_heatmap(points, (side, side), 3.0)) for side in (112, 7)
    )
    torch.testing.assert_close(whole, golden["heatmap112"], atol=1e-12, rtol=1e-9)
    torch.testing.assert_close(averaged, golden["heatmap7"], atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("strategy", CHANNELS)
@pytest.mark.parametrize("score", NAMES["score"])
@pytest.mark.parametrize("kind", NAMES["kind"])
def test_the_loss_is_the_golden_one(golden, kind, score, strategy):
    chosen = {"kind": NAMES["kind"][kind], "score": NAMES["score"][score], "strategy": strategy}
    loss = attribution(options({**OPTIONS, **chosen}))
    found = loss.function(small_network(golden)[0], batch_of(golden))
    expected = golden[f"per_sample_{kind}_{score}_{strategy}"].mean()
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-8)


def test_the_second_order_gradients_are_the_golden_ones(golden):
    forward, first = small_network(golden)
    attribution(options({**OPTIONS, "strategy": "half"})).function(
        forward, batch_of(golden)
    ).backward()
    for found, name in ((forward.features[0].grad, "feat"), (first.grad, "W1")):
        expected = golden[f"grad_{name}_gradinput_abs_half"]
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-7)


def test_with_the_stored_map_at_the_levels_size_it_is_the_same_loss(golden):
    forward, batch = small_network(golden)[0], batch_of(golden)
    drawn, stored = (
        attribution(options({**OPTIONS, "heatmap": name})).function(forward, batch)
        for name in TARGETS
    )
    torch.testing.assert_close(drawn, stored)


def test_a_stored_map_of_the_levels_size_is_taken_before_others(golden):
    batch = batch_of(golden)
    own = 0.25 * golden["heatmap7"][:, None]
    batch = replace(batch, maps=(torch.rand(3, 1, 4, 4, dtype=torch.float64), own))
    torch.testing.assert_close(stored_heatmap(batch, (7, 7)), own[:, 0])
    torch.testing.assert_close(HEATMAP_SCALES["one"](own[:, 0]), golden["heatmap7"])


def test_without_a_scale_the_loss_grows_with_the_heatmap(golden):
    forward, batch = small_network(golden)[0], batch_of(golden)
    half = replace(batch, maps=(0.5 * golden["heatmap7"][:, None],))
    loss = attribution(options({**OPTIONS, "heatmap": "stored", "heatmap_scale": "none"})).function
    torch.testing.assert_close(loss(forward, half), 0.5 * loss(forward, batch))


def test_a_landmark_map_has_height_one_per_landmark():
    """Two landmarks at the centre of the canvas's place (55, 55) make two."""
    points = torch.full((1, 68, 2), 5.0)
    points[:, :2] = edges(torch.tensor([55.0, 55.0]))
    assert float(landmark_heatmap(points, (112, 112), 3.0).max()) == pytest.approx(2)


@pytest.mark.parametrize("moments", MOMENTS)
def test_one_summed_map_is_the_mean_of_the_channels(golden, moments):
    forward, batch = small_network(golden)[0], batch_of(golden)
    mean = attribution(options({**OPTIONS, "moments": moments}))
    summed = replace(mean.function, strategy=lambda maps: maps.sum(dim=1, keepdim=True))
    torch.testing.assert_close(summed(forward, batch), mean.function(forward, batch))


def test_moments_that_are_sums_subtract_the_total_and_divide_by_the_root_of_the_squares():
    """Of the map 1, 3: total 4, squares 9 + 1."""
    centre, square = MOMENTS["sum"](torch.tensor([[[1.0, 3.0]]]))
    assert (centre.item(), square.item()) == (4, 10)


def test_a_correlation_of_moments_that_are_sums_is_refused():
    with pytest.raises(UsageError, match=r"losses\.attribution.*pearson is a correlation only"):
        options({**OPTIONS, "moments": "sum", "reduction": "pearson"})


@pytest.mark.parametrize(("heatmap", "level"), [("stored", 3), ("landmarks", None)])
def test_stored_maps_are_asked_for_at_the_layer(heatmap, level):
    assert attribution(options({**OPTIONS, "layer": 3, "heatmap": heatmap})).level == level


def test_mean_and_pearson_are_the_sum_up_to_what_they_divide_by(golden):
    forward, batch = small_network(golden)[0], batch_of(golden, (0,))
    forward = Forward(forward.logits_BK[:1], forward.features)
    sums, means, correlations = (
        attribution(options({**OPTIONS, "strategy": "all", "reduction": name})).function(
            forward, batch
        )
        for name in ("sum", "mean", "pearson")
    )
    spread = golden["heatmap7"][0].std(correction=0)
    torch.testing.assert_close(means, sums / (49 * 6))
    torch.testing.assert_close(correlations, means / spread)
    assert correlations.abs() <= 1


def test_faces_without_landmarks_do_not_count(golden):
    forward, whole = small_network(golden)[0], batch_of(golden)
    whole.points_B682[1:] = torch.nan
    loss = attribution(options(OPTIONS))
    expected = golden["per_sample_gradinput_abs_mean"][0]
    torch.testing.assert_close(loss.function(forward, whole), expected, atol=1e-9, rtol=1e-8)
    assert loss.count(whole) == 1
    whole.points_B682[:] = torch.nan
    assert loss.function(forward, whole) == 0


def test_a_level_without_any_signal_gives_no_gradient_that_is_no_number(golden):
    feature = torch.zeros(3, 6, 7, 7, dtype=torch.float64, requires_grad=True)
    logits = torch.tanh(feature.flatten(1) @ golden["W1"].T) @ golden["W2"].T
    loss = attribution(options(OPTIONS)).function(Forward(logits, (feature,)), batch_of(golden))
    loss.backward()
    assert loss == 0
    assert feature.grad.isfinite().all()


def test_the_true_class_is_that_of_the_label():
    logits = torch.arange(14.0).reshape(2, 7)
    assert SCORES["true_class"](logits, torch.tensor([3, 0])) == 3 + 7


def test_a_softmax_score_is_refused_with_its_reason():
    with pytest.raises(UsageError, match=r"losses.attribution.score: softmax.*gradient.*is zero"):
        attribution(options({**OPTIONS, "score": "softmax"}))


@pytest.fixture
def shipped():
    def load(method, **changes):
        params = (
            scratch()
            .train_of("demo", method)
            .model_copy(
                update={"image_px": 32, **{k: v for k, v in changes.items() if k != "term"}}
            )
        )
        numbers = {**params.losses["attribution"], **changes.get("term", {})}
        return params.model_copy(update={"losses": {"attribution": numbers}})

    return load


def test_a_gradient_that_is_the_same_everywhere_is_refused_before_the_first_step(shipped):
    params = shipped("pal", term={"kind": "grad"})
    check = build_losses(METHODS["pal"], params, [1] * 7)["attribution"].check
    with pytest.raises(UsageError, match="grad at level 5 under a pooled linear layer is the same"):
        check(build_model(METHODS["pal"], params, 7))
    earlier = shipped("pal", term={"kind": "grad", "layer": 4})
    build_losses(METHODS["pal"], earlier, [1] * 7)["attribution"].check(
        build_model(METHODS["pal"], params, 7)
    )


def test_a_fully_connected_head_has_a_gradient_that_differs_by_place(shipped):
    params = shipped("pal_fc", backbone="resnet18", image_px=64)
    torch.manual_seed(0)
    model = build_model(METHODS["pal_fc"], params, 7).eval()
    forward = model(torch.rand(2, 3, 64, 64))
    (gradient,) = torch.autograd.grad(forward.logits_BK.sum(), forward.features[-1])
    assert gradient.std(dim=(2, 3)).max() > 0


def test_a_level_too_small_to_be_halved_is_refused(shipped):
    params = shipped("pal_fc", backbone="resnet18", large_maps=False)
    with pytest.raises(UsageError, match="deepest level, which is 1 x 1 here"):
        build_model(METHODS["pal_fc"], params, 7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_an_early_layer_of_a_transformer_has_a_gradient_of_the_gradient(shipped, layer, kind):
    params = shipped("pal", backbone="deit_mini", term={"layer": layer, "kind": kind})
    torch.manual_seed(0)
    model = build_model(METHODS["pal"], params, 7).train()
    rng = torch.Generator().manual_seed(0)
    points = torch.rand(4, 68, 2, generator=rng) - 0.5
    images, labels = torch.rand(4, 3, 32, 32, generator=rng), torch.arange(4)
    batch = Batch(images, labels, (), torch.ones(4).bool(), rng, points_B682=points)
    forward = build_strategy(METHODS["pal"], params).forward(model, batch)
    build_losses(METHODS["pal"], params, [1] * 7)["attribution"].function(forward, batch).backward()
    embedding = model.backbone.net.patch_embed.proj.weight.grad
    assert embedding.isfinite().all()
    assert embedding.any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_activations_are_attributed_in_single_precision(dtype):
    feature = torch.rand(2, 4, 7, 7, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weights = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    points = torch.rand(2, 68, 2, generator=torch.Generator().manual_seed(2)) - 0.5
    batch = SimpleNamespace(labels_B=torch.tensor([0, 1]), points_B682=points)

    def loss(kind):
        level = feature.to(kind)
        logits = level.mean(dim=(2, 3)) @ weights.to(kind).T
        return attribution(options({**OPTIONS, "reduction": "pearson"})).function(
            Forward(logits, (level,)), batch
        )

    found = loss(dtype)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss(torch.float32), atol=2e-2, rtol=0)
