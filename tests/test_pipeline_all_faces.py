"""Every face of a picture, with backends that see what they are told to."""

import numpy as np
import pytest

from params import load
from pipeline.align import align_all, align_image
from pipeline.faces.backends import BACKENDS
from pipeline.faces.locate import Attempt, Search, cascade, locate, locate_all

PICTURE = np.random.default_rng(0).integers(1, 256, (600, 800, 3), np.uint8)


def at(template_face, x, y, scale=1.0):
    """The template face, this large, with its centre at (x, y)."""
    return (template_face - (128, 140)) * scale + (x, y)


@pytest.fixture
def sees(monkeypatch):
    """A function that makes a backend see these faces, and counts how often it looked."""

    def make(name, *faces):
        looked = []

        def find(image_HW3):
            looked.append(image_HW3.shape)
            return np.array(faces).reshape(-1, 68, 2)

        monkeypatch.setitem(BACKENDS, name, find)
        return looked

    return make


def all_faces(*names):
    return locate_all(PICTURE, Search(cascade(names), 0.05, "largest_central"))


def test_every_face_of_a_backend_is_found_the_most_prominent_first(sees, template_face):
    small, large = at(template_face, 120, 300, 0.6), at(template_face, 450, 300)
    sees("one", small, large)
    found = all_faces("one")
    assert [how for _, how in found] == ["one", "one"]
    np.testing.assert_allclose(found[0][0], large)
    np.testing.assert_allclose(found[1][0], small)


def test_another_backend_adds_the_faces_that_the_first_missed(sees, template_face):
    left, right = at(template_face, 200, 300), at(template_face, 600, 300)
    sees("one", left)
    sees("two", left + 4, right)
    assert [how for _, how in all_faces("one", "two")] == ["one", "two"]


def test_once_a_face_is_found_nobody_looks_at_the_padded_or_turned_picture(sees, template_face):
    one, two = sees("one", at(template_face, 400, 300)), sees("two")
    assert len(all_faces("one", "two")) == 1
    assert (len(one), len(two)) == (1, 1)


def test_where_nothing_is_found_every_attempt_is_made(sees):
    one = sees("one")
    assert all_faces("one") == []
    assert len(one) == len(cascade(["one"]))


def test_the_first_of_all_faces_is_the_one_that_is_trained_on(sees, template_face):
    sees("one", at(template_face, 200, 300, 0.9), at(template_face, 450, 300))
    search = Search([Attempt("one")], 0.05, "largest_central")
    np.testing.assert_array_equal(
        locate_all(PICTURE, search)[0][0], locate(PICTURE, search).points_L2
    )


@pytest.fixture
def params(checkout):
    shipped = load(checkout / "params.yaml").align
    return shipped.model_copy(update={"backends": ("one",)})


@pytest.mark.parametrize("place", [(400, 300), (60, 300)])
def test_a_lone_face_is_aligned_as_for_training(sees, template_face, params, place):
    sees("one", at(template_face, *place))
    (face,) = align_all(PICTURE, params)
    trained = align_image(PICTURE, params)
    np.testing.assert_array_equal(face.image_HW3, trained.image_HW3)
    np.testing.assert_array_equal(face.matrix_23, trained.matrix_23)
    assert (face.backend, face.detail, face.faces) == (trained.backend, trained.detail, 1)


def test_of_several_faces_none_becomes_the_whole_picture(sees, template_face, params):
    sees("one", at(template_face, 60, 300), at(template_face, 600, 300))
    faces = align_all(PICTURE, params)
    assert [face.detail for face in faces] == ["align", "align"]
    assert [face.faces for face in faces] == [2, 2]
