"""MediaPipe's face finder: from 478 vertices to the 68 iBUG points."""

import os
from importlib import import_module

import numpy as np
import pytest

from anatomy.landmarks import FLIP
from pipeline.faces.backends.mediapipe import OFFSETS, VERTICES, to_ibug

# the package has a function of this name
mediapipe = import_module("pipeline.faces.backends.mediapipe")


@pytest.fixture
def mesh():
    return np.random.default_rng(0).uniform(0, 1, (478, 2))


def test_each_point_is_a_vertex_and_its_offset_in_eye_distances():
    mesh = np.zeros((478, 2))
    mesh[[263, 362]] = (10.0, 0.0)  # the viewer's right eye, ten px from the left one
    expected = mesh[list(VERTICES)] + 10 * np.array(OFFSETS)
    np.testing.assert_allclose(to_ibug(mesh), expected)


def test_points_turn_grow_and_move_with_the_mesh(mesh):
    turn = np.array([[0.0, 2.0], [-2.0, 0.0]])
    np.testing.assert_allclose(to_ibug(mesh @ turn + 5), to_ibug(mesh) @ turn + 5)


def test_offsets_are_those_of_a_symmetric_face():
    offsets = np.array(OFFSETS)
    np.testing.assert_allclose(offsets[list(FLIP)], offsets * (-1, 1), atol=1e-9)


@pytest.mark.parametrize("faces", [0, 2])
def test_vertices_are_scaled_from_fractions_to_pixel_centres(monkeypatch, mesh, faces):
    monkeypatch.setattr(mediapipe, "_model", lambda: lambda image: [mesh] * faces)
    found = mediapipe.find(np.zeros((20, 40, 3), np.uint8))
    assert found.shape == (faces, 68, 2)
    for face in found:
        np.testing.assert_allclose(face, to_ibug(mesh * (40, 20) - 0.5))


def start(message, failing):
    with mediapipe._native_messages_held_back():
        os.write(2, message)
        if failing:
            raise OSError("no graph")


def test_native_messages_come_through_only_if_the_start_fails(capfd):
    start(b"chatter", failing=False)
    with pytest.raises(OSError, match="no graph"):
        start(b"the reason", failing=True)
    assert capfd.readouterr().err == "the reason"
