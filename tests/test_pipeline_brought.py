"""What a dataset says of its faces, as arrays; the stages around it are in test_pipeline_align."""

import numpy as np
import polars as pl
import pytest

from pipeline.align import align, no_face
from pipeline.brought import Brought
from pipeline.execution.cluster import ClusterConfig
from pipeline.index import index, read_index
from store.reading import VALENCE_AROUSAL, Store
from store.records import Status
from tests.basic7 import BASIC7
from tests.indexing import align_params, index_params
from tests.miniatures import affectnet_csv, affectnet_npy

ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
FAILED = no_face(Status.CORRUPT, "", 32)
METADATA = {"units": [], "labels": BASIC7.as_json()}
READERS = {"affectnet_npy": affectnet_npy, "affectnet_csv": affectnet_csv}


def table(**fields):
    return pl.DataFrame({"landmarks": [""], "shares": [""]} | {k: [v] for k, v in fields.items()})


def test_a_dataset_that_says_nothing_has_no_array():
    silent = Brought.of(METADATA, table())
    assert (silent.arrays(), silent.cells({}, FAILED)) == ({}, {})


def test_every_array_gets_a_cell_of_its_shape():
    metadata = {**METADATA, "units": [1, 12], "valence_arousal": True}
    brought = Brought.of(metadata, table(landmarks="1 2", shares="0.5 0.5"))
    row = {"landmarks": "", "aus": "", "shares": "", "valence": "0.5", "arousal": "-0.25"}
    cells = brought.cells(row, FAILED)
    assert {name: one.shape for name, one in cells.items()} == {
        name: spec.shape for name, spec in brought.arrays().items()
    }
    assert cells[VALENCE_AROUSAL].tolist() == [0.5, -0.25]


def test_one_of_the_two_alone_is_unknown():
    brought = Brought(valence_arousal=True)
    (cell,) = brought.cells({"valence": "0.5", "arousal": ""}, FAILED).values()
    assert np.isnan(cell).all()


@pytest.mark.parametrize("reader", READERS)
def test_valence_and_arousal_of_affectnet_travel_with_the_faces(tmp_path, reader):
    READERS[reader](tmp_path / "raw")
    found = index(tmp_path / "raw", tmp_path / "index", index_params(reader), ALONE.progress)
    assert any(line.startswith("valence and arousal: known of") for line in found.remarks)
    align(tmp_path / "index", tmp_path / "faces", align_params(max_bad=1.0), ALONE)
    store = Store(tmp_path / "faces")
    values_N2 = store.array(VALENCE_AROUSAL).load()
    assert np.isfinite(values_N2).all()
    assert set(values_N2[:, 0].tolist()) == {0.25}
    assert store.metadata["valence_arousal"] is True
    assert store.layout.arrays[VALENCE_AROUSAL].attributes["order"] == "valence, arousal"
    assert read_index(tmp_path / "index")[0]["valence"].to_list() == ["0.25"] * len(store)
