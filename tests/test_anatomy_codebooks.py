"""What is drawn for which class of a label set."""

import numpy as np
import pytest

from anatomy.action_units import Frame
from anatomy.codebooks import CODEBOOKS, GENERIC_UNITS, ActiveSide, codebook_of
from contracts.labels import LabelSet
from errors import UsageError
from tests.basic7 import EXPRESSIONS, book7

COLOUR = {"abbreviation": "x", "colour": "#000000"}


def made(*units, name="published"):
    """Return the codebook of a set with one class that has these units."""
    classes = [{"name": "none", **COLOUR}, {"name": "some", "aus": list(units), **COLOUR}]
    return codebook_of(LabelSet.model_validate({"name": "made", "classes": classes}), name)


@pytest.fixture(scope="module")
def face(golden_folder):
    return np.load(golden_folder / "au_heatmaps.npz")["landmarks"][5]


@pytest.mark.parametrize("name", CODEBOOKS)
def test_every_class_is_made_of_known_units(name):
    book = book7(name)
    assert tuple(book.expressions) == EXPRESSIONS
    assert {unit for units in book.expressions.values() for unit in units} <= {*book.units}


def test_corrected_disgust_raises_the_lip_where_published_raises_the_lid():
    published, corrected = (book7(name).expressions["Disgust"] for name in CODEBOOKS)
    assert ({*published} - {*corrected}, {*corrected} - {*published}) == ({5}, {10})


def test_the_generic_map_of_the_seven_is_the_published_one():
    assert tuple(book7().units) == GENERIC_UNITS


def test_an_unknown_codebook_names_the_known_ones():
    with pytest.raises(UsageError, match="known: corrected, published"):
        made(12, name="correct")


def test_an_unknown_unit_names_the_known_ones():
    with pytest.raises(UsageError, match="no action unit '13'; known: 1, 10"):
        made(13)


def test_a_region_that_several_units_share_is_drawn_once_with_the_largest_weight():
    (pair,) = made({"au": 23, "weight": 0.25}, {"au": 24, "weight": 0.5}).drawn["some"]
    assert pair[1] == 0.5


def test_a_side_is_one_of_the_two_ellipses():
    left, right = book7().regions[12].region
    for side, ellipse in (("left", left), ("right", right)):
        assert made({"au": 12, "side": side}).drawn["some"] == (((ellipse,), 1.0),)


@pytest.mark.parametrize("side", ["left", "right", "active"])
def test_a_unit_in_the_middle_has_no_side(side):
    with pytest.raises(UsageError, match=f"AU26 cannot be drawn on side '{side}'. Write side: b"):
        made({"au": 26, "side": side})


@pytest.mark.parametrize(("corner", "side"), [(48, 0), (54, 1)])
def test_the_active_side_is_that_of_the_raised_corner_of_the_mouth(face, corner, side):
    raised = face.copy()
    raised[corner, 1] -= 12
    frame = Frame(np.trunc(raised[None]).astype(np.int64), 256, None)
    ((shape,), _), *others = made({"au": 12, "side": "active"}).drawn["some"]
    assert isinstance(shape, ActiveSide)
    assert not others
    for found, expected in zip(
        shape.on(frame), book7().regions[12].region[side].on(frame), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
