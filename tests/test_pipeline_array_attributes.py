"""What the numbers in a store's arrays are, in words."""

import json

import pytest

from anatomy.landmarks import POINTS, REGIONS
from pipeline import array_attributes
from pipeline.array_attributes import LANDMARKS, heatmap_attributes
from store.reading import POINT_STEPS_PER_PX

ARRAYS = {
    name: value
    for name, value in vars(array_attributes).items()
    if isinstance(value, dict) and "what" in value
}


@pytest.mark.parametrize("name", ARRAYS)
def test_attributes_are_those_that_readers_are_promised_and_fit_into_json(name):
    assert {"what"} <= set(ARRAYS[name]) <= {"what", "unit", "scale", "order", "frame"}
    assert json.loads(json.dumps(ARRAYS[name])) == ARRAYS[name]


def test_a_landmark_is_the_scale_times_what_is_stored():
    assert LANDMARKS["scale"] * POINT_STEPS_PER_PX == 1


def test_the_order_names_every_region_up_to_the_last_point():
    assert all(region in LANDMARKS["order"] for region in REGIONS)
    assert LANDMARKS["order"].endswith(f"-{POINTS - 1}")


def test_only_maps_per_expression_name_the_expressions():
    assert heatmap_attributes("au", ())["order"] == "row, column"
    assert heatmap_attributes("per_class_au", ("no", "yes"))["order"] == (
        "expression (no, yes), row, column"
    )
