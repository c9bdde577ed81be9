import subprocess
import sys
from typing import get_args

import pytest

from errors import UsageError
from train.images import INPUTS
from train.methods import METHODS, Method
from train.methods.backbones import BACKBONES
from train.methods.cam_methods import CAM_METHODS
from train.methods.heads import HEADS
from train.methods.losses import LOSSES
from train.methods.pal import (
    CHANNELS,
    HEATMAP_SCALES,
    KINDS,
    MOMENTS,
    REDUCTIONS,
    SCORES,
    TARGETS,
)
from train.methods.scn import SCOPES
from train.methods.strategies import STRATEGIES
from train.methods.wildcat import ARITHMETICS
from train.options import (
    CAM_METHOD_NAMES,
    HEAD_OPTIONS,
    LOSS_OPTIONS,
    STRATEGY_OPTIONS,
    AttributionParams,
    CAFEParams,
    PRMParams,
    RelabelParams,
    WildcatParams,
    head_options,
    loss_options,
    strategy_options,
)
from train.pretrained import BACKBONE_WEIGHTS
from validation import checked

CHOICES = {
    (WildcatParams, "arithmetic"): ARITHMETICS,
    (CAFEParams, "tower_input"): INPUTS,
    (RelabelParams, "scope"): SCOPES,
    (AttributionParams, "kind"): KINDS,
    (AttributionParams, "score"): SCORES,
    (AttributionParams, "strategy"): CHANNELS,
    (AttributionParams, "moments"): MOMENTS,
    (AttributionParams, "heatmap_scale"): HEATMAP_SCALES,
    (AttributionParams, "reduction"): REDUCTIONS,
    (AttributionParams, "heatmap"): TARGETS,
}


def test_every_backbone_and_every_cam_method_is_named():
    assert tuple(BACKBONES) == tuple(BACKBONE_WEIGHTS)
    assert tuple(CAM_METHODS) == CAM_METHOD_NAMES


def test_options_and_the_table_of_methods_import_no_torch(checkout):
    code = "import sys, train.options; print('torch' in sys.modules, 'timm' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("family", "options"),
    [(HEADS, HEAD_OPTIONS), (STRATEGIES, STRATEGY_OPTIONS), (LOSSES, LOSS_OPTIONS)],
)
def test_every_row_of_a_family_has_its_options(family, options):
    assert list(options) == list(family)


@pytest.mark.parametrize(("model", "field"), CHOICES)
def test_a_named_choice_names_the_functions_that_there_are(model, field):
    assert get_args(model.model_fields[field].annotation) == tuple(CHOICES[model, field])


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_an_unknown_option_of_a_method_is_named(method):
    with pytest.raises(UsageError, match=r"head\.tpo.*no such key"):
        head_options(method, {"tpo": 1})
    with pytest.raises(UsageError, match=r"training_strategy\.tpo.*no such key"):
        strategy_options(method, {"tpo": 1})
    with pytest.raises(UsageError, match=r"losses\.\w+\.tpo.*no such key"):
        loss_options(method, {loss: {"tpo": 1} for loss in method.losses})


def test_an_illegal_number_is_named():
    with pytest.raises(UsageError, match=r"head\.window.*greater than or equal to 1, got 0"):
        checked(PRMParams, {"window": 0}, "head")


def test_an_unknown_choice_names_the_known_ones():
    values = {"maps": 1, "top": 0.5, "bottom": 0.1, "alpha": 0.6, "arithmetic": "papr"}
    with pytest.raises(UsageError, match=r"head\.arithmetic: .*'paper' or 'published', got 'papr'"):
        checked(WildcatParams, values, "head")


def test_a_missing_option_is_named():
    with pytest.raises(UsageError, match=r"head\.window: is missing"):
        head_options(METHODS["prm"], {})


def test_a_loss_that_the_method_does_not_have_is_named():
    with pytest.raises(
        UsageError, match=r"losses\.attribution: the method has no such loss; known: cross_entropy"
    ):
        loss_options(METHODS["cam"], {"attribution": {}})


def test_losses_come_in_the_order_of_the_method():
    options = {"diversity": {"weight": 5.0}, "separation": {"weight": 1.5, "dropped": 10}}
    assert list(loss_options(METHODS["cafe"], options)) == list(METHODS["cafe"].losses)


def test_a_method_with_an_unknown_head_names_the_known_ones():
    with pytest.raises(UsageError, match=r"no head 'gpa'; known: .*Did you mean 'gap'"):
        head_options(Method("gpa", "plain", "class_map", ()), {})
