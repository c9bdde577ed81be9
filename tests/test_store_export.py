"""One HDF5 file of a store, for readers that know nothing of AULens."""

import json
import os
import resource

import h5py
import numpy as np
import pytest

from errors import NoInputError, NoPermissionError, OutputExistsError, StorageError
from store import export as module
from store.building import building, read_fingerprint, read_manifest
from store.export import export
from store.layout import ArraySpec, Layout
from store.shards import create_arrays, write_shard, write_status

RNG = np.random.default_rng(0)
ARRAYS = {
    "map": RNG.integers(0, 255, (10, 64, 64), dtype=np.uint8),
    "points": RNG.normal(size=(10, 68, 2)).astype(np.float32),
    "steps": RNG.integers(-999, 999, (10, 68, 2), dtype=np.int16),
    "valid": np.ones(10, np.uint8),
}
TABLE = [
    {"id": f"Łódź/{row}.png", "status": "ok", "detail": "", "path": "a,b"} for row in range(10)
]


@pytest.fixture
def store(tmp_path, make_store):
    ARRAYS["points"][3] = np.nan
    return make_store(tmp_path / "maps", ARRAYS, {"dataset": "made up"}, TABLE)


def test_every_value_reads_back_bit_equal_with_plain_h5py(store, tmp_path):
    export(store, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert set(file) == {*ARRAYS, "status"}
        for name, expected in ARRAYS.items():
            assert file[name].dtype == expected.dtype
            assert file[name][:].tobytes() == expected.tobytes()


def test_arrays_are_compressed_in_chunks_of_whole_samples(store, tmp_path):
    export(store, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert {file[name].compression for name in ARRAYS} == {"gzip"}
        assert file["map"].chunks == (10, 64, 64)
        assert all(file[name].fletcher32 for name in ARRAYS)


def test_a_large_sample_is_a_chunk_of_its_own(tmp_path, make_store):
    images = np.zeros((3, 256, 256, 3), np.uint8)
    export(make_store(tmp_path / "faces", {"image": images}), tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["image"].chunks == (1, 256, 256, 3)


def test_the_status_table_reads_back(store, tmp_path):
    export(store, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        table = {name: column.asstr()[:].tolist() for name, column in file["status"].items()}
    assert table == {name: [row[name] for row in TABLE] for name in TABLE[0]}


ODD_COLUMNS = ["", ".", "..", "a/b", "/a", "status/x", "status", "%2E", "%", "Łódź 1", "a" * 300]


def test_columns_that_hdf5_cannot_hold_are_escaped_and_none_is_lost(tmp_path, make_store):
    rows = [{"id": f"{n}", **{name: f"{name}={n}" for name in ODD_COLUMNS}} for n in range(10)]
    export(make_store(tmp_path / "maps", ARRAYS, {}, rows), tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        columns = {one.attrs["column"]: one.asstr()[:].tolist() for one in file["status"].values()}
        assert all(isinstance(one, h5py.Dataset) for one in file["status"].values())
        assert file["status"]["status%2Fx"].attrs["column"] == "status/x"
    assert columns == {name: [row[name] for row in rows] for name in rows[0]}


def test_what_the_numbers_are_stands_on_every_array(tmp_path):
    spec = ArraySpec((2,), "int16", {"what": "a point", "unit": "1/64 px", "scale": 1 / 64})
    layout = Layout(3, 2, {"points": spec})
    with building(tmp_path / "store", {}, {}, layout.as_json()) as folder:
        create_arrays(folder, layout)
        for shard in range(2):
            rows = len(layout.span(shard))
            blocks = {"points": np.full((rows, 2), 64, np.int16)}
            write_shard(folder, layout, shard, blocks, {"status": ["ok"] * rows})
        write_status(folder, layout, [{"id": str(row)} for row in range(3)])
    export(tmp_path / "store", tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert dict(file["points"].attrs) == dict(spec.attributes)


def test_where_it_comes_from_is_written_on_it(store, tmp_path):
    export(store, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        assert file.attrs["stage"] == "maps"
        assert file.attrs["digest"] == read_manifest(store)["sha256"]
        assert json.loads(file.attrs["metadata"])["dataset"] == "made up"
        assert json.loads(file.attrs["fingerprint"]) == read_fingerprint(store)


def test_equal_stores_give_equal_files(store, tmp_path):
    sizes = [export(store, tmp_path / name) for name in ("a.h5", "b.h5")]
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert sizes == [(tmp_path / "a.h5").stat().st_size] * 2


def test_a_file_that_is_there_is_left_alone(store, tmp_path):
    (tmp_path / "out.h5").write_text("mine")
    with pytest.raises(OutputExistsError) as caught:
        export(store, tmp_path / "out.h5")
    assert caught.value.exit_code == 73
    assert (tmp_path / "out.h5").read_text() == "mine"


def test_a_disk_without_space_is_refused_before_the_start(store, tmp_path, monkeypatch):
    monkeypatch.setattr("store.files.free_bytes", lambda path: 100)
    with pytest.raises(StorageError, match=r"100 bytes are free\. Nothing was started") as caught:
        export(store, tmp_path / "out.h5")
    assert caught.value.exit_code == 74
    assert list(tmp_path.iterdir()) == [store]


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_behind(store, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageError, match="Is the disk full"):
            export(store, tmp_path / "out.h5")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == [store]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_said_to_be_one(store, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    with pytest.raises(NoPermissionError, match="no right to write") as caught:
        export(store, tmp_path / "locked" / "out.h5")
    assert caught.value.exit_code == 77
    assert caught.value.where == str(tmp_path / "locked")


def test_a_writer_that_dies_leaves_nothing_behind(store, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "write_file", _die)
    with pytest.raises(StorageError, match="the writer died"):
        export(store, tmp_path / "out.h5")
    assert list(tmp_path.iterdir()) == [store]


class _Die:
    """Ends the process that unpickles it."""

    def __reduce__(self):
        import os

        return (os._exit, (139,))


_die = _Die()


def test_an_output_without_arrays_cannot_be_exported(tmp_path):
    with building(tmp_path / "run", {"stage": "train"}, {}) as folder:
        (folder / "best.ckpt").write_bytes(b"weights")
    with pytest.raises(NoInputError, match="no arrays"):
        export(tmp_path / "run", tmp_path / "out.h5")
