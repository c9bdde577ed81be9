"""What is read of a results folder, and what is refused."""

import pytest

from benchmarks.made_results import put
from errors import CorruptError, DataError, NoInputError
from labels.reading import read_labels
from report.reading.results import load_studies
from store.files import atomic_write


def test_half_built_results_are_not_reported(tmp_path):
    half_built = tmp_path / "results" / "demo" / "cam" / "plain" / ".building-0123"
    half_built.mkdir(parents=True)
    (half_built / "scores.json").write_text("{}")
    with pytest.raises(NoInputError):
        load_studies(tmp_path / "results")


def test_changed_scores_are_refused(tmp_path):
    scores = put(tmp_path / "results") / "scores.json"
    atomic_write(scores, scores.read_bytes().replace(b"0.75", b"0.99"))
    with pytest.raises(CorruptError, match=r"scores\.json"):
        load_studies(tmp_path / "results")


def test_a_result_without_the_numbers_per_face_is_refused(tmp_path):
    (put(tmp_path) / "faces.npz").unlink()
    with pytest.raises((CorruptError, OSError), match=r"faces\.npz"):
        load_studies(tmp_path)


def test_results_of_a_dataset_with_other_classes_are_refused_by_name(tmp_path):
    put(tmp_path, "mine/cam/plain")
    put(tmp_path, "mine/cam/soft", labels=read_labels("pain").as_json())
    message = "mine/cam/plain/seed0 tells Neutral, .* mine/cam/soft/seed0 No pain, Pain"
    with pytest.raises(DataError, match=message):
        load_studies(tmp_path)


def test_datasets_may_have_classes_of_their_own(tmp_path):
    put(tmp_path, "mine/cam/plain")
    put(tmp_path, "hurt/cam/plain", labels=read_labels("pain").as_json())
    assert [len(one.scores.labels) for one in load_studies(tmp_path)] == [2, 7]


def test_plain_is_the_baseline_and_the_aligned_ones_stand_last(tmp_path):
    other = {"train": {"lr": 0.01, "alignment": None}}
    for name, changes in (("aligned", {}), ("focal", other), ("plain", {})):
        put(tmp_path, f"demo/cam/{name}", **changes)
    (study,) = load_studies(tmp_path)
    assert [one.name for one in study.variants] == ["plain", "focal", "aligned"]
    assert study.baseline.name == "plain"


def test_seeds_stand_in_the_order_of_their_numbers(tmp_path):
    for seed in (10, 2):
        put(tmp_path, f"demo/cam/plain/seed{seed}")
    (study,) = load_studies(tmp_path)
    assert study.baseline.seeds == (2, 10)
