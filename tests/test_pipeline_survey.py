"""Stage `survey`: a face store of flat pictures goes in, counts and means come out."""

import json

import numpy as np
import polars as pl
import pytest

from benchmarks.made_results import AN_AUDIT
from contracts.occlusion import OccludedParams
from errors import UsageError
from pipeline.params import SurveyParams
from pipeline.survey import count_occluded, outcome, survey
from store.building import building
from store.files import atomic_write, canonical_json
from store.reading import Store
from store.tables import write_table
from tests.basic7 import EXPRESSIONS

OCCLUDED = OccludedParams(quantile=0.98, share=0.1)
PARAMS = SurveyParams(mean_faces=2, failed_faces=2, thumb_px=16, occluded=OCCLUDED)
ABOUT = {"dataset": "made-up", "notice": None, "size_px": 32}


def row(name, expression, status="ok", backend="mediapipe", detail="align"):
    return {
        "id": name,
        "expression": expression,
        "status": status,
        "backend": backend,
        "detail": detail,
    }


TABLE = [
    row("a", "Fear"),
    row("b", "Fear", detail="align rival"),
    row("c", "Fear", backend="dlib"),
    row("d", "Anger", status="no_face", backend="", detail=""),
    row("e", "Anger", status="empty", backend="", detail=""),
    row("f", "Anger", status="no_face", backend="", detail=""),
]
GREYS = (10, 20, 40, 77, 0, 88)


@pytest.fixture
def made(make_store, tmp_path):
    """An index, its faces and its landmarks."""
    index = tmp_path / "index"
    with building(index, {"stage": "index"}, ABOUT) as folder:
        write_table(folder / "samples.csv", ("id",), [{"id": one["id"]} for one in TABLE])
        atomic_write(folder / "audit.json", canonical_json(AN_AUDIT))
    images = np.array(GREYS, np.uint8)[:, None, None, None] * np.ones((1, 32, 32, 3), np.uint8)
    valid = np.array([1, 1, 1, 0, 0, 0], np.uint8)
    faces = make_store(tmp_path / "faces", {"image": images, "valid": valid}, ABOUT, TABLE)
    landmarks = make_store(tmp_path / "landmarks", {"valid": valid}, ABOUT, TABLE)
    return index, faces, landmarks


def surveyed(made, out, params=PARAMS):
    survey(*made, out, params)
    with np.load(out / "pictures.npz") as pictures:
        return json.loads((out / "survey.json").read_bytes()), dict(pictures)


def test_every_picture_is_counted_by_what_became_of_it(made, tmp_path):
    found, _ = surveyed(made, tmp_path / "out")
    assert found["status"] == {"ok": 3, "no_face": 2, "empty": 1}
    assert found["by_expression"]["Anger"] == {"no_face": 2, "empty": 1}
    assert found["by_expression"]["Sadness"] == {}
    assert found["audit"]["counts"] == AN_AUDIT["counts"]


def test_detectors_and_remarks_are_those_of_usable_faces():
    found = outcome(pl.DataFrame(TABLE), EXPRESSIONS)
    assert found["backend"] == {"mediapipe": 2, "dlib": 1}
    assert found["remark"] == {"align": 3, "rival": 1}


def test_the_mean_face_is_of_usable_faces_spread_over_the_dataset(made, tmp_path):
    _, pictures = surveyed(made, tmp_path / "out")
    assert (pictures["mean"][3] == (10 + 40) / 2).all()
    assert pictures["count"].tolist() == [0, 0, 0, 2, 0, 0, 0]


def test_failed_pictures_are_kept_with_their_reasons(made, tmp_path):
    found, pictures = surveyed(made, tmp_path / "out")
    assert [one["id"] for one in found["failed"]] == ["d", "f"]
    assert pictures["failed"][:, 0, 0, 0].tolist() == [77, 88]


def test_no_failed_picture_need_be_kept(made, tmp_path):
    none = PARAMS.model_copy(update={"failed_faces": 0})
    found, pictures = surveyed(made, tmp_path / "out", none)
    assert found["failed"] == []
    assert pictures["failed"].shape == (0, 16, 16, 3)


def test_stores_of_another_dataset_are_refused(made, make_store, tmp_path):
    other = make_store(tmp_path / "other", {"valid": np.ones(2, np.uint8)}, ABOUT)
    with pytest.raises(UsageError, match=r"other.*was not made from"):
        survey(made[0], made[1], other, tmp_path / "out", PARAMS)


def test_the_line_says_the_outcome(made, tmp_path):
    assert survey(*made, tmp_path / "out", PARAMS).endswith("out: empty 1, no_face 2, ok 3")


def test_faces_that_look_occluded_are_counted_if_there_are_enough(make_store, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(100, 140, (120, 28, 28, 3)).astype(np.uint8)
    images[7, :14] = rng.integers(0, 256, (14, 28, 3))
    arrays = {"image": images, "valid": np.ones(120, np.uint8)}
    many = Store(make_store(tmp_path / "many", arrays))
    assert count_occluded(many, OCCLUDED) == 1
    few = make_store(tmp_path / "few", {name: one[:9] for name, one in arrays.items()})
    assert count_occluded(Store(few), OCCLUDED) is None
