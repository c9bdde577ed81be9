"""Stage `occlude`: the same faces behind drawn things."""

import numpy as np
import pytest

from contracts.occlusion import BARE
from errors import NoInputError, OutputExistsError, StorageError
from pipeline.execution.cluster import ClusterConfig
from pipeline.occlude import occlude
from pipeline.params import OccludeParams
from pipeline.repair import repair_store
from store.reading import Store

ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
PARAMS = OccludeParams(seed=0, kinds=("hand", "glasses"), bare=0.0, covered=0.3)
FAILED, POINTLESS = 5, 3
VALUES = np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)


@pytest.fixture
def faces(make_store, tmp_path, template_face):
    """Six faces of 64 px; one was not found, one has no landmarks."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (6, 64, 64, 3), dtype=np.uint8)
    points = np.tile((template_face / 4).astype(np.float32), (6, 1, 1))
    points[POINTLESS] = np.nan
    images[FAILED] = 0
    valid = np.array([1, 1, 1, 1, 1, 0], np.uint8)
    table = [
        {"id": str(row), "expression": "Fear", "status": "ok" if valid[row] else "no_face"}
        for row in range(6)
    ]
    about = {"dataset": "mine", "notice": None, "attributes": ["age"]}
    arrays = {"image": images, "points": points, "valid": valid, "valence_arousal": VALUES}
    return make_store(tmp_path / "faces", arrays, about, table)


def occluded(faces, **changes):
    out = faces.parent / "occluded"
    occlude(faces, out, PARAMS.model_copy(update=changes), ALONE)
    return Store(out)


def test_rows_stay_aligned_and_a_failed_one_is_empty(faces):
    store = occluded(faces)
    assert store.array("valid").load().tolist() == [1, 1, 1, 1, 1, 0]
    assert not store.array("image").load()[FAILED].any()
    assert not store.array("mask").load()[FAILED].any()
    assert [row["status"] for row in store.rows()] == ["ok"] * 5 + ["no_face"]


def test_covered_patches_are_where_the_picture_differs(faces):
    store = occluded(faces)
    differs = (store.array("image").load() != Store(faces).array("image").load()).any(axis=3)
    masks = store.array("mask").load()
    for row in range(5):
        inside = np.kron(masks[row], np.ones((5, 5)))[:64, :64]
        assert masks[row].any()
        assert differs[row].any()
        assert inside.sum() > 0
    assert masks.max() == 1


def test_what_the_dataset_says_of_its_faces_holds_behind_things_too(faces):
    np.testing.assert_array_equal(occluded(faces).array("valence_arousal").load(), VALUES)


def test_scores_of_these_faces_are_shown_under_a_name_of_their_own(faces):
    metadata = occluded(faces).metadata
    assert (metadata["dataset"], metadata["shown_as"]) == ("mine", "mine-occluded")


def test_what_covers_each_face_is_in_the_table_and_an_attribute(faces):
    store = occluded(faces)
    assert {row["occluder"] for row in store.rows()} == {"hand", "glasses", ""}
    assert store.metadata["attributes"] == ["age", "occluder"]
    shares = [float(row["occluded_share"]) for row in store.rows()]
    np.testing.assert_allclose(shares, store.array("mask").load().mean(axis=(1, 2)), atol=1e-3)


def test_some_faces_may_stay_bare(faces):
    store = occluded(faces, bare=0.9)
    bare = [number for number, row in enumerate(store.rows()) if row["occluder"] == BARE]
    assert len(bare) >= 3
    before = Store(faces).array("image").load()
    np.testing.assert_array_equal(store.array("image").load()[bare], before[bare])


def test_the_seed_decides_and_other_numbers_build_elsewhere(faces):
    first = occluded(faces)
    assert not occlude(faces, first.path, PARAMS, ALONE)
    with pytest.raises(OutputExistsError, match="seed: 0 -> 1"):
        occluded(faces, seed=1)


def test_damaged_shards_are_drawn_again(faces):
    store = occluded(faces)
    shard = next((store.path / "data.zarr" / "image").glob("c.*"))
    shard.chmod(0o644)
    shard.write_bytes(b"\0" * shard.stat().st_size)
    lines = list(repair_store(store.path, [faces.parent], ALONE))
    assert lines[-1].endswith("repaired, 1 file")


def test_another_store_is_no_input(make_store, tmp_path):
    maps = make_store(tmp_path / "maps", {"map": np.zeros((2, 4, 4), np.uint8)})
    with pytest.raises(NoInputError, match="no store of aligned faces"):
        occlude(maps, tmp_path / "out", PARAMS, ALONE)


def test_a_disk_that_is_too_small_is_noticed_first(faces, monkeypatch):
    monkeypatch.setattr("store.files.free_bytes", lambda path: 100)
    with pytest.raises(StorageError, match="Nothing was started"):
        occluded(faces)
