"""How finished stores are read: through the memory map, every sample checked when first touched."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import CorruptError, NoInputError, UsageError
from store.building import building
from store.reading import Store, evenly_spaced, read_points
from tests.basic7 import BASIC7

RNG = np.random.default_rng(0)
ARRAYS = {
    "image": RNG.integers(0, 256, (10, 5, 4, 3), np.uint8),
    "points": RNG.integers(-32000, 32000, (10, 68, 2), np.int16),
    "matrix": RNG.normal(size=(10, 2, 3)).astype(np.float32),
    "inside_fraction": RNG.random(10).astype(np.float32),
    "valid": np.array([1, 1, 0, 1, 1, 1, 1, 0, 1, 1], np.uint8),
    "empty": np.zeros((10, 3), np.uint8),
}
SAMPLE_BYTES = 5 * 4 * 3 + 4
ROWS = [3, 5, 9, 11, 19]


@pytest.fixture
def path(tmp_path, make_store):
    return make_store(tmp_path / "store", ARRAYS, metadata={"dataset": "demo"})


@pytest.fixture
def damaged(path):
    """A store with one flipped bit in the image of row 5, the second sample of the second shard."""
    shard = path / "data.zarr/image/c.1.0.0.0"
    payload = bytearray(shard.read_bytes())
    payload[SAMPLE_BYTES + 7] ^= 4
    shard.chmod(0o644)
    shard.write_bytes(payload)
    return path


@pytest.mark.parametrize("name", ARRAYS)
def test_the_memory_map_reads_what_was_written(path, name):
    found = Store(path).array(name).load()
    np.testing.assert_array_equal(found, ARRAYS[name])
    assert found.dtype == ARRAYS[name].dtype
    assert Store(path).array(name).shape == ARRAYS[name].shape


@pytest.mark.parametrize("name", ARRAYS)
def test_plain_zarr_reads_the_same(path, name):
    plain = zarr.open_group(path / "data.zarr", mode="r")
    np.testing.assert_array_equal(plain[name][:], Store(path).array(name).load())


@pytest.mark.parametrize(
    "rows", [[9, 0, 4], [3, 3, 3], [8, 1, 8, 0], [0], [7, 6, 5, 4, 3, 2, 1, 0]], ids=str
)
def test_rows_come_in_the_order_asked_for(path, rows):
    np.testing.assert_array_equal(
        Store(path).array("image").take(np.array(rows)), ARRAYS["image"][rows]
    )


def test_no_rows_give_an_empty_batch(path):
    assert Store(path).array("image").take(np.array([], int)).shape == (0, 5, 4, 3)


@pytest.mark.parametrize("row", [10, 12, -1, -10])
def test_a_row_that_is_not_there_is_refused(path, row):
    with pytest.raises(IndexError):
        Store(path).array("image").take(np.array([0, row]))


def test_a_store_that_forgot_reads_the_same_and_holds_no_map(path):
    store = Store(path)
    before = store.array("image").load()
    mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if "c.0" in line]
    store.unmap()
    left = [line for line in Path("/proc/self/maps").read_text().splitlines() if "c.0" in line]
    assert len(left) < len(mapped)
    np.testing.assert_array_equal(store.array("image").load(), before)


def test_a_batch_is_a_copy(path):
    array = Store(path).array("empty")
    array.take(np.array([0]))[:] = 7
    assert array.take(np.array([0])).max() == 0


def test_a_store_knows_its_length_digest_card_and_table(path):
    store = Store(path)
    assert len(store) == 10
    assert len(store.digest) == 64
    assert store.metadata["dataset"] == "demo"
    assert store.labels == BASIC7
    assert store.rows()[3] == {"id": "3.png", "status": "ok"}


def test_an_unknown_array_is_refused_with_the_known_ones(path):
    with pytest.raises(
        UsageError, match=r"no array 'imge'.*inside_fraction, .*Did you mean 'image'"
    ):
        Store(path).array("imge")


def test_a_flipped_bit_names_file_and_row(damaged):
    with pytest.raises(CorruptError, match=r"c\.1\.0\.0\.0: row 5 is damaged") as caught:
        Store(damaged).array("image").load()
    assert caught.value.exit_code == 76


def test_a_damaged_row_stays_refused(damaged):
    array = Store(damaged).array("image")
    with pytest.raises(CorruptError):
        array.take(np.array([5]))
    with pytest.raises(CorruptError):
        array.take(np.array([5]))


def test_the_check_can_be_switched_off(damaged):
    found = Store(damaged, check=False).array("image").take(np.array([5]))
    assert np.count_nonzero(found != ARRAYS["image"][5]) == 1


def test_neighbours_of_a_damaged_row_are_readable(damaged):
    rows = [4, 6, 7, 0]
    found = Store(damaged).array("image").take(np.array(rows))
    np.testing.assert_array_equal(found, ARRAYS["image"][rows])


@given(place=st.integers(0, 4 * SAMPLE_BYTES - 1), bit=st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # written anew every time
def test_any_flipped_bit_of_the_samples_is_found(path, place, bit):
    shard = path / "data.zarr/image/c.0.0.0.0"
    payload = shard.read_bytes()
    flipped = bytearray(payload)
    flipped[place] ^= 1 << bit
    shard.chmod(0o644)
    shard.write_bytes(flipped)
    with pytest.raises(CorruptError, match=f"row {place // SAMPLE_BYTES} is damaged"):
        Store(path).array("image").load()
    shard.write_bytes(payload)


def test_a_truncated_shard_is_found_at_open(path):
    shard = path / "data.zarr/image/c.2.0.0.0"
    shard.chmod(0o644)
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(CorruptError, match=r"c\.2\.0\.0\.0: has \d+ bytes, \d+ were written"):
        Store(path)


def test_a_missing_shard_is_found_at_open(path):
    (path / "data.zarr/empty/c.0.0").unlink()
    with pytest.raises(CorruptError, match=r"c\.0\.0: has no bytes"):
        Store(path)


def test_a_shard_with_another_order_of_samples_is_refused(path):
    shard = path / "data.zarr/empty/c.0.0"
    payload = bytearray(shard.read_bytes())
    payload[4 * 7 + 16] ^= 7  # the second sample's place in the index
    shard.chmod(0o644)
    shard.write_bytes(payload)
    with pytest.raises(CorruptError, match="back to back"):
        Store(path).array("empty").load()


def test_a_shard_whose_samples_have_two_sizes_is_refused(path):
    shard = path / "data.zarr/empty/c.0.0"
    payload = bytearray(shard.read_bytes())
    index = np.frombuffer(payload, "<i8", 4, offset=4 * 7)
    assert index.tolist() == [0, 7, 7, 7]
    payload[4 * 7 : 4 * 7 + 32] = np.array([0, 8, 8, 6], "<i8").tobytes()  # still back to back
    shard.chmod(0o644)
    shard.write_bytes(payload)
    with pytest.raises(CorruptError, match="one size"):
        Store(path).array("empty").load()


def test_an_unfinished_store_is_refused(path):
    (path / "MANIFEST.json").unlink()
    with pytest.raises(NoInputError, match="not finished"):
        Store(path)


def test_an_output_without_arrays_is_no_store(tmp_path):
    with building(tmp_path / "index", {"stage": "index"}, {}):
        pass
    with pytest.raises(NoInputError, match="no arrays"):
        Store(tmp_path / "index")


def test_landmarks_are_in_pixels_and_missing_ones_are_no_numbers(path):
    points = read_points(Store(path), np.array([2, 0]))
    assert np.isnan(points[0]).all()
    np.testing.assert_array_equal(points[1], ARRAYS["points"][0] / 64)


@pytest.mark.parametrize(
    ("most", "chosen"),
    [(0, []), (1, [3]), (2, [3, 19]), (3, [3, 9, 19]), (5, [3, 5, 9, 11, 19]), (9, ROWS)],
)
def test_rows_are_chosen_evenly_from_the_first_to_the_last(most, chosen):
    assert evenly_spaced(ROWS, most).tolist() == chosen


def test_of_no_rows_none_is_chosen():
    assert evenly_spaced([], 3).tolist() == []
