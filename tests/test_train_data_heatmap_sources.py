import numpy as np
import pytest
import torch
import torch.nn.functional as F

from anatomy.au_coding import AUCoding
from anatomy.heatmaps import drawing
from anatomy.landmarks import FLIP, rescale_points
from benchmarks.store_size import GEOMETRY, moved_points
from store.reading import POINT_STEPS_PER_PX, Store, read_points
from tests.basic7 import BASIC7, EXPRESSIONS
from train.data.augmentation import random_affine, warp_maps
from train.data.batch_loader import BatchLoader, Placement
from train.data.stores import Stores, expression_ids
from train.params import FeedParams

CANVAS, FACE = 224, 256
CODING = AUCoding((1, 12, 26), np.linspace(0.25, 1, 162, dtype=np.float32).reshape(54, 3))
CODING.intensities_NU[::5] = np.nan
OPTIONS = {
    "au": {"codebook": "published"},
    "generic_au": {},
    "single_au": {"au": 4},
    "own_or_codebook": {"least": 0.2},
    "landmarks": {"variance_px2": 64.0},
}


@pytest.fixture(scope="module")
def posed(golden_folder, make_store, tmp_path_factory):
    """Make stores of 54 faces, nine shapes with six expressions, by kind of heatmap."""
    root = tmp_path_factory.mktemp("posed")
    shapes = np.load(golden_folder / "au_heatmaps.npz")["landmarks"][:9]
    points = np.rint(np.repeat(shapes, 6, axis=0) * POINT_STEPS_PER_PX).astype(np.int16)
    labels = [1 + row % 6 for row in range(54)]
    table = [
        {"id": str(row), "expression": EXPRESSIONS[label], "split": "train", "status": "ok"}
        for row, label in enumerate(labels)
    ]
    valid = np.ones(54, np.uint8)

    def write(name, arrays, **about):
        about = {"size_px": FACE, "units": list(CODING.units), **about}
        own = {"au_intensity": CODING.intensities_NU} if "points" in arrays else {}
        return make_store(root / name, {**arrays, **own, "valid": valid}, about, table)

    faces = write("faces", {"image": np.zeros((54, 8, 8, 3), np.uint8)})
    landmarks = write("landmarks", {"points": points})
    on_canvas = rescale_points(read_points(Store(landmarks), np.arange(54)), FACE, CANVAS)
    found = {}
    for kind, options in OPTIONS.items():
        draw = drawing(kind, BASIC7, options, CODING)
        maps, _ = draw(on_canvas, labels, 64, canvas_px=CANVAS)
        stored = {"map": np.rint(maps * 255).astype(np.uint8)}
        heatmaps = write(f"maps-{kind}", stored, kind=kind, canvas_px=CANVAS, options=options)
        found[kind] = Stores.open(faces, landmarks, heatmaps)
    return found


def maps_of(stores, heatmaps):
    params = FeedParams(
        source="mapped", resident_share=0, threads=2, sampler="shuffled", heatmaps=heatmaps
    )
    return next(
        BatchLoader(
            stores, "train", 54, params, Placement(torch.device("cpu"))
        ).sequential_batches()
    ).maps_Bss


def affine(params):
    return random_affine(54, params, torch.Generator().manual_seed(1))


def cosines(one, other):
    return F.cosine_similarity(one.flatten(1), other.flatten(1))


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("side", [28, 14, 7])
def test_stored_and_drawn_maps_agree_under_augmentation(posed, kind, side):
    stored, drawn = (
        warp_maps(maps_of(posed[kind], origin), (side, side), affine(GEOMETRY))
        for origin in ("stored", "drawn")
    )
    assert cosines(stored, drawn).min() >= 0.9999


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_drawn_map_is_the_published_one(posed, kind):
    stores = posed[kind]
    points = rescale_points(read_points(stores.landmarks, np.arange(54)), FACE, CANVAS)
    exact, _ = drawing(kind, BASIC7, OPTIONS[kind], CODING)(
        points,
        expression_ids(stores.faces.table(), BASIC7).tolist(),
        CANVAS,
        canvas_px=CANVAS,
    )
    np.testing.assert_array_equal(maps_of(stores, "drawn").numpy(), np.rint(exact * 255))


def drawn_after_moving(stores, kind, moves, size):
    points = rescale_points(read_points(stores.landmarks, np.arange(54)), FACE, CANVAS)
    maps, _ = drawing(kind, BASIC7, OPTIONS[kind])(
        moved_points(points, moves),
        expression_ids(stores.faces.table(), BASIC7).tolist(),
        size,
        canvas_px=CANVAS,
    )
    return torch.from_numpy(maps)


def test_landmark_maps_may_be_moved_before_or_after_drawing(posed):
    stores = posed["landmarks"]
    moves = affine(GEOMETRY.model_copy(update={"crop_area_min": 1}))  # a crop widens Gaussians too
    moved = warp_maps(maps_of(stores, "drawn"), (112, 112), moves)
    assert cosines(drawn_after_moving(stores, "landmarks", moves, 112), moved).min() >= 0.999


def test_a_mirrored_face_is_drawn_from_points_in_mirrored_order(posed):
    stores = posed["single_au"]
    moves = affine(GEOMETRY.model_copy(update={"rotate_p": 0, "crop_area_min": 1, "flip_p": 1}))
    moved = warp_maps(maps_of(stores, "drawn"), (112, 112), moves)
    right = cosines(drawn_after_moving(stores, "single_au", moves, 112), moved)
    points = rescale_points(read_points(stores.landmarks, np.arange(54)), FACE, CANVAS)
    unswapped = moved_points(points, moves)[:, list(FLIP)]
    wrong, _ = drawing("single_au", BASIC7, OPTIONS["single_au"])(
        unswapped,
        expression_ids(stores.faces.table(), BASIC7).tolist(),
        112,
        canvas_px=CANVAS,
    )
    mistaken = cosines(torch.from_numpy(wrong), moved)
    assert right.min() > 0.95  # whole px are not mirrored exactly
    assert mistaken.max() < 0.9
