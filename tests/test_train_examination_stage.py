import json

import numpy as np
import pytest

from errors import DataError, NoInputError, UsageError
from params import load
from report.reading.results import load_studies
from store.tables import read_rows
from tests.examining import CPU, examined, silent, small
from train.evaluation.stage import EvaluationInputs, evaluate
from train.export import export

pytest.importorskip("onnxruntime", reason="make setup installs it")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shipped(checkout):
    return load(checkout / "params.yaml")


@pytest.fixture(scope="module")
def exported(tiny_run, shipped, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "model"
    export(tiny_run, out, shipped.export)
    return out


@pytest.fixture(scope="module")
def seen(tiny, exported, shipped, tmp_path_factory):
    """The exported run, examined as ONNX."""
    out = tmp_path_factory.mktemp("results") / "tiny" / "model" / "examined" / "seed0"
    return out, examined(tiny, exported, out, small(shipped))


def scores_of(out):
    return json.loads((out / "scores.json").read_text())


def test_an_exported_run_has_the_predictions_and_att_cos_of_its_run(
    tiny, tiny_run, seen, shipped, tmp_path
):
    evaluation, _ = small(shipped)
    evaluate(
        EvaluationInputs(tiny_run, tiny.faces, tiny.landmarks, CPU),
        tmp_path / "r",
        evaluation,
        silent,
    )
    run, onnx = scores_of(tmp_path / "r"), scores_of(seen[0])
    assert onnx["confusion"] == run["confusion"]
    deepest = max(run["att_cos"], key=int)
    assert onnx["att_cos"]["1"]["overall"] == pytest.approx(
        run["att_cos"][deepest]["overall"], abs=1e-4
    )
    assert onnx["cam_cos"]["overall"] == pytest.approx(run["cam_cos"]["overall"], abs=1e-4)
    rows = [read_rows(out / "predictions.csv") for out in (tmp_path / "r", seen[0])]
    assert [row["predicted"] for row in rows[0]] == [row["predicted"] for row in rows[1]]


def test_an_examination_measures_maps_and_degraded_faces(seen):
    found = json.loads((seen[0] / "examination.json").read_text())
    assert [one["method"] for one in found["maps"]] == ["occlusion", "rise"]
    assert [one["faces"] for one in found["maps"]] == [14, 14]
    assert found["maps"][0]["cosine_error"] is None
    assert found["maps"][1]["cosine_error"] > 0
    assert found["maps"][1]["map_error"] > 0
    robust = found["robustness"]
    assert robust["whole"]["n"] == 7
    assert {len(curve["points"]) for curve in robust["curves"]} == {1}
    assert robust["whole"]["att_cos"] is not None
    assert found["never_answered"] == []
    assert seen[1][1].startswith("asked ")


def test_the_report_takes_it_as_one_more_method(seen):
    (study,) = load_studies(seen[0].parents[3])
    assert (study.method, study.dataset) == ("model", "tiny")


FUNCTION = """
import numpy
def corner(faces):
    corners = [faces[:, 10 * (k // 3):, 10 * (k % 3):] for k in range(7)]
    places = [one[:, :10, :10].mean(axis=(1, 2, 3)) for one in corners]
    scores = numpy.exp(numpy.stack(places, axis=1) / 20)
    return scores / scores.sum(axis=1, keepdims=True)
def permuted(faces):
    return corner(faces)
permuted.classes = ["neutral", "surprise", "happiness", "fear", "anger", "disgust", "sadness"]
def few(faces):
    return corner(faces)[:, :2] / corner(faces)[:, :2].sum(axis=1, keepdims=True)
few.classes = ["neutral", "happy"]
def unnormalised(faces):
    return 3 * corner(faces)
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = f"made_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(FUNCTION)
    return name


def test_a_function_of_five_lines_is_examined_with_black_box_maps(
    tiny, functions, shipped, tmp_path
):
    lines = examined(tiny, f"{functions}:corner", tmp_path / "r", small(shipped))
    scores = scores_of(tmp_path / "r")
    assert scores["accuracy"] == 1
    assert scores["cam_method"] == "occlusion"
    assert scores["att_cos"]["1"]["overall"] is None
    assert scores["cam_cos"]["n_valid"] == 12  # two of each expression with action units
    assert scores["protocol"] == "unknown"
    assert scores["regions"]["faces"] == 7
    assert not [line for line in lines if line.startswith("suspicious")]
    rows = read_rows(tmp_path / "r" / "predictions.csv")
    assert {row["att_cos"] for row in rows} == {""}
    assert sum(row["cam_cos"] != "" for row in rows) == 12


def test_no_face_has_to_be_degraded(tiny, functions, shipped, tmp_path):
    params = small(shipped, degraded_per_class=0)
    lines = examined(tiny, f"{functions}:corner", tmp_path / "r", params)
    assert not any("worst" in line for line in lines)


def test_a_permuted_class_list_is_suspicious(tiny, functions, shipped, tmp_path):
    lines = examined(tiny, f"{functions}:permuted", tmp_path / "r", small(shipped))
    (line,) = [line for line in lines if line.startswith("suspicious")]
    assert "accuracy 0.714 would be 1.000 if the classes were named otherwise" in line
    assert "Happiness were Surprise" in line


def test_expressions_that_a_model_does_not_know_are_said(tiny, functions, shipped, tmp_path):
    lines = examined(tiny, f"{functions}:few", tmp_path / "r", small(shipped))
    assert "it never answers Surprise, Fear, Anger, Disgust, Sadness" in lines[0]


def test_answers_that_are_no_probabilities_are_refused_before_anything_is_written(
    tiny, functions, shipped, tmp_path
):
    with pytest.raises(DataError, match="sum to 3 to 3"):
        examined(tiny, f"{functions}:unnormalised", tmp_path / "r", small(shipped))
    assert not (tmp_path / "r").exists()


def test_a_wrong_colour_order_is_caught(tiny, shipped, make_store, tmp_path, monkeypatch):
    """Faces whose red corner says what they express; the blue one says something else."""
    from store.reading import Store

    store, labels = Store(tiny.faces), np.arange(42) % 7
    images = np.zeros((42, 32, 32, 3), np.uint8)
    for row, label in enumerate(labels):
        for channel, place in ((0, label), (2, (label + row) % 7)):
            y, x = divmod(int(place), 3)
            images[row, 10 * y : 10 * y + 10, 10 * x : 10 * x + 10, channel] = 250
    faces = make_store(
        tmp_path / "faces",
        {"image": images, "valid": np.ones(42, np.uint8)},
        store.metadata,
        store.rows(),
    )
    monkeypatch.chdir(tmp_path)
    text = FUNCTION.replace("def corner(faces):", "def corner(faces):\n    faces = faces[..., 2:]")
    (tmp_path / "blue_mind.py").write_text(text)
    coloured = type(tiny)(faces, tiny.landmarks, tiny.heatmaps)
    lines = examined(coloured, "blue_mind:corner", tmp_path / "r", small(shipped))
    assert any("would be 1.000 if the colours were in the order BGR" in line for line in lines)


def test_what_would_take_too_long_is_refused_with_its_parts(tiny, functions, shipped, tmp_path):
    with pytest.raises(UsageError, match=r"asked [\d,]+ times \(card .*rise 280.*mapped_per_class"):
        examined(tiny, f"{functions}:corner", tmp_path / "r", small(shipped, max_passes=100))
    assert not (tmp_path / "r").exists()


def test_what_is_no_model_says_what_is(tiny, shipped, tmp_path):
    with pytest.raises(NoInputError, match="is nothing that can be examined"):
        examined(tiny, "nowhere", tmp_path / "r", small(shipped))
    with pytest.raises(NoInputError, match="is not there"):
        examined(tiny, "nowhere.onnx", tmp_path / "r", small(shipped), "ferplus_onnx")


def test_an_onnx_file_needs_a_card(tiny, shipped, exported, tmp_path):
    (tmp_path / "copy.onnx").write_bytes((exported / "model.onnx").read_bytes())
    with pytest.raises(UsageError, match=r"--card.*needs one.*ferplus_onnx"):
        examined(tiny, tmp_path / "copy.onnx", tmp_path / "r", small(shipped))


def test_a_cam_method_that_needs_the_inside_is_refused(tiny, functions, shipped, tmp_path):
    evaluation, examination = small(shipped)
    wanted = evaluation.model_copy(update={"cam_method": "gradcam"}), examination
    with pytest.raises(UsageError, match="gradcam needs the inside of a model"):
        examined(tiny, f"{functions}:corner", tmp_path / "r", wanted)
