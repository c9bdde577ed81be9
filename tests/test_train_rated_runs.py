"""Runs with an added head for valence and arousal, from training to what users read."""

import csv
import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contracts.repeats import Repeat
from contracts.runs import RunCard
from errors import DataError, UsageError
from explain.explainer import Explainer
from explain.prediction import write_predictions
from params import load as load_params
from store.reading import Store
from tests.networks import scratch
from tests.onnx_graphs import answers
from tests.resuming import CPU, fit, silent, small_world
from train.data.stores import Stores
from train.evaluation.finished import read_scores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.export import ONNX, export
from train.fitting.stage import train
from train.loading import load_run
from train.plan import plan
from train.runs import Run

pytestmark = pytest.mark.slow

HEAD = ("valence_arousal",)


@pytest.fixture(scope="module", autouse=True)
def speck():
    with small_world():
        yield


@pytest.fixture(scope="module")
def settings(checkout):
    return load_params(checkout / "params.yaml")


@pytest.fixture(scope="module")
def quick():
    shipped = scratch().training("demo", "cam", "plain").params
    small = {"backbone": "speck", "image_px": 32, "epochs": 40, "batch": 14, "lr": 0.02}
    return shipped.model_copy(update={**small, "heads": HEAD})


@pytest.fixture(scope="module")
def trained(rated, quick, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "rated"
    fit(rated, out, quick, variant="rated")
    return out


@pytest.fixture(scope="module")
def scoring(settings):
    hiding = settings.evaluate.hiding.model_copy(update={"per_class": 0})
    return settings.evaluate.model_copy(update={"bootstrap": 50, "split": "all", "hiding": hiding})


def scored(run, stores, out, scoring):
    return evaluate(
        EvaluationInputs(run, stores.faces, stores.landmarks, CPU), out, scoring, silent
    )


@pytest.fixture(scope="module")
def result(trained, rated, scoring, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "rated"
    return out, scored(trained, rated, out, scoring)


def test_the_head_learns_what_the_pictures_show(trained):
    def curve(name):
        with (trained / f"curves/plots/metrics/{name}.tsv").open() as file:
            return [float(row[1]) for row in list(csv.reader(file, delimiter="\t"))[1:]]

    losses = curve("train/valence_arousal")
    assert losses[-1] < 0.7 * losses[0]
    assert len(curve("val/ccc_valence")) == len(losses)
    assert curve("val/ccc_valence")[-1] > 0.3


def test_scores_are_of_the_faces_whose_values_are_known(result, rated):
    out, line = result
    found = read_scores(out).valence_arousal
    known_N = np.isfinite(Store(rated.faces).array("valence_arousal").load()).all(axis=1)
    assert (found.n, found.scored) == (known_N.sum(), 42)
    assert found.ccc > 0.3
    assert found.valence.constant.ccc == pytest.approx(0, abs=1e-6)
    assert found.valence.rmse < found.valence.constant.rmse
    assert f"CCC of valence {found.valence.ccc:.3f}" in line
    assert json.loads((out / "metrics.json").read_text())["ccc_arousal"] == found.arousal.ccc


def test_the_constant_is_the_mean_of_the_training_faces(result, rated):
    store = Store(rated.faces)
    values_N2 = store.array("valence_arousal").load()
    trained_N = (store.table()["split"] == "train").to_numpy()
    known_N = np.isfinite(values_N2).all(axis=1)
    mean_2 = values_N2[trained_N & known_N].mean(axis=0, dtype=np.float64)
    found = read_scores(result[0]).valence_arousal
    values = [one.constant_value for one in found.dimensions().values()]
    assert values == pytest.approx(mean_2.tolist(), abs=1e-6)


def test_predictions_have_both_values_of_every_face(result):
    with (result[0] / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(-1 <= float(row["predicted_valence"]) <= 1 for row in rows)
    assert [row["arousal"] for row in rows].count("") == 9
    assert rows[1]["valence"] == "-0.50000"


def test_on_faces_without_values_they_are_predicted_and_not_scored(
    trained, tiny, scoring, tmp_path
):
    line = scored(trained, tiny, tmp_path / "r", scoring)
    assert "CCC" not in line
    assert read_scores(tmp_path / "r").valence_arousal is None
    with (tmp_path / "r/predictions.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert first["predicted_valence"] != ""
    assert first["valence"] == ""


def test_a_run_without_the_head_says_nothing_of_it(rated, quick, scoring, tmp_path):
    plain = quick.model_copy(update={"heads": (), "epochs": 1})
    fit(rated, tmp_path / "run", plain, variant="plain")
    assert "CCC" not in scored(tmp_path / "run", rated, tmp_path / "r", scoring)
    assert read_scores(tmp_path / "r").valence_arousal is None
    header = (tmp_path / "r/predictions.csv").read_text().splitlines()[0]
    assert "valence" not in header


def test_an_export_has_an_output_of_its_own(trained, settings, tmp_path):
    export(trained, tmp_path / "out", settings.export)
    faces = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    found = answers(tmp_path / "out" / ONNX, faces)
    model, *_ = load_run(trained, "best", CPU)
    assert [*found] == ["logits", "attention", "cam", "valence_arousal"]
    assert found["valence_arousal"].shape == (3, 2)
    assert np.abs(found["valence_arousal"]).max() <= 1
    card = json.loads((tmp_path / "out/model.json").read_text())
    assert card["outputs"]["valence_arousal"]["shape"] == ["batch", 2]
    assert "valence_arousal" in model.added


def test_predict_and_explain_say_them(trained, photo_folder):
    explainer = Explainer.load(trained, device="cpu")
    write_predictions(explainer, [Path("in")], Path("out/p.csv"))
    with Path("out/p.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert [*row][-3:] == ["valence", "arousal", "box"]
    detected, (explanation,) = explainer.explain_picture("in/face.png")
    (record,) = explainer.as_json(detected, [explanation])
    assert (record["valence"], record["arousal"]) == (float(row["valence"]), float(row["arousal"]))
    assert f" Valence {record['valence']:+.2f}, arousal" in record["sentence"]


def test_going_on_takes_the_head_along(trained, rated, quick, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    going_on = quick.model_copy(update={"weights": str(trained), "epochs": 1})
    fit(rated, tmp_path / "with", going_on)
    assert "its backbone and its head, and the one for valence_arousal" in caplog.text
    fit(rated, tmp_path / "first", quick.model_copy(update={"heads": (), "epochs": 1}))
    begins = going_on.model_copy(update={"weights": str(tmp_path / "first")})
    fit(rated, tmp_path / "new", begins)
    assert "its backbone and its head; the one for valence_arousal is new" in caplog.text


def test_faces_without_values_are_refused_before_any_run(tiny, quick, settings, tmp_path):
    runs = [replace(one, params=quick) for one in settings.runs_of("demo")]
    needed = {"test": "evaluate.split"}
    with pytest.raises(UsageError, match=r"train\.heads: has valence_arousal, which no face of"):
        plan(tiny.faces, tiny.heatmaps.parent, tmp_path / "plans", runs, [Repeat(0)], needed)
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    with pytest.raises(UsageError, match=r"datasets\.<name>\.train"):
        train(stores, tmp_path / "run", Run("cam", "plain", Repeat(0), quick, CPU), silent)


def test_a_training_split_without_values_is_refused(rated, quick, make_store, tmp_path):
    source = Store(rated.faces)
    arrays = {name: source.array(name).load() for name in source.layout.arrays}
    arrays["valence_arousal"][(source.table()["split"] == "train").to_numpy()] = np.nan
    faces = make_store(tmp_path / "faces", arrays, source.metadata, source.rows(), 16)
    stores = Stores.open(faces, rated.landmarks, None)
    with pytest.raises(DataError, match="no face of this split has a valence and an arousal"):
        train(stores, tmp_path / "run", Run("cam", "plain", Repeat(0), quick, CPU), silent)


def test_the_card_of_a_run_keeps_what_its_dataset_brings(trained):
    card = RunCard.model_validate_json((trained / "run.json").read_bytes())
    assert card.params["heads"] == ["valence_arousal"]
