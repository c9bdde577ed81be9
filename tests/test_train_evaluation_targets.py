"""Targets that a GPU draws are those of the processor."""

import numpy as np
import pytest
import torch

from anatomy.au_coding import AUCoding, region_units, region_weights
from anatomy.codebooks import CODEBOOKS
from anatomy.heatmaps import comparison_runs, comparison_sets
from anatomy.own_heatmaps import own_au
from tests.basic7 import book7
from train.evaluation.targets import TargetRuns, prepare_targets

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def landmarks(golden_folder):
    known = np.load(golden_folder / "au_heatmaps.npz")["landmarks"][:6] * (224 / 256)
    rng = np.random.default_rng(0)
    moved = known + rng.normal(0, 2, known.shape)
    moved[1] += 150  # partly off the canvas
    moved[2] += 5000  # wholly
    moved[3] = np.nan
    return moved


def some_weights(book):
    """Intensities of every region on six faces, and on six others; nothing acts on the last."""
    regions = len(region_units(book))
    weights = np.random.default_rng(1).random((6, 2, regions)).astype(np.float32)
    weights[5, 1] = 0
    return np.where(weights < 0.5, 0, weights).astype(np.float32)


@pytest.mark.parametrize("codebook", CODEBOOKS)
def test_maps_drawn_from_runs_are_those_that_the_processor_draws(landmarks, codebook):
    book = book7(codebook)
    weights = some_weights(book)
    expected = prepare_targets(landmarks, (224, 64), book, CPU, weights)
    runs, known = comparison_runs(landmarks, canvas_px=224, codebook=book)
    given = (torch.from_numpy(one) for one in (*runs, known, weights))
    drawn = TargetRuns(*given, book, (224, 64)).drawn(CPU)
    for ours, theirs in zip(drawn, expected, strict=True):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)


def test_faces_without_landmarks_have_no_target(landmarks):
    book = book7("corrected")
    runs, known = comparison_runs(landmarks[3:4], canvas_px=224, codebook=book)
    given = (torch.from_numpy(one) for one in (*runs, known, some_weights(book)[:1]))
    drawn = TargetRuns(*given, book, (224, 64)).drawn(CPU)
    assert not any(one.any() for one in drawn)


def test_targets_of_own_units_are_the_maps_of_that_kind(landmarks):
    coding = AUCoding((1, 12, 26), np.random.default_rng(0).random((6, 3)).astype(np.float32))
    book = book7()
    sizes = {"size_px": 224, "canvas_px": 224}
    expected, defined = own_au(landmarks, [0] * 6, **sizes, codebook=book, coding=coding, least=0.1)
    weights = region_weights(coding, book, 0.1)[:, None]
    found = prepare_targets(landmarks, (224, 64), book, CPU, weights)
    np.testing.assert_array_equal(found.own_BKCC[:, 0].numpy(), expected)
    np.testing.assert_array_equal(found.own_defined_BK[:, 0].numpy(), defined)


def test_without_coding_there_are_no_targets_of_own_units(landmarks):
    found = prepare_targets(landmarks, (224, 64), book7(), CPU)
    assert found.own_BKCC.shape == (6, 0, 224, 224)


def test_every_region_of_the_codebook_has_a_place(landmarks):
    sets = comparison_sets(book7())
    assert len(sets.regions) == len(book7().units)
    assert {place for place, _ in sets.targets[-1]} == {*sets.regions}
    first = [book7().regions[unit].region for unit in region_units(book7())]
    assert [*sets.drawn[: len(first)]] == first


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_draws_the_maps_of_the_processor(landmarks):
    device = torch.device("cuda")
    weights = some_weights(book7())
    expected = prepare_targets(landmarks, (224, 64), book7(), CPU, weights)
    runs = prepare_targets(landmarks, (224, 64), book7(), device, weights)
    assert isinstance(runs, TargetRuns)
    for ours, theirs in zip(runs.drawn(device), expected, strict=True):
        torch.testing.assert_close(ours.cpu(), theirs, atol=2e-6, rtol=0)
