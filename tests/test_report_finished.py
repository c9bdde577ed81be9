"""A page that shows exactly the results that are there is not written again."""

import shutil
import subprocess
import sys

import pytest

from benchmarks.made_results import put
from report.finished import is_reported
from report.page import write_report
from report.params import ReportParams

PARAMS = ReportParams(title="Where they look", sheet_faces=0)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    put(root / "results")
    write_report(root / "results", root / "pages", PARAMS)
    return root


@pytest.fixture
def reported(written, tmp_path):
    """A copy of results and their page."""
    return shutil.copytree(written, tmp_path / "report")


def is_there(root, params=PARAMS):
    return is_reported(root / "results", root / "pages", params)


def test_a_page_is_there_once_it_is_written(reported, tmp_path):
    assert is_there(reported)
    assert not is_reported(reported / "results", tmp_path / "elsewhere", PARAMS)


@pytest.mark.parametrize("change", [{"title": "Other"}, {"sheet_faces": 2}])
def test_other_parameters_write_it_again(reported, change):
    assert not is_there(reported, PARAMS.model_copy(update=change))


def test_another_result_writes_it_again(reported):
    put(reported / "results", "demo/cam/aligned", accuracy=1.0)
    assert not is_there(reported)


def test_a_half_built_result_does_not(reported):
    place = next((reported / "results").glob("*/*/*/*/scores.json")).parent
    shutil.copytree(place, place.with_name(".building-0123"))
    assert is_there(reported)


def test_a_file_that_was_deleted_or_cut_writes_it_again(reported):
    page = reported / "pages" / "index.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:-1])
    assert not is_there(reported)
    page.unlink()
    assert not is_there(reported)


def test_nothing_heavy_is_imported_to_see_it(reported, checkout):
    code = (
        "import sys, cli\n"
        "cli.main(standalone_mode=False)\n"
        "print({'matplotlib', 'cv2', 'jinja2', 'torch'} & set(sys.modules))"
    )
    params = f"{checkout}/params.yaml"
    words = ["report", str(reported / "results"), str(reported / "pages"), "--params", params]
    command = [sys.executable, "-c", code, *words]
    shown = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    again = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("report: ")
    assert again.stdout == f"report {reported / 'pages'}: there already\nset()\n"
