"""What `explain` writes, with a detector that finds one face in every picture."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread, imsave

from cli import main
from explain.video import VideoWriter
from tests.pictures import PAGE_PICTURE

pytestmark = pytest.mark.slow


def explained(tiny_run, *arguments):
    command = ["explain", str(tiny_run), *arguments, "--out", "out", "--device", "cpu"]
    found = CliRunner().invoke(main, command, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output, json.loads(Path("out/explained.json").read_text())


def test_a_picture_gets_a_page_its_numbers_and_a_sentence(tiny_run, photo_folder):
    said, summary = explained(tiny_run, "in/face.png")
    (line,) = summary["pictures"]
    (face,) = line["faces"]
    assert said.strip() == f"in/face.png: {face['sentence']}"
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert face["explained"] == face["expression"]
    assert imread(photo_folder / "out" / line["page"]).ndim == 3
    alone = json.loads((photo_folder / "out" / "face.json").read_text())
    assert alone["faces"] == line["faces"]
    assert (alone["method"], alone["notice"]) == ("cam", "made up")


def test_pictures_without_a_face_and_broken_ones_get_a_line_and_no_page(tiny_run, photo_folder):
    imsave(photo_folder / "in" / "black.png", np.zeros((200, 200, 3), np.uint8))
    (photo_folder / "in" / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (photo_folder / "in" / "film.mp4").write_bytes(b"no film")
    said, summary = explained(tiny_run, "in", "gone.jpg")
    problems = {line["picture"]: line.get("problem", "") for line in summary["pictures"]}
    assert problems.pop("in/face.png") == ""
    assert problems.pop("in/black.png") == "no_face"
    assert problems.pop("in/cut.jpg").startswith("truncated: ")
    assert problems.pop("in/film.mp4").startswith("corrupt: ")
    assert problems == {"gone.jpg": "missing: no such file"}
    assert len(said.splitlines()) == 5
    assert sorted(one.name for one in (photo_folder / "out").iterdir()) == [
        "explained.json",
        "face.json",
        "face.png",
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(tiny_run, photo_folder):
    (photo_folder / "in" / "deep").mkdir()
    shutil.copy(photo_folder / "in" / "face.png", photo_folder / "in" / "deep" / "face.png")
    _, summary = explained(tiny_run, "in")
    assert [line["page"] for line in summary["pictures"]] == ["face.png", "face~2.png"]


def test_a_video_becomes_a_video_with_a_record_per_frame(tiny_run, photo_folder):
    writer = VideoWriter(photo_folder / "in" / "film.mp4", 10.0)
    for number in range(6):
        writer.add(PAGE_PICTURE if number < 4 else np.zeros_like(PAGE_PICTURE))
    writer.close()
    said, summary = explained(tiny_run, "in/film.mp4")
    assert said.strip() == "in/film.mp4: 2 of 3 frames have a face"
    told = json.loads((photo_folder / "out" / "film.json").read_text())
    assert [len(frame["faces"]) for frame in told["frames"]] == [1, 1, 0]
    shown = cv2.VideoCapture(str(photo_folder / "out" / "film.mp4"))
    assert shown.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert shown.get(cv2.CAP_PROP_FPS) == 5
    assert summary["pictures"][0]["page"] == "film.mp4"
