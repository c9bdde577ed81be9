from pathlib import Path

import timm
import torch
import torchvision

from train.methods.torchvision_names import timm_names


def test_every_weight_of_an_efficientnet_gets_the_name_and_shape_that_timm_gives_it():
    with torch.device("meta"):
        theirs = torchvision.models.efficientnet_b0().state_dict()
        ours = timm.create_model("efficientnet_b0").state_dict()
    found = timm_names(theirs, Path("file.pt"))
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in ours.items()
    }


def test_names_that_both_libraries_share_stay():
    given = {"conv1.weight": torch.ones(1), "features.0.weight": torch.ones(2)}
    assert timm_names(given, Path("file.pt")) == given
