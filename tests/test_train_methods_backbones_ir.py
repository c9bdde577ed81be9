"""IR, the residual network of ArcFace."""

import torch

from train.methods.backbones.ir import IRNet, ResidualUnit


def test_names_are_those_of_the_published_weights():
    names = IRNet((2, 2, 2)).net.state_dict()
    assert "input_layer.0.weight" in names
    assert "body.0.res_layer.1.weight" in names
    assert "body.2.shortcut_layer.0.weight" in names
    assert "body.0.shortcut_layer.0.weight" not in names  # as wide inside as outside


def test_the_fourth_level_is_in_the_middle_of_the_third_stage():
    net = IRNet((1, 1, 4)).eval()
    with torch.no_grad():
        levels, _ = net(torch.rand(1, 3, 32, 32))
        later = net.net.body[5](net.net.body[4](levels[3]))
    torch.testing.assert_close(levels[4], later)


def test_a_unit_whose_convolutions_say_nothing_passes_its_input_on():
    unit = ResidualUnit(4, 4, 1).eval()
    torch.nn.init.zeros_(unit.res_layer[3].weight)
    feature = torch.rand(1, 4, 5, 5)
    with torch.no_grad():
        torch.testing.assert_close(unit(feature), feature)
