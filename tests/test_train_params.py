from typing import get_args

import pytest

from tests.networks import scratch
from train.data.augmentation import FILLS
from train.data.heatmap_sources import HEATMAP_SOURCES
from train.data.prefetch import FETCHERS
from train.data.samplers import SAMPLERS
from train.fitting.model_selection import CRITERIA
from train.fitting.optimisers import OPTIMISERS, SCHEDULES
from train.methods.au_alignment import ATTENTIONS, NORMALISATIONS, RESIZES, SIMILARITIES
from train.params import AlignmentParams, AugmentParams, FeedParams, TrainParams

CHOICES = {
    (TrainParams, "optimiser"): OPTIMISERS,
    (TrainParams, "schedule"): SCHEDULES,
    (TrainParams, "choose_by"): CRITERIA,
    (AugmentParams, "erase_fill"): FILLS,
    (FeedParams, "source"): FETCHERS,
    (FeedParams, "sampler"): SAMPLERS,
    (FeedParams, "heatmaps"): HEATMAP_SOURCES,
    (AlignmentParams, "attention"): ATTENTIONS,
    (AlignmentParams, "normalise"): NORMALISATIONS,
    (AlignmentParams, "similarity"): SIMILARITIES,
    (AlignmentParams, "resize"): RESIZES,
}


@pytest.mark.parametrize(("model", "field"), CHOICES)
def test_a_named_choice_names_the_functions_that_there_are(model, field):
    assert get_args(model.model_fields[field].annotation) == tuple(CHOICES[model, field])


@pytest.mark.parametrize(("protocol", "split"), [("holdout", "val"), ("paper", "test")])
def test_the_protocol_says_which_split_chooses_the_epoch(protocol, split):
    params = scratch().train.model_copy(update={"protocol": protocol})
    assert params.chosen_on == split
