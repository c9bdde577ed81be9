"""How one sample of an array lies on disk: as it is, or as a JPEG."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from errors import CorruptError
from store.files import digest
from store.layout import Layout
from store.reading import Store
from store.samples import CODECS, JPEG, RAW, decode_jpeg, encode_jpeg
from store.verify import find_problems

NOISE = np.random.default_rng(0).uniform(0, 255, (10, 64, 48, 3))
FACES = np.clip(gaussian_filter(NOISE, (0, 4, 4, 0)) * 8 - 900, 0, 255).astype(np.uint8)
"""Smooth, as faces are: what JPEG keeps."""


@pytest.fixture
def path(tmp_path, make_store):
    return make_store(tmp_path / "faces", {"image": FACES}, jpegs=["image"])


def shard(path, number=0):
    return path / "data.zarr" / "image" / f"c.{number}.0.0.0"


def overwrite(file, payload):
    file.chmod(0o644)
    file.write_bytes(payload)


def decibels(one, other):
    error = np.square(one.astype(float) - other).mean()
    return 10 * np.log10(255**2 / error)


def test_raw_samples_are_their_bytes():
    block = np.arange(12, dtype="<u2").reshape(2, 3, 2)
    assert [bytes(one) for one in CODECS[RAW].encode(block)] == [row.tobytes() for row in block]


def test_a_sample_of_no_dimension_is_one_number():
    assert [bytes(one) for one in CODECS[RAW].encode(np.array([3, 4], np.uint8))] == [b"\3", b"\4"]


def test_a_picture_survives_to_within_what_is_promised():
    picture = np.empty_like(FACES[0])
    decode_jpeg(encode_jpeg(FACES[0]), picture)
    assert decibels(picture, FACES[0]) > 35


def test_a_jpeg_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(64, 48, 3\)|buffer"):
        decode_jpeg(encode_jpeg(FACES[0]), np.empty((32, 32, 3), np.uint8))


@pytest.mark.parametrize("rows", [[9, 0, 4], [3, 3], [0], list(range(10))], ids=str)
def test_pictures_are_read_in_the_order_asked_for(path, rows):
    found = Store(path).array("image").take(np.array(rows))
    assert found.shape == (len(rows), 64, 48, 3)
    assert all(decibels(one, FACES[row]) > 35 for one, row in zip(found, rows, strict=True))


def test_a_row_that_is_not_there_is_refused(path):
    with pytest.raises(IndexError, match="of 10"):
        Store(path).array("image").take(np.array([10]))


def test_the_store_is_smaller_than_its_bound_and_than_raw(path):
    layout = Store(path).layout
    size = sum(shard(path, number).stat().st_size for number in range(3))
    assert size < layout.bytes < FACES.nbytes


def test_the_layout_keeps_the_codec(path):
    layout = Store(path).layout
    assert Layout.from_json(layout.as_json()) == layout
    assert layout.arrays["image"].codec == JPEG


def test_zarr_reads_the_same_pixels(path):
    import zarr

    plain = zarr.open_group(path / "data.zarr", mode="r")["image"]
    np.testing.assert_array_equal(plain[:], Store(path).array("image").load())


def test_the_bytes_are_those_that_zarr_writes(path, tmp_path):
    import zarr
    from zarr.codecs import Crc32cCodec

    from store.zarr_jpeg import JpegCodec

    array = zarr.create_group(tmp_path / "plain").create_array(
        "image",
        shape=FACES.shape,
        dtype="uint8",
        chunks=(1, *FACES.shape[1:]),
        shards=(4, *FACES.shape[1:]),
        serializer=JpegCodec(),
        compressors=[Crc32cCodec()],
        chunk_key_encoding={"name": "default", "separator": "."},
        config={"write_empty_chunks": True},
    )
    array[:] = FACES
    for number in range(3):
        written = (tmp_path / "plain" / "image" / shard(path, number).name).read_bytes()
        assert digest(written) == digest(shard(path, number).read_bytes())


def test_a_flipped_bit_names_file_and_row(path):
    payload = bytearray(shard(path, 1).read_bytes())
    second = int(np.frombuffer(payload[-4 - 4 * 16 : -4], "<u8")[2])
    payload[second + 100] ^= 4
    overwrite(shard(path, 1), payload)
    with pytest.raises(CorruptError, match=r"c\.1\.0\.0\.0: row 5 is damaged \(checksum\)"):
        Store(path).array("image").load()
    (problem,) = find_problems(path, deep=True)
    assert problem.rows == (5,)


def test_an_index_that_does_not_fit_is_refused(path):
    payload = bytearray(shard(path).read_bytes())
    payload[-4 - 4 * 16] ^= 1
    overwrite(shard(path), payload)
    with pytest.raises(CorruptError, match="do not lie back to back"):
        Store(path).array("image").load()
    (problem,) = find_problems(path, deep=True)
    assert "index" in problem.what


def test_without_checksums_damage_is_still_no_picture(path):
    payload = bytearray(shard(path).read_bytes())
    payload[:8] = bytes(8)
    overwrite(shard(path), payload)
    with pytest.raises(CorruptError, match="row 0 is damaged"):
        Store(path, check=False).array("image").load()
