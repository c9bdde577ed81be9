"""MediaPipe's face mesh: 478 vertices, of which 68 stand for the iBUG points.

Model licence: Apache-2.0.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from store.records import Points, U8Image

MOST_FACES = 5

# fmt: off
VERTICES = (
    127, 234, 177, 215, 172, 136, 149, 176, 152, 400, 378, 365, 397, 435, 401, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 195, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 155, 153, 144, 382, 385, 387, 263, 373, 380,
    61, 74, 37, 11, 267, 304, 291, 321, 314, 17, 84, 91, 78, 82, 13, 312, 308, 317, 14, 87,
)
"""iBUG point -> mesh vertex: mirror-symmetric nearest, fitted on 300 faces, checked on 600 more."""

OFFSETS = (
    (-0.0506, 0.013), (-0.0482, 0.0885), (-0.0572, -0.0724), (-0.061, 0.0103),
    (-0.0798, -0.0076), (-0.0283, 0.0755), (-0.0786, 0.0194), (0.0564, 0.0487),
    (0, -0.0101), (-0.0564, 0.0487), (0.0786, 0.0194), (0.0283, 0.0755),
    (0.0798, -0.0076), (0.061, 0.0103), (0.0572, -0.0724), (0.0482, 0.0885),
    (0.0506, 0.013), (-0.0283, 0.0554), (0.007, 0.0028), (0.0537, -0.0005),
    (0.0666, 0.0087), (0.0414, 0.0532), (-0.0414, 0.0532), (-0.0666, 0.0087),
    (-0.0537, -0.0005), (-0.007, 0.0028), (0.0283, 0.0554), (0, 0.0144),
    (0, -0.0343), (0, 0.054), (0, 0.0011), (-0.0135, 0.0107),
    (0.0109, -0.0022), (0, 0.0256), (-0.0109, -0.0022), (0.0135, 0.0107),
    (0.0097, 0.0151), (0.03, -0.0032), (0.0155, 0.0078), (0.0031, 0.0014),
    (-0.0185, 0.0094), (-0.0062, 0.0057), (-0.0031, 0.0014), (-0.0155, 0.0078),
    (-0.03, -0.0032), (-0.0097, 0.0151), (0.0062, 0.0057), (0.0185, 0.0094),
    (-0.0243, -0), (0.0212, -0.0296), (0.0043, 0.0082), (0, -0.0131),
    (-0.0043, 0.0082), (-0.0212, -0.0296), (0.0243, -0), (-0.0335, 0.0356),
    (0.0022, -0.0004), (0, 0.0004), (-0.0022, -0.0004), (0.0335, 0.0356),
    (0.0012, 0.0034), (-0.0196, 0.0049), (0, 0.0126), (0.0196, 0.0049),
    (-0.0012, 0.0034), (0.0198, -0.0133), (0, -0.0078), (-0.0198, -0.0133),
)
# fmt: on
"""What to add to each vertex to agree with the convention of iBUG annotations: fractions of the
distance between the eye centres, in a frame whose x axis runs along the eyes. Fitted likewise."""

_EYE_VERTICES = np.array([[33, 133], [263, 362]])
_VERTICES, _OFFSETS = np.array(VERTICES), np.array(OFFSETS)


def find(image_HW3: U8Image) -> Points:
    """Find faces.

    Args:
        image_HW3: RGB.

    Returns:
        (F, 68, 2): the points of every face found, px; F may be 0.
    """
    height, width = image_HW3.shape[:2]
    scale = np.array([width, height], float)
    meshes = _model()(np.ascontiguousarray(image_HW3))
    return np.array([to_ibug(mesh_M2 * scale - 0.5) for mesh_M2 in meshes]).reshape(-1, 68, 2)


def to_ibug(mesh_M2: NDArray[np.float64]) -> Points:
    """Map 478 mesh vertices, px, to the 68 iBUG points, px."""
    left, right = mesh_M2[_EYE_VERTICES].mean(axis=1)
    across = right - left
    down = np.array([-across[1], across[0]])
    return np.asarray(mesh_M2[_VERTICES] + _OFFSETS @ np.stack([across, down]))


class FaceMeshModel(Protocol):
    """A picture -> for every face, (478, 2) vertices as fractions of width and height."""

    def __call__(self, image_HW3: U8Image) -> list[NDArray[np.float64]]:
        """Look for faces."""


@cache
def _model() -> FaceMeshModel:
    """Make the model, once per process, and run it once, so that its start-up messages are over."""
    with _native_messages_held_back():
        from mediapipe.python.solutions.face_mesh import FaceMesh

        mesh = FaceMesh(static_image_mode=True, max_num_faces=MOST_FACES, refine_landmarks=True)

        def look(image_HW3: U8Image) -> list[NDArray[np.float64]]:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "SymbolDatabase.GetPrototype", UserWarning)
                found = mesh.process(image_HW3).multi_face_landmarks or []
            return [np.array([(point.x, point.y) for point in face.landmark]) for face in found]

        look(np.zeros((64, 64, 3), np.uint8))
    return look


@contextmanager
def _native_messages_held_back() -> Iterator[None]:
    """Keep the start-up chatter of the C++ libraries off the screen, unless the start fails.

    They have no other switch.
    """
    sys.stderr.flush()
    screen = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(screen, held.read())
            raise
        finally:
            os.dup2(screen, 2)
            os.close(screen)
