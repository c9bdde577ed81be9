"""What is written on a page is text, and can be printed."""

import pytest

from report.figures.drawing import blank_page, png, printable_line, shortened, write


@pytest.mark.parametrize(
    ("text", "printed"), [("a\nb", "a\\nb"), ("長", "\\u9577"), ("Müller – ±", "Müller – ±")]
)
def test_what_breaks_the_line_or_the_font_lacks_is_escaped(text, printed):
    assert printable_line(text) == printed


def test_of_a_long_text_the_end_is_kept():
    assert shortened("abcdef", 4) == "…def"
    assert shortened("abcd", 4) == "abcd"


def test_equal_pages_are_equal_bytes():
    pages = []
    for _ in range(2):
        figure, axes = blank_page(20, 10)
        write(axes, (1, 8), "$x$", 5)
        pages.append(png(figure))
    assert pages[0] == pages[1]
