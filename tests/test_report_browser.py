"""The page in a real browser: headless Chromium runs a script that is appended to it."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from benchmarks.made_results import optional_scores, put
from report.page import write_report
from report.params import ReportParams

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here; on Debian: apt install chromium"),
]

SCRIPT = """
<script>
const found = {};
document.querySelectorAll("details").forEach((one) => { one.open = true; });
const table = document.querySelector("#runs table");
const heads = [...table.tHead.rows].at(-1).cells;
const place = [...heads].findIndex((head) => head.textContent === "overall");
const column = () => [...table.tBodies[0].rows].map((row) => row.cells[place].textContent);
const press = () => {
  heads[place].querySelector("button").click();
  return [heads[place].ariaSort, column()];
};
found.before = column();
found.first = press();
found.second = press();
const words = heads[1].querySelector("button");
words.focus();
found.focused = document.activeElement === words;
found.tooltips = [...document.querySelectorAll(".chart title")].map((one) => one.textContent);
found.outside = [...document.querySelectorAll(".chart .point")].filter((one) => {
  const [point, chart] = [one, one.closest("svg")].map((it) => it.getBoundingClientRect());
  const [x, y] = [point.x + point.width / 2, point.y + point.height / 2];
  return !(x > chart.left && x < chart.right && y > chart.top && y < chart.bottom);
}).length;
found.ink = getComputedStyle(document.querySelector(".chart text")).fill;
words.click();
found.sorted = [...heads].filter((head) => head.ariaSort).map((head) => head.textContent);
found.methods = [...table.tBodies[0].rows].map((row) => row.cells[1].textContent);
found.wide = document.documentElement.scrollWidth - window.innerWidth;
addEventListener("load", () => {
  const images = [...document.images];
  found.images = images.length;
  found.broken = images.filter((one) => !one.naturalWidth).map((one) => one.alt);
  const told = document.createElement("pre");
  told.id = "found";
  told.textContent = JSON.stringify(found);
  document.body.append(told);
});
</script>
"""


def opened(page, width, profile):
    """Return what the script found, and what the browser complained about."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command += [f"--window-size={width},900", f"--user-data-dir={profile}", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=240)
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stderr[-2000:]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(told[1])), complaints


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Two methods in four runs, a variant, a transfer; and the script."""
    root = tmp_path_factory.mktemp("browser")
    results = root / "results"
    weight = {"lr": 0.001, "alignment": {"weight": 4.0, "layers": [2]}}
    put(results, "demo/cam/plain", accuracy=0.5, **optional_scores())
    put(results, "demo/cam/aligned", accuracy=1.0, **optional_scores())
    put(results, "demo/cam/aligned-4", accuracy=0.25, train=weight)
    put(results, "demo/adl/plain", accuracy=0.125)
    put(results, "demo-on-mine/cam/plain", accuracy=0.75, trained_on="demo", dataset="mine")
    written = write_report(results, root / "out", ReportParams(title="Seen", sheet_faces=4))
    text = written.read_text().replace(' loading="lazy"', "")  # so that loading waits for them
    written.with_name("tried.html").write_text(text.replace("</body>", SCRIPT + "</body>"))
    return written.with_name("tried.html")


@pytest.fixture(scope="module", params=[1200, 400])
def seen(request, page, tmp_path_factory):
    return opened(page, request.param, tmp_path_factory.mktemp("profile"))


def test_the_console_stays_silent(seen):
    assert seen[1] == []


def test_every_image_loads(seen):
    assert seen[0]["broken"] == []
    assert seen[0]["images"] > 50


def test_a_press_sorts_numbers_from_the_largest_and_the_next_from_the_smallest(seen):
    found = seen[0]
    assert sorted(found["before"]) != found["before"]
    assert found["first"] == ["descending", ["1.000", "0.750", "0.500", "0.250", "0.125"]]
    assert found["second"] == ["ascending", ["0.125", "0.250", "0.500", "0.750", "1.000"]]


def test_words_sort_from_a_and_one_column_at_a_time_is_marked(seen):
    found = seen[0]
    assert found["methods"] == ["adl", "cam", "cam", "cam", "cam"]
    assert found["sorted"] == ["method"]


def test_heads_can_be_reached_by_keyboard(seen):
    assert seen[0]["focused"]


def test_a_charts_points_lie_on_it_and_its_text_has_the_pages_colour(seen):
    assert any(one.startswith("cam plain: accuracy 0.500") for one in seen[0]["tooltips"])
    assert seen[0]["outside"] == 0
    assert seen[0]["ink"] == "rgb(29, 33, 38)"


def test_nothing_is_wider_than_the_window(seen):
    assert seen[0]["wide"] <= 0


def test_a_script_that_fails_would_be_noticed(page, tmp_path):
    broken = page.with_name("broken.html")
    broken.write_text(page.read_text().replace("</body>", "<script>nothing.there</script></body>"))
    _, complaints = opened(broken, 800, tmp_path)
    assert any("nothing is not defined" in line for line in complaints)
