import pytest

from errors import UsageError
from tests.networks import scratch
from train.methods import METHODS
from train.methods.backbones import BACKBONES
from train.methods.model import build_model
from train.pretrained import BACKBONE_WEIGHTS, NAMED_WEIGHTS, check_named_weights


def test_every_backbone_says_which_named_weights_it_has():
    assert set(BACKBONE_WEIGHTS) == set(BACKBONES)
    assert {name for named in BACKBONE_WEIGHTS.values() for name in named} == {*NAMED_WEIGHTS[1:]}


@pytest.mark.parametrize("weights", NAMED_WEIGHTS[1:])
def test_named_weights_of_another_backbone_are_refused_with_those_that_have_them(weights):
    without = next(name for name, named in BACKBONE_WEIGHTS.items() if weights not in named)
    having = next(name for name, named in BACKBONE_WEIGHTS.items() if weights in named)
    check_named_weights(having, weights, "imagenet")
    with pytest.raises(UsageError, match=f"no {weights} weights for {without}.*{having}"):
        check_named_weights(without, weights, "imagenet")
    with pytest.raises(UsageError, match=r"train\.input: is half, but .* take imagenet"):
        check_named_weights(having, weights, "half")


def test_a_model_begins_with_the_face_weights():
    params = scratch().train
    params = params.model_copy(update={"backbone": "dlib21", "weights": "face"})
    first, second = (build_model(METHODS["cam"], params, 7).backbone.net for _ in range(2))
    assert first.stem.conv.weight.equal(second.stem.conv.weight)
    assert first.stem.norm.num_batches_tracked == 0
