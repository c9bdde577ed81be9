import torch

from train.versions import torch_version


def test_the_version_of_torch_is_known_without_importing_it():
    assert torch_version() == torch.__version__
