"""`export-model` on the command line, and docs/exporting.md, whose code runs as it stands."""

import json
import re
import shutil
import textwrap

import numpy as np
import pytest
from click.testing import CliRunner

from anatomy.templates import TEMPLATES
from cli import main
from errors import NoInputError, UsageError
from params import load
from store.tables import read_rows
from tests import resuming
from tests.networks import scratch
from train.device import select_device
from train.evaluation.stage import EvaluationInputs, evaluate

pytest.importorskip("onnxruntime", reason="make setup installs it")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    numbers = scratch().train
    small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 8}
    out = tmp_path_factory.mktemp("runs") / "aligned"
    resuming.fit(tiny, out, numbers.model_copy(update=small))
    with resuming.small_world():
        yield out


@pytest.fixture
def folder(run, tiny, tmp_path, checkout, monkeypatch):
    """A folder in which the names of the page are a run and its faces."""
    shutil.copy(checkout / "params.yaml", tmp_path)
    for name, there in (("runs/demo/cam/aligned/seed0", run), ("data/faces/demo", tiny.faces)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).symlink_to(there)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def page(checkout):
    return (checkout / "docs" / "exporting.md").read_text()


def blocks(page):
    found = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def said(line):
    found = CliRunner().invoke(main, line.split(), catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def written(page):
    """Run the command of the page."""
    command = blocks(page)[0].strip()
    return said(command.removeprefix("python cli.py "))


def test_the_command_writes_what_the_page_lists_and_says_so(folder, page):
    told = written(page)
    assert told.startswith("exported: model.onnx, model.safetensors, model.json; logits within ")
    listed = re.findall(r"^\| `exported/(\S+)` \|", page, re.MULTILINE)
    assert {*listed, "MANIFEST.json", "fingerprint.json"} == {
        one.name for one in (folder / "exported").iterdir()
    }
    assert said("verify exported --deep").strip()
    assert written(page) == told


def test_the_blocks_of_the_page_run_and_agree(folder, page, run, tiny):
    written(page)
    with_onnx, with_torch = {}, {}
    exec(blocks(page)[1], with_onnx)
    exec(blocks(page)[2], with_torch)
    expected = with_torch["forward"].logits_BK.detach().numpy()
    np.testing.assert_allclose(with_onnx["logits"], expected, rtol=1e-4, atol=1e-5)
    assert with_onnx["where"].shape == expected.shape[:1] + with_onnx["attention"].shape[1:]


def test_a_graph_predicts_what_evaluation_wrote_down(folder, page, run, tiny, checkout):
    written(page)
    numbers = load(checkout / "params.yaml").evaluate
    source = EvaluationInputs(run, tiny.faces, tiny.landmarks, select_device("cpu"))
    everything = numbers.model_copy(update={"split": "all", "bootstrap": 0})
    evaluate(source, folder / "scores", everything, lambda done, total, note: None)
    rows = read_rows(folder / "scores" / "predictions.csv")
    names = {}
    exec(blocks(page)[1].replace("[0, 1, 2]", str(list(range(len(rows))))), names)
    assert names["found"] == [row["predicted"] for row in rows]


def test_the_page_frames_a_face_as_the_template_does(page):
    told = re.search(r"side of (\d+) px: (.*?)\.\s", page, re.DOTALL)
    points = re.findall(r"\(([\d.]+), ([\d.]+)\)", told[2])
    expected = TEMPLATES["aulens"] * int(told[1]) - 0.5
    np.testing.assert_allclose(np.array(points, float), expected, atol=1e-9)


def test_every_key_of_the_card_that_the_page_names_is_there(folder, page):
    written(page)
    card = json.loads((folder / "exported" / "model.json").read_text())
    (line,) = [one for one in page.splitlines() if one.startswith("| `exported/model.json`")]
    named = re.findall(r"`(\w+)`", line)
    assert named
    assert set(named) <= set(card)


def test_what_is_no_run_is_an_input_that_is_missing(folder):
    with pytest.raises(NoInputError, match="Give the output folder of `train`"):
        said("export-model data/faces/demo exported")


def test_an_opset_that_nobody_writes_is_refused_by_its_key(folder):
    file = folder / "params.yaml"
    file.write_text(file.read_text().replace("opset: 20", "opset: 9"))
    with pytest.raises(UsageError, match=r"export\.opset"):
        said("export-model runs/demo/cam/aligned/seed0 exported")
