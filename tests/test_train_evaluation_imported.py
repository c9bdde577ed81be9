import json

import pytest
import torch

from params import load as load_params
from progress import silent
from tests.published_folders import published_folder
from train.evaluation.imported import caveat, other_cams
from train.evaluation.stage import EvaluationInputs, evaluate
from train.importing.stage import Wanted, import_runs
from train.runs import read_card

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shipped(checkout):
    return load_params(checkout / "params.yaml")


@pytest.fixture(scope="module")
def scored(tmp_path_factory, shipped, tiny):
    """Scores of imported runs by their published method, and their cards."""
    folder = tmp_path_factory.mktemp("imported")
    found = {}
    for method in ("CAM", "ACoL"):
        source, _ = published_folder(folder / "tree", shipped.train, method)
        run = folder / method
        import_runs(source, run, Wanted(shipped.train_of, shipped.import_run), silent)
        quick = shipped.evaluate.model_copy(update={"bootstrap": 0, "split": "all"})
        inputs = EvaluationInputs(run, tiny.faces, tiny.landmarks, CPU)
        line = evaluate(inputs, folder / "scores" / method, quick, silent)
        scores = json.loads((folder / "scores" / method / "scores.json").read_text())
        found[method] = (scores, read_card(run), line)
    return found


def test_a_published_cam_has_the_methods_own_beside_it(scored):
    scores, card, line = scored["ACoL"]
    assert card.imported.cam_method == "acol_published"
    assert set(scores["other_cams"]) == {"head_map"}
    assert f"(head_map {scores['other_cams']['head_map']['overall']:.3f})" in line
    assert scores["other_cams"]["head_map"]["overall"] != scores["cam_cos"]["overall"]
    assert set(scores["att_cos"]) == {"1", "2", "3", "4", "5"}


def test_where_code_and_paper_agree_there_is_one_cam(scored):
    assert scored["CAM"][0]["other_cams"] == {}


def test_scores_say_that_the_run_was_imported_and_that_the_test_split_chose_it(scored):
    scores, _, line = scored["ACoL"]
    assert scores["caveat"] == "imported from model.pt, not trained by AULens"
    assert scores["caveat"] in line
    assert scores["protocol"] == "paper"


def test_the_origin_of_an_imported_run_is_told(scored):
    assert scored["CAM"][1].origin.startswith("Imported from model.pt, not trained by AULens")


def test_a_cam_that_is_named_stands_alone(scored, shipped):
    named = shipped.evaluate.model_copy(update={"cam_method": "gradcam"})
    assert other_cams(scored["ACoL"][1], named) == {}
    assert set(other_cams(scored["ACoL"][1], shipped.evaluate)) == {"head_map"}


def test_a_run_of_ones_own_has_nothing_to_say(tiny_run):
    assert caveat(read_card(tiny_run), None) is None
    assert caveat(read_card(tiny_run), "random tower") == "random tower"
