"""Stage `heatmap`: the maps of one kind, drawn once for all experiments."""

import numpy as np
import pytest

from anatomy.au_coding import AUCoding
from anatomy.heatmaps import HEATMAPS, drawing
from anatomy.landmarks import rescale_points
from errors import ProjectError, UsageError
from params import load
from pipeline.execution.cluster import ClusterConfig
from pipeline.heatmap import heatmap
from pipeline.landmark import to_steps
from pipeline.params import HeatmapParams
from store.reading import Store
from tests.basic7 import BASIC7, EXPRESSIONS

ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
PARAMS = HeatmapParams(size_px=64, canvas_px=224, options={})
SHOWN = ("Neutral", "Happiness", "Surprise", "Fear", "Anger", "Disgust", "Sadness", "Fear")
FAILED = 7
CODING = AUCoding((1, 12, 26), np.linspace(0, 1, 24, dtype=np.float32).reshape(8, 3))
CODING.intensities_NU[2] = np.nan
SHARES = np.random.default_rng(0).dirichlet([0.5] * 7, 8).astype(np.float32)
SHARES[2] = np.nan


@pytest.fixture
def landmarks(make_store, tmp_path, template_face):
    """A face of every expression, and one whose landmarks were not found."""
    points = np.stack([to_steps(template_face + row) for row in range(8)])
    valid = np.array([1] * 7 + [0], np.uint8)
    table = [
        {
            "id": str(row),
            "expression": name,
            "split": "train",
            "status": "ok" if valid[row] else "no_face",
            "age": "3",
        }
        for row, name in enumerate(SHOWN)
    ]
    about = {"dataset": "mine", "size_px": 256, "units": list(CODING.units)}
    arrays = {"points": points, "valid": valid, "au_intensity": CODING.intensities_NU}
    arrays["label_shares"] = SHARES
    return make_store(tmp_path / "points", arrays, about, table)


def maps_of(landmarks, kind="au", params=PARAMS):
    heatmap(landmarks, landmarks.parent / kind, kind, params, ALONE)
    return Store(landmarks.parent / kind)


@pytest.mark.parametrize(
    ("kind", "size_px"), [*((kind, 64) for kind in HEATMAPS), ("au", 224), ("landmarks", 224)]
)
def test_maps_are_those_of_the_published_canvas(landmarks, template_face, kind, size_px):
    params = PARAMS.model_copy(update={"size_px": size_px})
    on_canvas = rescale_points(
        np.stack([to_steps(template_face + row) / 64 for row in range(7)]), 256, 224
    )
    draw = drawing(kind, BASIC7, {}, CODING.take(np.arange(7)), SHARES[:7])
    maps, valid = draw(on_canvas, range(7), size_px, canvas_px=224)
    store = maps_of(landmarks, kind, params)
    np.testing.assert_array_equal(store.array("map").load()[:7], np.rint(maps * 255))
    np.testing.assert_array_equal(store.array("valid").load()[:7], valid)


@pytest.mark.parametrize("kind", HEATMAPS)
def test_every_kind_can_be_drawn_with_the_options_of_params_yaml(landmarks, checkout, kind):
    params = load(checkout / "params.yaml").heatmap
    assert len(maps_of(landmarks, kind, params)) == 8


@pytest.mark.parametrize("kind", HEATMAPS)
def test_a_face_without_landmarks_has_no_map(landmarks, kind):
    store = maps_of(landmarks, kind)
    assert not store.array("valid").load()[FAILED].any()
    assert not store.array("map").load()[FAILED].any()


@pytest.mark.parametrize("kind", HEATMAPS)
def test_every_array_says_what_its_numbers_are(landmarks, kind):
    store = maps_of(landmarks, kind)
    described = {name: dict(spec.attributes) for name, spec in store.layout.arrays.items()}
    assert described["map"]["scale"] * 255 == 1
    assert kind in described["map"]["what"]
    axes = described["map"]["order"].count("row, column") + ("Neutral" in described["map"]["order"])
    assert axes == store.array("map").load().ndim - 2
    assert "status.csv" in described["valid"]["what"]


def test_neutral_has_no_map_of_its_own(landmarks):
    store = maps_of(landmarks)
    assert store.array("valid").load().tolist() == [0, 1, 1, 1, 1, 1, 1, 0]
    assert store.array("map").load().reshape(8, -1).max(axis=1).tolist() == [0, *[255] * 6, 0]


def test_neutral_has_a_map_where_the_kind_does_not_ask_for_the_expression(landmarks):
    assert maps_of(landmarks, "generic_au").array("valid").load()[0] == 1
    assert maps_of(landmarks, "landmarks").array("valid").load()[0] == 1


def test_the_kind_of_all_classes_has_a_map_each(landmarks):
    store = maps_of(landmarks, "per_class_au")
    assert store.array("map").shape == (8, 7, 64, 64)
    assert store.array("valid").load()[3].tolist() == [0, 1, 1, 1, 1, 1, 1]
    own = maps_of(landmarks).array("map").load()[3]
    np.testing.assert_array_equal(store.array("map").load()[3, EXPRESSIONS.index("Fear")], own)


def test_rows_and_statuses_are_carried(landmarks):
    table = maps_of(landmarks).rows()
    assert table[FAILED] == {"id": "7", "expression": "Fear", "split": "train", "status": "no_face"}
    assert [row["expression"] for row in table] == list(SHOWN)


def test_kind_canvas_and_options_are_in_the_card(landmarks):
    about = maps_of(landmarks).metadata
    assert (about["kind"], about["canvas_px"], about["options"]) == ("au", 224, {})
    assert (about["dataset"], about["size_px"]) == ("mine", 256)


def test_options_of_a_kind_reach_it(landmarks):
    wide = HeatmapParams(
        size_px=64, canvas_px=224, options={"landmarks": {"variance_px2": 400.0, "jaw": True}}
    )
    maps = maps_of(landmarks, "landmarks", wide).array("map").load()
    heatmap(landmarks, landmarks.parent / "plain", "landmarks", PARAMS, ALONE)
    plain = Store(landmarks.parent / "plain").array("map").load()
    assert maps[0].mean() > 1.5 * plain[0].mean()


def test_options_of_another_kind_redo_nothing(landmarks):
    maps_of(landmarks)
    other = HeatmapParams(size_px=64, canvas_px=224, options={"landmarks": {"jaw": True}})
    assert not heatmap(landmarks, landmarks.parent / "au", "au", other, ALONE)


def test_an_unknown_kind_is_refused_with_the_known_ones(landmarks):
    with pytest.raises(UsageError, match="no heatmap kind 'aus'; known: au, generic_au"):
        maps_of(landmarks, "aus")
    assert not (landmarks.parent / "aus").exists()


def test_faces_without_action_units_of_their_own_are_told_where_to_put_them(
    make_landmarks, tmp_path
):
    bare = make_landmarks(tmp_path, 3)
    with pytest.raises(UsageError, match=r"no action units of its faces.*options: \{aus: TABLE\}"):
        maps_of(bare, "own_au")
    assert not (bare.parent / "own_au").exists()
    assert maps_of(bare, "own_or_codebook").array("valid").load().tolist() == [0, 1, 1]


def test_a_mixture_of_classes_needs_shares(make_landmarks, tmp_path):
    bare = make_landmarks(tmp_path, 3)
    with pytest.raises(UsageError, match=r"no shares of the classes.*\{shares: columns\}"):
        maps_of(bare, "soft_au")
    assert not (bare.parent / "soft_au").exists()


def test_a_store_that_is_not_of_landmarks_is_refused(make_store, tmp_path, template_face):
    arrays = {"points": template_face[None].astype(np.float32), "valid": np.ones(1, np.uint8)}
    table = [{"id": "0", "expression": "Fear", "split": "train", "status": "ok"}]
    faces = make_store(tmp_path / "faces", arrays, {"dataset": "mine"}, table)
    with pytest.raises(ProjectError, match="landmark"):
        maps_of(faces)
    assert not (tmp_path / "au").exists()
