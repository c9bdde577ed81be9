"""Occluded faces as an attribute of every evaluation."""

import numpy as np
import pytest

from anatomy.patches import MIN_FACES
from contracts.occlusion import OccludedParams
from store.reading import Store
from train.evaluation.occlusion import covered_shares, with_occluded
from train.evaluation.split import split_faces

PARAMS = OccludedParams(quantile=0.98, share=0.1)
ROWS = MIN_FACES + 10


def made(make_store, out, **more):
    """Smooth faces, the first of which has a chequered quarter."""
    rng = np.random.default_rng(0)
    images = (rng.normal(120, 5, (ROWS, 1, 1, 3)) + rng.normal(0, 3, (ROWS, 28, 28, 3))).clip(
        0, 255
    )
    images[0, :14, :14] = 255 * (np.indices((14, 14)).sum(axis=0) % 2)[..., None]
    table = [
        {"id": str(row), "expression": "Fear", "split": "train", "status": "ok", "person": str(row)}
        for row in range(ROWS)
    ]
    arrays = {"image": images.astype(np.uint8), "valid": np.ones(ROWS, np.uint8), **more}
    return Store(make_store(out, arrays, {"dataset": "mine", "attributes": ["person"]}, table))


def test_a_face_with_strange_patches_counts_as_occluded(make_store, tmp_path):
    store = made(make_store, tmp_path / "faces")
    faces = with_occluded(split_faces(store, "train", None), store, PARAMS)
    assert faces.attributes == ("person", "occluded")
    words = faces.table["occluded"].to_list()
    assert words[0] == "yes"
    assert words.count("yes") < ROWS // 10


def test_of_drawn_things_it_is_known(make_store, tmp_path):
    mask = np.zeros((ROWS, 14, 14), np.uint8)
    mask[5, :7] = 1
    store = made(make_store, tmp_path / "faces", mask=mask)
    faces = with_occluded(split_faces(store, "train", None), store, PARAMS)
    assert [row for row, word in enumerate(faces.table["occluded"]) if word == "yes"] == [5]
    assert covered_shares(store, np.array([5]), 0.5) == pytest.approx([0.5])


def test_too_few_faces_have_no_such_attribute(tiny):
    store = Store(tiny.faces)
    faces = split_faces(store, "test", None)
    assert with_occluded(faces, store, PARAMS) is faces
