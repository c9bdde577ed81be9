"""What `explain` writes, with a detector that finds one face in every picture."""

import json
import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread, imsave

from cli import main
from errors import BEGINS_AGAIN, DataError
from explain.explainer import Explainer
from explain.output import LONGEST_NAME, output_names, write_explanations
from explain.video import VideoWriter
from pipeline.faces.backends import BACKENDS
from tests.pictures import PAGE_PICTURE

pytestmark = pytest.mark.slow

NOTICE = [
    "Trained on 28 faces of tiny; resnet18, begun with random weights.",
    "WARNING: made up",
]
"""What a run was trained on, and what its dataset wants said."""


def explained(tiny_run, *arguments):
    command = ["explain", str(tiny_run), *arguments, "--out", "out", "--device", "cpu"]
    found = CliRunner().invoke(main, command, catch_exceptions=False)
    assert found.exit_code == 0
    return found.output, json.loads(Path("out/explained.json").read_text())


def test_a_picture_gets_a_page_its_numbers_and_a_sentence(tiny_run, photo_folder):
    said, summary = explained(tiny_run, "in/face.png")
    (line,) = summary["pictures"]
    (face,) = line["faces"]
    assert said.splitlines() == [f"in/face.png: {face['sentence']}", *NOTICE]
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
    assert {line["picture"]: line["status"] for line in summary["pictures"]} == {
        "in/black.png": "no_face",
        "in/cut.jpg": "truncated",
        "in/face.png": "ok",
        "in/film.mp4": "corrupt",
        "gone.jpg": "missing",
    }
    assert "gone.jpg: missing: no such file" in said
    assert len(said.splitlines()) == 5 + len(NOTICE)
    assert sorted(one.name for one in (photo_folder / "out").iterdir()) == [
        "explained.json",
        "face.json",
        "face.png",
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(tiny_run, photo_folder):
    (photo_folder / "in" / "deep").mkdir()
    shutil.copy(photo_folder / "in" / "face.png", photo_folder / "in" / "deep" / "face.png")
    _, summary = explained(tiny_run, "in")
    assert {file.name for file in Path("out").glob("face*")} == {
        *("face.png", "face.json", "face~2.png", "face~2.json")
    }
    assert [line["page"] for line in summary["pictures"]] == ["face.png", "face~2.png"]


def test_a_video_becomes_a_video_with_a_record_per_frame(tiny_run, photo_folder):
    writer = VideoWriter(photo_folder / "in" / "film.mp4", 10.0)
    for number in range(6):
        writer.add(PAGE_PICTURE if number < 4 else np.zeros_like(PAGE_PICTURE))
    writer.close()
    said, summary = explained(tiny_run, "in/film.mp4")
    assert said.splitlines() == ["in/film.mp4: 2 of 3 frames have a face", *NOTICE]
    told = json.loads((photo_folder / "out" / "film.json").read_text())
    assert [len(frame["faces"]) for frame in told["frames"]] == [1, 1, 0]
    shown = cv2.VideoCapture(str(photo_folder / "out" / "film.mp4"))
    assert shown.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert shown.get(cv2.CAP_PROP_FPS) == 5
    assert summary["pictures"][0]["page"] == "film.mp4"


def test_a_video_keeps_its_pauses(tiny_run, photo_folder, monkeypatch):
    times = iter([(0.0, PAGE_PICTURE), (0.61, PAGE_PICTURE)])
    monkeypatch.setattr("explain.video.VideoReader.__iter__", lambda self: times)
    writer = VideoWriter(photo_folder / "in" / "film.mp4", 10.0)
    writer.add(PAGE_PICTURE)
    writer.close()
    explained(tiny_run, "in/film.mp4")
    told = json.loads((photo_folder / "out" / "film.json").read_text())
    assert [frame["seconds"] for frame in told["frames"]] == [0, 0.61]
    shown = cv2.VideoCapture(str(photo_folder / "out" / "film.mp4"))
    assert shown.get(cv2.CAP_PROP_FRAME_COUNT) == 4


def test_a_video_that_was_cut_off_is_explained_as_far_as_it_goes(tiny_run, photo_folder, cut_video):
    said, summary = explained(tiny_run, str(cut_video))
    assert summary["pictures"][0]["frames"] == 7
    assert said.splitlines()[0].endswith(
        "7 of 7 frames have a face; truncated: ends at 1.4 s of 4.0 s"
    )
    assert (photo_folder / "out" / "cut.mp4").is_file()


def test_an_interrupted_summary_lists_what_was_done(tiny_run, photo_folder):
    imsave("in/later.png", PAGE_PICTURE)

    def stop(done, total, note):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        write_explanations(Explainer.load(tiny_run), [Path("in")], Path("out"), stop)
    assert stopped.value.__notes__ == [f"out holds the first 1 of 2 files. {BEGINS_AGAIN}"]
    assert len(json.loads(Path("out/explained.json").read_text())["pictures"]) == 1


def test_names_of_any_length_and_bytes_are_explained(tiny_run, photo_folder):
    names = ["x" * 251 + ".png", "é" * 124 + ".png", os.fsdecode(b"\xff\xfe.png")]
    for name in names:
        shutil.copy(photo_folder / "in" / "face.png", photo_folder / "in" / name)
    _, summary = explained(tiny_run, "in")
    pages = [line["page"] for line in summary["pictures"]]
    assert [line["status"] for line in summary["pictures"]] == ["ok"] * 4
    assert len(list(Path("out").glob("*.png"))) == len(set(pages)) == 4


def test_a_picture_called_like_the_summary_keeps_its_numbers(tiny_run, photo_folder):
    (photo_folder / "in" / "face.png").rename(photo_folder / "in" / "explained.png")
    _, summary = explained(tiny_run, "in")
    assert summary["pictures"][0]["page"] == "explained~2.png"
    assert "faces" in json.loads(Path("out/explained~2.json").read_text())


def test_if_nothing_can_be_read_the_exit_code_says_so(tiny_run, photo_folder):
    (photo_folder / "in" / "face.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"face.png: not_image: .* Of 1 files none"):
        explained(tiny_run, "in")
    assert json.loads(Path("out/explained.json").read_text())["pictures"][0]["detail"]


def test_faces_of_a_group_are_numbered_in_words_as_on_the_page(
    tiny_run, photo_folder, monkeypatch, template_face
):
    two = np.array([template_face / 2 + (160, 0), template_face / 2])
    for name in BACKENDS:
        monkeypatch.setitem(BACKENDS, name, lambda image_HW3: two)
    said, summary = explained(tiny_run, "in")
    faces = summary["pictures"][0]["faces"]
    assert [line.split(": ")[0] for line in said.splitlines()[:2]] == [
        "in/face.png, face 1 of 2",
        "in/face.png, face 2 of 2",
    ]
    assert [face["number"] for face in faces] == [1, 2]
    assert faces[0]["outline"][0][0] < faces[1]["outline"][0][0]


@pytest.mark.parametrize(
    ("stems", "names"),
    [
        (("a", "a", "a"), ["a", "a~2", "a~3"]),
        (("a~2", "a", "a"), ["a~2", "a", "a~3"]),
        (("a", "a", "a~2"), ["a", "a~2", "a~2~2"]),
        (("a", "A"), ["a", "A~2"]),
        (("explained", "Explained"), ["explained~2", "Explained~3"]),
    ],
)
def test_no_two_names_are_equal(stems, names):
    paths = [Path(str(folder)) / f"{stem}.jpg" for folder, stem in enumerate(stems)]
    assert output_names(paths, ["explained"]) == names


def test_long_names_are_cut_and_stay_different():
    names = output_names([Path("é" * 120 + f"{number}.jpg") for number in range(3)])
    assert len(set(names)) == 3
    assert max(len(name.encode()) for name in names) <= LONGEST_NAME + 2


def test_many_equal_names_take_no_longer_each(tmp_path):
    paths = [Path(str(number)) / "a.jpg" for number in range(20_000)]
    started = time.monotonic()
    assert len(set(output_names(paths))) == 20_000
    assert time.monotonic() - started < 5
