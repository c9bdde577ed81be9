"""What is written on a page is text, and can be printed."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from report.figures.drawing import blank_page, fitted, png, printable_line, write


@pytest.mark.parametrize(
    ("text", "printed"), [("a\nb", "a\\nb"), ("長", "\\u9577"), ("Müller – ±", "Müller – ±")]
)
def test_what_breaks_the_line_or_the_font_lacks_is_escaped(text, printed):
    assert printable_line(text) == printed


@pytest.mark.parametrize("text", ["landmarks_invalid " * 9, "WWWWWWWWWWWW" * 5, "長い名前" * 20])
@pytest.mark.parametrize("keep_end", [False, True])
@pytest.mark.parametrize("bold", [False, True])
def test_a_fitted_text_is_no_wider_than_its_room_and_fills_it(text, keep_end, bold):
    figure, axes = blank_page(400, 20)
    shown = fitted(text, 7.5, 160, keep_end, bold)
    write(axes, (0, 15), shown, 7.5, weight="bold" if bold else "normal")
    (drawn,) = axes.texts
    assert 140 < drawn.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width < 162
    assert shown.startswith("…") == keep_end


def test_a_text_that_fits_stays():
    assert fitted("Happiness", 7.5, 160) == "Happiness"


def test_in_no_room_there_is_an_ellipsis():
    assert fitted("Happiness", 7.5, 1) == "…"


def test_equal_pages_are_equal_bytes():
    pages = []
    for _ in range(2):
        figure, axes = blank_page(20, 10)
        write(axes, (1, 8), "$x$", 5)
        pages.append(png(figure))
    assert pages[0] == pages[1]
