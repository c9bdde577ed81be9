import json
import subprocess
import sys

import pytest

from benchmarks.made_results import optional_scores, some_scores
from contracts.files import read_contract
from contracts.scores import Scores
from errors import DataError


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


def test_contracts_load_nothing_heavy(checkout):
    code = (
        "import sys, contracts.runs, contracts.scores;"
        "print({'torch', 'numpy', 'cv2', 'zarr', 'polars'} & {*sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "set()"
