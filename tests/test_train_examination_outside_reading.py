from types import SimpleNamespace

import pytest

from errors import UsageError
from train.examination.outside_reading import outside_map_name


def outside(has_map):
    return SimpleNamespace(has_map=has_map, title="a model")


@pytest.mark.parametrize(
    ("asked", "has_map", "name"),
    [
        ("method", True, "method"),
        ("method", False, "occlusion"),
        ("rise", True, "rise"),
        ("occlusion", False, "occlusion"),
    ],
)
def test_a_model_without_a_map_of_its_own_gets_a_black_box(asked, has_map, name):
    assert outside_map_name(asked, outside(has_map)) == name


def test_a_map_of_the_inside_is_refused():
    with pytest.raises(UsageError, match="gradcam needs the inside of a model; a model has occl"):
        outside_map_name("gradcam", outside(True))
