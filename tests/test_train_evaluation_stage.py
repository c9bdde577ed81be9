import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch

from anatomy.heatmaps import single_au
from benchmarks.made_results import an_agreement, optional_scores, some_scores
from contracts.repeats import Repeat
from contracts.scores import Scores
from errors import DataError
from params import load as load_params
from store.reading import Store
from store.tables import read_rows
from tests.basic7 import book7
from tests.networks import scratch
from train.data.stores import Stores
from train.evaluation.finished import headline
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.stage import train
from train.runs import Run

CPU = torch.device("cpu")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scoring(checkout):
    shipped = load_params(checkout / "params.yaml").evaluate
    small = {"sheet_px": 16, "sheet_per_class": 1, "bootstrap": 50}
    return shipped.model_copy(update={**small, "hiding": hiding(shipped, 0)})


def hiding(scoring, per_class):
    return scoring.hiding.model_copy(update={"per_class": per_class, "steps": 2})


def silent(done, total, note):
    pass


@pytest.fixture(scope="module")
def quick():
    shipped = scratch().training("demo", "cam", "plain").params
    return shipped.model_copy(update={"image_px": 32, "epochs": 1, "batch": 8})


@pytest.fixture(scope="module")
def trained(tiny, quick, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "plain"
    stores = Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps)
    train(stores, out, Run("cam", "plain", Repeat(0), quick, CPU), silent)
    return out


@pytest.fixture(scope="module")
def everything(tiny, trained, scoring, tmp_path_factory):
    """A result with all that is optional, of all 42 faces."""
    out = tmp_path_factory.mktemp("results") / "all"
    wanted = {"split": "all", "batch": 16, "hiding": hiding(scoring, 6), "save_maps": True}
    source = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
    evaluate(source, out, scoring.model_copy(update=wanted), silent)
    return out


@pytest.fixture
def without_validation(tiny, make_store, tmp_path):
    """Stores of which no face is kept for validation."""
    made = []
    for path in (tiny.faces, tiny.landmarks, tiny.heatmaps):
        store = Store(path)
        arrays = {name: store.array(name).load() for name in store.layout.arrays}
        table = [{**row, "split": row["split"].replace("val", "train")} for row in store.rows()]
        made.append(make_store(tmp_path / path.name, arrays, store.metadata, table))
    return made


def test_the_published_protocol_chooses_on_the_test_split_and_says_so(
    without_validation, abroad, quick, scoring, tmp_path
):
    def fit(protocol):
        params = quick.model_copy(update={"protocol": protocol})
        stores = Stores.open(*without_validation)
        train(stores, tmp_path / "run", Run("cam", "plain", Repeat(0), params, CPU), silent)

    with pytest.raises(DataError, match="0 usable faces in split val"):
        fit("holdout")
    fit("paper")
    source = EvaluationInputs(tmp_path / "run", *without_validation[:2], CPU)
    line = evaluate(source, tmp_path / "r", scoring, silent)
    assert "protocol paper" in line
    assert scores_of(tmp_path / "r")["protocol"] == "paper"
    foreign = EvaluationInputs(tmp_path / "run", *abroad, CPU)
    assert "protocol holdout" in evaluate(foreign, tmp_path / "abroad", scoring, silent)


def scores_of(out):
    return json.loads((out / "scores.json").read_text())


def test_a_result_holds_every_score_that_is_promised(everything):
    scores = scores_of(everything)
    assert (scores["n"], scores["scored"], scores["total"]) == (42, 42, 42)
    assert sum(one["n"] for one in scores["calibration"]["bins"]) == 42
    assert list(scores["baselines"]) == ["all_aus", "class_mean", "uniform"]
    assert 0.5 < scores["baselines"]["all_aus"]["overall"] < 0.9
    assert scores["chance_level"]["majority"]["share"] == pytest.approx(1 / 7)
    assert scores["chance_level"]["train_majority"]["share"] == pytest.approx(1 / 7)
    assert scores["intervals"]["unit"] == "person"
    assert scores["intervals"]["units"] == 42
    low, high = scores["intervals"]["att_cos"]
    assert low <= scores["att_cos"]["5"]["overall"] <= high
    assert scores["subgroups"] == {}
    assert set(scores["au_shares"]) >= {"1", "4", "12", "25"}
    assert all(0 < one["area"] < 0.5 for one in scores["au_shares"].values())
    assert scores["faithfulness"]["steps"] == 2
    assert scores["faithfulness"]["faces"] == 42
    assert scores["regions"]["faces"] == 42
    assert {tuple(one["units"]) for one in scores["regions"]["regions"]} >= {(12, 15), (4,)}
    assert scores["regions"]["own"]["n"] == 36
    assert 0 < scores["faithfulness"]["cam"]["deletion"]["overall"] < 1


def test_attention_on_a_unit_is_its_mass_inside_the_region(everything, golden_folder):
    # The mean of shares over faces with Surprise is that of the maps that were saved.
    with h5py.File(everything / "maps.h5") as file:
        attention, label = file["attention"][:] / 255, file["expression"].asstr()[:]
    surprised = attention[label == "Surprise"]
    frontal = np.load(golden_folder / "au_heatmaps.npz")["landmarks"][5]
    points = (np.rint((frontal + 0.5) / 8 * 64 - 32) / 64 + 0.5) * 7 - 0.5
    region, _ = single_au(points[None], [0], 64, canvas_px=224, codebook=book7(), au=27)
    inside = region[0] >= 0.5
    expected = (surprised[:, inside].sum(axis=1) / surprised.sum(axis=(1, 2))).mean()
    fear = attention[label == "Fear"]
    expected_fear = (fear[:, inside].sum(axis=1) / fear.sum(axis=(1, 2))).mean()
    found = scores_of(everything)["au_shares"]["27"]
    assert found["area"] == pytest.approx(inside.mean(), abs=1e-6)
    assert found["share"] == pytest.approx((expected + expected_fear) / 2, abs=2e-3)


def test_maps_of_every_face_are_read_with_plain_h5py(everything):
    with h5py.File(everything / "maps.h5") as file:
        assert {name: file[name].shape for name in ("attention", "cam", "au")} == {
            "attention": (42, 64, 64),
            "cam": (42, 64, 64),
            "au": (42, 64, 64),
        }
        assert file["au"].dtype == np.uint8
        assert all(file[name].attrs["scale"] == 1 / 255 for name in ("attention", "cam", "au"))
        assert file["defined"].attrs["what"].startswith("1: the face has")
        assert file["id"].asstr()[1] == "Happiness-0"
        assert file["au"][1].max() == 255
        assert not file["au"][0].any()
        assert file["defined"][:2].tolist() == [0, 1]


def test_the_line_of_a_result_names_the_deepest_layer_of_many():
    made = some_scores("demo", "cam", "plain")
    layers = {str(n): an_agreement(n / 100) for n in (1, 10, 12, 2, 9)}
    scores = Scores.model_validate(made | optional_scores() | {"att_cos": layers})
    assert "accuracy 0.750 [0.500, 1.000]" in headline(scores)
    assert "ATT-COS 0.120" in headline(scores)
    assert "accuracy 0.750, balanced" in headline(scores.model_copy(update={"intervals": None}))


def test_maps_are_saved_only_on_request(tiny, trained, scoring, tmp_path):
    evaluate(
        EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU), tmp_path / "r", scoring, silent
    )
    assert not (tmp_path / "r" / "maps.h5").exists()
    assert scores_of(tmp_path / "r")["faithfulness"] is None


def test_batches_and_threads_do_not_change_faithfulness(tiny, trained, scoring, tmp_path):
    found = []
    for batch, threads in ((2, 1), (7, 4)):
        wanted = {"batch": batch, "threads": threads, "hiding": hiding(scoring, 6)}
        out = tmp_path / str(batch)
        source = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
        evaluate(source, out, scoring.model_copy(update=wanted), silent)
        found.append([row["id"] for row in read_rows(out / "predictions.csv")])
        found.append(scores_of(out)["faithfulness"]["random"]["insertion"]["overall"])
    assert found[0] == found[2]
    assert found[1] == pytest.approx(found[3], abs=1e-5)


def test_a_split_without_faces_says_where_to_look(tiny, trained, scoring, make_store, tmp_path):
    table = [{"id": "a", "expression": "Fear", "split": "train", "status": "ok"}]
    arrays = {"image": np.zeros((1, 32, 32, 3), np.uint8), "valid": np.ones(1, np.uint8)}
    faces = make_store(tmp_path / "faces", arrays, {"dataset": "other", "notice": None}, table)
    inputs = EvaluationInputs(trained, faces, tiny.landmarks, CPU)
    with pytest.raises(DataError, match=r"no usable face in split test.*status\.csv"):
        evaluate(inputs, tmp_path / "r", scoring, silent)


@pytest.fixture(scope="module")
def abroad(tiny, make_store, tmp_path_factory):
    """Stores of another dataset: nine faces, of two sources, expressions in an order of its own."""
    root = tmp_path_factory.mktemp("abroad")
    words = ("Sadness", "Happiness", "Fear") * 3
    table = [
        {
            "id": f"{place}.png",
            "expression": word,
            "split": ("train", "val", "test")[place // 3],
            "source": "web" if place < 6 else "lab",
            "person": "",
            "status": "ok",
        }
        for place, word in enumerate(words)
    ]
    rows = np.array([6, 1, 3] * 3)
    about, valid = (
        {"dataset": "abroad", "notice": None, "attributes": ["source"]},
        np.ones(9, np.uint8),
    )
    images = Store(tiny.faces).array("image").take(rows)
    points = Store(tiny.landmarks).array("points").take(rows)
    return (
        make_store(root / "faces", {"image": images, "valid": valid}, about, table),
        make_store(root / "points", {"points": points, "valid": valid}, about, table),
    )


def test_a_run_is_scored_on_every_face_of_another_dataset(abroad, trained, checkout, tmp_path):
    out = tmp_path / "tiny-on-abroad" / "cam" / "plain"
    subprocess.run(
        [sys.executable, "cli.py", "transfer", trained, *abroad, out, "--split", "all"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    scores = scores_of(out)
    assert (scores["trained_on"], scores["dataset"], scores["split"]) == ("tiny", "abroad", "all")
    assert (scores["n"], scores["total"]) == (9, 9)
    assert [sum(row) for row in scores["confusion"]] == [0, 3, 0, 3, 0, 0, 3]
    assert scores["chance_level"]["train_majority"] is None
    assert scores["intervals"]["unit"] == "sample"


def test_the_same_faces_are_called_the_same_wherever_they_come_from(
    abroad, tiny, trained, scoring, tmp_path
):
    wanted = scoring.model_copy(update={"split": "all", "subgroup_min": 3})
    called = {}
    for name, stores in (("home", (tiny.faces, tiny.landmarks)), ("abroad", abroad)):
        evaluate(EvaluationInputs(trained, *stores, CPU), tmp_path / name, wanted, silent)
        called[name] = read_rows(tmp_path / name / "predictions.csv")
    at_home = {row["id"]: row["predicted"] for row in called["home"]}
    assert [row["predicted"] for row in called["abroad"][:3]] == [
        at_home[f"{name}-0"] for name in ("Sadness", "Happiness", "Fear")
    ]
    source = scores_of(tmp_path / "abroad")["subgroups"]["source"]
    assert [(one["value"], one["n"]) for one in source] == [("lab", 3), ("web", 6)]


def test_scores_of_the_faces_that_chose_the_checkpoint_say_so(trained, tiny, scoring, tmp_path):
    def protocol(**wanted):
        out = tmp_path / "-".join(wanted.values())
        source = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
        evaluate(source, out, scoring.model_copy(update=wanted), silent)
        return json.loads((out / "scores.json").read_text())["protocol"]

    assert protocol(split="val", checkpoint="best") == "paper"
    assert protocol(split="val", checkpoint="last") == "holdout"
    assert protocol(split="test", checkpoint="best") == "holdout"


def test_the_main_numbers_are_those_of_the_scores(everything):
    scores, brief = (
        json.loads((everything / name).read_text()) for name in ("scores.json", "metrics.json")
    )
    deepest = scores["att_cos"]["5"]
    assert brief["accuracy"] == scores["accuracy"]
    assert brief["att_cos"] == deepest["overall"]
    assert brief["att_selectivity"] == deepest["selectivity"]["overall"]
    assert brief["cam_selectivity"] == scores["cam_cos"]["selectivity"]["overall"]
    assert brief["coverage"] == 1


def test_a_fold_is_trained_without_the_faces_that_it_is_scored_on(tiny, quick, scoring, tmp_path):
    stores = Stores.open(tiny.faces, tiny.landmarks, None)
    run = Run("cam", "plain", Repeat(0, 2), quick, CPU)
    train(stores, tmp_path / "run", run, silent)
    card = json.loads((tmp_path / "run/run.json").read_text())
    assert (card["repeat"], card["training_faces"]) == ("seed0-fold2", 14)
    source = EvaluationInputs(tmp_path / "run", tiny.faces, tiny.landmarks, CPU)
    evaluate(source, tmp_path / "r", scoring, silent)
    table = [row.split(",")[0] for row in (tmp_path / "r/predictions.csv").read_text().split()[1:]]
    assert sorted(table) == sorted(row["id"] for row in stores.faces.rows() if row["fold"] == "2")


def coded_landmarks(tiny, make_store, folder):
    """The tiny landmarks, and on each of their faces two units, as strong as the row says."""
    source = Store(tiny.landmarks)
    arrays = {name: source.array(name).load() for name in source.layout.arrays}
    strengths = np.linspace(0.2, 1, 42, dtype=np.float32)
    arrays["au_intensity"] = np.stack([strengths, strengths[::-1]], axis=1)
    arrays["au_intensity"][:7] = np.nan
    about = {**source.metadata, "units": [1, 12]}
    return make_store(folder / "landmarks", arrays, about, source.rows(), 16)


def test_faces_that_were_coded_are_scored_against_what_they_do(
    tiny, trained, scoring, make_store, tmp_path
):
    landmarks = coded_landmarks(tiny, make_store, tmp_path)
    inputs = EvaluationInputs(trained, tiny.faces, landmarks, CPU)
    words = evaluate(inputs, tmp_path / "out", scoring.model_copy(update={"split": "all"}), silent)
    scores = read_scores(tmp_path / "out")
    own = scores.own_units
    assert (own.coded, own.n, own.attention.n_valid) == (35, 42, 35)
    assert own.attention.per_class["Neutral"] is not None
    assert 0 < own.baselines.uniform.overall < own.baselines.all_aus.overall < 1
    assert own.limit.overall > 0.01
    assert abs(own.stencil_selectivity.overall) < own.limit.overall
    within = own.attention.selectivity.overall
    assert f"selectivity within the class {within:.3f} (35 of 42 faces)" in words
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["own_att_cos"] == own.attention.overall
    ends = scores.intervals.own_att_cos
    assert ends[0] <= own.attention.overall <= ends[1]


def test_faces_that_nobody_coded_have_no_scores_of_own_units(everything):
    scores = read_scores(everything)
    assert scores.own_units is None
    assert scores.intervals.own_att_cos is None


def read_scores(out):
    return Scores.model_validate_json((out / "scores.json").read_bytes())
