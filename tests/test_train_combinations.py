from typing import get_args

import pytest

from errors import UsageError
from params.root import validate
from tests.networks import scratch
from train.combinations import (
    BALANCING,
    BALANCING_LOSSES,
    NEEDS_HEATMAPS,
    NO_MIXUP,
    NO_SOFT_TARGETS,
    check_augmentation,
    check_classification,
    check_execution,
    check_frozen_levels,
    check_targets,
)
from train.data.samplers import SAMPLERS
from train.fitting.model_selection import CRITERIA
from train.methods import METHODS
from train.methods.losses import LOSSES
from train.methods.strategies import STRATEGIES
from train.params import ClassificationParams, FineTuningParams
from yaml_files import read_yaml

SINGLE = {"cutmix", "rul", "scn", "pal", "pal_fc", "ofer"}
"""Methods that need single faces."""


@pytest.fixture
def params():
    """A function (changes of [train.classification], sampler) -> [train]."""
    shipped = scratch().train

    def make(sampler="shuffled", **changes):
        classification = shipped.classification.model_copy(update=changes)
        feed = shipped.feed.model_copy(update={"sampler": sampler})
        return shipped.model_copy(update={"classification": classification, "feed": feed})

    return make


def test_the_names_are_rows_of_their_families():
    assert set(NO_MIXUP) <= {*STRATEGIES, *LOSSES}
    assert set(NO_SOFT_TARGETS) <= {*STRATEGIES}
    assert {"shuffled", *BALANCING} == set(SAMPLERS)
    fields = ClassificationParams.model_fields
    known = get_args(fields["loss"].annotation) + get_args(fields["class_weights"].annotation)
    assert set(BALANCING_LOSSES) <= set(known)
    assert {name for name, one in CRITERIA.items() if one.needs_maps} == set(NEEDS_HEATMAPS)


@pytest.mark.parametrize("name", METHODS)
def test_soft_targets_are_refused_where_a_method_corrects_labels(name, params):
    soft = params().model_copy(update={"targets": "soft"})
    if name == "scn":
        with pytest.raises(UsageError, match=r"targets: is soft, but SCN .*Set it to hard"):
            check_targets(METHODS[name], soft)
    else:
        check_targets(METHODS[name], soft)
    check_targets(METHODS[name], params())


@pytest.mark.parametrize("name", METHODS)
def test_mixup_is_refused_where_a_method_needs_single_faces(name, params):
    def check():
        check_classification(METHODS[name], params(mixup_alpha=0.2))

    if name in SINGLE:
        with pytest.raises(UsageError, match=r"classification\.mixup_alpha: is 0\.2, but .*to 0"):
            check()
    else:
        check()


@pytest.mark.parametrize("sampler", BALANCING)
@pytest.mark.parametrize(
    "change",
    [{"class_weights": "inverse"}, {"loss": "logit_adjusted"}],
    ids=["weights", "loss"],
)
def test_classes_are_not_balanced_twice(change, sampler, params):
    check_classification(METHODS["cam"], params(**change))
    check_classification(METHODS["cam"], params(sampler))
    with pytest.raises(UsageError, match=rf"{next(iter(change))}: is .* and so does"):
        check_classification(METHODS["cam"], params(sampler, **change))


def test_params_yaml_is_refused_before_any_stage_works(checkout):
    whole = read_yaml(checkout / "params.yaml")
    whole["variants"]["mixed"] = {"classification": {"mixup_alpha": 0.2}}
    whole["matrix"]["variants"] = ["plain", "mixed"]
    validate(whole, checkout / "params.yaml")
    whole["matrix"]["methods"] = ["cam", "scn"]
    with pytest.raises(UsageError, match=r"variants\.mixed\.classification\.mixup_alpha.*SCN"):
        validate(whole, checkout / "params.yaml")


def test_a_plain_run_is_not_chosen_by_its_agreement_with_heatmaps(checkout):
    whole = read_yaml(checkout / "params.yaml")
    whole["variants"]["aligned"]["choose_by"] = "att_cos"
    validate(whole, checkout / "params.yaml")
    whole["variants"]["plain"]["choose_by"] = "att_cos"
    with pytest.raises(UsageError, match=r"choose_by: is att_cos, but cam plain reads no heatmaps"):
        validate(whole, checkout / "params.yaml")


def resting(params, levels, epochs):
    """[train] of ten epochs, aligned at levels 4 and 5."""
    deepest = params().alignment.model_copy(update={"layers": (4, 5)})
    frozen = FineTuningParams(lr_factor=1.0, frozen_levels=levels, frozen_epochs=epochs)
    return params().model_copy(update={"alignment": deepest, "epochs": 10, "fine_tuning": frozen})


def test_alignment_of_levels_that_never_learn_is_refused(params):
    with pytest.raises(UsageError, match=r"frozen_levels.*could change nothing.*\.68"):
        check_frozen_levels(resting(params, 5, 10))


def test_a_plain_run_may_rest_all_the_time(params):
    check_frozen_levels(resting(params, 5, 10).model_copy(update={"alignment": None}))


@pytest.mark.parametrize(("levels", "epochs"), [(5, 9), (4, 10), (0, 10)])
def test_alignment_of_a_level_that_learns_at_some_time_is_not(params, levels, epochs):
    check_frozen_levels(resting(params, levels, epochs))


def test_the_file_is_refused_if_a_listed_run_aligns_what_never_learns(checkout):
    whole = read_yaml(checkout / "params.yaml")
    whole["variants"]["aligned"]["fine_tuning"] = {"frozen_levels": 5, "frozen_epochs": 99}
    with pytest.raises(UsageError, match=r"variants\.aligned\.fine_tuning\.frozen_levels"):
        validate(whole, checkout / "params.yaml")


@pytest.mark.parametrize("name", METHODS)
def test_synchronised_batch_normalisation_is_refused_where_gradients_are_differentiated(
    name, params
):
    wanted = params().model_copy(update={"sync_batch_norm": True})
    if METHODS[name].compiles:
        check_execution(METHODS[name], wanted)
    else:
        with pytest.raises(UsageError, match=r"sync_batch_norm: is true.*Set it to false"):
            check_execution(METHODS[name], wanted)


@pytest.mark.parametrize(("mode", "fits"), [("none", 2), ("default", 2), ("reduce-overhead", 1)])
def test_graphs_do_not_sum_gradients(mode, fits, params):
    for accumulate in (1, 2):
        wanted = params().model_copy(update={"compile": mode, "accumulate": accumulate})
        if accumulate <= fits:
            check_execution(METHODS["cam"], wanted)
        else:
            with pytest.raises(UsageError, match=r"compile: is reduce-overhead.*Use default"):
                check_execution(METHODS["cam"], wanted)


@pytest.mark.parametrize(
    ("key", "value"), [("rotate_p", 0.3), ("crop_area_min", 0.9)], ids=["turned", "cropped"]
)
def test_faces_whose_latents_are_stored_are_neither_turned_nor_cropped(key, value, params):
    still = params().augment.model_copy(update={"rotate_p": 0.0, "crop_area_min": 1.0})
    lying = params().model_copy(update={"augment": still})
    check_augmentation(METHODS["ofer"], lying)
    moved = lying.model_copy(update={"augment": still.model_copy(update={key: value})})
    check_augmentation(METHODS["cam"], moved)
    with pytest.raises(UsageError, match=rf"augment\.{key}: is {value}, but this method reads"):
        check_augmentation(METHODS["ofer"], moved)
