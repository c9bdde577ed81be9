from dataclasses import replace

import pytest
import torch

from anatomy.codebooks import codebook_of
from errors import UsageError
from labels.reading import read_labels
from tests.basic7 import BASIC7
from train.evaluation.networks import (
    EvalModel,
    Reading,
    RestoredPictures,
    choose_cam_method,
    choose_map_method,
    make_black_box,
    own_map,
    read_as,
)
from train.methods.cam_methods import CAM_METHODS
from train.options import BLACK_BOX_NAMES, BlackBoxOptions

OPTIONS = BlackBoxOptions.model_validate(
    {
        "occlusion": {"cells": 4, "patch": 1},
        "rise": {"masks": 20, "cells": 4, "shown": 0.5, "seed": 0},
    }
)
IMAGES = torch.rand(3, 3, 16, 16)
CLASSES = torch.zeros(3, dtype=torch.long)


def network(images_B3SS):
    bright_B = images_B3SS[:, :, :4, :4].mean(dim=(1, 2, 3))
    return Reading(torch.stack([bright_B, 1 - bright_B], dim=1))


@pytest.mark.parametrize("name", BLACK_BOX_NAMES)
def test_a_black_box_needs_nothing_but_the_network(name):
    maps = choose_map_method(name, OPTIONS)(network, IMAGES, network(IMAGES), CLASSES)
    assert maps.shape[0] == 3
    assert maps.isfinite().all()
    assert make_black_box(name, OPTIONS).passes in (17, 20)


def test_a_network_without_a_map_of_its_own_says_what_to_take():
    with pytest.raises(UsageError, match=r"no map of its own; take occlusion or rise\."):
        own_map(network, IMAGES, network(IMAGES), CLASSES)


def test_the_cam_method_is_the_named_one_or_the_method_s_own():
    assert choose_cam_method("method", "layercam") is CAM_METHODS["layercam"]
    assert choose_cam_method("gradcam", "layercam") is CAM_METHODS["gradcam"]
    assert choose_cam_method("rise", "layercam") is CAM_METHODS["layercam"]
    with pytest.raises(UsageError, match="gradcm"):
        choose_cam_method("gradcm", "layercam")


def answering(labels):
    """A model that is surest of the last of its classes; the map of a class is its id."""
    scores_V = torch.arange(1.0, len(labels) + 1)

    def read(images_B3SS):
        shares_BV = (scores_V / scores_V.sum()).expand(len(images_B3SS), -1)
        return Reading(shares_BV, class_map=lambda classes_B: classes_B[:, None, None].float())

    book = codebook_of(labels, "published")
    return EvalModel(read, own_map, 16, 224, book, "exact", torch.device("cpu"))


def test_a_model_of_the_same_classes_is_read_as_it_is():
    model = answering(BASIC7)
    assert read_as(model, BASIC7, "published").network is model.network


def test_answers_that_a_dataset_has_no_class_for_are_not_allowed():
    basic8 = read_labels("basic8")
    found = read_as(answering(basic8), BASIC7, "corrected")
    reading = found.network(IMAGES)
    torch.testing.assert_close(reading.probabilities_BV[0], torch.arange(1.0, 8) / 28)
    assert (found.codebook.name, found.codebook.labels) == ("corrected", BASIC7)
    assert reading.class_map(torch.tensor([6]))[0, 0, 0] == 6


def test_what_is_no_matter_of_classes_is_kept():
    model, whole = answering(read_labels("basic8")), torch.rand(3, 2)
    seen = RestoredPictures(IMAGES, torch.zeros(3, 14, 14))

    def more(images_B3SS):
        return replace(model.network(images_B3SS), restored=seen, valence_arousal_B2=whole)

    reading = read_as(replace(model, network=more), BASIC7, "published").network(IMAGES)
    assert reading.restored is seen
    assert reading.valence_arousal_B2 is whole


def test_classes_in_another_order_are_matched_by_name():
    turned = BASIC7.keeping(BASIC7.classes[::-1])
    reading = read_as(answering(turned), BASIC7, "published").network(IMAGES)
    torch.testing.assert_close(reading.probabilities_BV[0], torch.arange(7.0, 0, -1) / 28)
    assert reading.class_map(torch.tensor([0]))[0, 0, 0] == 6
