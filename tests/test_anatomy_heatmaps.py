import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from anatomy.heatmaps import HEATMAPS, au, generic_au, landmarks, per_class_au

OFF_CANVAS, FAILED = 10, 11


@pytest.fixture(scope="module")
def golden(golden_folder):
    return np.load(golden_folder / "au_heatmaps.npz")


@pytest.fixture
def face(golden):
    return golden["landmarks"][5]


def sampled(maps, golden):
    stride = int(golden["stride"])
    return maps[..., 3::stride, 3::stride]


@pytest.mark.parametrize("side", [256, 224])
def test_au_maps_equal_the_published_ones(golden, side):
    points = golden["landmarks"] * side / 256
    maps, valid = per_class_au(points, [0] * len(points), side, canvas_px=side)
    expected = golden[f"au_{side}"].astype(np.float32)
    defined = np.isfinite(expected).all(axis=(2, 3))
    np.testing.assert_array_equal(valid, defined)
    np.testing.assert_allclose(sampled(maps, golden)[defined], expected[defined], atol=5e-4)


def test_au_maps_equal_the_unrounded_published_ones(golden):
    chosen = golden["exact32_index"]
    maps, valid = per_class_au(golden["landmarks"][chosen], [0] * len(chosen), 256, canvas_px=256)
    expected = golden["au_256_exact32"]
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=1e-5)


@pytest.mark.parametrize("side", [256, 224])
def test_generic_au_maps_equal_the_published_ones(golden, side):
    points = golden["landmarks"] * side / 256
    maps, valid = generic_au(points, [0] * len(points), side, canvas_px=side)
    expected = golden[f"generic_{side}"].astype(np.float32)
    np.testing.assert_array_equal(valid, np.isfinite(expected).all(axis=(1, 2)))
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=5e-4)


@pytest.mark.parametrize(("jaw", "name"), [(False, "landmark_51_256"), (True, "landmark_68_256")])
def test_landmark_maps_equal_the_published_ones(golden, jaw, name):
    points = golden["landmarks"]
    maps, valid = landmarks(points, [0] * len(points), 256, canvas_px=256, jaw=jaw)
    expected = golden[name].astype(np.float32)
    # Far off the canvas the published Gaussians underflow to an all-zero map; we call it undefined.
    np.testing.assert_array_equal(
        valid, np.isfinite(expected).all((1, 2)) & (expected.max((1, 2)) > 0)
    )
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=5e-4)


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_failed_face_has_an_undefined_zero_map(golden, kind):
    maps, valid = HEATMAPS[kind](golden["landmarks"][[FAILED]], [1], 64, canvas_px=256)
    assert not valid.any()
    assert not maps.any()


# The generic kind is left out: published dimplers are pulled back to the canvas' edge.
@pytest.mark.parametrize("kind", [kind for kind in HEATMAPS if kind != "generic_au"])
def test_a_face_off_the_canvas_has_an_undefined_zero_map(golden, kind):
    maps, valid = HEATMAPS[kind](golden["landmarks"][[OFF_CANVAS]], [1], 64, canvas_px=256)
    assert not valid.any()
    assert not maps.any()


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_batch_is_bit_equal_to_its_faces(golden, kind):
    points = golden["landmarks"]
    labels = [n % 7 for n in range(len(points))]
    maps, valid = HEATMAPS[kind](points, labels, 32, canvas_px=256)
    alone = [
        HEATMAPS[kind](one[None], [label], 32, canvas_px=256)
        for one, label in zip(points, labels, strict=True)
    ]
    np.testing.assert_array_equal(maps, np.concatenate([one for one, _ in alone]))
    np.testing.assert_array_equal(valid, np.concatenate([one for _, one in alone]))


@pytest.mark.parametrize("kind", HEATMAPS)
def test_no_faces_give_no_maps(kind):
    maps, valid = HEATMAPS[kind](np.zeros((0, 68, 2)), [], 16, canvas_px=224)
    assert maps.shape[0] == valid.shape[0] == 0
    assert maps.shape[-2:] == (16, 16)


def test_neutral_has_no_au_map_but_a_generic_one(face):
    assert not au(face[None], [EXPRESSIONS.index("Neutral")], 32, canvas_px=256)[1][0]
    assert generic_au(face[None], [EXPRESSIONS.index("Neutral")], 32, canvas_px=256)[1][0]


def test_happiness_lights_up_the_cheeks_and_not_the_brows(face):
    maps, _ = au(face[None], [EXPRESSIONS.index("Happiness")], 256, canvas_px=256)
    (cheek_x, lid_y), (brow_x, brow_y) = face[41].astype(int), face[19].astype(int)
    assert maps[0, lid_y + 43, cheek_x] > 0.9
    assert maps[0, brow_y, brow_x] == 0


def test_a_small_map_is_sampled_at_half_pixel_centres(face):
    large, _ = landmarks(face[None], [0], 256, canvas_px=256)
    small, _ = landmarks(face[None], [0], 64, canvas_px=256)
    between = large.reshape(64, 4, 64, 4)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    cosine = (small[0] * between).sum() / np.linalg.norm(small[0]) / np.linalg.norm(between)
    assert cosine > 0.9999
