import pytest
import torch

from errors import UsageError
from tests.networks import scratch
from train.methods import METHODS
from train.methods.adl import AttentionDropout
from train.methods.model import build_model
from train.options import ADLParams


def drop(drop_p):
    return AttentionDropout(ADLParams(drop_p=drop_p, threshold=0.5))


LEVEL = torch.tensor([[[[0.0, 1.0], [2.0, 4.0]]]])


def test_adl_hides_the_most_active_places_of_a_2x2_map():
    assert drop(1.0)(LEVEL).tolist() == [[[[0.0, 1.0], [0.0, 0.0]]]]


def test_adl_otherwise_stresses_them():
    torch.testing.assert_close(drop(0.0)(LEVEL), LEVEL * LEVEL.sigmoid())


def test_adl_is_nothing_in_evaluation():
    assert drop(1.0).eval()(LEVEL) is LEVEL


@pytest.mark.parametrize(("backbone", "places"), [("resnet18", (0, 1)), ("resnet50", (0, 2))])
def test_adl_sits_where_published_and_keeps_every_weight(backbone, places):
    shipped = (
        scratch().train_of("demo", "adl").model_copy(update={"backbone": backbone, "image_px": 32})
    )
    torch.manual_seed(0)
    dropping = build_model(METHODS["adl"], shipped, 7).eval()
    torch.manual_seed(0)
    plain = build_model(
        METHODS["cam"], shipped.model_copy(update={"training_strategy": {}}), 7
    ).eval()
    net = dropping.backbone.net
    for stage, expected in ((net.layer3, (0,)), (net.layer4, places)):
        found = [
            any(isinstance(part, AttentionDropout) for part in block.modules()) for block in stage
        ]
        assert [place for place, drops in enumerate(found) if drops] == list(expected)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            dropping(images).logits_BK, plain(images).logits_BK, atol=0, rtol=0
        )


def test_adl_says_that_it_needs_a_resnet():
    shipped = scratch().train_of("demo", "adl")
    with pytest.raises(UsageError, match="adl needs a ResNet"):
        build_model(METHODS["adl"], shipped.model_copy(update={"backbone": "mobilenetv3_small"}), 7)
