import json

import pytest
import torch

from contracts.repeats import Repeat
from errors import DataError, OutputExistsError, UsageError
from params import load as load_params
from store.building import building_folder
from tests.networks import scratch
from train.checkpoint import load
from train.data.stores import Stores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.stage import train
from train.loading import load_run
from train.methods import METHODS
from train.methods.model import build_model
from train.runs import Run

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def quick():
    shipped = scratch().train
    return shipped.model_copy(update={"image_px": 32, "epochs": 2, "batch": 8, "large_maps": True})


@pytest.fixture(scope="session")
def scoring(checkout):
    shipped = load_params(checkout / "params.yaml").evaluate
    return shipped.model_copy(update={"sheet_px": 16, "sheet_per_class": 1})


def silent(done, total, note):
    pass


def opened(tiny):
    return Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)


def fit(tiny, out, params, variant="aligned", progress=silent):
    return train(opened(tiny), out, Run("cam", variant, Repeat(0), params, CPU), progress)


def weights(out):
    return load(out / "last.ckpt")["model"]


@pytest.fixture(scope="session")
def trained(tiny, quick, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "aligned"
    fit(tiny, out, quick)
    return out


@pytest.mark.slow
def test_a_run_keeps_its_last_and_best_state_and_curves(trained):
    names = {path.name for path in trained.iterdir()}
    assert {"last.ckpt", "best.ckpt", "run.json", "curves", "MANIFEST.json"} <= names
    logged = {path.stem for path in (trained / "curves").rglob("*.tsv")}
    assert {"cross_entropy", "alignment", "accuracy", "att_cos", "lr"} <= logged


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits(tiny, quick, trained, tmp_path):
    fit(tiny, tmp_path / "again", quick)
    torch.testing.assert_close(weights(tmp_path / "again"), weights(trained), atol=0, rtol=0)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_bits(tiny, quick, trained, tmp_path):
    def stop_in_the_second_epoch(done, total, note):
        if done > total // 2:
            raise KeyboardInterrupt

    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        fit(tiny, out, quick, progress=stop_in_the_second_epoch)
    assert not out.exists()
    seen = []
    fit(tiny, out, quick, progress=lambda done, total, note: seen.append(done))
    assert seen == [4, 5, 6, 7, 8]
    torch.testing.assert_close(weights(out), weights(trained), atol=0, rtol=0)
    curve = "curves/plots/metrics/val/accuracy.tsv"
    assert (out / curve).read_text() == (trained / curve).read_text()


@pytest.mark.slow
def test_a_finished_run_is_not_trained_again(tiny, quick, trained):
    assert fit(tiny, trained, quick) is False


@pytest.mark.slow
def test_other_parameters_do_not_overwrite_a_run(tiny, quick, trained):
    with pytest.raises(OutputExistsError, match=rf"params\.lr: {quick.lr} -> 0\.5"):
        fit(tiny, trained, quick.model_copy(update={"lr": 0.5}))


def test_an_unknown_method_names_the_known_ones(tiny, quick, tmp_path):
    with pytest.raises(UsageError, match="known: acol, adl, apvit, cafe, cam"):
        train(opened(tiny), tmp_path / "run", Run("camm", "plain", Repeat(0), quick, CPU), silent)


def test_a_layer_that_the_backbone_lacks_is_named(tiny, quick, tmp_path):
    deep = quick.model_copy(
        update={"alignment": quick.alignment.model_copy(update={"layers": (6,)})}
    )
    with pytest.raises(UsageError, match="this backbone has layers 1 to 5"):
        fit(tiny, tmp_path / "run", deep)


def test_an_aligned_run_without_heatmaps_is_refused(tiny, quick, tmp_path):
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    with pytest.raises(UsageError, match=r"train\.alignment: needs heatmaps"):
        train(stores, tmp_path / "run", Run("cam", "a", Repeat(0), quick, CPU), silent)


@pytest.mark.slow
def test_a_plain_run_reads_no_heatmaps(tiny, quick, tmp_path):
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    plain = quick.model_copy(update={"alignment": None, "epochs": 1})
    train(stores, tmp_path / "run", Run("cam", "plain", Repeat(3), plain, CPU), silent)
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (card["heatmaps"], card["repeat"], card["about"]["dataset"]) == (None, "seed3", "tiny")
    logged = {path.stem for path in (tmp_path / "run/curves").rglob("*.tsv")}
    assert "accuracy" in logged
    assert not {"alignment", "att_cos"} & logged


@pytest.mark.slow
def test_a_run_is_scored_with_its_coverage_and_baselines(tiny, trained, scoring, tmp_path):
    source = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
    line = evaluate(source, tmp_path / "result", scoring, silent)
    scores = json.loads((tmp_path / "result" / "scores.json").read_text())
    assert "6 of 7 faces; protocol holdout" in line
    assert list(scores["att_cos"]) == ["1", "2", "3", "4", "5"]
    assert scores["att_cos"]["5"]["per_class"]["Neutral"] is None
    assert 0.3 < scores["baselines"]["uniform"]["overall"] < 0.6
    # One face per class: its mean is the face itself.
    assert scores["baselines"]["class_mean"]["overall"] == pytest.approx(1, abs=1e-5)
    assert scores["notice"] == "made up"


@pytest.mark.slow
def test_batches_do_not_change_the_scores(tiny, trained, scoring, tmp_path):
    source = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
    found = []
    for batch in (2, 64):
        evaluate(source, tmp_path / str(batch), scoring.model_copy(update={"batch": batch}), silent)
        found.append(json.loads((tmp_path / str(batch) / "scores.json").read_text()))
    assert found[0]["cam_cos"]["overall"] == pytest.approx(found[1]["cam_cos"]["overall"], abs=1e-5)
    assert found[0]["confusion"] == found[1]["confusion"]


@pytest.mark.slow
def test_a_loaded_run_is_ready_to_be_asked(trained):
    model, method, card = load_run(trained, "best", CPU)
    assert not model.training
    assert method == METHODS["cam"]
    assert card.labels.names[1] == "Happiness"


@pytest.mark.parametrize("backbone", ["resnet18", "resnet50"])
def test_large_maps_have_the_published_sizes(quick, backbone):
    params = quick.model_copy(update={"backbone": backbone, "large_maps": True})
    model = build_model(METHODS["cam"], params, 7).eval()
    with torch.no_grad():
        features = model(torch.zeros(1, 3, 224, 224)).features
    assert [feature.shape[-1] for feature in features] == [112, 56, 28, 28, 28]


def test_a_class_map_summed_over_the_picture_is_the_logit_without_its_bias(quick):
    from train.methods.cam_methods import class_map

    model = build_model(METHODS["cam"], quick, 7).eval()
    forward = model(torch.rand(2, 3, 32, 32))
    classes = torch.tensor([3, 5])
    found = class_map(model, forward, classes).mean(dim=(1, 2))
    expected = forward.logits_BK[[0, 1], classes] - model.head.linear.bias[classes]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_building_folder_belongs_to_one_set_of_parameters(tmp_path):
    folders = {building_folder(tmp_path / "run", {"lr": lr}) for lr in (1, 2, 1)}
    assert len(folders) == 2


@pytest.mark.slow
def test_a_run_is_held_to_the_codebook_that_evaluate_names(tiny, trained, scoring, tmp_path):
    disgust = {}
    for name in ("published", "corrected"):
        out, params = tmp_path / name, scoring.model_copy(update={"codebook": name})
        evaluate(EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU), out, params, silent)
        scores = json.loads((out / "scores.json").read_text())
        assert scores["codebook"] == name
        disgust[name] = scores["att_cos"]["5"]["per_class"]["Disgust"]
    assert disgust["published"] != disgust["corrected"]


@pytest.mark.slow
def test_a_run_with_soft_targets_says_how_many_faces_have_them_and_learns_others(
    voted, quick, trained, tmp_path
):
    said = []
    soft = quick.model_copy(update={"targets": "soft"})
    run = Run("cam", "aligned", Repeat(0), soft, CPU)
    train(opened(voted), tmp_path / "run", run, silent, say=said.append)
    assert any(
        "soft targets: 22 of 28 training faces have shares; the others" in one for one in said
    )
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["soft_faces"] == 22
    assert "soft_faces" not in json.loads((trained / "run.json").read_text())
    hard = weights(trained)
    assert any(not torch.equal(one, hard[name]) for name, one in weights(tmp_path / "run").items())


@pytest.mark.slow
def test_soft_targets_need_faces_with_shares(tiny, quick, tmp_path):
    soft = quick.model_copy(update={"targets": "soft"})
    with pytest.raises(DataError, match="brings no shares of the classes"):
        fit(tiny, tmp_path / "run", soft)
    assert not (tmp_path / "run").exists()
