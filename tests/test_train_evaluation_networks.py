import pytest
import torch

from errors import UsageError
from train.evaluation.networks import (
    Reading,
    choose_cam_method,
    choose_map_method,
    make_black_box,
    own_map,
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
