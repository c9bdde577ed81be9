"""From a picture to an upright square crop: one similarity, one resampling."""

import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from anatomy.templates import TEMPLATES
from pipeline.faces.warp import (
    crop,
    inside_fraction,
    paste_map,
    resize_matrix,
    template_matrix,
    transform_points,
)

AULENS = TEMPLATES["aulens"]
TARGET = AULENS * 256 - 0.5
IDENTITY = np.array([[1.0, 0, 0], [0, 1, 0]])


def shifted(x, y):
    return np.array([[1.0, 0, x], [0, 1, y]])


def turned(points_L2, degrees, scale, shift):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points_L2 @ turn.T + shift


def test_the_template_face_stands_where_it_is(template_face):
    np.testing.assert_allclose(template_matrix(template_face, AULENS, 256), IDENTITY, atol=1e-12)


def test_a_face_lands_on_the_template(template_face):
    face = turned(template_face, 25, 1.7, (40, -12))
    matrix = template_matrix(face, AULENS, 256)
    np.testing.assert_allclose(five_landmarks(transform_points(face, matrix)), TARGET, atol=1e-9)


@pytest.mark.parametrize("degrees", [0, 25, 90, 180, -140])
@pytest.mark.parametrize("scale", [0.2, 1.0, 4.0])
def test_rotation_scale_and_shift_are_recovered(template_face, degrees, scale):
    face = turned(template_face, degrees, scale, (40, -12))
    matrix = template_matrix(face, AULENS, 256)
    np.testing.assert_allclose(transform_points(face, matrix), template_face, atol=1e-8)
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(scale**-2)


def test_a_smaller_crop_is_the_larger_one_resized(template_face):
    small = transform_points(template_face, template_matrix(template_face, AULENS, 64))
    np.testing.assert_allclose((small + 0.5) * 4 - 0.5, template_face, atol=1e-9)


def test_no_face_is_mirrored(template_face):
    mirrored = template_face * [-1, 1] + [255, 0]
    assert np.linalg.det(template_matrix(mirrored, AULENS, 256)[:, :2]) > 0


def test_the_best_similarity_leaves_the_least_error(template_face):
    rng = np.random.default_rng(0)
    face = template_face + rng.normal(size=(68, 2)) * 3
    best = template_matrix(face, AULENS, 256)
    error = np.sum((five_landmarks(transform_points(face, best)) - TARGET) ** 2)
    nudged = [best + step for step in rng.normal(size=(50, 1, 1)) * [[0, 0, 1], [0, 0, 1]]]
    nudged += [best * (1 + step) for step in (-0.01, 0.01)]
    errors = [
        np.sum((five_landmarks(transform_points(face, matrix)) - TARGET) ** 2) for matrix in nudged
    ]
    assert error <= min(errors)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (IDENTITY, 1),
        (shifted(32, 0), 0.5),
        (shifted(0, -48), 0.25),
        (shifted(64, 0), 0),
        (np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]), 0.25),
        (np.array([[2.0, 0, 0.5], [0, 2, 0.5]]), 1),
    ],
    ids=["itself", "half", "quarter", "outside", "shrunk", "enlarged"],
)
def test_inside_fraction_is_the_share_inside_the_picture(matrix, expected):
    assert inside_fraction(matrix, 64, 64, 64) == pytest.approx(expected)


def test_inside_fraction_tells_width_from_height():
    assert inside_fraction(IDENTITY, 32, 64, 64) == pytest.approx(0.5)
    assert inside_fraction(shifted(32, 0), 64, 32, 64) == pytest.approx(0.5)


def picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_the_crop_of_the_identity_is_the_picture():
    np.testing.assert_array_equal(crop(picture(32, 32), IDENTITY, 32), picture(32, 32))


def test_a_shifted_crop_is_cut_out_of_the_picture():
    matrix = shifted(-5, -9)
    np.testing.assert_array_equal(crop(picture(40, 50), matrix, 16), picture(40, 50)[9:25, 5:21])


def test_a_quarter_turn_moves_pixels_exactly():
    matrix = np.array([[0.0, -1, 31], [1, 0, 0]])
    np.testing.assert_array_equal(crop(picture(32, 32), matrix, 32), np.rot90(picture(32, 32), -1))


def test_the_border_is_repeated_outwards():
    found = crop(picture(8, 8), shifted(4, 0), 8)
    np.testing.assert_array_equal(found[:, :4], np.repeat(picture(8, 8)[:, :1], 4, axis=1))


def test_a_strong_reduction_averages_instead_of_skipping():
    checks = np.zeros((512, 512, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 200
    found = crop(checks, resize_matrix(512, 512, 64, 64), 64)
    np.testing.assert_array_equal(found, np.full((64, 64, 3), 100))


def test_a_strong_reduction_keeps_things_in_their_place():
    x, y = np.meshgrid(np.arange(480), np.arange(320))
    ramp = np.stack([x / 2, y / 2, np.zeros_like(x)], axis=-1).astype(np.float32)
    matrix = np.array([[0.1, 0, 3.0], [0, 0.1, 5.0]])
    found = crop(np.rint(ramp).astype(np.uint8), matrix, 32)[8:24, 8:24]
    expected = np.rint((np.arange(8, 24) - 3.0) / 0.1 / 2)
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1)
    np.testing.assert_allclose(found[:, 0, 1], expected - 10, atol=1)


def test_stretching_maps_edges_to_edges():
    edges = transform_points(np.array([[-0.5, -0.5], [99.5, 49.5]]), resize_matrix(50, 100, 64, 64))
    np.testing.assert_allclose(edges, [[-0.5, -0.5], [63.5, 63.5]])


def test_stretching_there_and_back_changes_nothing(template_face):
    there, back = resize_matrix(256, 256, 100, 64), resize_matrix(100, 64, 256, 256)
    np.testing.assert_allclose(
        transform_points(transform_points(template_face, there), back), template_face
    )


def test_a_map_is_laid_back_where_its_crop_was():
    heat = np.arange(1, 17, dtype=np.float32).reshape(4, 4) / 16
    laid = paste_map(heat, shifted(-3, -2), 4, (10, 12))
    expected = np.zeros((10, 12), np.float32)
    expected[2:6, 3:7] = heat
    np.testing.assert_allclose(laid, expected, atol=1e-6)


def test_a_coarse_map_covers_its_whole_crop():
    laid = paste_map(np.ones((2, 2), np.float32), shifted(-4, -4), 8, (16, 16))
    assert laid[6:10, 6:10].min() == 1
    assert laid.sum() == pytest.approx(64, rel=0.05)


def test_laying_back_undoes_turning_a_face_upright(template_face):
    matrix = template_matrix(turned(template_face, 30, 0.8, (200, 60)), AULENS, 256)
    heat = np.zeros((64, 64), np.float32)
    heat[20:24, 40:44] = 1
    laid = paste_map(heat, matrix, 256, (400, 400))
    y, x = (axis.mean() for axis in np.nonzero(laid > 0.5))
    np.testing.assert_allclose(
        transform_points(np.array([[x, y]]), matrix), [[167.5, 87.5]], atol=1.5
    )
