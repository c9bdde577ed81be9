"""Targets that a GPU draws are those of the processor."""

import numpy as np
import pytest
import torch

from anatomy.action_units import CODEBOOKS
from anatomy.heatmaps import comparison_runs, comparison_sets
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


@pytest.mark.parametrize("codebook", CODEBOOKS)
def test_maps_drawn_from_runs_are_those_that_the_processor_draws(landmarks, codebook):
    expected = prepare_targets(landmarks, (224, 64), codebook, CPU)
    runs, known = comparison_runs(landmarks, canvas_px=224, codebook=codebook)
    given = (torch.from_numpy(one) for one in (*runs, known))
    drawn = TargetRuns(*given, codebook, (224, 64)).drawn(CPU)
    for ours, theirs in zip(drawn, expected, strict=True):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)


def test_faces_without_landmarks_have_no_target(landmarks):
    runs, known = comparison_runs(landmarks[3:4], canvas_px=224, codebook="corrected")
    given = (torch.from_numpy(one) for one in (*runs, known))
    drawn = TargetRuns(*given, "corrected", (224, 64)).drawn(CPU)
    assert not any(one.any() for one in drawn)


def test_every_region_of_the_codebook_has_a_place(landmarks):
    sets = comparison_sets("published")
    assert len(sets.regions) == len(CODEBOOKS["published"].units)
    assert set(sets.targets[-1]) == set(range(len(sets.units)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_draws_the_maps_of_the_processor(landmarks):
    device = torch.device("cuda")
    expected = prepare_targets(landmarks, (224, 64), "published", CPU)
    runs = prepare_targets(landmarks, (224, 64), "published", device)
    assert isinstance(runs, TargetRuns)
    for ours, theirs in zip(runs.drawn(device), expected, strict=True):
        torch.testing.assert_close(ours.cpu(), theirs, atol=2e-6, rtol=0)
