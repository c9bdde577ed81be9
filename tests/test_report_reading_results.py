"""What is read of a results folder, and what is refused."""

import pytest

from benchmarks.made_results import put
from errors import CorruptError, NoInputError
from report.reading.results import load_comparisons
from store.files import atomic_write


def test_half_built_results_are_not_reported(tmp_path):
    half_built = tmp_path / "results" / "demo" / "cam" / ".building-0123"
    half_built.mkdir(parents=True)
    (half_built / "scores.json").write_text("{}")
    with pytest.raises(NoInputError):
        load_comparisons(tmp_path / "results")


def test_changed_scores_are_refused(tmp_path):
    scores = put(tmp_path / "results") / "scores.json"
    atomic_write(scores, scores.read_bytes().replace(b"0.75", b"0.99"))
    with pytest.raises(CorruptError, match=r"scores\.json"):
        load_comparisons(tmp_path / "results")
