"""Stage `patches`: detectors learn, the radius is found, all are measured."""

import pytest
import safetensors.torch

from contracts.occlusion import DETECTOR_WEIGHTS
from errors import DataError, NoInputError
from store.reading import Store
from tests.occlusion import CONTEXT, PATCH_PARAMS, SMALL, occluded_tiny
from train.occlusion.detector_cards import read_card
from train.occlusion.detectors import DETECTORS
from train.occlusion.mae import mae
from train.occlusion.patches import PatchInputs, patches


@pytest.fixture(scope="module")
def inputs(tiny, tmp_path_factory, make_store):
    root = tmp_path_factory.mktemp("patches")
    mae(tiny.faces, root / "mae", SMALL, CONTEXT)
    return PatchInputs(
        tiny.faces, occluded_tiny(tiny.faces, root / "occluded", make_store), root / "mae"
    )


@pytest.fixture(scope="module")
def learnt(inputs):
    out = inputs.mae.parent / "out"
    return out, patches(inputs, out, PATCH_PARAMS, CONTEXT)


def test_every_detector_is_measured_on_unseen_things_beside_the_floor(learnt):
    out, said = learnt
    card = read_card(out)
    assert set(card.scores) == set(DETECTORS)
    assert all(0 <= one.auroc_unseen <= 1 for one in card.scores.values())
    assert all(set(one.auroc_kinds) == {"bar", "glasses"} for one in card.scores.values())
    assert (card.fitted, card.held_out, card.tested) == (28, 7, 7)
    assert said.splitlines()[1].startswith("  pixels: AUROC 0.")
    assert "mahalanobis (kept)" in said


def test_magenta_squares_are_found_by_their_pixels(learnt):
    card = read_card(learnt[0])
    assert card.scores["pixels"].auroc_unseen > 0.8


def test_the_radius_is_the_quantile_of_held_out_bare_faces(inputs, tmp_path):
    radii = []
    for quantile in (0.5, 0.99):
        params = PATCH_PARAMS.model_copy(update={"quantile": quantile})
        patches(inputs, tmp_path / str(quantile), params, CONTEXT)
        radii.append(read_card(tmp_path / str(quantile)).radius)
    assert radii[0] < radii[1]


def test_the_same_numbers_give_the_same_bits(inputs, learnt, tmp_path):
    patches(inputs, tmp_path / "again", PATCH_PARAMS, CONTEXT)
    outs = learnt[0], tmp_path / "again"
    first, again = ((out / DETECTOR_WEIGHTS).read_bytes() for out in outs)
    assert first == again
    assert set(safetensors.torch.load(first)) == {"mean_PD", "whitening_PDD"}


def test_a_classifier_needs_a_kind_to_learn_from(inputs, tmp_path):
    params = PATCH_PARAMS.model_copy(update={"unseen": ("glasses", "bar")})
    with pytest.raises(DataError, match="nothing to learn from"):
        patches(inputs, tmp_path / "out", params, CONTEXT)


def test_things_that_nobody_drew_are_nothing_to_measure_on(inputs, tmp_path):
    params = PATCH_PARAMS.model_copy(update={"unseen": ("scarf",)})
    with pytest.raises(DataError, match=r"no test face behind one of patches\.unseen \(scarf\)"):
        patches(inputs, tmp_path / "out", params, CONTEXT)


def test_bare_faces_in_place_of_occluded_ones_are_no_input(inputs, tmp_path):
    swapped = PatchInputs(inputs.faces, inputs.faces, inputs.mae)
    with pytest.raises(NoInputError, match="Name the output of `occlude`"):
        patches(swapped, tmp_path / "out", PATCH_PARAMS, CONTEXT)


def test_a_split_without_faces_is_named(inputs, make_store, tmp_path):
    store = Store(inputs.faces)
    table = [{**row, "split": "train"} for row in store.rows()]
    arrays = {name: store.array(name).load() for name in ("image", "valid")}
    faces = make_store(tmp_path / "faces", arrays, store.metadata, table)
    with pytest.raises(DataError, match="0 usable faces in split val"):
        patches(
            PatchInputs(faces, inputs.occluded, inputs.mae), tmp_path / "o", PATCH_PARAMS, CONTEXT
        )


def test_what_is_kept_has_learnt_from_kinds_that_were_unseen_when_it_was_measured(inputs, tmp_path):
    radii = {}
    for name in ("classifier", "mahalanobis"):
        for unseen in (("glasses",), ("bar",)):
            params = PATCH_PARAMS.model_copy(update={"unseen": unseen, "detector": name})
            patches(inputs, tmp_path / f"{name}-{unseen}", params, CONTEXT)
            radii[name, unseen] = read_card(tmp_path / f"{name}-{unseen}").radius
    assert radii["classifier", ("glasses",)] == radii["classifier", ("bar",)]
    assert radii["mahalanobis", ("glasses",)] == radii["mahalanobis", ("bar",)]
    scores = [read_card(tmp_path / f"classifier-{one}").scores for one in (("glasses",), ("bar",))]
    assert scores[0]["classifier"] != scores[1]["classifier"]
