"""Stores that cannot lie: flipped bits and shards that are not the right ones, by the hundred."""

import numpy as np
import pytest

from contracts.files import MANIFEST
from errors import CorruptError
from store.layout import shard_of
from store.reading import Store
from store.verify import find_problems
from tests.crashing import LOG, SEED, trials

pytestmark = pytest.mark.slow
ROWS, SHARDS = 10, 3
RNG = np.random.default_rng(7)
ARRAYS = {
    "map": RNG.integers(0, 256, (ROWS, 3, 4), np.uint8),
    "points": RNG.integers(-9000, 9000, (ROWS, 5, 2), np.int16),
    "face": np.tile(RNG.integers(0, 256, (ROWS, 1, 1, 1), np.uint8), (1, 16, 16, 3)),
}
"""A JPEG of one grey is exact."""
OLDER = {name: values[::-1].copy() for name, values in ARRAYS.items()}


@pytest.fixture
def store(tmp_path, make_store):
    return make_store(tmp_path / "maps", ARRAYS, jpegs=["face"])


@pytest.fixture
def older(tmp_path, make_store):
    """Another store of the same layout: an older state of this one, or somebody else's."""
    return make_store(tmp_path / "older" / "maps", OLDER, jpegs=["face"])


def files(store):
    return sorted(file for file in store.rglob("*") if file.is_file())


def overwrite(file, payload):
    file.chmod(0o644)
    file.write_bytes(payload)


def named(store):
    """What a deep verification says: file -> shard."""
    return {fault.file: fault.shard for fault in find_problems(store, deep=True)}


def expected(*names):
    return {name: shard_of(name) for name in names}


def flipped(payload, place, bit):
    damaged = bytearray(payload)
    damaged[place] ^= 1 << bit
    return bytes(damaged)


def reader_refuses_or_is_right(store):
    try:
        opened = Store(store)
        found = {name: opened.array(name).load() for name in ARRAYS}
    except CorruptError:
        return
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(found[name], values)


def test_every_flipped_bit_is_found_in_its_file_and_shard(store):
    rng, pool = np.random.default_rng(SEED), files(store)
    for trial in trials(200, 10_000):
        file = pool[trial % len(pool)]
        before = file.read_bytes()
        overwrite(file, flipped(before, rng.integers(len(before)), rng.integers(8)))
        name = file.relative_to(store).as_posix()
        assert named(store) == expected(name), f"seed {SEED}, trial {trial}"
        reader_refuses_or_is_right(store)
        overwrite(file, before)
    LOG.info("seed %d: %d flips found", SEED, len(trials(200, 10_000)))


@pytest.mark.parametrize("name", [MANIFEST, "commit/000001.json", "data.zarr/map/zarr.json"])
def test_a_flip_in_any_byte_of_a_description_is_found(store, name):
    before = (store / name).read_bytes()
    step = len(before) // len(trials(20, len(before)))
    for place in range(0, len(before), step):
        overwrite(store / name, flipped(before, place, place % 8))
        assert named(store) == expected(name)
    LOG.info("%s: %d bytes", name, len(before) // step)


def shard(store, array, number):
    return next((store / "data.zarr" / array).glob(f"c.{number}.*"))


def cut(store, older, array, number, rng):
    file = shard(store, array, number)
    payload = file.read_bytes()
    overwrite(file, payload[: rng.integers(len(payload))])
    return [file]


def lengthened(store, older, array, number, rng):
    file = shard(store, array, number)
    overwrite(file, file.read_bytes() + bytes(int(rng.integers(1, 99))))
    return [file]


def swapped(store, older, array, number, rng):
    one, two = shard(store, array, number), shard(store, array, (number + 1) % SHARDS)
    payloads = one.read_bytes(), two.read_bytes()
    overwrite(one, payloads[1])
    overwrite(two, payloads[0])
    return [one, two]


def doubled(store, older, array, number, rng):
    file = shard(store, array, number)
    overwrite(file, shard(store, array, (number + 1) % SHARDS).read_bytes())
    return [file]


def rolled_back(store, older, array, number, rng):
    file = shard(store, array, number)
    overwrite(file, shard(older, array, number).read_bytes())
    return [file]


def rolled_back_with_its_record(store, older, array, number, rng):
    record = f"commit/{number:06d}.json"
    overwrite(store / record, (older / record).read_bytes())
    files = [shard(store, name, number) for name in ARRAYS]
    for name, file in zip(ARRAYS, files, strict=True):
        overwrite(file, shard(older, name, number).read_bytes())
    return [*files, store / record]


def of_another_array(store, older, array, number, rng):
    file = shard(store, array, number)
    other = next(name for name in ARRAYS if name != array)
    overwrite(file, shard(store, other, number).read_bytes())
    return [file]


def zeroed(store, older, array, number, rng):
    file = shard(store, array, number)
    overwrite(file, bytes(file.stat().st_size))
    return [file]


WRONG = (
    *(cut, lengthened, swapped, doubled),
    *(rolled_back, rolled_back_with_its_record, of_another_array, zeroed),
)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_shard_that_is_not_the_right_one_is_found(wrong, store, older):
    rng, whole = np.random.default_rng(SEED), {file: file.read_bytes() for file in files(store)}
    for trial in trials(5, 63):
        array, number = list(ARRAYS)[trial % 3], int(rng.integers(SHARDS))
        spoilt = wrong(store, older, array, number, rng)
        names = [file.relative_to(store).as_posix() for file in spoilt]
        assert named(store) == expected(*names), f"seed {SEED}, trial {trial}"
        for file in spoilt:
            overwrite(file, whole[file])
    assert named(store) == {}
    LOG.info("seed %d: %s, %d found", SEED, wrong.__name__, len(trials(5, 63)))
