"""Networks of timm."""

import pytest
import timm

from errors import NoInputError
from tests.networks import made_backbone


@pytest.mark.parametrize("name", ["resnet50", "swin_tiny", "deit_small", "vgg16"])
def test_weights_without_a_network_say_what_to_do(name, monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(NoInputError, match="Connect to a network once"):
        made_backbone(name, weights="imagenet")
