"""The page's part on data: a made-up survey goes in."""

import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from errors import CorruptError
from report.data import counts_table, load_data, status_table
from store.building import building
from store.files import atomic_write, canonical_json, write_npz

NOBODY = {name: 0 for name in EXPRESSIONS}
FOUND = {
    "dataset": "made-up",
    "notice": None,
    "audit": {
        "counts": {"train": {**NOBODY, "Fear": 1200}, "val": NOBODY, "test": {**NOBODY, "Fear": 3}},
        "lines": ["unusable: 2 (missing 2), such as 'a.jpg'"],
    },
    "status": {"ok": 1201, "no_face": 1, "empty": 1},
    "by_expression": {name: {} for name in EXPRESSIONS}
    | {"Fear": {"ok": 1201, "no_face": 1, "empty": 1}},
    "backend": {"dlib": 1, "mediapipe": 1200},
    "remark": {"align": 1201},
    "failed": [
        {"id": "a.png", "expression": "Fear", "status": "no_face", "detail": ""},
        {"id": "b.png", "expression": "Fear", "status": "empty", "detail": "0 bytes"},
    ],
}


@pytest.fixture
def results(tmp_path):
    out = tmp_path / "results" / "made-up" / "survey"
    out.parent.mkdir(parents=True)
    failed = np.zeros((2, 16, 16, 3), np.uint8)
    failed[0] = 90
    with building(out, {"stage": "survey"}, {}) as folder:
        atomic_write(folder / "survey.json", canonical_json(FOUND))
        pictures = {"mean": np.full((7, 16, 16, 3), 50, np.uint8), "failed": failed}
        write_npz(folder / "pictures.npz", {**pictures, "count": np.arange(7)})
    return tmp_path / "results"


def test_the_outcome_is_said_in_words(results):
    (data,) = load_data(results)
    assert data.sentences == (
        "1,201 of 1,203 pictures have a face with landmarks (99.8%).",
        "Found by mediapipe 1,200, dlib 1.",
        "Remarks on them: align 1,201.",
        "Audit: unusable: 2 (missing 2), such as 'a.jpg'.",
    )
    assert data.failures == 2


def test_a_file_that_is_no_picture_shows_none(results):
    first, second = load_data(results)[0].failed
    assert first.image is not None
    assert second.image is None
    assert second.note == "empty 0 bytes"


def test_an_expression_without_faces_has_no_mean(results):
    cells = load_data(results)[0].means.lines[0].cells
    assert isinstance(cells[0], str)
    assert not isinstance(cells[1], str)


def test_samples_are_counted_by_split_with_sums():
    table = counts_table(FOUND["audit"]["counts"])
    assert table.head == ("", "train", "val", "test", "all")
    assert table.rows[3] == ("Fear", "1,200", "0", "3", "1,203")
    assert table.rows[-1] == ("all", "1,200", "0", "3", "1,203")


def test_only_what_occurred_has_a_column():
    table = status_table(FOUND["by_expression"])
    assert table.head == ("", "ok", "no_face", "empty", "all")
    assert table.rows[3] == ("Fear", "1,201", "1", "1", "1,203")


def test_a_dataset_without_a_survey_has_no_part(tmp_path):
    assert load_data(tmp_path) == []


def test_a_changed_survey_is_refused(results):
    file = results / "made-up" / "survey" / "survey.json"
    file.chmod(0o644)
    file.write_text("{}")
    with pytest.raises(CorruptError, match=r"dvc repro survey"):
        load_data(results)
