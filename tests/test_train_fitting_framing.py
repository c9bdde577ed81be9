import numpy as np
import pytest

from anatomy.landmarks import five_landmarks
from anatomy.templates import TEMPLATES
from store.reading import POINT_STEPS_PER_PX
from train.data.stores import Stores
from train.fitting.framing import framing_of


@pytest.fixture
def stores(tmp_path, make_store, template_face):
    """A function: framing words of faces, and where they lie -> stores of one dataset."""

    def make(words, shift=0.0):
        count, valid = len(words), np.ones(len(words), np.uint8)
        table = [
            {"id": str(n), "expression": "Fear", "split": "train", "status": "ok", "detail": word}
            for n, word in enumerate(words)
        ]
        steps = np.rint((template_face + shift) * POINT_STEPS_PER_PX).astype(np.int16)
        about = {"dataset": "mine", "notice": None, "size_px": 256}
        images = np.zeros((count, 8, 8, 3), np.uint8)
        faces = make_store(tmp_path / "faces", {"image": images, "valid": valid}, about, table)
        points = {"points": np.tile(steps, (count, 1, 1)), "valid": valid}
        landmarks = make_store(tmp_path / "landmarks", points, about, table)
        return Stores.open(faces, landmarks, None)

    return make


def test_faces_are_counted_by_how_they_were_framed(stores):
    framing = framing_of(stores(["align", "resize", "exif resize tiny"]))
    assert (framing.aligned, framing.resized) == (1, 2)
    assert not framing.is_of_template


def test_points_are_where_those_of_the_faces_lie(stores, template_face):
    framing = framing_of(stores(["align"] * 3, shift=8.0))
    expected = (five_landmarks(template_face + 8) + 0.5) / 256
    np.testing.assert_allclose(framing.points, expected, atol=1e-4)
    assert framing.is_of_template
    assert np.abs(np.array(framing.points) - TEMPLATES["aulens"] - 8 / 256).max() < 1e-3


def test_faces_that_do_not_say_how_they_were_framed_give_nothing(stores):
    assert framing_of(stores(["", ""])) is None
