"""Stage `restore`: faces without what covers them, and their latents."""

import numpy as np
import pytest
import torch

from errors import CorruptError, NoInputError, StorageError
from pipeline.execution.cluster import ClusterConfig
from store.reading import Store
from store.verify import find_problems
from tests.occlusion import CONTEXT, PATCH_PARAMS, SMALL, occluded_tiny, restored
from train.images import resize_images
from train.occlusion.mae import mae
from train.occlusion.params import RestoreParams
from train.occlusion.patches import PatchInputs, patches
from train.occlusion.restore import is_restored, summary
from train.occlusion.restorer import load_restorer

PARAMS = RestoreParams(filler="mae", most_hidden=0.75, latents="half")


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory, make_store):
    root = tmp_path_factory.mktemp("restore")
    mae(tiny.faces, root / "mae", SMALL, CONTEXT)
    mae(tiny.faces, root / "other", SMALL.model_copy(update={"seed": 1}), CONTEXT)
    occluded = occluded_tiny(tiny.faces, root / "occluded", make_store)
    pixels = PATCH_PARAMS.model_copy(update={"detector": "pixels"})
    patches(PatchInputs(tiny.faces, occluded, root / "mae"), root / "patches", pixels, CONTEXT)
    restored(occluded, root / "mae", root / "patches", root / "out", PARAMS)
    return root


def test_rows_are_those_of_the_faces_and_intact(made):
    root = made
    store = Store(root / "out")
    assert len(store) == 42
    assert is_restored(store)
    assert not is_restored(Store(root / "occluded"))
    assert list(find_problems(root / "out", deep=True)) == []
    filled = store.array("mask").load().any(axis=(1, 2))
    assert f"{filled.sum()} of 42 faces had patches filled" in summary(root / "out")


def test_only_filled_patches_differ_from_the_face(made):
    root = made
    store, before = Store(root / "out"), Store(root / "occluded").array("image").load()
    masks = store.array("mask").load()
    places = (np.arange(32) + 0.5) * 14 // 32
    area = masks[:, places.astype(int)][:, :, places.astype(int)]
    differs = (store.array("image").load() != before).any(axis=3)
    assert not (differs & (area == 0)).any()
    assert differs.any()


def test_latents_are_those_of_the_face_and_of_its_mirror_image(made):
    root = made
    store, restorer = Store(root / "out"), load_restorer(root / "out")
    latents = store.array("latents").take(np.array([3]))
    assert latents.shape == (1, 2, 196, 16)
    assert latents.dtype == np.float16
    image = resize_images(torch.from_numpy(store.array("image").take(np.array([3]))), 32)
    for view, shown in enumerate((image, image.flip(-1))):
        expected = restorer.latents(shown)[0]
        found = torch.from_numpy(latents[0, view].astype(np.float32))
        torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)  # the picture is rounded


def test_a_build_that_was_stopped_ends_with_the_same_bits(made, tmp_path):
    root = made
    inputs = root / "occluded", root / "mae", root / "patches"

    class StoppedError(Exception):
        pass

    def stop(done, total, note):
        raise StoppedError

    with pytest.raises(StoppedError):
        restored(*inputs, tmp_path / "out", PARAMS, ClusterConfig(stop, workers=0))
    assert not (tmp_path / "out").exists()
    assert restored(*inputs, tmp_path / "out", PARAMS)
    assert Store(tmp_path / "out").digest == Store(root / "out").digest
    assert not restored(*inputs, tmp_path / "out", PARAMS)


def test_rows_without_a_face_stay_empty(made, make_store, tmp_path):
    root = made
    images = Store(root / "occluded").array("image").load()[:3].copy()
    images[1] = 0
    valid = np.array([1, 0, 1], np.uint8)
    faces = make_store(tmp_path / "faces", {"image": images, "valid": valid})
    restored(faces, root / "mae", root / "patches", tmp_path / "out", PARAMS)
    store = Store(tmp_path / "out")
    assert store.array("valid").load().tolist() == [1, 0, 1]
    assert not store.array("latents").load()[1].any()
    assert not store.array("image").load()[1].any()


def test_a_detector_of_another_autoencoder_is_refused(made, tmp_path):
    root = made
    with pytest.raises(CorruptError, match="another autoencoder"):
        restored(root / "occluded", root / "other", root / "patches", tmp_path / "o", PARAMS)


def test_a_disk_that_is_too_small_is_noticed_first(made, tmp_path, monkeypatch):
    root = made
    monkeypatch.setattr("store.files.free_bytes", lambda path: 100)
    with pytest.raises(StorageError, match="Nothing was started"):
        restored(root / "occluded", root / "mae", root / "patches", tmp_path / "o", PARAMS)


def test_a_store_of_another_stage_is_no_input(made, tiny, tmp_path):
    root = made
    with pytest.raises(NoInputError, match="no store of faces"):
        restored(tiny.landmarks, root / "mae", root / "patches", tmp_path / "out", PARAMS)
