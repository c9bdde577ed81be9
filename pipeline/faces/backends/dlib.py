"""dlib's HOG face detector and its 68-point predictor.

The predictor was trained on iBUG 300-W: research use only. Its file comes with the package
face_recognition_models, which is never imported (it needs pkg_resources).
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from errors import NoInputError
from store.records import Points, U8Image

_MODEL = "models/shape_predictor_68_face_landmarks.dat"


def find(image_HW3: U8Image, upsample: int = 0) -> Points:
    """Find faces.

    Args:
        image_HW3: RGB.
        upsample: how often to double the picture first, to find faces under 80 px.

    Returns:
        (F, 68, 2): the points of every face found, px; F may be 0.
    """
    faces = _model()(np.ascontiguousarray(image_HW3), upsample)
    return np.array(faces, float).reshape(-1, 68, 2)


class DlibModel(Protocol):
    """Detector and predictor: a picture, doubled so often -> for every face, 68 (x, y) in px."""

    def __call__(self, image_HW3: U8Image, upsample: int) -> list[list[tuple[int, int]]]:
        """Look for faces."""


@cache
def _model() -> DlibModel:
    import dlib

    detector, predictor = dlib.get_frontal_face_detector(), dlib.shape_predictor(str(model_file()))

    def look(image_HW3: U8Image, upsample: int) -> list[list[tuple[int, int]]]:
        shapes = [predictor(image_HW3, box) for box in detector(image_HW3, upsample)]
        return [[(point.x, point.y) for point in shape.parts()] for shape in shapes]

    return look


def model_file() -> Path:
    """Return the 68-point model's file.

    Raises:
        NoInputError: if the package that brings it is not installed.
    """
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise NoInputError(
            "face_recognition_models",
            "is not installed; it brings dlib's 68-point model. Run `make -B setup`.",
        )
    return Path(spec.origin).parent / _MODEL
