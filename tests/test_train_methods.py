import gc

import pytest
import torch

from tests.networks import scratch
from train.images import minmax_normalize
from train.methods import METHODS
from train.methods.backbones import BACKBONES
from train.methods.cam_methods import CAM_METHODS
from train.methods.heads import HEADS
from train.methods.losses import LOSSES
from train.methods.model import build_losses, build_model, build_strategy
from train.methods.strategies import STRATEGIES
from train.records import Batch

NETWORKS = list(
    {
        (one.head, one.training_strategy, one.losses): name
        for name, one in reversed(METHODS.items())
    }.values()
)
"""One method per network: cam, gradcam, gradcam_pp and layercam differ only in their maps."""

LABELS = torch.tensor([0, 1, 2, 3, 4, 5, 6, 1])


@pytest.fixture(scope="module", params=METHODS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def params(name):
    shipped = scratch().train_of("demo", name)
    return shipped.model_copy(update={"image_px": 32})


@pytest.fixture(scope="module")
def model(name, params):
    torch.manual_seed(0)
    return build_model(METHODS[name], params, 7).eval()


@pytest.fixture
def trainable(model):
    """The same model ready to be trained, and afterwards as it was."""
    state = {key: value.clone() for key, value in model.state_dict().items()}
    yield model.train()
    model.load_state_dict(state)
    model.zero_grad(set_to_none=True)
    model.eval()


def pictures(count=8):
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def explained(name, model, images, classes):
    with torch.no_grad():
        return CAM_METHODS[METHODS[name].cam_method](model, model(images), classes)


def stored_latents(name, params, device):
    """Latents of the faces, for methods that read them."""
    if not METHODS[name].reads_latents:
        return None
    rng = torch.Generator().manual_seed(0)
    return torch.randn(8, 196, params.head["latent_width"], generator=rng).to(device)


def training_step(name, model, params):
    """One training step as the loop does it: the loss, after its backward pass."""
    device = next(model.parameters()).device
    images, labels, maps, valid = (
        part.to(device)
        for part in (pictures(), LABELS, torch.zeros(8, 1, 4, 4), torch.ones(8, dtype=torch.bool))
    )
    points = torch.rand(8, 68, 2, generator=torch.Generator().manual_seed(0)).to(device) - 0.5
    batch = Batch(
        images,
        labels,
        (maps,),
        valid,
        torch.Generator(device).manual_seed(0),
        rows_B=torch.arange(8, device=device),
        points_B682=points,
        latents_BPD=stored_latents(name, params, device),
    )
    training_strategy, losses = (
        build_strategy(METHODS[name], params),
        build_losses(METHODS[name], params, [1] * 7),
    )
    batch = training_strategy.prepare_batch(batch, 7)
    forward = training_strategy.forward(model, batch)
    loss = sum(one.function(forward, batch) for one in losses.values())
    loss.backward()
    return loss.detach()


def test_a_row_names_members_of_its_families(name):
    method = METHODS[name]
    assert method.head in HEADS
    assert method.training_strategy in STRATEGIES
    assert method.cam_method in CAM_METHODS
    assert set(method.losses) <= set(LOSSES)


@pytest.mark.parametrize("family", [METHODS, BACKBONES])
def test_the_page_on_methods_knows_every_row(checkout, family):
    page = (checkout / "docs" / "methods.md").read_text()
    assert [name for name in family if f"`{name}`" not in page] == []


def test_the_methods_of_the_pooled_head_train_one_network():
    same = [METHODS[name] for name in ("cam", "gradcam", "gradcam_pp", "layercam")]
    assert len({(one.head, one.training_strategy, one.losses) for one in same}) == 1
    assert {"cam", *NETWORKS} == {*METHODS} - {"gradcam", "gradcam_pp", "layercam"}


def test_a_model_gives_logits_five_levels_and_a_map(name, model):
    with torch.no_grad():
        forward = model(pictures())
    assert forward.logits_BK.shape == (8, 7)
    assert [len(level) for level in forward.features] == [8] * 5
    maps = explained(name, model, pictures(), LABELS)
    assert maps.shape == (8, *forward.features[-1].shape[2:])
    assert maps.dtype == torch.float32
    assert maps.isfinite().all()
    assert minmax_normalize(maps).any()


def test_the_order_and_size_of_a_batch_do_not_change_a_map(name, model):
    whole = minmax_normalize(explained(name, model, pictures(), LABELS))
    order = torch.tensor([5, 2, 7, 0, 1, 6, 4, 3])
    shuffled = minmax_normalize(explained(name, model, pictures()[order], LABELS[order]))
    torch.testing.assert_close(shuffled, whole[order], atol=1e-4, rtol=0)
    alone = minmax_normalize(explained(name, model, pictures()[3:4], LABELS[3:4]))
    torch.testing.assert_close(alone, whole[3:4], atol=1e-4, rtol=0)


def test_explaining_leaves_mode_and_gradients_as_they_were(name, model):
    explained(name, model, pictures(), LABELS)
    assert not any(part.training for part in model.modules())
    assert all(weight.requires_grad and weight.grad is None for weight in model.parameters())


def test_a_level_without_any_signal_gives_a_zero_map(name, model):
    with torch.no_grad():
        extra = model(pictures(2)).extra
        nothing = tuple(torch.zeros_like(level) for level in model(pictures(2)).features)
        forward = model.head(nothing, extra=extra)
        flat = type(forward)(
            forward.logits_BK, nothing, forward.maps_BKHW, {**extra, **forward.extra}
        )
        found = CAM_METHODS[METHODS[name].cam_method](model, flat, LABELS[:2])
    assert not minmax_normalize(found).any()


@pytest.mark.parametrize("name", NETWORKS, scope="module")
@pytest.mark.slow
def test_every_weight_learns_under_mixed_precision(name, trainable, params):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = training_step(name, trainable, params)
    assert loss.isfinite()
    silent = [key for key, weight in trainable.named_parameters() if weight.grad is None]
    assert silent == []
    assert all(weight.grad.isfinite().all() for weight in trainable.parameters())


def test_weights_come_back_as_they_were(name, params, model):
    other = build_model(METHODS[name], params, 7)
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(
        explained(name, other.eval(), pictures(2), LABELS[:2]),
        explained(name, model, pictures(2), LABELS[:2]),
        atol=0,
        rtol=0,
    )


@pytest.mark.parametrize("name", NETWORKS, scope="module")
def test_evaluation_knows_neither_labels_nor_chance(name, model):
    with torch.no_grad():
        first, second = model(pictures()).logits_BK, model(pictures()).logits_BK
    torch.testing.assert_close(first, second, atol=0, rtol=0)


def test_explaining_two_hundred_times_keeps_nothing(name, model):
    with torch.no_grad():
        forward = model(pictures(1))
    cam_method = CAM_METHODS[METHODS[name].cam_method]

    def tensors():
        gc.collect()
        return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())

    cam_method(model, forward, LABELS[:1])
    before = tensors()
    for _ in range(200):
        cam_method(model, forward, LABELS[:1])
    assert tensors() <= before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_half_precision_step_and_a_map_on_a_gpu_are_those_of_the_processor(name, params):
    torch.manual_seed(0)
    model = build_model(METHODS[name], params, 7).eval()
    expected = minmax_normalize(explained(name, model, pictures(), LABELS))
    model.to("cuda")
    found = minmax_normalize(explained(name, model, pictures().cuda(), LABELS.cuda()))
    torch.testing.assert_close(found.cpu(), expected, atol=5e-2, rtol=0)
    model.train()
    with torch.autocast("cuda", dtype=torch.float16):
        loss = training_step(name, model, params)
    assert loss.isfinite()


@pytest.mark.parametrize("name", NETWORKS, scope="module")
@pytest.mark.slow
def test_a_compiled_step_has_the_loss_of_a_plain_one(name, trainable, params):
    if not METHODS[name].compiles:
        pytest.skip("this method says that it cannot be compiled")
    torch._dynamo.reset()
    losses = []
    for used in (trainable, torch.compile(trainable, backend="aot_eager", fullgraph=True)):
        trainable.zero_grad(set_to_none=True)
        torch.manual_seed(1)
        losses.append(training_step(name, used, params))
        assert all(weight.grad is not None for weight in trainable.parameters())
    torch.testing.assert_close(losses[0], losses[1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("head", ["cam", "wildcat", "prm", "acol"])
def test_a_loss_on_the_gradient_by_a_level_teaches_the_weights(head):
    shipped = scratch().train_of("demo", head).model_copy(update={"image_px": 32})
    model = build_model(METHODS[head], shipped, 7)
    forward = model(pictures(2), LABELS[:2])
    (gradient,) = torch.autograd.grad(
        forward.logits_BK.abs().sum(), forward.features[3], create_graph=True
    )
    gradient.square().sum().backward()
    learning = [weight.grad is not None for weight in model.head.parameters()]
    assert any(learning)
    assert model.backbone.net.layer4[0].downsample[0].weight.grad.any()
