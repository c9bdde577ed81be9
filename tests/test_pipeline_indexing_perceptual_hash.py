"""Which pictures look alike, and the search for near ones among many."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indexing.perceptual_hash import NO_HASH, linked_sets, near_pairs, perceptual_hash

RNG = np.random.default_rng(0)


def scene(seed):
    """A smooth made-up picture, 96 px."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12), np.uint8)
    return cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC)


def apart(one, other):
    return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()


def test_a_smaller_darker_or_compressed_copy_is_near():
    picture = scene(0)
    smaller = cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 40])
    compressed = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    for copy in (smaller, picture // 4 * 3, compressed):
        assert apart(picture, copy) <= 4


def test_different_pictures_are_far():
    assert min(apart(scene(0), scene(seed)) for seed in range(1, 50)) > 10


@pytest.mark.parametrize("grey", [0, 7, 128, 255])
def test_a_picture_of_one_grey_is_like_none(grey):
    assert perceptual_hash(np.full((40, 50), grey, np.uint8)) == NO_HASH


@pytest.mark.parametrize("bits", range(7))
def test_the_pairs_are_those_of_comparing_each_with_each(bits):
    centres = RNG.integers(0, 1 << 63, 40, np.uint64)
    flips = np.uint64(1) << RNG.integers(0, 64, (40, 12, 4)).astype(np.uint64)
    hashes = np.unique(centres[:, None] ^ np.bitwise_or.reduce(flips, axis=2))
    RNG.shuffle(hashes)
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(distances <= bits, 1))
    np.testing.assert_array_equal(near_pairs(hashes, bits), expected)
    assert len(expected) > 0 or bits < 2


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_have_no_pairs(count):
    assert near_pairs(np.zeros(count, np.uint64), 4).shape == (0, 2)


@pytest.mark.slow
def test_a_million_are_searched_in_seconds():
    hashes = np.unique(RNG.integers(0, 1 << 63, 1_000_000, np.uint64))
    hashes = np.concatenate([hashes, hashes[:5] ^ np.uint64(0b1011)])
    start = time.process_time()
    pairs = near_pairs(hashes, 4)
    assert time.process_time() - start < 60
    expected = [[place, len(hashes) - 5 + place] for place in range(5)]
    assert [pair for pair in expected if pair in pairs.tolist()] == expected


@given(
    links=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12),
)
def test_linked_things_share_a_set_and_others_do_not(links):
    label = list(range(10))
    for one, other in links:
        label = [label[one] if name == label[other] else name for name in label]
    sets = [[at for at in range(10) if label[at] == name] for name in dict.fromkeys(label)]
    assert linked_sets(10, links) == [members for members in sets if len(members) > 1]
