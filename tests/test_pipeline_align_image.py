"""One decoded picture -> an upright face, with a backend that sees the template face everywhere."""

import numpy as np
import pytest

from pipeline.align import align_image
from pipeline.faces.backends import BACKENDS
from pipeline.faces.warp import transform_points
from tests.indexing import align_params

NOISE = np.random.default_rng(0).integers(1, 256, (256, 256, 3), np.uint8)
PARAMS = align_params()


@pytest.fixture(autouse=True)
def sees_the_template(monkeypatch, template_face):
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: template_face[None])


def test_a_grey_face_has_equal_channels():
    image = align_image(NOISE, align_params(grey=True)).image_HW3
    np.testing.assert_array_equal(image[..., 0], image[..., 1])
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_the_matrix_carries_the_found_points_to_the_stored_ones(monkeypatch, template_face):
    found = template_face * 0.7 + (60, 20)
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: found[None])
    face = align_image(np.tile(NOISE, (2, 2, 1)), PARAMS)
    np.testing.assert_allclose(face.points_L2, transform_points(found, face.matrix_23))
    np.testing.assert_allclose(face.points_L2, template_face, atol=1e-8)


def outside(template_face):
    return lambda image_HW3: np.add(template_face, (90, 0))[None]


def test_a_face_that_leaves_the_picture_is_not_aligned_in_mode_auto(monkeypatch, template_face):
    monkeypatch.setitem(BACKENDS, "fake", outside(template_face))
    face = align_image(NOISE, align_params(mode="auto", size_px=128))
    assert face.detail == "resize"
    assert face.inside_fraction == 1
    np.testing.assert_allclose(face.matrix_23, [[0.5, 0, -0.25], [0, 0.5, -0.25]])
    np.testing.assert_allclose((face.points_L2 + 0.5) * 2 - 0.5, np.add(template_face, (90, 0)))


def test_mode_align_aligns_it_all_the_same_and_says_what_is_missing(monkeypatch, template_face):
    monkeypatch.setitem(BACKENDS, "fake", outside(template_face))
    face = align_image(NOISE, PARAMS)
    assert face.detail == "align"
    assert face.inside_fraction == pytest.approx(1 - 90 / 256, abs=0.01)


def test_mode_resize_stretches_any_picture(template_face):
    face = align_image(np.ascontiguousarray(NOISE[:, :128]), align_params(mode="resize"))
    assert face.detail == "resize"
    np.testing.assert_allclose(face.matrix_23[:, :2], [[2, 0], [0, 1]])


def test_a_turned_face_is_turned_upright_even_where_it_leaves_the_picture(
    monkeypatch, template_face
):
    sees = {7: np.add(template_face, (90, 0))[None]}
    nothing = np.zeros((0, 68, 2))
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: sees.get(image_HW3[0, 0, 0], nothing))
    picture = np.full((256, 256, 3), 9, np.uint8)
    picture[0, 255] = 7  # the upper left corner after a quarter turn back
    face = align_image(picture, align_params(mode="auto"))
    assert face.backend == "fake@270"
    assert face.detail == "align"
    np.testing.assert_allclose(face.points_L2, template_face, atol=1e-8)


def test_a_rival_and_a_tiny_picture_are_noted(monkeypatch, template_face):
    two = np.stack([template_face, np.add(template_face, (1, 0))])
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: two)
    face = align_image(np.ascontiguousarray(NOISE[:20, :20]), PARAMS)
    assert face.detail.split() == ["align", "rival", "tiny"]
    assert face.faces == 2


def test_a_picture_without_a_face_is_kept_whole_to_be_looked_at_or_used(monkeypatch):
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: np.zeros((0, 68, 2)))
    skipped, used = (align_image(NOISE, align_params(no_face=name)) for name in ("skip", "resize"))
    assert (skipped.status, used.status) == ("no_face", "ok")
    for face in (skipped, used):
        assert (face.detail, face.inside_fraction) == ("whole", 1)
        np.testing.assert_array_equal(face.image_HW3, NOISE)
        assert np.isnan(face.points_L2).all()


def test_several_faces_leave_a_row_that_is_not_used_where_they_are_rejected(
    monkeypatch, template_face
):
    two = np.stack([template_face, np.add(template_face, (1, 0))])
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: two)
    face = align_image(NOISE, align_params(faces="reject"))
    assert (face.status, face.faces) == ("several_faces", 2)
    np.testing.assert_array_equal(face.image_HW3, NOISE)
    assert align_image(NOISE, align_params(faces="reject"), (38, 30, 180, 200)).status == "ok"


def test_a_picture_without_the_boxed_face_shows_its_box_and_nobody_else(monkeypatch):
    monkeypatch.setitem(BACKENDS, "fake", lambda image_HW3: np.zeros((0, 68, 2)))
    picture = np.zeros((256, 512, 3), np.uint8)
    picture[:, 256:] = 250
    for name, status in (("skip", "no_face"), ("resize", "ok")):
        face = align_image(picture, align_params(no_face=name), (60, 80, 100, 100))
        assert (face.status, face.detail) == (status, "box")
        assert not face.image_HW3.any()
        assert np.isnan(face.points_L2).all()


@pytest.mark.parametrize("name", ["skip", "resize"])
def test_a_box_outside_its_picture_is_said_and_never_used(name):
    face = align_image(NOISE, align_params(no_face=name), (300, 0, 50, 50), "alpha")
    assert (face.status, face.detail) == ("no_face", "alpha box-outside whole")
