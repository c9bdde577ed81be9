"""The options of `explain`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from errors import NoInputError, ProjectError, UsageError

pytestmark = pytest.mark.slow


def explained(tiny_run, *arguments):
    command = ["explain", str(tiny_run), *arguments, "--out", "out", "--device", "cpu"]
    found = CliRunner().invoke(main, command, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output, json.loads(Path("out/explained.json").read_text())


def test_the_wanted_expression_is_explained(tiny_run, photo_folder):
    _, summary = explained(tiny_run, "in/face.png", "--expression", "afraid")
    assert summary["pictures"][0]["faces"][0]["explained"] == "Fear"


def test_an_unknown_expression_is_refused_by_name(tiny_run, photo_folder):
    with pytest.raises(UsageError, match="no class 'contempt'; known: afraid, anger"):
        CliRunner().invoke(
            main,
            ["explain", str(tiny_run), "in", "--out", "out", "--expression", "contempt"],
            catch_exceptions=False,
        )


def test_an_empty_folder_is_an_input_that_is_not_there(tiny_run, photo_folder):
    (photo_folder / "nothing").mkdir()
    with pytest.raises(NoInputError, match="holds no picture"):
        CliRunner().invoke(
            main, ["explain", str(tiny_run), "nothing", "--out", "out"], catch_exceptions=False
        )
    assert not (photo_folder / "out").exists()


def test_coded_action_units_are_shown_beside_those_of_the_expression(tiny_run, photo_folder):
    output, summary = explained(tiny_run, "in/face.png", "--aus", "6;12:0.8")
    (face,) = summary["pictures"][0]["faces"]
    assert {*face["cosines"]} >= {"own AUs"}
    assert "the AUs coded on this face" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in", "--aus", "12"], "--aus.*is of one face. Name one picture"),
        (["in/face.png", "--aus", "3"], "AU3 is no number of FACS"),
        (["in/face.png", "--aus", "12:5"], "AU12 has intensity 5, which must be from 0 to 1"),
    ],
)
def test_action_units_that_are_of_no_single_face_are_refused(
    tiny_run, photo_folder, arguments, words
):
    with pytest.raises(ProjectError, match=words):
        CliRunner().invoke(
            main, ["explain", str(tiny_run), *arguments, "--out", "out"], catch_exceptions=False
        )
