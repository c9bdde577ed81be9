"""The embedded demo dataset: faces with exactly known landmarks."""

import numpy as np
import pytest

from anatomy.landmarks import REGIONS
from demo.render import render
from tests.basic7 import EXPRESSIONS

NEUTRAL, HAPPINESS, SURPRISE = 0, 1, 2
ALL = range(len(EXPRESSIONS))


def eye_frame(points_L2):
    """Return landmarks with the eye centres at (-0.5, 0) and (0.5, 0)."""
    left, right = (points_L2[list(REGIONS[eye])].mean(axis=0) for eye in ("left eye", "right eye"))
    x, y = right - left
    turn = np.array([[x, y], [-y, x]]) / (x * x + y * y)
    return (points_L2 - (left + right) / 2) @ turn.T


def mean_face(expression):
    return np.mean([eye_frame(render(5, expression, k, 64)[1]) for k in range(12)], axis=0)


@pytest.mark.parametrize("expression", ALL)
def test_equal_arguments_give_equal_bytes(expression):
    image, landmarks = render(1, expression, 3, 96)
    again, same = render(1, expression, 3, 96)
    assert image.tobytes() == again.tobytes()
    assert landmarks.tobytes() == same.tobytes()


def test_another_number_seed_or_expression_gives_another_face():
    faces = [
        render(*which, 64)[0].tobytes() for which in ((0, 0, 0), (0, 0, 1), (1, 0, 0), (0, 1, 0))
    ]
    assert len(set(faces)) == 4


@pytest.mark.parametrize("size_px", [48, 96, 256])
def test_a_picture_has_the_size_asked_for(size_px):
    image, landmarks = render(0, 1, 0, size_px)
    assert image.shape == (size_px, size_px, 3)
    assert image.dtype == np.uint8
    assert landmarks.shape == (68, 2)


@pytest.mark.parametrize("expression", ALL)
def test_landmarks_lie_inside_the_picture(expression):
    points = np.stack([render(2, expression, k, 64)[1] for k in range(12)])
    assert points.min() > 1
    assert points.max() < 62


def test_landmarks_scale_with_the_picture():
    small, large = render(0, 3, 4, 80)[1], render(0, 3, 4, 160)[1]
    np.testing.assert_allclose((small + 0.5) * 2, large + 0.5)


def test_happiness_has_wider_and_higher_mouth_corners_than_neutral():
    happy, neutral = mean_face(HAPPINESS), mean_face(NEUTRAL)
    assert happy[54, 0] - happy[48, 0] > neutral[54, 0] - neutral[48, 0] + 0.15
    assert happy[[48, 54], 1].mean() < neutral[[48, 54], 1].mean() - 0.05


def test_surprise_opens_the_mouth_and_lifts_the_brows():
    surprised, neutral = mean_face(SURPRISE), mean_face(NEUTRAL)
    assert surprised[66, 1] - surprised[62, 1] > neutral[66, 1] - neutral[62, 1] + 0.25
    assert surprised[17:27, 1].mean() < neutral[17:27, 1].mean() - 0.08


def test_mirrored_faces_keep_the_order_of_the_points():
    points = np.stack([eye_frame(render(4, k % 7, k, 48)[1]) for k in range(28)])
    pictures = np.stack([render(4, k % 7, k, 48)[1] for k in range(28)])
    for left, right in ((36, 45), (39, 42), (48, 54), (17, 26), (0, 16), (31, 35)):
        assert (pictures[:, left, 0] < pictures[:, right, 0]).all()
    assert (points[:, 8, 1] > points[:, 33, 1]).all()


@pytest.mark.parametrize(
    "arguments", [(-1, 0, 0, 64), (0, 7, 0, 64), (0, -1, 0, 64), (0, 0, -1, 64), (0, 0, 0, 31)]
)
def test_arguments_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        render(*arguments)


@pytest.fixture(scope="module")
def mesh():
    mediapipe = pytest.importorskip("mediapipe")
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True
    ) as found:
        yield found


@pytest.mark.face_tool
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # mediapipe's own
def test_mediapipe_finds_every_face_where_the_landmarks_say(mesh):
    errors = []
    for expression in (*ALL, *ALL):
        image, landmarks = render(6, expression, len(errors), 256)
        points = np.array(
            [(p.x, p.y) for p in mesh.process(image).multi_face_landmarks[0].landmark]
        )
        found = points[[33, 133, 362, 263, 61, 291]] * 256 - 0.5
        true = landmarks[[36, 39, 42, 45, 48, 54]]
        eyes, true_eyes = (p[:4].reshape(2, 2, 2).mean(axis=1) for p in (found, true))
        distance = np.linalg.norm(true[3] - true[0])
        gaps = np.concatenate([eyes, found[4:]]) - np.concatenate([true_eyes, true[4:]])
        errors.append(np.linalg.norm(gaps, axis=1) / distance)
    assert np.mean(errors) < 0.03
    assert np.max(errors) < 0.10
