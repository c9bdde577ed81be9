"""Arrays as shards: how they lie on disk, and how one is written."""

import json

import numpy as np
import pytest
import zarr
from zarr.codecs import Crc32cCodec

from store.files import digest
from store.layout import ArraySpec, Layout
from store.shards import create_arrays, pending_shards, write_shard, write_status
from store.tables import read_rows

LAYOUT = Layout(10, 4, {"map": ArraySpec((2, 3), "uint8"), "valid": ArraySpec((), "uint8")})
MAPS = np.arange(60, dtype=np.uint8).reshape(10, 2, 3)
VALID = np.ones(10, np.uint8)


def blocks(shard):
    rows = LAYOUT.span(shard)
    return {"map": MAPS[rows.start : rows.stop], "valid": VALID[rows.start : rows.stop]}


@pytest.fixture
def folder(tmp_path):
    create_arrays(tmp_path, LAYOUT)
    return tmp_path


def test_a_shard_is_its_samples_back_to_back_each_with_its_checksum(folder):
    write_shard(folder, LAYOUT, 0, blocks(0), {})
    payload = (folder / "data.zarr/map/c.0.0.0").read_bytes()
    samples = [payload[start : start + 6] for start in (0, 10, 20, 30)]
    assert samples == [MAPS[row].tobytes() for row in range(4)]
    index = np.frombuffer(payload[40:-4], "<u8").reshape(4, 2)
    assert index.tolist() == [[0, 10], [10, 10], [20, 10], [30, 10]]


def test_the_last_shard_file_holds_only_its_rows(folder):
    write_shard(folder, LAYOUT, 2, blocks(2), {})
    payload = (folder / "data.zarr/map/c.2.0.0").read_bytes()
    assert len(payload) == 2 * 10 + 4 * 16 + 4
    assert payload[:6] == MAPS[8].tobytes()


SHAPES = [((), "uint8"), ((), "float32"), ((1,), "bool"), ((3, 2), "int16"), ((7, 2, 2), "float64")]


@pytest.mark.parametrize(("shape", "dtype"), SHAPES, ids=str)
def test_the_bytes_are_those_that_zarr_writes_to_a_folder(tmp_path, shape, dtype):
    layout = Layout(10, 4, {"one": ArraySpec(shape, dtype)})
    values = np.random.default_rng(0).integers(0, 9, (10, *shape)).astype(dtype)
    values[4:8] = 0
    create_arrays(tmp_path / "ours", layout)
    for shard in range(3):
        span = layout.span(shard)
        write_shard(tmp_path / "ours", layout, shard, {"one": values[span.start : span.stop]}, {})
    array = zarr.create_group(tmp_path / "plain").create_array(
        "one",
        shape=(10, *shape),
        dtype=dtype,
        chunks=(1, *shape),
        shards=(4, *shape),
        compressors=[Crc32cCodec()],
        fill_value=0,
        chunk_key_encoding={"name": "default", "separator": "."},
        config={"write_empty_chunks": True},
    )
    array[:] = values
    written = sorted((tmp_path / "plain/one").iterdir())
    assert len(written) == 4
    for plain in written:
        assert (tmp_path / "ours/data.zarr/one" / plain.name).read_bytes() == plain.read_bytes()


def test_what_the_numbers_are_is_an_attribute_that_zarr_reads(tmp_path):
    described = {"what": "a point", "unit": "px", "scale": 1 / 64}
    layout = Layout(10, 4, {"points": ArraySpec((2,), "int16", described)})
    create_arrays(tmp_path, layout)
    assert dict(zarr.open_group(tmp_path / "data.zarr")["points"].attrs) == described
    assert Layout.from_json(json.loads(json.dumps(layout.as_json()))) == layout


def test_every_array_carries_checksums(folder):
    metadata = json.loads((folder / "data.zarr/map/zarr.json").read_bytes())
    (sharding,) = metadata["codecs"]
    assert [codec["name"] for codec in sharding["configuration"]["codecs"]] == ["bytes", "crc32c"]


def test_a_shard_of_zeros_is_on_disk(folder):
    zeros = {"map": np.zeros((4, 2, 3), np.uint8), "valid": np.zeros(4, np.uint8)}
    write_shard(folder, LAYOUT, 0, zeros, {})
    assert (folder / "data.zarr/map/c.0.0.0").stat().st_size == 4 * 10 + 4 * 16 + 4
    assert (folder / "data.zarr/valid/c.0").stat().st_size == 4 * 5 + 4 * 16 + 4


def test_the_commit_record_names_what_was_written(folder):
    write_shard(folder, LAYOUT, 1, blocks(1), {"status": ["ok"] * 4})
    record = json.loads((folder / "commit/000001.json").read_bytes())
    payload = (folder / "data.zarr/map/c.1.0.0").read_bytes()
    expected = {"bytes": len(payload), "sha256": digest(payload)}
    assert record["files"]["data.zarr/map/c.1.0.0"] == expected
    assert set(record["files"]) == {"data.zarr/map/c.1.0.0", "data.zarr/valid/c.1"}
    assert record["notes"] == {"status": ["ok"] * 4}


def test_the_commit_record_is_written_after_the_data(folder, monkeypatch):
    written = []
    monkeypatch.setattr("store.shards.atomic_write", lambda path, payload: written.append(path))
    write_shard(folder, LAYOUT, 0, blocks(0), {})
    assert written[-1] == folder / "commit/000000.json"
    assert len(written) == 3


def test_pending_skips_what_is_committed(folder):
    assert pending_shards(folder, LAYOUT) == [0, 1, 2]
    write_shard(folder, LAYOUT, 1, blocks(1), {})
    assert pending_shards(folder, LAYOUT) == [0, 2]


def test_a_shard_without_its_record_is_pending(folder):
    write_shard(folder, LAYOUT, 1, blocks(1), {})
    (folder / "commit/000001.json").unlink()
    assert pending_shards(folder, LAYOUT) == [0, 1, 2]


def test_creating_the_arrays_again_keeps_the_shards(folder):
    write_shard(folder, LAYOUT, 1, blocks(1), {})
    before = (folder / "data.zarr/map/c.1.0.0").read_bytes()
    create_arrays(folder, LAYOUT)
    assert (folder / "data.zarr/map/c.1.0.0").read_bytes() == before
    assert pending_shards(folder, LAYOUT) == [0, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"map": MAPS[:3]},
        {"map": MAPS[:4, :, :2]},
        {"map": MAPS[:4].astype(np.int16)},
        {"map": MAPS[:4] / 255},
        {"valid": np.ones(4, bool)},
    ],
    ids=["rows", "shape", "int16", "float", "bool"],
)
def test_a_block_of_another_shape_or_type_is_refused(folder, wrong):
    with pytest.raises(ValueError, match="expected 4 rows"):
        write_shard(folder, LAYOUT, 0, blocks(0) | wrong, {})
    assert pending_shards(folder, LAYOUT) == [0, 1, 2]


def test_a_missing_block_is_refused(folder):
    with pytest.raises(ValueError, match="valid"):
        write_shard(folder, LAYOUT, 0, {"map": MAPS[:4]}, {})


def test_a_note_of_another_length_is_refused(folder):
    with pytest.raises(ValueError, match="does not have 4 rows"):
        write_shard(folder, LAYOUT, 0, blocks(0), {"status": ["ok"] * 3})
    assert pending_shards(folder, LAYOUT) == [0, 1, 2]


def test_writing_a_shard_twice_gives_the_same_bytes(folder, tmp_path):
    write_shard(folder, LAYOUT, 0, blocks(0), {"status": ["ok"] * 4})
    before = [file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file()]
    write_shard(folder, LAYOUT, 0, blocks(0), {"status": ["ok"] * 4})
    assert [file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file()] == before


def test_the_status_table_is_the_input_with_the_notes_over_it(folder):
    write_shard(folder, LAYOUT, 0, blocks(0), {"status": ["ok", "no_face", "ok", "ok"]})
    write_shard(folder, LAYOUT, 1, blocks(1), {"status": ["ok"] * 4})
    write_shard(folder, LAYOUT, 2, blocks(2), {"status": ["small", "ok"]})
    write_status(folder, LAYOUT, [{"id": str(row), "status": ""} for row in range(10)])
    table = read_rows(folder / "status.csv")
    assert [row["id"] for row in table] == [str(row) for row in range(10)]
    assert table[1]["status"] == "no_face"
    assert table[8]["status"] == "small"
