"""Stage `align`: one upright face per sample.

The backend sees the template face in every picture that is not black.
"""

import numpy as np
import pytest
from PIL import Image

from errors import DataError, OutputExistsError, StorageError
from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.faces.warp import transform_points
from pipeline.index import index, read_index
from pipeline.landmark import landmark
from pipeline.params import LandmarkParams
from pipeline.repair import repair_store
from store.reading import Store, read_intensities, read_shares
from store.tables import write_table
from tests.indexing import align_params, index_params

NOISE = np.random.default_rng(0).integers(1, 256, (256, 256, 3), np.uint8)
BLACK = np.zeros((256, 256, 3), np.uint8)
PARAMS = align_params()
ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)


@pytest.fixture(autouse=True)
def looked(monkeypatch, template_face):
    """The pictures that the backend `fake` was asked about."""
    asked = []

    def fake(image_HW3):
        asked.append(image_HW3)
        return template_face[None] if image_HW3.any() else np.zeros((0, 68, 2))

    monkeypatch.setitem(BACKENDS, "fake", fake)
    return asked


def indexed(folder, names):
    """Write the index of a folder's pictures."""
    rows = [{"file": name, "expression": "fear", "split": "train"} for name in names]
    write_table(folder / "labels.csv", ("file", "expression", "split"), rows)
    params = index_params()
    index(folder, folder.parent / "index", params, ALONE.progress)
    return folder.parent / "index"


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    Image.fromarray(NOISE).save(folder / "good.png")
    Image.fromarray(BLACK).save(folder / "black.png")
    Image.fromarray(NOISE[:8, :8]).save(folder / "small.png")
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:3000])
    (folder / "page.jpg").write_bytes(b"<html>404</html>")
    (folder / "empty.jpg").touch()
    return folder


STATUSES = {
    "good.png": "ok",
    "black.png": "no_face",
    "cut.png": "truncated",
    "small.png": "small",
    "gone.png": "missing",
    "page.jpg": "not_image",
    "empty.jpg": "empty",
}


@pytest.fixture
def faces(raw, tmp_path):
    assert align(indexed(raw, STATUSES), tmp_path / "faces", PARAMS, ALONE)
    return Store(tmp_path / "faces")


@pytest.fixture
def many(tmp_path):
    """The index of 70 small pictures: two shards."""
    folder = tmp_path / "raw"
    folder.mkdir()
    names = [f"{number:02}.png" for number in range(70)]
    for number, name in enumerate(names, start=1):
        Image.new("RGB", (64, 64), (number, 9, 9)).save(folder / name)
    return indexed(folder, names)


def test_every_picture_keeps_its_row_and_says_what_became_of_it(faces):
    assert {row["id"]: row["status"] for row in faces.rows()} == STATUSES
    assert [row["id"] for row in faces.rows()] == list(STATUSES)
    assert faces.array("valid").load().tolist() == [1, 0, 0, 0, 0, 0, 0]


def test_every_array_says_what_its_numbers_are(faces):
    described = {name: spec.attributes for name, spec in faces.layout.arrays.items()}
    assert all(one["what"] for one in described.values())
    assert {name for name, one in described.items() if "unit" in one} == {*described} - {"valid"}
    assert described["points"]["frame"] == described["matrix"]["frame"]


@pytest.mark.parametrize("name", ["image", "points", "matrix", "inside_fraction"])
def test_rows_of_what_is_no_picture_are_zero(faces, name):
    rows = [row["status"] not in ("ok", "no_face") for row in faces.rows()]
    assert not faces.array(name).load()[rows].any()


def test_a_face_on_the_template_is_taken_as_it_is(faces, template_face):
    np.testing.assert_array_equal(faces.array("image").load()[0], NOISE)
    np.testing.assert_allclose(faces.array("points").load()[0], template_face, atol=1e-4)
    np.testing.assert_allclose(faces.array("matrix").load()[0], [[1, 0, 0], [0, 1, 0]], atol=1e-5)
    assert faces.array("inside_fraction").load()[0] == 1


def test_the_table_keeps_the_index_and_adds_how_it_went(faces):
    row = faces.rows()[0]
    assert row["expression"] == "Fear"
    assert row["split"] == "train"
    assert (row["backend"], row["faces"], row["inside_fraction"]) == ("fake", "1", "1.000")
    assert row["detail"] == "align"


def test_the_card_of_the_dataset_is_carried(faces, raw):
    assert faces.metadata["root"] == str(raw)


def test_a_picture_that_changed_after_indexing_is_set_aside(raw, tmp_path):
    path = indexed(raw, ["good.png"])
    Image.fromarray(255 - NOISE).save(raw / "good.png")
    align(path, tmp_path / "faces", PARAMS, ALONE)
    (row,) = Store(tmp_path / "faces").rows()
    assert row["status"] == "changed"
    assert "dvc repro index" in row["detail"]


def test_a_second_run_looks_at_nothing(raw, tmp_path, looked):
    path = indexed(raw, ["good.png"])
    assert align(path, tmp_path / "faces", PARAMS, ALONE)
    assert not align(path, tmp_path / "faces", PARAMS, ALONE)
    assert len(looked) == 1


def test_other_settings_are_refused_with_the_difference(raw, tmp_path):
    path = indexed(raw, ["good.png"])
    align(path, tmp_path / "faces", PARAMS, ALONE)
    with pytest.raises(OutputExistsError, match=r"params\.size_px: 256 -> 64"):
        align(path, tmp_path / "faces", align_params(size_px=64), ALONE)
    assert align(path, tmp_path / "faces", align_params(size_px=64), ALONE, rebuild=True)
    assert Store(tmp_path / "faces").array("image").shape == (1, 64, 64, 3)


def test_too_many_bad_pictures_publish_nothing_and_lose_nothing(raw, tmp_path, looked):
    path = indexed(raw, ["good.png", "black.png", "gone.png"])
    with pytest.raises(
        DataError,
        match=r"2 of 3 samples failed \(missing 1, no_face 1; the first is 'black\.png'\)",
    ) as caught:
        align(path, tmp_path / "faces", align_params(max_bad=0.5), ALONE)
    assert caught.value.exit_code == 65
    assert "align.max_bad" in str(caught.value)
    assert not (tmp_path / "faces").exists()
    before = len(looked)
    assert align(path, tmp_path / "faces", align_params(max_bad=0.7), ALONE)
    assert len(looked) == before
    assert Store(tmp_path / "faces").array("valid").load().tolist() == [1, 0, 0]


def test_an_interrupted_run_goes_on_where_it_stopped(many, tmp_path, looked, monkeypatch):
    left = [True] * 66

    def stop(image_HW3):
        left.pop()
        return whole(image_HW3)

    whole = BACKENDS["fake"]
    with monkeypatch.context() as patch:
        patch.setitem(BACKENDS, "fake", stop)
        with pytest.raises(IndexError):
            align(many, tmp_path / "faces", PARAMS, ALONE)
    assert not (tmp_path / "faces").exists()
    looked.clear()
    align(many, tmp_path / "faces", PARAMS, ALONE)
    assert len(looked) == 6
    align(many, tmp_path / "undisturbed" / "faces", PARAMS, ALONE)
    digests = [Store(tmp_path / path).digest for path in ("faces", "undisturbed/faces")]
    assert digests[0] == digests[1]


def test_progress_counts_rows_and_statuses(raw, tmp_path):
    told = []
    path = indexed(raw, STATUSES)
    align(
        path,
        tmp_path / "faces",
        PARAMS,
        ClusterConfig(lambda *state: told.append(state), workers=0),
    )
    assert told[-1][:2] == (7, 7)
    assert "no_face 1, not_image 1, ok 1" in told[-1][2]


def test_links_out_of_the_folder_are_set_aside_unless_they_are_allowed(raw, tmp_path):
    (tmp_path / "elsewhere.png").write_bytes((raw / "good.png").read_bytes())
    (raw / "out.png").symlink_to(tmp_path / "elsewhere.png")
    (raw / "in.png").symlink_to(raw / "good.png")
    align(indexed(raw, ["out.png", "in.png"]), tmp_path / "faces", PARAMS, ALONE)
    rows = Store(tmp_path / "faces").rows()
    assert [row["status"] for row in rows] == ["outside", "ok"]
    assert "follow_links" in rows[0]["detail"]
    index(raw, tmp_path / "index2", index_params(follow_links=True), ALONE.progress)
    align(tmp_path / "index2", tmp_path / "faces2", PARAMS, ALONE)
    assert [row["status"] for row in Store(tmp_path / "faces2").rows()] == ["ok", "ok"]


def test_a_full_disk_is_said_before_anything_is_made(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("store.files.free_bytes", lambda path: 190_000)
    with pytest.raises(
        StorageError, match=r"needs 197\.2 kB, 190\.0 kB are free\. Nothing was started"
    ) as caught:
        align(indexed(raw, ["good.png"]), tmp_path / "faces", PARAMS, ALONE)
    assert caught.value.exit_code == 74
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "index"}


def test_what_the_decoder_put_right_is_noted(raw, tmp_path):
    Image.fromarray(NOISE).convert("P").save(raw / "good.png")
    align(indexed(raw, ["good.png"]), tmp_path / "faces", PARAMS, ALONE)
    assert Store(tmp_path / "faces").rows()[0]["detail"] == "p align"


def test_the_building_folder_belongs_to_the_settings(raw, tmp_path):
    path = indexed(raw, ["black.png"])
    with pytest.raises(DataError):
        align(path, tmp_path / "faces", align_params(max_bad=0.0), ALONE)
    with pytest.raises(DataError):
        align(path, tmp_path / "faces", align_params(max_bad=0.0, min_face_width=0.3), ALONE)
    assert len(list(tmp_path.glob(".building-*"))) == 2


def test_given_landmarks_go_through_the_alignment(tmp_path, template_face):
    raw = tmp_path / "raw"
    raw.mkdir()
    Image.fromarray(NOISE).save(raw / "a.png")
    Image.fromarray(NOISE).save(raw / "b.png")
    rows = [{"file": name, "expression": "fear", "split": "train"} for name in ("a.png", "b.png")]
    write_table(raw / "labels.csv", ("file", "expression", "split"), rows)
    numbers = ",".join(str(value) for value in (template_face + 5).T.ravel())
    failure = ",".join(["inf"] * 136)
    (raw / "landmarks.txt").write_text(f"a.png,{numbers}\nb.png,{failure}\n")
    params = index_params(options={"landmarks": "landmarks.txt"})
    index(raw, tmp_path / "index", params, ALONE.progress)
    align(tmp_path / "index", tmp_path / "faces", PARAMS, ALONE)
    store = Store(tmp_path / "faces")
    given = store.array("given").load()
    matrix = store.array("matrix").load()[0].astype(float)
    np.testing.assert_allclose(given[0], transform_points(template_face + 5, matrix), atol=1e-3)
    assert np.isnan(given[1]).all()
    assert "landmarks" not in store.rows()[0]


CODED = "file,expression,split,aus\ngood.png,fear,train,1;12:0.5\ncut.png,fear,train,0\n"


def test_action_units_travel_with_the_faces_and_their_landmarks(raw, tmp_path):
    (raw / "labels.csv").write_text(f"{CODED}black.png,fear,train,\n")
    found = index(raw, tmp_path / "index", index_params(), ALONE.progress)
    assert (found.aus.units, found.aus.coded, found.aus.active) == ([1, 12], 2, 1)
    assert any("coded on 2 of 3 pictures" in line for line in found.remarks)
    align(tmp_path / "index", tmp_path / "faces", PARAMS, ALONE)
    looked_at = LandmarkParams(
        backend="dlib", max_move=1, row_timeout_s=60, row_memory_gb=2, max_bad=1
    ).model_copy(update={"backend": "fake"})
    landmark(tmp_path / "faces", tmp_path / "points", looked_at, ALONE)
    for stage in ("faces", "points"):
        store = Store(tmp_path / stage)
        units, intensities = read_intensities(store, np.arange(3))
        assert units == (1, 12)
        np.testing.assert_array_equal(intensities, [[1, 0.5], [0, 0], [np.nan, np.nan]])
        described = dict(store.layout.arrays["au_intensity"].attributes)
        assert described["order"] == "action unit: AU1, AU12"
        assert "aus" not in store.table().columns


VOTED = "file,split,fear,happy\ngood.png,train,3,1\ncut.png,train,0,2\n"


def test_shares_of_labels_travel_with_the_faces_and_their_landmarks(raw, tmp_path):
    (raw / "labels.csv").write_text(VOTED)
    params = index_params(options={"shares": "columns"})
    found = index(raw, tmp_path / "index", params, ALONE.progress)
    assert (found.shares.known, found.shares.agreement) == (2, 0.875)
    assert any("on 2 of 2 pictures" in line for line in found.remarks)
    align(tmp_path / "index", tmp_path / "faces", PARAMS, ALONE)
    looked_at = LandmarkParams(
        backend="dlib", max_move=1, row_timeout_s=60, row_memory_gb=2, max_bad=1
    ).model_copy(update={"backend": "fake"})
    landmark(tmp_path / "faces", tmp_path / "points", looked_at, ALONE)
    for stage in ("faces", "points"):
        store = Store(tmp_path / stage)
        shares = read_shares(store, np.arange(2))
        np.testing.assert_array_equal(shares[:, [1, 3]], [[0.25, 0.75], [1, 0]])
        described = dict(store.layout.arrays["label_shares"].attributes)
        assert described["order"].startswith("class: Neutral, Happiness")
        assert "shares" not in store.table().columns


def test_faces_without_shares_have_no_such_array(faces):
    assert "label_shares" not in faces.layout.arrays
    assert read_shares(faces, np.arange(3)) is None


def test_faces_without_action_units_have_no_such_array(faces):
    assert not {"au_intensity", "valence_arousal"} & set(faces.layout.arrays)
    units, intensities = read_intensities(faces, np.arange(3))
    assert (units, intensities.shape) == ((), (3, 0))


def test_a_table_of_action_units_is_joined_whatever_the_reader(raw, tmp_path):
    (raw / "labels.csv").write_text("file,expression,split\ngood.png,fear,train\n")
    (raw / "openface.csv").write_text("input, success, AU12_r\n/x/good.png, 1, 2.5\n")
    params = index_params(options={"aus": "openface.csv"})
    found = index(raw, tmp_path / "index", params, ALONE.progress)
    assert found.aus.coded == 1
    assert read_index(tmp_path / "index")[0]["aus"].to_list() == ["0.5"]


def test_faces_kept_as_jpegs_differ_in_their_pixels_alone(raw, faces, tmp_path):
    index_folder = indexed(raw, STATUSES)
    assert align(index_folder, tmp_path / "jpegs", align_params(codec="jpeg"), ALONE)
    jpegs = Store(tmp_path / "jpegs")
    for name in set(faces.layout.arrays) - {"image"}:
        np.testing.assert_array_equal(jpegs.array(name).load(), faces.array(name).load())
    smooth = faces.array("image").load()[1:]
    np.testing.assert_array_equal(jpegs.array("image").load()[1:], smooth)  # black: exact
    assert jpegs.rows() == faces.rows()


def test_a_lost_shard_of_jpegs_is_repaired(many, tmp_path):
    out = tmp_path / "data" / "faces"
    params = align_params(codec="jpeg")
    align(many, out, params, ALONE)
    before = Store(out).array("image").load()
    (out / "data.zarr/image/c.1.0.0.0").unlink()
    list(repair_store(out, [tmp_path], ALONE))
    np.testing.assert_array_equal(Store(out).array("image").load(), before)
