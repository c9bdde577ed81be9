import pytest
import torch

from errors import NoInputError, UsageError
from tests.basic7 import BASIC7
from train.examination.card_files import read_card
from train.examination.models import ScoredFaces, open_outside, other_cards

CPU = torch.device("cpu")


def test_other_cards_change_the_colours_and_the_normalisation_and_nothing_else():
    others = other_cards(read_card("hsemotion_b0_8"))
    assert {key for changes in others.values() for key in changes} == {
        *("white", "mean", "std", "channels")
    }
    assert others["the colours were in the order BGR"] == {"channels": "bgr"}
    assert "pixels were normalised by ImageNet's mean and deviation" not in others


def test_a_grey_model_has_no_order_of_colours():
    others = other_cards(read_card("ferplus_onnx"))
    assert not any("colours" in what or "ImageNet" in what for what in others)
    assert "pixels went from 0 to 1" in others


@pytest.mark.parametrize("model", ["nowhere", "/nowhere/model", "."])
def test_what_is_no_model_says_what_may_be_given(model):
    with pytest.raises(NoInputError, match=r"package\.module:function"):
        open_outside(model, None, ScoredFaces(256, BASIC7), CPU)


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="no module 'nowhere'"):
        open_outside("nowhere:function", None, ScoredFaces(256, BASIC7), CPU)
