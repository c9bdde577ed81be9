import re

import numpy as np
import pytest
from click.testing import CliRunner

from anatomy.action_units import ACTION_UNITS, CODEBOOKS
from anatomy.expressions import EXPRESSIONS
from anatomy.landmarks import five_landmarks, mirror_points
from cli import main
from report.views.codebook import apart, drawn_face, figure, write_codebook
from report.views.codebook_table import numbers, table


@pytest.fixture(scope="module")
def rows():
    """The table's cells by their first: FACS number or expression."""
    lines = [line.strip("| ").split(" | ") for line in table().splitlines() if line[:1] == "|"]
    return {cells[0]: cells[1:] for cells in lines}


def test_the_page_in_docs_is_what_the_data_say(checkout):
    stored = (checkout / "docs" / "action_units.md").read_text()
    assert stored == table(), "run: python cli.py view codebook docs"


def test_every_action_unit_is_in_the_table_once():
    numbers_found = re.findall(r"^\| (\d+) \|", table(), re.MULTILINE)
    assert [int(number) for number in numbers_found] == list(ACTION_UNITS)


@pytest.mark.parametrize("number", ACTION_UNITS)
def test_a_row_names_the_unit_its_points_and_its_expressions(rows, number):
    name, centres, _, _, drawn_for = rows[str(number)]
    assert name == ACTION_UNITS[number].name
    named = {int(point) for point in re.findall(r"(?<!/)\b[xy]?(\d+)(?! px)\b", centres)}
    region = ACTION_UNITS[number].region
    asked = {point for ellipse in region for point in (*ellipse.x, *ellipse.y)}
    assert asked <= named
    users = [name for name in EXPRESSIONS if number in CODEBOOKS["published"].expressions[name]]
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
    assert rows[name] == [numbers(book.expressions[name]) for book in CODEBOOKS.values()]


def test_what_the_corrected_codebook_changes_is_said():
    changes = table().partition("## What `corrected` changes")[2]
    assert "- Disgust: AU9 10 16 17 25 26, not AU9 5 16 17 25 26." in changes
    assert "middle of 54 and 10, not middle of 48 and 6; middle of 50 and 10" in changes
    assert "Lengths follow the face" in changes
    assert "AU10, upper lip raiser: centres x48, y50; x54, y52, not" in changes
    assert changes.count("\n- ") == 4


def test_the_drawn_face_is_symmetric_and_as_large_as_an_aligned_one():
    face = drawn_face()
    np.testing.assert_array_equal(mirror_points(face, 224), face)
    aligned = np.array([[91, 112], [165, 112], [128, 152.7], [95.6, 194.1], [160.4, 194.1]])
    np.testing.assert_allclose(five_landmarks(face), aligned * 224 / 256, atol=2.5)


def test_labels_are_moved_apart_and_stay_on_the_panel():
    assert apart([10, 12, 50], 15, 200) == [10, 25, 50]
    assert apart([190, 195, 199], 15, 200) == [170, 185, 200]


def test_the_figure_labels_every_region_and_marks_what_was_corrected():
    texts = [(text.get_text(), text.get_color()) for text in figure().axes[0].texts]
    for wanted in ("23 24 26", "26 27", "43"):
        assert (wanted in [text for text, _ in texts]) == (wanted != "43")  # no expression has 43
    assert sorted({text for text, colour in texts if colour == "#c62828"}) == ["10", "20"]


def test_the_command_writes_table_and_figure_the_same_each_time(tmp_path):
    found = CliRunner().invoke(main, ["view", "codebook", str(tmp_path / "a")])
    assert found.exit_code == 0
    write_codebook(tmp_path / "b")
    for name in ("action_units.md", "codebook.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
