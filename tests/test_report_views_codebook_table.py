"""The codebooks as tables."""

import re

import pytest

from anatomy.action_units import ACTION_UNITS, FURTHER_UNITS
from anatomy.codebooks import CODEBOOKS
from report.views.codebook_table import numbers, table
from tests.basic7 import BASIC7, EXPRESSIONS, book7


@pytest.fixture(scope="module")
def rows():
    """The table's cells by their first: FACS number or expression."""
    lines = [
        line.strip("| ").split(" | ") for line in table(BASIC7).splitlines() if line[:1] == "|"
    ]
    return {cells[0]: cells[1:] for cells in reversed(lines)}  # the first table has the units


def test_the_page_in_docs_is_what_the_data_say(checkout):
    stored = (checkout / "docs" / "action_units.md").read_text()
    assert stored == table(BASIC7), "run: python cli.py view codebook docs"


def test_every_action_unit_is_in_the_table_once():
    numbers_found = re.findall(r"^\| (\d+) \| [a-z]", table(BASIC7), re.MULTILINE)
    assert [int(number) for number in numbers_found] == sorted({**ACTION_UNITS, **FURTHER_UNITS})


@pytest.mark.parametrize("number", ACTION_UNITS)
def test_a_row_names_the_unit_its_points_and_its_expressions(rows, number):
    name, centres, _, _, drawn_for = rows[str(number)]
    assert name == ACTION_UNITS[number].name
    named = {int(point) for point in re.findall(r"(?<!/)\b[xy]?(\d+)(?! px)\b", centres)}
    region = ACTION_UNITS[number].region
    asked = {point for ellipse in region for point in (*ellipse.x, *ellipse.y)}
    assert asked <= named
    users = [name for name in EXPRESSIONS if number in book7().expressions[name]]
    assert drawn_for == (", ".join(users) or "–")


@pytest.mark.parametrize(
    ("number", "centres", "axes", "least"),
    [
        (12, "48; 54", "circle, radius 20 px", "–"),
        (6, "41, canvas/6 down; 46, canvas/6 down", "circle, radius canvas/10", "–"),
        (14, "48, 20 px to the left; 54, 20 px to the right", "circle, radius 20 px", "–"),
        (4, "middle of 19 and 24", "(x24 − x19)/2 × (y24 − y19)/2", "10 px"),
        (25, "51; 57", "25 px × 10 px", "–"),
        (10, "x48, y50; x52, y54", "circle, radius 20 px", "–"),
        (26, "(x48 + x54)/2, (y51 + y57)/2", "(x54 − x48)/2 × (y57 − y51)/2", "5 px"),
    ],
)
def test_points_and_shape_are_written_as_they_are_drawn(rows, number, centres, axes, least):
    assert rows[str(number)][1:4] == [centres, axes, least]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_expression_is_listed_for_every_codebook(rows, name):
    assert rows[name] == [numbers(book7(one).expressions[name]) for one in CODEBOOKS]


def test_what_the_corrected_codebook_changes_is_said():
    changes = table(BASIC7).partition("## What `corrected` changes")[2]
    assert "- Disgust: AU9 10 16 17 25 26, not AU9 5 16 17 25 26." in changes
    assert "middle of 54 and 10, not middle of 48 and 6; middle of 50 and 10" in changes
    assert "Lengths follow the face" in changes
    assert "AU10, upper lip raiser: centres x48, y50; x54, y52, not" in changes
    assert changes.count("\n- ") == 4
