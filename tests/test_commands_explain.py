"""`explain` on the command line and in a notebook, with a backend that sees one face everywhere."""

import json
import re
import shutil
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from matplotlib.image import imread, imsave

from cli import main
from commands.explain import Explainer
from errors import DataError, NoInputError, UsageError
from explain.media import Reel
from params import load
from pipeline.faces.backends import BACKENDS
from train.data.stores import Stores
from train.fitting.stage import train
from train.runs import Run, load_run

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(0).integers(0, 256, (256, 300, 3), np.uint8)


@pytest.fixture(scope="module")
def run(tiny, checkout, tmp_path_factory):
    shipped = load(checkout / "params.yaml").train
    quick = shipped.model_copy(update={"image_px": 32, "epochs": 1, "batch": 8})
    out = tmp_path_factory.mktemp("runs") / "plain"
    stores = Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)
    wanted = Run("cam", "plain", quick, torch.device("cpu"))
    train(stores, out, wanted, lambda done, total, note: None)
    return out


@pytest.fixture
def folder(tmp_path, checkout, monkeypatch, template_face):
    """A folder with params.yaml and a picture; faces are found where a picture is not black."""

    def see(image_HW3):
        return template_face[None] if image_HW3.any() else np.zeros((0, 68, 2))

    for name in BACKENDS:
        monkeypatch.setitem(BACKENDS, name, see)
    shutil.copy(checkout / "params.yaml", tmp_path)
    (tmp_path / "in").mkdir()
    imsave(tmp_path / "in" / "face.png", PICTURE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(run, *arguments):
    command = ["explain", str(run), *arguments, "--out", "out", "--device", "cpu"]
    found = CliRunner().invoke(main, command, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output, json.loads(Path("out/explained.json").read_text())


def test_a_picture_gets_a_page_its_numbers_and_a_sentence(run, folder):
    said, summary = explained(run, "in/face.png")
    (line,) = summary["pictures"]
    (face,) = line["faces"]
    assert said.strip() == f"in/face.png: {face['sentence']}"
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert face["explained"] == face["expression"]
    assert imread(folder / "out" / line["page"]).ndim == 3
    alone = json.loads((folder / "out" / "face.json").read_text())
    assert alone["faces"] == line["faces"]
    assert (alone["method"], alone["notice"]) == ("cam", "made up")


def test_the_wanted_expression_is_explained(run, folder):
    _, summary = explained(run, "in/face.png", "--expression", "afraid")
    assert summary["pictures"][0]["faces"][0]["explained"] == "Fear"


def test_an_unknown_expression_is_refused_by_name(run, folder):
    with pytest.raises(UsageError, match="no expression 'contempt'; known: anger"):
        CliRunner().invoke(
            main,
            ["explain", str(run), "in", "--out", "out", "--expression", "contempt"],
            catch_exceptions=False,
        )


def test_pictures_without_a_face_and_broken_ones_get_a_line_and_no_page(run, folder):
    imsave(folder / "in" / "black.png", np.zeros((200, 200, 3), np.uint8))
    (folder / "in" / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "in" / "film.mp4").write_bytes(b"no film")
    said, summary = explained(run, "in", "gone.jpg")
    problems = {line["picture"]: line.get("problem", "") for line in summary["pictures"]}
    assert problems.pop("in/face.png") == ""
    assert problems.pop("in/black.png") == "no_face"
    assert problems.pop("in/cut.jpg").startswith("truncated: ")
    assert problems.pop("in/film.mp4").startswith("corrupt: ")
    assert problems == {"gone.jpg": "missing: no such file"}
    assert len(said.splitlines()) == 5
    assert sorted(one.name for one in (folder / "out").iterdir()) == [
        "explained.json",
        "face.json",
        "face.png",
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(run, folder):
    (folder / "in" / "deep").mkdir()
    shutil.copy(folder / "in" / "face.png", folder / "in" / "deep" / "face.png")
    _, summary = explained(run, "in")
    assert [line["page"] for line in summary["pictures"]] == ["face.png", "face~2.png"]


def test_a_video_becomes_a_video_with_a_record_a_frame(run, folder):
    reel = Reel(folder / "in" / "film.mp4", 10.0)
    for number in range(6):
        reel.add(PICTURE if number < 4 else np.zeros_like(PICTURE))
    reel.close()
    said, summary = explained(run, "in/film.mp4")
    assert said.strip() == "in/film.mp4: 2 of 3 frames have a face"
    told = json.loads((folder / "out" / "film.json").read_text())
    assert [len(frame["faces"]) for frame in told["frames"]] == [1, 1, 0]
    shown = cv2.VideoCapture(str(folder / "out" / "film.mp4"))
    assert shown.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert shown.get(cv2.CAP_PROP_FPS) == 5
    assert summary["pictures"][0]["page"] == "film.mp4"


def test_an_empty_folder_is_an_input_that_is_not_there(run, folder):
    (folder / "nothing").mkdir()
    with pytest.raises(NoInputError, match="holds no picture"):
        CliRunner().invoke(
            main, ["explain", str(run), "nothing", "--out", "out"], catch_exceptions=False
        )
    assert not (folder / "out").exists()


def test_a_run_of_other_settings_says_which(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "other")
    described = json.loads((run / "run.json").read_text())
    del described["params"]["protocol"]
    (other / "run.json").unlink()
    (other / "run.json").write_text(json.dumps(described))
    with pytest.raises(DataError, match=r"other settings \(protocol\). Train it again"):
        load_run(other, "best", torch.device("cpu"))


def test_the_notebook_of_the_docs_runs_as_it_stands(run, folder, checkout, capsys):
    text = (checkout / "docs" / "explaining.md").read_text()
    (block,) = re.findall(r"(?:^    from .*\n)(?:^    .*\n)+", text, re.MULTILINE)
    code = textwrap.dedent(block)
    assert len(code.splitlines()) == 5
    (folder / "runs/demo/cam").mkdir(parents=True)
    (folder / "runs/demo/cam/aligned").symlink_to(run)
    imsave(folder / "photo.jpg", PICTURE)
    names = {}
    exec(code, names)
    assert Explainer.of(run).sentence(names["told"][0]) in capsys.readouterr().out
    assert (folder / "photo-explained.png").is_file()


def test_a_folder_that_is_no_run_says_what_to_name(tmp_path):
    with pytest.raises(NoInputError, match="Give the output folder of `train`"):
        load_run(tmp_path, "best", torch.device("cpu"))
