"""A run that explains pictures, as notebooks use it."""

import ast
import re
import textwrap

import pytest
from matplotlib.image import imsave

import explain
from explain.explainer import Explainer
from tests.pictures import PAGE_PICTURE

pytestmark = pytest.mark.slow


@pytest.fixture
def notebook_folder(tiny_run, photo_folder):
    """The working folder of the examples: a run at runs/demo/cam/aligned/seed0, and photo.jpg."""
    (photo_folder / "runs/demo/cam/aligned").mkdir(parents=True)
    (photo_folder / "runs/demo/cam/aligned/seed0").symlink_to(tiny_run)
    imsave(photo_folder / "photo.jpg", PAGE_PICTURE)
    return photo_folder


def block(text):
    """The indented lines that begin with an import."""
    (found,) = re.findall(r"(?:^    from .*\n)(?:^    .*\n)+", text, re.MULTILINE)
    return textwrap.dedent(found)


def test_the_notebook_of_the_docs_runs_as_it_stands(notebook_folder, checkout, capsys):
    code = block((checkout / "docs" / "explaining.md").read_text())
    assert len(code.splitlines()) == 5
    names = {}
    exec(code, names)
    explanation = names["explanations"][0]
    assert names["explainer"].sentence(explanation) in capsys.readouterr().out
    assert (notebook_folder / "photo-explained.png").is_file()


def test_the_example_of_the_room_runs_as_it_stands(notebook_folder):
    code = block(explain.__doc__)
    assert len(ast.parse(code).body) == 1 + 3
    exec(code, {})
    assert (notebook_folder / "photo-explained.png").is_file()


def test_a_run_says_what_it_was_trained_on(tiny_run, photo_folder):
    metadata = Explainer.load(tiny_run).metadata
    assert (metadata["method"], metadata["notice"]) == ("cam", "made up")
