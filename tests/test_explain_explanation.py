"""What a run says of a face, with a small untrained model and the published landmarks."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from anatomy.au_coding import AUCoding
from anatomy.heatmaps import au
from explain.explanation import Explanation, Region, explain_faces, sentence
from params import load
from tests.basic7 import BASIC7, EXPRESSIONS, book7
from train.evaluation.networks import (
    EvalModel,
    Reading,
    choose_map_method,
    classifier_network,
    own_map,
)
from train.methods.backbones import Backbone
from train.methods.base import Classifier, LevelShape
from train.methods.cam_methods import class_map
from train.methods.gap import GAPHead

FEAR, NEUTRAL = EXPRESSIONS.index("Fear"), EXPRESSIONS.index("Neutral")


class Bright(Backbone):
    """Activations that are the brightness of the picture: attention lies where light is."""

    def __init__(self):
        super().__init__(nn.Identity(), (8,) * 5)

    def forward(self, images_B3HW):
        bright = torch.relu(images_B3HW.mean(dim=1, keepdim=True))
        return (bright * torch.linspace(0.1, 1, 8)[:, None, None],) * 5, {}


@pytest.fixture
def setup():
    torch.manual_seed(0)
    model = Classifier(Bright(), GAPHead(LevelShape(8, 4, 4, 7))).eval()
    network = classifier_network(model, class_map)
    return EvalModel(network, own_map, 56, 224, book7(), "exact", torch.device("cpu"))


@pytest.fixture
def points(golden_folder):
    """Landmarks (1, 68, 2) of a frontal face of 224 px."""
    return np.load(golden_folder / "au_heatmaps.npz")["landmarks"][5][None].astype(float)


@pytest.fixture
def lit(points):
    """A black face with light on the mouth."""
    image = np.zeros((1, 224, 224, 3), np.uint8)
    (x0, y0), (x1, y1) = (
        points[0, 48:].min(axis=0).astype(int),
        points[0, 48:].max(axis=0).astype(int),
    )
    image[0, y0:y1, x0:x1] = 255
    return image


@pytest.fixture
def read(checkout):
    return load(checkout / "params.yaml").explain.read


def test_the_action_units_of_this_very_face_stand_beside_those_of_the_expression(
    setup, lit, points, read
):
    mouth, brows = (AUCoding((unit,), np.ones((1, 1), np.float32)) for unit in (27, 1))
    found = {}
    for name, coding in (("mouth", mouth), ("brows", brows)):
        (explanation,) = explain_faces(setup, lit, points, FEAR, coding)
        assert list(explanation.maps()) == ["attention", "CAM", "AU map", "own AUs"]
        found[name] = explanation.cosines()["own AUs"]
        words = f"Attention's cosine with the AUs coded on this face is {found[name]:.2f}, with"
        assert words in sentence(explanation, read)
        assert explanation.as_json()["cosines"]["own AUs"] == round(found[name], 4)
    assert found["mouth"] > found["brows"] + 0.3


def test_a_face_that_nobody_coded_has_no_map_of_its_own(setup, lit, points, read):
    (explanation,) = explain_faces(setup, lit, points, FEAR)
    assert list(explanation.cosines()) == ["AU map"]
    assert "coded" not in sentence(explanation, read)


def test_light_on_the_mouth_is_attention_on_the_mouth(setup, lit, points):
    (explanation,) = explain_faces(setup, lit, points, FEAR)
    first = explanation.regions[0]
    assert first.units == (23, 24, 26, 27)
    assert first.belongs == (26, 27)
    assert first.name == "jaw drop"
    assert first.share > 0.5
    assert first.ratio == first.share / first.area


def test_every_region_is_named_once_with_all_its_units(setup, lit, points):
    (explanation,) = explain_faces(setup, lit, points, FEAR)
    units = [unit for region in explanation.regions for unit in region.units]
    assert sorted(units) == sorted(book7().units)
    assert [one.ratio for one in explanation.regions] == sorted(
        (one.ratio for one in explanation.regions), reverse=True
    )


def test_flat_attention_is_on_no_unit(setup, points, read):
    image = np.zeros((1, 224, 224, 3), np.uint8)
    (explanation,) = explain_faces(setup, image, points, FEAR)
    assert explanation.regions == ()
    assert sentence(explanation, read).endswith("unavailable: attention is flat.")


def test_without_a_wish_the_predicted_expression_is_explained(setup, lit, points):
    (explanation,) = explain_faces(setup, lit, points)
    assert explanation.expression == explanation.predicted
    assert explanation.probabilities_V.sum() == pytest.approx(1)


def test_the_wanted_expression_is_explained_whatever_is_predicted(setup, lit, points):
    maps = [explain_faces(setup, lit, points, wanted)[0] for wanted in range(7)]
    assert [explanation.expression for explanation in maps] == list(range(7))
    assert len({explanation.predicted for explanation in maps}) == 1
    expected, _ = au(points, [FEAR], 64, canvas_px=224, codebook=book7())
    np.testing.assert_allclose(maps[FEAR].au_ZZ, expected[0])


def test_neutral_has_no_action_unit_map(setup, lit, points):
    assert "AU map" not in explain_faces(setup, lit, points, NEUTRAL)[0].maps()
    assert "AU map" in explain_faces(setup, lit, points, FEAR)[0].maps()


def test_a_model_whose_inside_is_not_known_is_explained_by_its_map(lit, points, read, checkout):
    """Asked from outside: it says Fear where the lower half of the picture is bright."""

    def network(images):
        bright = images[:, :, images.shape[2] // 2 :].mean(dim=(1, 2, 3))
        answers = torch.zeros(len(images), 7)
        answers[:, FEAR], answers[:, NEUTRAL] = bright, 1 - bright
        return Reading(answers)

    box = load(checkout / "params.yaml").evaluate.black_box
    occlusion = choose_map_method("occlusion", box)
    where = torch.device("cpu")
    model = EvalModel(network, occlusion, 56, 224, book7(), "exact", where, map_name="occlusion")
    (explanation,) = explain_faces(model, lit, points, FEAR)
    assert list(explanation.maps()) == ["occlusion", "AU map"]
    assert explanation.attention_ZZ is None
    assert explanation.as_json()["regions_of"] == "occlusion"
    assert explanation.regions[0].name == "lips part"
    assert "The occlusion map is densest on AU25 (lips part" in sentence(explanation, read)


def test_without_landmarks_there_are_maps_but_no_units(setup, lit, points, read):
    (explanation,) = explain_faces(setup, lit, points * np.nan, FEAR)
    assert list(explanation.maps()) == ["attention", "CAM"]
    assert explanation.regions == ()
    assert sentence(explanation, read).endswith(
        "Attention per action unit is unavailable: no landmarks."
    )


def test_faces_do_not_depend_on_their_company(setup, lit, points):
    other = np.random.default_rng(0).integers(0, 256, lit.shape, np.uint8)
    both = explain_faces(setup, np.concatenate([lit, other]), np.repeat(points, 2, axis=0), FEAR)
    (alone,) = explain_faces(setup, other, points, FEAR)
    np.testing.assert_allclose(both[1].attention_ZZ, alone.attention_ZZ, atol=1e-5)
    np.testing.assert_allclose(both[1].cam_ZZ, alone.cam_ZZ, atol=1e-5)


def test_points_are_those_of_the_face_whatever_its_size(setup, lit, points):
    half = np.ascontiguousarray(lit[:, ::2, ::2])
    (explanation,) = explain_faces(setup, half, (points + 0.5) / 2 - 0.5, FEAR)
    expected, _ = au(points, [FEAR], 64, canvas_px=224, codebook=book7())
    np.testing.assert_allclose(explanation.au_ZZ, expected[0], atol=0.02)


def made(predicted, explained, regions):
    probabilities = np.full(7, 0.04, np.float32)
    probabilities[predicted] = 0.76
    blank = np.zeros((64, 64), np.float32)
    return Explanation(BASIC7, probabilities, explained, blank, blank, None, None, tuple(regions))


LIDS = Region((5,), "upper lid raiser", 0.12, 0.03, (5,))
CORNERS = Region((12, 15), "lip corner puller", 0.1, 0.05, ())
FLAT = Region((17,), "chin raiser", 0.05, 0.05, ())


def test_the_sentence_names_the_densest_units_and_those_of_the_expression(read):
    explanation = made(FEAR, FEAR, [LIDS, CORNERS, FLAT])
    assert sentence(explanation, read) == (
        "Fear (76 %). Attention is densest on AU5 (upper lid raiser: 12 % of it on 3 % of the "
        "face) and AU12/15 (lip corner puller: 10 % of it on 5 % of the face). AU5 belongs to Fear."
    )


def test_the_sentence_says_when_no_unit_stands_out(read):
    assert "no action unit more than elsewhere" in sentence(made(FEAR, FEAR, [FLAT]), read)


def test_the_sentence_says_when_another_expression_is_explained(read):
    words = sentence(made(NEUTRAL, FEAR, [CORNERS]), read)
    assert words.startswith("Neutral (76 %). Explaining Fear (4 %). ")
    assert words.endswith("None of them belongs to Fear.")


def test_the_sentence_says_that_neutral_has_no_action_units(read):
    words = sentence(made(NEUTRAL, NEUTRAL, [CORNERS]), read)
    assert words.endswith("Neutral has no action units.")


def test_the_numbers_are_json(setup, lit, points):
    (explanation,) = explain_faces(setup, lit, points, FEAR)
    read_back = json.loads(json.dumps(explanation.as_json(), allow_nan=False))
    assert list(read_back["probabilities"]) == list(EXPRESSIONS)
    assert read_back["explained"] == "Fear"
    assert read_back["regions"][0]["units"] == [23, 24, 26, 27]


def test_a_face_that_was_restored_first_is_shown_with_what_was_drawn(setup, lit, points):
    class Restoring:
        def __call__(self, images):
            hidden = torch.zeros(len(images), 196, dtype=torch.bool)
            hidden[:, :49] = True
            given = {"hidden_BP": hidden, "restored_B3SS": torch.full_like(images, 0.5)}
            return images, given

    torch.manual_seed(0)
    classifier = Classifier(Bright(), GAPHead(LevelShape(8, 4, 4, 7))).eval()
    classifier.restore = Restoring()
    model = replace(setup, network=classifier_network(classifier, class_map))
    (found,) = explain_faces(model, lit, points)
    assert list(found.maps())[-1] == "drawn anew"
    assert "drawn anew" not in found.read_maps()
    assert found.filled_GG.sum() == 49
    assert found.restored_SS3.shape == (56, 56, 3)
    assert found.as_json()["filled"] == 0.25
    (plain,) = explain_faces(setup, lit, points)
    assert plain.restored_SS3 is None
    assert "filled" not in plain.as_json()
