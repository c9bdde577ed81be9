import json
import subprocess
import sys

import pytest

from benchmarks.made_results import optional_scores, some_scores
from contracts.files import STATUS_COLUMNS, read_contract
from contracts.scores import Scores
from errors import DataError
from params import load
from pipeline.align import PictureFolder, align_rows
from pipeline.brought import Brought
from pipeline.heatmap import heatmap_rows
from pipeline.index import index, read_index
from pipeline.landmark import landmark_rows
from progress import silent
from store.records import Status
from tests.indexing import align_params, index_params


def made_scores():
    return some_scores("demo", "cam", "plain") | optional_scores()


def test_a_file_of_another_version_names_its_keys_and_the_remedy(tmp_path):
    content = made_scores()
    content["floors"] = content.pop("baselines")
    (tmp_path / "scores.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"scores\.json: .*baselines, floors.* Evaluate again\."):
        read_contract(Scores, tmp_path / "scores.json", "Evaluate again.")


def test_what_is_no_json_is_refused_as_well(tmp_path):
    (tmp_path / "scores.json").write_text("{")
    with pytest.raises(DataError, match="Evaluate again"):
        read_contract(Scores, tmp_path / "scores.json", "Evaluate again.")


def test_index_writes_the_columns_it_is_known_for(tmp_path):
    (tmp_path / "raw" / "fear").mkdir(parents=True)
    (tmp_path / "raw" / "fear" / "a.jpg").write_bytes(b"no picture")
    index(tmp_path / "raw", tmp_path / "mine", index_params("folder"), silent)
    assert tuple(read_index(tmp_path / "mine")[0].columns) == STATUS_COLUMNS["index"]


def test_align_notes_the_columns_it_is_known_for(tmp_path):
    rows = align_rows(
        PictureFolder(tmp_path, False, Brought(landmarks=True, units=(1, 2))), align_params()
    )
    _, notes = rows(0, {"landmarks": "", "aus": ""}, Status.CRASHED)
    assert tuple(notes) == STATUS_COLUMNS["align"]


def test_landmark_notes_the_columns_it_is_known_for(tiny, checkout):
    rows = landmark_rows(tiny.faces, load(checkout / "params.yaml").landmark)
    _, notes = rows(0, {"backend": ""}, Status.CRASHED)
    assert tuple(notes) == STATUS_COLUMNS["landmark"]


def test_heatmap_notes_the_columns_it_is_known_for(tiny, checkout):
    params = load(checkout / "params.yaml").heatmap
    row = {"expression": "Fear", "status": "ok"}
    _, notes = heatmap_rows(tiny.landmarks, "au", params, range(1), [row])
    assert tuple(notes) == STATUS_COLUMNS["heatmap"]


def test_contracts_load_nothing_heavy(checkout):
    code = (
        "import sys, contracts.runs, contracts.scores;"
        "print({'torch', 'numpy', 'cv2', 'zarr', 'polars'} & {*sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"
