"""What `predict` writes, with a detector that finds one face in every picture."""

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread, imsave

from errors import BEGINS_AGAIN, DataError, NoInputError, UsageError
from explain.explainer import Explainer
from explain.prediction import COLUMNS, write_predictions
from explain.video import VideoWriter
from tests.basic7 import EXPRESSIONS
from tests.pictures import PAGE_PICTURE

pytestmark = pytest.mark.slow


@pytest.fixture
def predicted(tiny_run, photo_folder):
    """A function (pictures) -> (lines that are said, rows of the table)."""
    explainer = Explainer.load(tiny_run, device="cpu")

    def predict(*pictures):
        lines = write_predictions(explainer, [Path(one) for one in pictures], Path("out/p.csv"))
        with Path("out/p.csv").open(newline="") as file:
            return lines, list(csv.DictReader(file))

    return predict


def test_a_face_is_a_row_with_what_explain_says(predicted, tiny_run):
    lines, (row,) = predicted("in")
    (explanation,) = Explainer.load(tiny_run, device="cpu").explain_picture("in/face.png")[1]
    assert tuple(row) == (*COLUMNS, *EXPRESSIONS, "box")
    assert (row["file"], row["seconds"], row["face"]) == ("in/face.png", "", "1")
    assert row["expression"] == EXPRESSIONS[explanation.predicted]
    shown = [float(row[name]) for name in EXPRESSIONS]
    np.testing.assert_allclose(shown, explanation.probabilities_V, atol=1e-4)
    assert float(row["probability"]) == max(shown)
    assert lines[0] == "out/p.csv: 1 faces; files: ok 1"
    assert lines[1:] == Explainer.load(tiny_run, device="cpu").provenance


def test_the_box_is_that_of_the_crop(predicted):
    _, (row,) = predicted("in")
    x, _, width, height = map(float, row["box"].split())
    assert abs(width - height) < 1
    assert abs(x + width / 2 - 160) < 40


def test_pictures_without_a_face_and_broken_ones_are_rows_with_a_reason(predicted):
    imsave("in/black.png", np.zeros((200, 200, 3), np.uint8))
    Path("in/cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    lines, rows = predicted("in")
    assert {row["file"]: row["status"] for row in rows} == {
        "in/black.png": "no_face",
        "in/cut.jpg": "truncated",
        "in/face.png": "ok",
    }
    assert lines[0].startswith("in/cut.jpg: truncated: ")
    assert lines[1] == "out/p.csv: 1 faces; files: no_face 1, truncated 1, ok 1"


def test_a_video_is_a_row_per_frame_and_a_plot(predicted):
    writer = VideoWriter(Path("in/film.mp4"), 10.0)
    for number in range(6):
        writer.add(PAGE_PICTURE if number < 4 else np.zeros_like(PAGE_PICTURE))
    writer.close()
    _, rows = predicted("in/film.mp4")
    assert [(row["seconds"], row["status"]) for row in rows] == [
        ("0.000", "ok"),
        ("0.200", "ok"),
        ("0.400", "no_face"),
    ]
    assert imread("out/p-film.png").ndim == 3


def test_a_video_that_was_cut_off_ends_with_a_row_that_says_so(predicted, cut_video):
    lines, rows = predicted(cut_video)
    assert [row["status"] for row in rows] == ["ok"] * 7 + ["truncated"]
    assert rows[-1]["detail"] in lines[0]


def test_of_many_problems_the_first_are_listed(predicted):
    for number in range(12):
        Path(f"in/{number}.jpg").write_bytes(b"x")
    lines, _ = predicted("in")
    assert lines[10] == "and 2 more, in out/p.csv"
    assert lines[11].startswith("out/p.csv: 1 faces")


def test_a_plot_replaces_no_picture(tiny_run, photo_folder):
    writer = VideoWriter(Path("in/film.mp4"), 10.0)
    writer.add(PAGE_PICTURE)
    writer.close()
    imsave("in/p-film.png", PAGE_PICTURE)
    before = Path("in/p-film.png").read_bytes()
    write_predictions(Explainer.load(tiny_run, device="cpu"), [Path("in")], Path("in/p.csv"))
    assert Path("in/p-film.png").read_bytes() == before
    assert Path("in/p-film~2.png").is_file()


def test_an_interrupted_table_holds_what_was_done(tiny_run, photo_folder):
    imsave("in/later.png", PAGE_PICTURE)

    def stop(done, total, note):
        if done:
            raise KeyboardInterrupt

    explainer = Explainer.load(tiny_run, device="cpu")
    with pytest.raises(KeyboardInterrupt) as stopped:
        write_predictions(explainer, [Path("in")], Path("p.csv"), stop)
    assert stopped.value.__notes__ == [f"p.csv holds the first 1 of 2 files. {BEGINS_AGAIN}"]
    assert len(Path("p.csv").read_text().splitlines()) == 2


def test_a_name_is_no_formula(predicted):
    Path("in/face.png").rename("=1.png")
    _, (row,) = predicted("=1.png")
    assert row["file"] == "'=1.png"


def test_a_table_is_called_csv(tiny_run, photo_folder):
    with pytest.raises(UsageError, match=r"Let --out end in \.csv"):
        write_predictions(Explainer.load(tiny_run), [Path("in")], Path("out"))


def test_if_nothing_can_be_read_that_is_an_error_and_the_table_says_why(predicted):
    Path("in/face.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"face.png: not_image: .* Of 1 files none"):
        predicted("in")
    assert "not_image" in Path("out/p.csv").read_text()


def test_an_empty_folder_is_an_input_that_is_not_there(predicted):
    Path("nothing").mkdir()
    with pytest.raises(NoInputError, match="holds no picture"):
        predicted("nothing")
