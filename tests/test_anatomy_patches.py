"""A face as patches, and how unusual each is."""

import numpy as np
import pytest

from anatomy.patches import (
    GRID,
    PATCHES,
    CoverMeasure,
    PatchStatistics,
    mirrored_patches,
    patch_pixels,
    patch_shares,
)


def test_shares_are_means_over_patches():
    alpha = np.zeros((56, 56))
    alpha[:4, 4:6] = 1
    shares = patch_shares(alpha[None])[0]
    assert shares.shape == (GRID, GRID)
    assert shares[0, 1] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(0.5)


def test_a_side_that_is_no_multiple_is_shared_by_area():
    assert patch_shares(np.ones((2, 64, 64))) == pytest.approx(1)
    ramp = np.tile(np.arange(32.0), (32, 1))
    assert patch_shares(ramp[None]).mean() == pytest.approx(15.5)


def test_pixels_of_a_patch_are_those_at_its_place():
    image = np.zeros((112, 112, 3), np.uint8)
    image[8:16, 24:32] = 255
    pixels = patch_pixels(image[None])[0]
    assert pixels.shape == (PATCHES, 48)
    assert np.flatnonzero(pixels.sum(axis=1)).tolist() == [GRID + 3]
    assert pixels[GRID + 3] == pytest.approx(1)


def test_patches_of_a_mirrored_picture_are_the_mirrored_patches():
    places = np.arange(PATCHES)[None]
    mirrored = mirrored_patches(places)
    assert mirrored[0, :GRID].tolist() == list(range(GRID))[::-1]
    np.testing.assert_array_equal(mirrored_patches(mirrored), places)


def test_faces_of_the_sample_are_at_distance_one_and_a_strange_patch_is_far():
    rng = np.random.default_rng(0)
    faces = rng.normal(size=(2000, 3, 5)) * [1, 2, 3, 4, 5] + 7
    statistics = PatchStatistics.fit(faces)
    distances = statistics.distances(faces)
    assert distances.shape == (2000, 3)
    assert distances.mean() == pytest.approx(0.75, abs=0.25)  # the ridge shortens small axes
    faces[0, 1] += 40
    assert statistics.distances(faces[:1])[0, 1] > 5 * distances.max()


def test_a_single_face_has_no_covariance():
    with pytest.raises(ValueError, match="1 faces"):
        PatchStatistics.fit(np.zeros((1, 3, 5)))


def test_a_face_looks_covered_where_its_patches_are_strange():
    rng = np.random.default_rng(0)
    faces = rng.integers(100, 140, (150, 28, 28, 3)).astype(np.uint8)
    measure = CoverMeasure.fit(lambda rows: faces[rows], np.arange(150), 0.99)
    shares = measure.shares(lambda rows: faces[rows], np.arange(150))
    assert shares.shape == (150,)
    assert shares.mean() == pytest.approx(0.01, abs=0.005)
    faces[3, :14] = rng.integers(0, 256, (14, 28, 3))
    assert measure.shares(lambda rows: faces[rows], np.array([3])) == pytest.approx([0.5], abs=0.1)
    assert measure.shares(lambda rows: faces[rows], np.zeros(0, np.int64)).shape == (0,)
