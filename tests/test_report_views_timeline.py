"""The plot of a video."""

import numpy as np
import pytest

from report.figures.drawing import ALERT, png
from report.views.timeline import draw_timeline
from tests.basic7 import BASIC7, EXPRESSIONS

PROBABILITIES = np.linspace(0, 1, 28).reshape(4, 7)


def test_every_expression_is_a_line_over_time():
    axes = draw_timeline("a", [0, 0.5, 1, 2], PROBABILITIES, BASIC7).axes[0]
    assert [line.get_label() for line in axes.lines] == list(EXPRESSIONS)
    np.testing.assert_array_equal(axes.lines[3].get_xydata()[:, 1], PROBABILITIES[:, 3])


def test_frames_without_a_face_are_gaps_and_are_counted():
    gaps = PROBABILITIES.copy()
    gaps[1] = np.nan
    axes = draw_timeline("a", [0, 0.5, 1, 2], gaps, BASIC7).axes[0]
    assert "1 of 4 frames have no face" in axes.get_xlabel()
    assert np.isnan(axes.lines[0].get_ydata()[1])


def test_a_notice_is_red():
    axes = draw_timeline("a", [0], PROBABILITIES[:1], BASIC7, notice="Not real people.").axes[0]
    assert axes.get_title(loc="left") == "Not real people."
    assert axes._left_title.get_color() == ALERT


@pytest.mark.parametrize("name", ["a\nb", "$x$", "\udcff", "長い" * 100])
def test_a_name_is_words_whatever_is_in_it(name):
    assert png(draw_timeline(name, [0], PROBABILITIES[:1], BASIC7, "$x$"))
