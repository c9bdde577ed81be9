import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from cli import main
from errors import NoInputError, UsageError
from report.views.face_sheets import write_face_sheets


@pytest.fixture
def faces(make_store, tmp_path):
    """70 faces, every seventh failed."""
    valid = np.arange(70) % 7 > 0
    table = [
        {
            "id": f"{row}.png",
            "expression": "Fear",
            "status": "ok" if good else "no_face",
            "backend": "mediapipe",
            "detail": "align",
        }
        for row, good in enumerate(valid)
    ]
    images = np.full((70, 8, 8, 3), 90, np.uint8)
    about = {"dataset": "made-up", "notice": None}
    return make_store(tmp_path / "faces", {"image": images}, about, table)


def test_a_sheet_holds_sixty_pictures_and_the_next_one_the_rest(faces, tmp_path):
    assert write_face_sheets(faces, tmp_path / "out", None, 100) == (2, 70)
    full, rest = (imread(tmp_path / "out" / f"sheet-00{n}.png") for n in (1, 2))
    assert full.shape[0] > 2 * rest.shape[0]


def test_only_the_pictures_of_a_status_are_shown(faces, tmp_path):
    assert write_face_sheets(faces, tmp_path / "out", "no_face", 100) == (1, 10)


def test_sheets_of_an_earlier_call_are_replaced(faces, tmp_path):
    write_face_sheets(faces, tmp_path, None, 70)
    write_face_sheets(faces, tmp_path, None, 5)
    assert sorted(file.name for file in tmp_path.glob("*.png")) == ["sheet-001.png"]


def test_an_unknown_status_names_the_known_ones(faces, tmp_path):
    with pytest.raises(UsageError, match=r"no status 'no_fase'.*no_face"):
        write_face_sheets(faces, tmp_path / "out", "no_fase", 5)


def test_a_status_that_does_not_occur_is_said(faces, tmp_path):
    with pytest.raises(NoInputError, match="no picture of status empty"):
        write_face_sheets(faces, tmp_path / "out", "empty", 5)


def test_a_store_of_something_else_is_refused(make_store, tmp_path):
    other = make_store(tmp_path / "maps", {"map": np.zeros((3, 4, 4), np.uint8)})
    with pytest.raises(NoInputError, match="output of `align`"):
        write_face_sheets(other, tmp_path / "out", None, 5)


def test_the_command_says_what_it_wrote(faces, tmp_path):
    said = CliRunner().invoke(main, ["view", "faces", str(faces), str(tmp_path / "out"), "-n", "3"])
    assert said.output.endswith("sheet-001.png to sheet-001.png, 3 pictures\n")
