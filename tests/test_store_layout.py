"""How arrays lie on disk: samples, shards and their files."""

import json

import pytest

from store.layout import ArraySpec, Layout, shard_of, shard_rows

LAYOUT = Layout(10, 4, {"map": ArraySpec((2, 3), "uint8"), "valid": ArraySpec((), "uint8")})


def test_the_last_shard_is_shorter():
    assert [LAYOUT.span(shard) for shard in range(LAYOUT.shards)] == [
        range(4),
        range(4, 8),
        range(8, 10),
    ]


def test_bytes_count_every_sample_and_its_checksum():
    assert LAYOUT.bytes == 10 * (6 + 4 + 1 + 4)


def test_a_layout_survives_json():
    assert Layout.from_json(json.loads(json.dumps(LAYOUT.as_json()))) == LAYOUT


@pytest.mark.parametrize(
    ("rows", "largest", "expected"),
    [(10, 4096, 64), (4096, 256, 64), (4097, 256, 256), (4097, 4096, 4096)],
)
def test_small_stores_have_small_shards(rows, largest, expected):
    assert shard_rows(rows, largest) == expected


def test_a_layout_from_before_arrays_were_described_is_read():
    old = LAYOUT.as_json()
    for spec in old["arrays"].values():
        del spec["attributes"]
    assert Layout.from_json(old) == LAYOUT


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("data.zarr/map/c.12.0.0", 12),
        ("data.zarr/valid/c.3", 3),
        ("commit/000012.json", 12),
        ("data.zarr/map/zarr.json", None),
        ("status.csv", None),
    ],
)
def test_a_file_belongs_to_a_shard_or_to_none(name, number):
    assert shard_of(name) == number
