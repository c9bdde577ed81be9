"""docs/performance.md shows what the benchmarks wrote."""

import json
import re

import pytest

ROW = re.compile(r"^\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \|$", re.M)


def newest(checkout, name):
    return json.loads(max((checkout / "benchmarks" / "results").glob(f"{name}-*.json")).read_text())


@pytest.fixture(scope="module")
def rows(checkout):
    """Way -> [microseconds, median, least, greatest], as the page has them."""
    page = (checkout / "docs" / "performance.md").read_text()
    loading, augmenting = page.split("## Augmenting")
    return [
        {name: numbers for name, *numbers in ROW.findall(part)} for part in (loading, augmenting)
    ]


def printed(microseconds, times):
    return [f"{value:.1f}" for value in (microseconds, times["median"], times["min"], times["max"])]


@pytest.mark.parametrize("part", ["loading", "augmenting"])
def test_every_peer_is_on_the_page_with_its_figures(part, rows, checkout):
    shown = rows[part == "augmenting"]
    measured = newest(checkout, "peers")[part]
    assert measured
    for name, figures in measured.items():
        assert shown[name] == printed(figures["us_per_face"], figures["times_ours"])


def test_the_ways_of_reading_are_those_that_were_measured(rows, checkout):
    figures = newest(checkout, "feed")
    measured = {
        name: printed(microseconds, figures["times_the_cpu_of_ours"][name])
        for name, microseconds in figures["cpu_us_per_sample"].items()
        if name in figures["times_the_cpu_of_ours"]
    }
    shown = {name: row for name, row in rows[0].items() if name in measured}
    assert len(shown) >= 14
    assert shown == {name: measured[name] for name in shown}
