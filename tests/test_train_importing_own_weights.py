from pathlib import Path

import pytest
import torch
from torch import nn

from errors import DataError, UsageError
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.flat_model import Flat, made
from train.importing.own_weights import CLASS_ROWS, FileClasses, load_own
from train.methods.base import Classifier, LevelShape
from train.methods.heads import HEADS
from train.methods.weight_names import name_weights

FER = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
LEVEL = LevelShape(8, 10, 10, 7)


class NormedFlat(Flat):
    """The flat backbone with a counter of batches."""

    def __init__(self):
        super().__init__()
        self.net.append(nn.BatchNorm2d(8))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Classifier(NormedFlat(), made("gap", LEVEL))


def file_of(model, classes=7, **more):
    """A file of this network with a classifier whose bias counts its classes."""
    fc = {"fc.weight": torch.rand(classes, 8), "fc.bias": torch.arange(float(classes))}
    return {**model.backbone.net.state_dict(), **fc, **more}


def loaded(model, content, classes=FER, head="gap", backbone="resnet18", folder=None):
    where = folder or Path("fer.pth")
    named, given = name_weights(content, head, where), FileClasses(classes, BASIC7)
    return load_own(model, named, head, backbone, given, where)


def test_rows_are_put_into_our_order_by_the_names_of_the_classes(model):
    assert loaded(model, file_of(model)) == []
    words = {"happiness": "happy", "anger": "angry", "sadness": "sad"}
    order = [FER.index(words.get(name.lower(), name.lower())) for name in EXPRESSIONS]
    assert model.head.linear.bias.tolist() == order


def test_an_eighth_class_is_dropped_and_named(model):
    assert loaded(model, file_of(model, 8), [*FER, "contempt"]) == ["classes dropped: contempt"]
    assert model.head.linear.bias.shape == (7,)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], r"import_run\.classes: is empty, and fer\.pth does not say"),
        (FER[:6], "lacks Surprise"),
        ([*FER[:3], "hapiness", *FER[4:]], "lacks Happiness; it has .*Did you mean 'hapiness'"),
        ([*FER, "happiness"], "names a class twice"),
    ],
)
def test_the_order_of_the_classes_is_never_guessed(model, classes, message):
    with pytest.raises(UsageError, match=message):
        loaded(model, file_of(model), classes)


def test_a_weight_without_a_place_is_named(model):
    content = file_of(model, **{"attention.weight": torch.ones(3)})
    with pytest.raises(DataError, match=r"resnet18 has no place for: attention\.weight\."):
        loaded(model, content)


def test_two_classifiers_are_both_named(model):
    content = file_of(model, **{"head.weight": torch.ones(7, 8), "head.bias": torch.ones(7)})
    with pytest.raises(DataError, match=r"no place for: fc\.weight, fc\.bias, head\.weight"):
        loaded(model, content)


def test_a_missing_weight_is_named(model):
    content = file_of(model)
    del content["0.weight"]
    with pytest.raises(DataError, match=r"has no 0\.weight \(1 of \d+ are missing\)\.$"):
        loaded(model, content)


def test_counters_that_old_files_lack_are_zero_and_counted(model):
    content = file_of(model)
    del content["4.num_batches_tracked"]
    assert loaded(model, content) == ["1 counters of BatchNorm were missing and are 0"]


@pytest.mark.parametrize("persons", [1000, 8631])
def test_a_classifier_of_other_things_is_weights_to_start_from(model, persons):
    said = rf"{persons} outputs.*names 7 classes.*as train\.weights"
    with pytest.raises(DataError, match=said):
        loaded(model, file_of(model, persons))


def test_weights_without_a_classifier_are_no_run(model):
    content = dict(model.backbone.net.state_dict())
    with pytest.raises(DataError, match="no classifier for the head gap"):
        loaded(model, content)


def test_a_class_token_is_not_read_as_a_mean(model):
    with pytest.raises(DataError, match="class token"):
        loaded(model, file_of(model), backbone="deit_small")


@pytest.mark.parametrize("head", sorted({*CLASS_ROWS} - {"apvit"}))
def test_every_head_with_classes_as_rows_is_put_in_order(head):
    level = LevelShape(8, 4, 4, 7)
    theirs, ours = (Classifier(Flat(), made(head, level)) for _ in range(2))
    level_BCHW = torch.rand(2, 8, 4, 4)
    load_own(
        ours,
        name_weights(dict(theirs.state_dict()), head, None),
        head,
        "resnet18",
        FileClasses([name.lower() for name in reversed(EXPRESSIONS)], BASIC7),
        Path("own.safetensors"),
    )
    with torch.no_grad():
        expected = theirs.head.eval()((level_BCHW,)).logits_BK.flip(1)
        torch.testing.assert_close(ours.head.eval()((level_BCHW,)).logits_BK, expected)


def test_rows_are_known_of_heads_that_there_are():
    assert set(CLASS_ROWS) <= set(HEADS)
