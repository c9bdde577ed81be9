import numpy as np
import pytest

from params import load
from train.examination.degradations import DEGRADATIONS

SEEDS = np.array([4, 7])
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (2, 64, 64, 3), np.uint8)


@pytest.fixture
def points(template_face):
    return np.stack([template_face / 4] * 2)


@pytest.fixture
def levels(checkout):
    return dict(load(checkout / "params.yaml").examine.degradations)


def test_every_degradation_has_five_amounts(levels):
    assert levels.keys() == DEGRADATIONS.keys()
    assert {len(amounts) for amounts in levels.values()} == {5}


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_more_of_it_changes_faces_more(name, points, levels):
    before = np.stack([np.tile(np.linspace(0, 250, 64)[:, None, None], (1, 64, 3))] * 2)
    before[:, 20:50, 20:44] += RNG.integers(-40, 40, (2, 30, 24, 3))
    before = before.clip(0, 255).astype(np.uint8)
    changes = []
    for amount in levels[name]:
        images, moved = DEGRADATIONS[name].degrade(before, points, amount, SEEDS)
        assert images.shape == before.shape
        assert images.dtype == np.uint8
        assert moved.shape == points.shape
        changes.append(np.abs(images.astype(float) - before).mean())
    assert changes[-1] > changes[0] > 0


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_face_is_degraded_alike_in_every_batch(name, points, levels):
    degrade, amount = DEGRADATIONS[name].degrade, levels[name][2]
    together = degrade(IMAGES, points, amount, SEEDS)
    alone = degrade(IMAGES[1:], points[1:], amount, SEEDS[1:])
    np.testing.assert_array_equal(together.images_BSS3[1:], alone.images_BSS3)
    np.testing.assert_allclose(together.points_B682[1:], alone.points_B682)


def test_landmarks_turn_with_the_picture(points):
    images = np.zeros((2, 64, 64, 3), np.uint8)
    points = np.round(points)
    for image, (x, y) in zip(images, points[:, 30].astype(int), strict=True):
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    turned, moved = DEGRADATIONS["rotation"].degrade(images, points, 30, SEEDS)
    for image, (x, y) in zip(turned, moved[:, 30], strict=True):
        rows, columns = np.nonzero(image[..., 0] > 60)
        assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=0.7)
    assert moved[0, 8, 0] < 31.5 < moved[1, 8, 0]  # one to each side


def test_a_cover_of_one_hides_the_box_around_the_mouth_and_no_face_without_points(points):
    points[1] = np.nan
    images, _ = DEGRADATIONS["mouth_hidden"].degrade(IMAGES, points, 1.0, SEEDS)
    mouth = np.rint(points[0, 48:60]).astype(int)
    assert (images[0, mouth[:, 1], mouth[:, 0]] == 128).all()
    np.testing.assert_array_equal(images[0, :30], IMAGES[0, :30])
    np.testing.assert_array_equal(images[1], IMAGES[1])
