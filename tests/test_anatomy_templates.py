"""Templates: five points of a crop."""

import numpy as np
import pytest

from anatomy.templates import TEMPLATES
from pipeline.params import AlignParams


def test_every_template_may_be_named_in_params():
    field = AlignParams.model_fields["template"]
    assert set(field.annotation.__args__) == set(TEMPLATES)


@pytest.mark.parametrize("name", TEMPLATES)
def test_eyes_are_above_the_nose_and_mouth_and_left_is_left(name):
    left, right, nose, left_corner, right_corner = TEMPLATES[name]
    assert left[0] < nose[0] < right[0]
    assert left_corner[0] < nose[0] < right_corner[0]
    assert left[1] < nose[1] < left_corner[1] < 1


def test_arcface_is_the_published_reference_on_112_px():
    expected = [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366)]
    found = TEMPLATES["arcface_112"] * 112 - 0.5
    np.testing.assert_allclose(found[:3], expected, atol=1e-9)
