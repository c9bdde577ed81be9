import pytest
import torch
from torch import nn

from train.methods.base import LevelShape
from train.methods.dense import DenseHead
from train.options import DenseParams
from train.records import Forward


@pytest.mark.parametrize(
    ("layers", "shapes"), [(1, [(4, 3), (7, 4)]), (2, [(4, 3), (4, 4), (7, 4)])]
)
def test_the_pooled_level_passes_hidden_layers(layers, shapes):
    head = DenseHead(LevelShape(3, 2, 2, 7), DenseParams(width=4, layers=layers, dropout=0.5))
    found = [one.weight.shape for one in head.modules() if isinstance(one, nn.Linear)]
    assert found == shapes
    assert head.class_weights() is None


def test_dropout_acts_in_training_alone_and_negative_hidden_units_are_cut():
    head = DenseHead(LevelShape(1, 2, 2, 7), DenseParams(width=1, layers=1, dropout=0.9))
    for one in (head.layers[0][0], head.layers[1]):
        nn.init.ones_(one.weight)
    level = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]], [[[-1.0, -1.0], [-1.0, -1.0]]]])
    assert head.eval()((level,)).logits_BK[:, 0].tolist() == [3, 0]
    torch.manual_seed(0)
    dropped = torch.stack([head.train()((level,)).logits_BK[0, 0] for _ in range(30)])
    assert (dropped == 0).any()


def test_its_gradient_is_that_of_the_network():
    head = DenseHead(LevelShape(3, 2, 2, 7), DenseParams(width=4, layers=1, dropout=0.0)).eval()
    level = torch.rand(2, 3, 2, 2, requires_grad=True)
    classes = torch.tensor([1, 5])
    head((level,)).logits_BK.gather(1, classes[:, None]).sum().backward()
    found = head.gradient(Forward(torch.zeros(2, 7), (level,)), classes)
    torch.testing.assert_close(found, level.grad)
