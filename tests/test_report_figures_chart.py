"""A chart's SVG: self-contained, deterministic, in the page's colours, with tooltips in place."""

import re
from xml.etree import ElementTree

import pytest

from report.figures.chart import INK, PAPER, SERIES, SOFT, make_chart, series_colour, style_axes

POINTS = [(0.0, 0.0, "low & left"), (0.5, 0.25, "<middle>"), (1.0, 1.0, "high")]


def draw(figure):
    axes = figure.subplots()
    style_axes(axes, "x <b>", "y")
    axes.axhline(0.5, color=SOFT)
    axes.plot([x for x, _, _ in POINTS], [y for _, y, _ in POINTS], "o", color=SERIES[0])
    axes.plot([], [], "o", color=SERIES[1], label="aligned")
    axes.legend()
    return [(axes, *point) for point in POINTS]


@pytest.fixture(scope="module")
def chart():
    return make_chart("x", "A chart", (4.0, 3.0), draw)


def elements(chart, tag):
    return ElementTree.fromstring(chart.svg).iter(tag)


def test_tooltips_lie_on_the_markers_that_are_drawn(chart):
    circles = [one for one in elements(chart, "circle") if one.get("class") == "point"]
    assert [one.findtext("title") for one in circles] == ["low & left", "<middle>", "high"]
    markers = [
        (float(one.get("x")), float(one.get("y")))
        for one in elements(chart, "use")
        if "--plain" in one.get("style")
    ]
    places = [(float(one.get("cx")), float(one.get("cy"))) for one in circles]
    assert places == [pytest.approx(marker, abs=0.01) for marker in markers]


def test_colours_are_variables_of_the_page(chart):
    for colour in (PAPER, INK, SOFT, *SERIES[:2]):
        assert colour not in chart.svg
    assert {"--ink", "--chart-soft", "--plain", "--accent"} <= {
        *re.findall(r"var\((--[\w-]+)\)", chart.svg)
    }


def test_every_reference_is_to_an_id_of_the_same_svg(chart):
    ids = re.findall(r' id="([^"]+)"', chart.svg)
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', chart.svg)
    assert {one or other for one, other in references} == {*ids}
    assert len(ids) == len({*ids})


def test_ids_of_two_charts_differ(chart):
    other = make_chart("y", "Another", (4.0, 3.0), draw)
    ids, others = (set(re.findall(r' id="([^"]+)"', one.svg)) for one in (chart, other))
    assert not ids & others


def test_the_same_drawing_gives_the_same_bytes(chart):
    again = make_chart("x", "A chart", (4.0, 3.0), draw)
    assert (again.svg, again.png) == (chart.svg, chart.png)


def test_text_stays_text_and_is_escaped(chart):
    assert "x &lt;b&gt;</text>" in chart.svg
    assert "<title>low &amp; left</title>" in chart.svg


def test_nothing_points_outside(chart):
    assert "http" not in chart.svg
    assert "font-family" not in chart.svg
    assert chart.png.startswith(b"\x89PNG")


def test_points_of_the_second_panel_lie_in_it():
    def draw_two(figure):
        _, right = figure.subplots(1, 2)
        right.plot([0.5], [0.5], "o", color=SERIES[0])
        return [(right, 0.5, 0.5, "there")]

    found = make_chart("z", "Two panels", (4.0, 2.0), draw_two)
    (circle,) = [one for one in elements(found, "circle") if one.get("class") == "point"]
    assert float(circle.get("cx")) > 2 * 72


def test_colours_of_variants_come_again_after_the_last():
    assert series_colour(len(SERIES)) == SERIES[0]
