import numpy as np
import polars as pl
import pytest

from errors import DataError, UsageError
from store.building import read_manifest
from tests.basic7 import BASIC7
from train.data.stores import Stores, expression_ids


def test_stores_of_other_samples_are_refused(tiny, make_store, tmp_path):
    other = make_store(tmp_path / "maps", {"map": np.zeros((3, 8, 8), np.uint8)})
    with pytest.raises(DataError, match="has 3 rows"):
        Stores.open(tiny.faces, tiny.landmarks, other)


def test_a_kind_with_several_maps_a_face_is_refused(tiny, make_store, tmp_path):
    stacks = {"map": np.zeros((42, 7, 8, 8), np.uint8)}
    other = make_store(tmp_path / "maps", stacks, {"kind": "per_class_au"})
    with pytest.raises(UsageError, match="per_class_au has several maps per face"):
        Stores.open(tiny.faces, tiny.landmarks, other)


def test_an_expression_has_the_id_of_its_name():
    table = pl.DataFrame({"expression": ["Neutral", "Sadness", "Fear"]})
    assert expression_ids(table, BASIC7).tolist() == [0, 6, 3]


def test_the_digests_are_those_of_the_manifests(tiny):
    stores = Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)
    assert stores.digests() == {
        name: read_manifest(getattr(tiny, name))["sha256"]
        for name in ("faces", "landmarks", "heatmaps")
    }
