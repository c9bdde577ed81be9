"""What explains: a run, or a model that AULens did not train."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from cli import main
from errors import NoInputError, UsageError
from explain.opening import open_model
from params import load

CPU = torch.device("cpu")


@pytest.fixture
def settings(checkout):
    return load(checkout / "params.yaml")


@pytest.fixture
def mouth(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "by_mouth.py").write_text(
        "import numpy\n"
        "def mouth(faces):\n"
        "    happy = faces[:, 160:220, 80:176].mean(axis=(1, 2, 3)) / 255\n"
        "    return numpy.stack([1 - happy, happy], axis=1)\n"
        "mouth.classes = ['neutral', 'happy']\n"
    )
    return "by_mouth:mouth"


def test_a_function_is_opened_with_a_map_that_needs_no_inside(mouth, settings):
    opened = open_model(mouth, None, settings, CPU)
    assert opened.model.map_name == "occlusion"
    assert opened.metadata["origin"].endswith("not trained by AULens; trained on unknown.")
    assert opened.like_52 is None
    assert opened.align == settings.align


def test_a_run_says_everything_itself(tiny_run, settings):
    assert open_model(str(tiny_run), None, settings, CPU).model.map_name == "CAM"
    with pytest.raises(UsageError, match=r"--card: is of an \.onnx file"):
        open_model(str(tiny_run), "fer_plus_onnx", settings, CPU)


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("nowhere", NoInputError, "is nothing that can be examined"),
        ("no_such_module:it", UsageError, "there is no module 'no_such_module'"),
        ("nothing.onnx", NoInputError, r"nothing\.onnx: is not there"),
    ],
)
def test_what_cannot_be_opened_is_named(settings, model, error, said):
    with pytest.raises(error, match=said):
        open_model(model, None, settings, CPU)


def test_a_cam_that_needs_the_inside_is_refused(mouth, settings):
    read = settings.explain.read.model_copy(update={"cam_method": "gradcam"})
    changed = settings.model_copy(
        update={"explain": settings.explain.model_copy(update={"read": read})}
    )
    with pytest.raises(UsageError, match="gradcam needs the inside of a model; by_mouth:mouth has"):
        open_model(mouth, None, changed, CPU)


@pytest.mark.slow
def test_a_function_explains_and_predicts_pictures(mouth, photo_folder, monkeypatch):
    monkeypatch.syspath_prepend(Path.cwd())
    for command, out in (("explain", "out"), ("predict", "table.csv")):
        words = [command, mouth, "in/face.png", "--out", out, "--device", "cpu"]
        found = CliRunner().invoke(main, words, catch_exceptions=False)
        assert found.exit_code == 0, found.output
    summary = json.loads(Path("out/explained.json").read_text())
    (face,) = summary["pictures"][0]["faces"]
    assert face["regions_of"] == "occlusion"
    assert set(face["probabilities"]) >= {"Neutral", "Happiness"}
    assert "not trained by AULens" in summary["origin"]
    assert "Happiness" in Path("table.csv").read_text()
