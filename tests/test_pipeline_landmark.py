"""Stage `landmark`: 68 points on every aligned face, in 1/64 px."""

import numpy as np
import pytest

from errors import DataError, UsageError
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.landmark import landmark, to_steps, usable
from pipeline.params import LandmarkParams
from store.reading import Store, read_points

PARAMS = LandmarkParams(
    backend="mediapipe", max_move=0.08, row_timeout_s=60, row_memory_gb=2, max_bad=1.0
).model_copy(update={"backend": "fake"})
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
FIRST, SECOND, FAILED = 0, 1, 2


@pytest.fixture
def sees(monkeypatch):
    """Return a function that sets what the backend `fake` finds.

    The function gives the pictures that the backend was asked about.
    """

    def make(*faces):
        asked = []

        def fake(image_HW3):
            asked.append(image_HW3)
            return np.array(faces, float).reshape(-1, 68, 2)

        monkeypatch.setitem(BACKENDS, "fake", fake)
        return asked

    return make


@pytest.fixture
def faces(make_store, tmp_path, template_face):
    """Two aligned faces and one that was not found."""
    images = np.zeros((3, 256, 256, 3), np.uint8)
    images[:, 0, 0] = np.array([1, 2, 3])[:, None]
    points = np.stack([template_face, template_face + 1, np.zeros((68, 2))]).astype(np.float32)
    statuses = ("ok", "ok", "no_face")
    table = [
        {
            "id": f"{row}",
            "expression": "Fear",
            "split": "train",
            "status": status,
            "backend": "mediapipe",
        }
        for row, status in enumerate(statuses)
    ]
    arrays = {"image": images, "points": points, "valid": np.array([1, 1, 0], np.uint8)}
    return make_store(tmp_path / "faces", arrays, {"dataset": "mine"}, table)


def landmarks_of(faces, params=PARAMS):
    landmark(faces, faces.parent / "landmarks", params, ALONE)
    return Store(faces.parent / "landmarks")


def test_a_stored_value_times_its_scale_is_in_px_of_the_crop(faces, sees, template_face):
    sees(np.add(template_face, (3, 0)))
    store = landmarks_of(faces)
    described = store.layout.arrays["points"].attributes
    px = store.array("points").load()[FIRST] * described["scale"]
    np.testing.assert_allclose(px, np.add(template_face, (3, 0)), atol=1 / 128)
    assert described["unit"] == "px"
    assert "left eye 36-41, right eye 42-47" in described["order"]
    assert "status.csv" in store.layout.arrays["valid"].attributes["what"]


def test_points_of_the_second_look_are_taken_if_they_moved_little(faces, sees, template_face):
    sees(np.add(template_face, (3, 0)))
    store = landmarks_of(faces)
    np.testing.assert_allclose(
        read_points(store, np.array([FIRST]))[0], np.add(template_face, (3, 0)), atol=1 / 128
    )
    assert store.rows()[FIRST]["backend"] == "fake"


@pytest.mark.parametrize("far", [(30, 0), (1000, 0), (np.nan, 0)], ids=["far", "outside", "nan"])
def test_points_that_moved_far_are_not_taken(faces, sees, template_face, far):
    sees(np.add(template_face, far))
    store = landmarks_of(faces)
    np.testing.assert_allclose(
        read_points(store, np.array([FIRST]))[0], template_face, atol=1 / 128 + 1e-4
    )
    assert store.rows()[FIRST]["backend"] == "mediapipe (carried)"


def test_points_are_carried_where_the_second_look_finds_nothing(faces, sees, template_face):
    sees()
    store = landmarks_of(faces)
    np.testing.assert_allclose(
        read_points(store, np.array([SECOND]))[0], template_face + 1, atol=1 / 128 + 1e-4
    )


def test_of_several_faces_the_nearest_counts(faces, sees, template_face):
    sees(np.add(template_face, (40, 0)), np.add(template_face, (2, 0)))
    np.testing.assert_allclose(
        read_points(landmarks_of(faces), np.array([FIRST]))[0],
        np.add(template_face, (2, 0)),
        atol=1 / 128,
    )


def test_a_face_that_failed_keeps_its_row_and_is_not_looked_at(faces, sees, template_face):
    asked = sees(template_face)
    store = landmarks_of(faces)
    assert [image[0, 0, 0] for image in asked] == [1, 2]
    assert store.array("valid").load().tolist() == [1, 1, 0]
    assert not store.array("points").load()[FAILED].any()
    assert store.rows()[FAILED]["status"] == "no_face"


@pytest.mark.parametrize(
    "carried",
    [
        lambda face: np.full((68, 2), np.nan),
        lambda face: np.full((68, 2), 100.0),
        lambda face: np.add(face, (500, 0)),
        lambda face: face - (0, 600),
    ],
    ids=["no numbers", "one place", "too far right", "too far up"],
)
def test_points_that_cannot_be_used_are_set_aside(
    make_store, tmp_path, sees, template_face, carried
):
    sees()
    points = carried(template_face)[None].astype(np.float32)
    arrays = {
        "image": np.zeros((1, 64, 64, 3), np.uint8),
        "points": points,
        "valid": np.ones(1, np.uint8),
    }
    table = [{"id": "0", "expression": "Fear", "split": "train", "status": "ok", "backend": "dlib"}]
    store = landmarks_of(make_store(tmp_path / "faces", arrays, table=table))
    assert store.rows()[0]["status"] == "landmarks_invalid"
    assert store.array("valid").load().tolist() == [0]
    assert np.isnan(read_points(store, np.array([0]))).all()


def test_points_are_stored_in_64ths_of_a_pixel():
    np.testing.assert_array_equal(
        to_steps(np.array([[1.0, -0.5], [0.008, 511.98]])), [[64, -32], [1, 32767]]
    )


def test_every_usable_point_fits(template_face):
    edge = template_face.copy()
    edge[0, 0] = 511.98
    assert usable(edge)
    assert to_steps(edge)[0, 0] == 32767
    edge[0, 0] = -511.98
    assert to_steps(edge)[0, 0] == -32767
    edge[0, 0] = 512.0
    assert not usable(edge)


def test_the_size_of_the_faces_and_the_card_are_carried(faces, sees, template_face):
    sees(template_face)
    carried = landmarks_of(faces).metadata
    assert carried == {**Store(faces).metadata, "size_px": 256}
    assert carried["dataset"] == "mine"


def test_a_second_run_looks_at_nothing(faces, sees, template_face):
    asked = sees(template_face)
    landmarks_of(faces)
    assert not landmark(faces, faces.parent / "landmarks", PARAMS, ALONE)
    assert len(asked) == 2


def test_failures_of_an_earlier_stage_do_not_count_again(faces, sees, template_face):
    sees(template_face)
    store = landmarks_of(faces, PARAMS.model_copy(update={"max_bad": 0.0}))
    assert store.rows()[FAILED]["status"] == "no_face"


def test_too_many_failures_are_refused(make_store, tmp_path):
    arrays = {
        "image": np.zeros((2, 64, 64, 3), np.uint8),
        "given": np.full((2, 68, 2), np.nan, np.float32),
        "valid": np.ones(2, np.uint8),
    }
    table = [{"id": f"{row}.png", "status": "ok", "backend": "dlib"} for row in range(2)]
    faces = make_store(tmp_path / "faces", arrays, {"dataset": "mine"}, table)
    failed = r"2 of 2 samples failed \(landmarks_invalid 2; the first is '0\.png'\)"
    with pytest.raises(DataError, match=failed + r".*landmark\.max_bad = 0\.2"):
        landmarks_of(faces, PARAMS.model_copy(update={"backend": "given", "max_bad": 0.2}))


def test_a_store_without_faces_is_refused(make_store, tmp_path, sees, template_face):
    sees(template_face)
    store = make_store(tmp_path / "maps", {"map": np.zeros((1, 4, 4), np.uint8)})
    with pytest.raises(UsageError, match="no array 'image'; known: map"):
        landmarks_of(store)


def test_the_points_of_the_dataset_are_taken_as_the_alignment_moved_them(make_store, tmp_path):
    given = np.stack([np.full((68, 2), 7.0), np.full((68, 2), np.nan)])
    given[0, 45] = (90, 7)
    arrays = {
        "image": np.zeros((2, 64, 64, 3), np.uint8),
        "given": given.astype(np.float32),
        "valid": np.ones(2, np.uint8),
    }
    table = [{"id": f"{row}", "status": "ok", "backend": "mediapipe"} for row in range(2)]
    faces = make_store(tmp_path / "faces", arrays, {"dataset": "mine"}, table)
    store = landmarks_of(faces, PARAMS.model_copy(update={"backend": "given"}))
    np.testing.assert_allclose(read_points(store, np.array([0]))[0], given[0])
    assert [row["status"] for row in store.rows()] == ["ok", "landmarks_invalid"]
    assert store.rows()[0]["backend"] == "given"


def test_a_dataset_without_points_cannot_give_any(faces):
    with pytest.raises(DataError, match="brings no landmarks"):
        landmarks_of(faces, PARAMS.model_copy(update={"backend": "given"}))


@pytest.mark.parametrize("backend", ["fake", "given"])
def test_pictures_kept_without_a_face_have_no_landmarks_and_stop_nothing(
    sees, make_store, tmp_path, template_face, backend
):
    unknown = np.full((2, 68, 2), np.nan, np.float32)
    images, valid = np.ones((2, 256, 256, 3), np.uint8), np.ones(2, np.uint8)
    arrays = {"image": images, "points": unknown, "given": unknown, "valid": valid}
    table = [{"id": f"{n}", "expression": "Fear", "status": "ok", "backend": ""} for n in range(2)]
    sees(template_face)
    faces = make_store(tmp_path / "whole", arrays, {"dataset": "mine"}, table)
    out = landmarks_of(faces, PARAMS.model_copy(update={"max_bad": 0.0, "backend": backend}))
    assert [row["status"] for row in out.rows()] == ["no_face"] * 2
    assert out.array("valid").load().tolist() == [0, 0]
