"""Finished scores are recognised without torch, and nothing else is taken for them."""

import json
import subprocess
import sys

import pytest
import torch

from params import load as load_params
from progress import silent
from train.evaluation.finished import finished_scores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.runs import read_card

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def params(checkout):
    return load_params(checkout / "params.yaml").evaluate_of("tiny", "cam", None)


@pytest.fixture(scope="module")
def scored(tiny, tiny_run, params, tmp_path_factory):
    """Where the scores are, and what they were made from."""
    out = tmp_path_factory.mktemp("results") / "plain"
    evaluate(EvaluationInputs(tiny_run, tiny.faces, tiny.landmarks, CPU), out, params, silent)
    return out, {"run": tiny_run, "faces": tiny.faces, "landmarks": tiny.landmarks}


@pytest.mark.slow
def test_finished_scores_are_there(scored, params, tmp_path):
    out, inputs = scored
    found = finished_scores(out, params=params, **inputs)
    assert found.accuracy == json.loads((out / "scores.json").read_bytes())["accuracy"]
    assert finished_scores(tmp_path, params=params, **inputs) is None


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"split": "val"}, {"tf32": True}, {"batch": 3}])
def test_other_parameters_are_other_scores(change, scored, params):
    out, inputs = scored
    changed = params.model_copy(update=change)
    assert changed != params
    assert finished_scores(out, params=changed, **inputs) is None


@pytest.mark.slow
def test_other_threads_are_the_same_scores(scored, params):
    out, inputs = scored
    more = params.model_copy(update={"threads": params.threads + 1})
    assert finished_scores(out, params=more, **inputs) is not None


DONE = """
import sys, cli
cli.main(standalone_mode=False)
print({"torch", "timm", "polars", "matplotlib", "zarr"} & set(sys.modules))
"""


@pytest.mark.slow
def test_nothing_heavy_is_imported_to_see_it(scored, checkout, tmp_path):
    out, inputs = scored
    assert read_card(inputs["run"]).method == "cam"
    given = [*inputs.values(), out, "--metrics", tmp_path / "m.json"]
    command = [sys.executable, "-c", DONE, "evaluate", *map(str, given)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"evaluate {out}: there already\ncam plain seed0: accuracy")
    assert done.stdout.endswith("set()\n")
    assert (tmp_path / "m.json").read_bytes() == (out / "metrics.json").read_bytes()
