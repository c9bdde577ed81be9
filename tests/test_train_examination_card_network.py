import numpy as np
import pytest
import torch

from errors import DataError
from tests.basic7 import BASIC7, EXPRESSIONS
from train.examination.card_files import class_columns, read_card
from train.examination.card_network import (
    CHANNELS,
    Answers,
    as_network,
    check_scores,
    prepared,
    work_side,
)

CPU = torch.device("cpu")
RED = torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1).expand(2, 3, 64, 64)


def card(**changes):
    return read_card("hsemotion_b0_8").model_copy(update={"input_px": 32, **changes})


def test_colours_go_in_as_the_card_says():
    plain = {"mean": (0.0,), "std": (1.0,), "white": 255}
    first = {name: prepared(card(**plain, channels=name), RED)[0, :, 0, 0] for name in CHANNELS}
    assert first["rgb"].tolist() == [255, 127.5, 0]
    assert first["bgr"].tolist() == [0, 127.5, 255]
    torch.testing.assert_close(first["grey"], torch.tensor([255 * (0.299 + 0.5 * 0.587)]))


def test_axes_mean_and_deviation_go_in_as_the_card_says():
    assert prepared(card(), RED).shape == (2, 3, 32, 32)
    assert prepared(card(layout="nhwc"), RED).shape == (2, 32, 32, 3)
    half = prepared(card(mean=(0.5,), std=(0.5,)), RED)[0, :, 0, 0]
    torch.testing.assert_close(half, torch.tensor([1.0, 0.0, -1.0]))


def test_a_crop_shows_its_part_at_the_model_s_own_size():
    images = torch.zeros(1, 3, 64, 64)
    images[..., 16:48, 16:48] = 1
    middle = card(crop=(0.25, 0.25, 0.75, 0.75), mean=(0.0,), std=(1.0,))
    assert work_side(middle) == 64
    assert (prepared(middle, images) == 1).all()


def test_scores_become_expressions_and_what_has_none_is_left_out():
    columns = class_columns(("happy", "contempt", "sad"), ("contempt",), BASIC7, "card")
    scores = np.array([[0.2, 0.6, 0.2], [0.0, 1.0, 0.0]], np.float32)
    network = as_network(lambda images: Answers(scores), columns, "probabilities", CPU)
    found = network(RED).probabilities_BV
    happy, sad = EXPRESSIONS.index("Happiness"), EXPRESSIONS.index("Sadness")
    torch.testing.assert_close(found.sum(dim=1), torch.ones(2))
    assert found[0, happy].item() == found[0, sad].item() == 0.5
    assert found[1, happy].item() == 0.5  # all contempt: nothing is known
    assert network(RED).layers() == []
    assert network(RED).class_map is None


def test_maps_follow_the_order_of_the_expressions():
    columns = class_columns(("sad", "happy"), (), BASIC7, "card")
    cams = np.stack([np.full((2, 4, 4), 1), np.full((2, 4, 4), 2)], axis=1).astype(np.float32)
    answers = Answers(np.zeros((2, 2), np.float32), cams[:, 0], cams)
    reading = as_network(lambda images: answers, columns, "logits", CPU)(RED)
    wanted = torch.tensor([EXPRESSIONS.index("Happiness"), EXPRESSIONS.index("Sadness")])
    assert reading.class_map(wanted)[:, 0, 0].tolist() == [2, 1]
    assert reading.layers()[0].shape == (2, 4, 4)


EVEN = np.full((3, 7), 1 / 7, np.float32)


@pytest.mark.parametrize(
    ("scores", "kind", "message"),
    [
        (EVEN[:, :6], "probabilities", r"shape \(3, 6\); 7 classes"),
        (EVEN * np.nan, "logits", "not finite"),
        (EVEN * 3, "probabilities", "sum to 3 to 3.*scores: logits"),
        (EVEN - 1, "probabilities", "the lowest is -0.857"),
        (EVEN, "logits", "they are probabilities"),
    ],
)
def test_answers_that_are_not_what_they_should_be_are_refused(scores, kind, message):
    with pytest.raises(DataError, match=message):
        check_scores("model", scores, 7, kind)


def test_answers_that_may_be_what_they_are_said_to_be_pass():
    check_scores("model", EVEN, 7, "probabilities")
    check_scores("model", EVEN * 5 - 2, 7, "logits")
