"""The page's part on data: a made-up survey goes in."""

import numpy as np
import pytest

from benchmarks.made_results import AN_AUDIT, NOTHING_FOUND
from contracts.surveys import DatasetSummary, Findings
from errors import CorruptError
from report.survey_section import (
    audit_table,
    counts_table,
    listed_table,
    load_surveys,
    status_table,
)
from store.building import building
from store.files import atomic_write, canonical_json, write_npz
from tests.basic7 import EXPRESSIONS

FOUND = {
    "dataset": "made-up",
    "notice": None,
    "classes": EXPRESSIONS,
    "audit": AN_AUDIT
    | {
        "found": NOTHING_FOUND | {"unusable": {"pictures": 2, "first": ["a.jpg"]}},
        "aus": {
            "units": [1, 12],
            "coded": 1100,
            "active": 900,
            "total": 1203,
            "missing": {"without a row in the table": 103},
            "unused_rows": 0,
        },
        "shares": {
            **{"known": 1200, "total": 1203, "agreement": 0.8125, "votes": 9.5, "tied": 7},
            **{"differing": 0, "outside": 3, "outside_share": 0.001},
        },
        "warnings": ["The person is unknown for 5 of 1,203 pictures."],
    },
    "status": {"ok": 1201, "no_face": 1, "empty": 1},
    "by_expression": {name: {} for name in EXPRESSIONS}
    | {"Fear": {"ok": 1201, "no_face": 1, "empty": 1}},
    "backend": {"dlib": 1, "mediapipe": 1200},
    "remark": {"align": 1201},
    "occluded": 12,
    "failed": [
        {"id": "a.png", "expression": "Fear", "status": "no_face", "detail": ""},
        {"id": "b.png", "expression": "Fear", "status": "empty", "detail": "0 bytes"},
    ],
}


def a_summary(**changes):
    return DatasetSummary(**AN_AUDIT["summary"] | changes)


def findings(**changes):
    return Findings(**NOTHING_FOUND | changes)


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
    (data,) = load_surveys(results)
    assert data.sentences == (
        "1,201 of 1,203 pictures have a face with landmarks (99.8%).",
        "Landmarks found by: mediapipe 1,200, dlib 1.",
        "Remarks of the pipeline: align 1,201.",
        "12 faces look occluded, a guess from pixels: more of their patches than "
        "`survey.occluded.share` are unusual.",
        "The findings of the audit are in a table below.",
        "Action units of their own (AU1 12) were coded on 1,100 of 1,203 pictures; on 900 of them "
        "one acts.",
        "Pictures without: 103 without a row in the table.",
        "Shares of the classes are known of 1,200 of 1,203 pictures, from 9.5 labels each on "
        "average; the largest share is 0.812 on average. On 7 pictures several classes have the "
        "largest share.",
        "The person is unknown for 5 of 1,203 pictures.",
    )
    assert data.failures == 2


def test_a_file_that_is_no_picture_shows_none(results):
    first, second = load_surveys(results)[0].failed
    assert first.image is not None
    assert second.image is None
    assert second.note == "empty 0 bytes"


def test_an_expression_without_faces_has_no_mean(results):
    cells = load_surveys(results)[0].means.rows[0].cells
    assert isinstance(cells[0], str)
    assert not isinstance(cells[1], str)


def test_samples_are_counted_by_split_with_sums():
    table = counts_table("x", FOUND["audit"]["counts"], EXPRESSIONS)
    assert table.head == ("", "train", "val", "test", "all")
    assert table.rows[3] == ("Fear", "1,200", "0", "3", "1,203")
    assert table.rows[-1] == ("all", "1,200", "0", "3", "1,203")


def test_only_what_occurred_has_a_column():
    table = status_table("x", FOUND["by_expression"], EXPRESSIONS)
    assert table.head == ("", "ok", "no_face", "empty", "all")
    assert table.rows[3] == ("Fear", "1,201", "1", "1", "1,203")


def test_what_the_labels_list_stands_beside_what_was_published_and_left_out():
    published = {"train": 1201, "test": 3}
    table = listed_table("x", a_summary(published=published, left_out={"contempt": {"train": 7}}))
    assert table.head == ("split", "listed", "published", "contempt")
    assert table.rows == (("train", "1,200", "1,201", "7"), ("test", "3", "3", "–"))


def test_a_dataset_that_nobody_published_has_no_such_column():
    table = listed_table("x", a_summary())
    assert table.head == ("split", "listed")


def test_findings_of_the_audit_stand_a_row_each_with_an_example():
    pairs = {"sets": 1, "pictures": 2, "across_splits": 1}
    found = findings(
        same_content=pairs | {"first": [[("a.png", "test"), ("b.png", "train")]]},
        unnamed={"pictures": 1, "first": ["stray.png"]},
    )
    table = audit_table("x", found)
    assert table.head == ("finding", "example", "pictures", "sets", "across splits")
    assert table.name == "x__audit"
    assert table.rows == (
        ("the same content, byte for byte", "a.png (test) = b.png (train)", "2", "1", "1"),
        ("files that no label names", "stray.png", "1", "–", "–"),
    )


def test_pictures_of_one_person_are_a_finding_only_across_splits():
    person = {"sets": 3, "pictures": 9, "across_splits": 0, "first": [[("a", "test")]]}
    assert audit_table("x", findings(same_person=person)) is None
    shared = findings(same_person=person | {"across_splits": 1})
    assert audit_table("x", shared).rows[0][2:] == ("9", "3", "1")


def test_an_audit_that_found_nothing_has_no_table():
    assert audit_table("x", findings()) is None


def test_a_dataset_without_a_survey_has_no_part(tmp_path):
    assert load_surveys(tmp_path) == []


def test_a_changed_survey_is_refused(results):
    file = results / "made-up" / "survey" / "survey.json"
    file.chmod(0o644)
    file.write_text("{}")
    with pytest.raises(CorruptError, match=r"dvc repro survey"):
        load_surveys(results)
