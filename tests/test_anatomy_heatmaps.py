import numpy as np
import pytest

from anatomy.codebooks import CODEBOOKS
from anatomy.heatmaps import (
    HEATMAPS,
    comparison_maps,
    drawing,
    unit_regions,
)
from anatomy.landmarks import mirror_points
from errors import UsageError
from tests.basic7 import BASIC7, EXPRESSIONS, book7

OFF_CANVAS, FAILED = 10, 11
DRAWN = {kind: drawing(kind, BASIC7, {}) for kind in HEATMAPS}


def drawn(kind, *args, **options):
    """Draw maps of basic7."""
    given = {name: options.pop(name) for name in [*options] if name != "canvas_px"}
    return drawing(kind, BASIC7, given)(*args, **options)


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
    maps, valid = drawn("per_class_au", points, [0] * len(points), side, canvas_px=side)
    expected = golden[f"au_{side}"].astype(np.float32)
    defined = np.isfinite(expected).all(axis=(2, 3))
    np.testing.assert_array_equal(valid, defined)
    np.testing.assert_allclose(sampled(maps, golden)[defined], expected[defined], atol=5e-4)


def test_au_maps_equal_the_unrounded_published_ones(golden):
    chosen = golden["exact32_index"]
    maps, valid = drawn(
        "per_class_au", golden["landmarks"][chosen], [0] * len(chosen), 256, canvas_px=256
    )
    expected = golden["au_256_exact32"]
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=1e-5)


@pytest.mark.parametrize("side", [256, 224])
def test_generic_au_maps_equal_the_published_ones(golden, side):
    points = golden["landmarks"] * side / 256
    maps, valid = drawn("generic_au", points, [0] * len(points), side, canvas_px=side)
    expected = golden[f"generic_{side}"].astype(np.float32)
    np.testing.assert_array_equal(valid, np.isfinite(expected).all(axis=(1, 2)))
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=5e-4)


@pytest.mark.parametrize(("jaw", "name"), [(False, "landmark_51_256"), (True, "landmark_68_256")])
def test_landmark_maps_equal_the_published_ones(golden, jaw, name):
    points = golden["landmarks"]
    maps, valid = drawn("landmarks", points, [0] * len(points), 256, canvas_px=256, jaw=jaw)
    expected = golden[name].astype(np.float32)
    # Far off the canvas the published Gaussians underflow to an all-zero map; we call it undefined.
    np.testing.assert_array_equal(
        valid, np.isfinite(expected).all((1, 2)) & (expected.max((1, 2)) > 0)
    )
    np.testing.assert_allclose(sampled(maps, golden)[valid], expected[valid], atol=5e-4)


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_failed_face_has_an_undefined_zero_map(golden, kind):
    maps, valid = DRAWN[kind](golden["landmarks"][[FAILED]], [1], 64, canvas_px=256)
    assert not valid.any()
    assert not maps.any()


# The generic kind is left out: published dimplers are pulled back to the canvas' edge.
@pytest.mark.parametrize("kind", [kind for kind in HEATMAPS if kind != "generic_au"])
def test_a_face_off_the_canvas_has_an_undefined_zero_map(golden, kind):
    maps, valid = DRAWN[kind](golden["landmarks"][[OFF_CANVAS]], [1], 64, canvas_px=256)
    assert not valid.any()
    assert not maps.any()


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_batch_is_bit_equal_to_its_faces(golden, kind):
    points = golden["landmarks"]
    labels = [n % 7 for n in range(len(points))]
    maps, valid = DRAWN[kind](points, labels, 32, canvas_px=256)
    alone = [
        DRAWN[kind](one[None], [label], 32, canvas_px=256)
        for one, label in zip(points, labels, strict=True)
    ]
    np.testing.assert_array_equal(maps, np.concatenate([one for one, _ in alone]))
    np.testing.assert_array_equal(valid, np.concatenate([one for _, one in alone]))


@pytest.mark.parametrize("kind", HEATMAPS)
def test_no_faces_give_no_maps(kind):
    maps, valid = DRAWN[kind](np.zeros((0, 68, 2)), [], 16, canvas_px=224)
    assert maps.shape[0] == valid.shape[0] == 0
    assert maps.shape[-2:] == (16, 16)


def test_neutral_has_no_au_map_but_a_generic_one(face):
    assert not drawn("au", face[None], [EXPRESSIONS.index("Neutral")], 32, canvas_px=256)[1][0]
    assert drawn("generic_au", face[None], [EXPRESSIONS.index("Neutral")], 32, canvas_px=256)[1][0]


def test_happiness_lights_up_the_cheeks_and_not_the_brows(face):
    maps, _ = drawn("au", face[None], [EXPRESSIONS.index("Happiness")], 256, canvas_px=256)
    (cheek_x, lid_y), (brow_x, brow_y) = face[41].astype(int), face[19].astype(int)
    assert maps[0, lid_y + 43, cheek_x] > 0.9
    assert maps[0, brow_y, brow_x] == 0


def test_a_small_map_is_sampled_at_half_pixel_centres(face):
    large, _ = drawn("landmarks", face[None], [0], 256, canvas_px=256)
    small, _ = drawn("landmarks", face[None], [0], 64, canvas_px=256)
    between = large.reshape(64, 4, 64, 4)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    cosine = (small[0] * between).sum() / np.linalg.norm(small[0]) / np.linalg.norm(between)
    assert cosine > 0.9999


def test_corrected_maps_grow_with_the_face_and_published_ones_do_not(face):
    small = (face - face.mean(axis=0)) / 2 + face.mean(axis=0)
    for codebook, least, most in (("corrected", 3, 4.5), ("published", 1, 1.2)):
        options = {"canvas_px": 256, "au": 6, "codebook": codebook, "normalise": False}
        areas = [
            drawn("single_au", one[None], [0], 224, **options)[0].sum() for one in (face, small)
        ]
        assert least < areas[0] / areas[1] < most


def test_corrected_disgust_draws_the_upper_lip_and_not_the_lids(face):
    disgust = [EXPRESSIONS.index("Disgust")]
    maps = {
        book: drawn("au", face[None], disgust, 256, canvas_px=256, codebook=book)[0][0]
        for book in ("published", "corrected")
    }
    lid_x, lid_y = face[37].astype(int)
    assert maps["published"][lid_y, lid_x] > 0.3
    assert maps["corrected"][lid_y, lid_x] == 0


@pytest.mark.parametrize("unit", [10, 20])
def test_corrected_units_are_as_even_as_the_face(face, unit):
    even = (face + mirror_points(face, 256)) / 2
    maps, _ = drawn("single_au", even[None], [0], 256, canvas_px=256, au=unit, codebook="corrected")
    both = (maps[0] * maps[0][:, ::-1]).sum() / (maps[0] ** 2).sum()
    assert both > 0.97


def test_without_stretching_one_is_the_inside_of_a_region(golden, face):
    raw, _ = drawn("au", face[None], [1], 256, canvas_px=256, normalise=False)
    low, high = golden["raw_minmax_256"][5, 1]
    assert raw.max() == pytest.approx((high - 1e-4) / (255 - 1e-4), abs=1e-5)
    assert raw.min() == pytest.approx((low - 1e-4) / (255 - 1e-4), abs=1e-5)


def test_an_unknown_action_unit_names_the_known_ones(face):
    with pytest.raises(UsageError, match="known: 1, 10, 11, 12"):
        drawn("single_au", face[None], [0], 32, canvas_px=256, au=13)


def test_an_unknown_codebook_names_the_known_ones():
    with pytest.raises(UsageError, match="known: corrected, published"):
        drawing("au", BASIC7, {"codebook": "correct"})


@pytest.mark.parametrize("codebook", CODEBOOKS)
def test_what_is_compared_are_the_maps_of_every_kind_to_the_bit(golden, codebook):
    book = book7(codebook)
    points, labels = np.tile(golden["landmarks"], (7, 1, 1)), [0, 1, 2, 3, 4, 5, 6]
    (maps, valid), regions = comparison_maps(
        golden["landmarks"], (64, 32), canvas_px=256, codebook=book
    )
    for found, expected in zip(
        regions,
        unit_regions(golden["landmarks"], 32, canvas_px=256, codebook=book),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
    everyone = [label for label in labels for _ in golden["landmarks"]]
    own, own_valid = drawn("au", points, everyone, 64, canvas_px=256, codebook=codebook)
    generic, generic_valid = drawn(
        "generic_au", golden["landmarks"], everyone, 64, canvas_px=256, codebook=codebook
    )
    np.testing.assert_array_equal(maps[:, :7].swapaxes(0, 1).reshape(own.shape), own)
    np.testing.assert_array_equal(valid[:, :7].T.reshape(-1), own_valid)
    np.testing.assert_array_equal(maps[:, 7], generic)
    np.testing.assert_array_equal(valid[:, 7], generic_valid)


def test_every_unit_has_its_own_region(golden, face):
    units = list(book7().units)
    maps, valid = unit_regions(face[None], 64, canvas_px=256, codebook=book7())
    assert valid.all()
    for place, unit in enumerate(units):
        alone, _ = drawn("single_au", face[None], [0], 64, canvas_px=256, au=unit)
        np.testing.assert_array_equal(maps[0, place], alone[0])
    assert not unit_regions(golden["landmarks"][[FAILED]], 64, canvas_px=256, codebook=book7())[
        1
    ].any()


def test_a_region_thinner_than_the_blur_still_has_an_inside(golden, face):
    closed = face.copy()
    closed[51:60, 1] = closed[48, 1] + 2  # the lips: AU23 tightens them
    place = list(book7().units).index(23)
    maps, _ = unit_regions(closed[None], 64, canvas_px=256, codebook=book7())
    assert (maps[0, place] >= 0.5).any()
