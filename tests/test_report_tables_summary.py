"""The summary of a dataset: conditions and cautions."""

import numpy as np

from benchmarks.made_faces import made_faces
from benchmarks.made_results import optional_scores, put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.summary import summarise


def summary_of(results):
    return summarise([study_statistics(one) for one in load_studies(results)])


def conditions_of(results):
    return " ".join(summary_of(results).conditions)


def test_one_method_is_named_in_the_title_and_several_in_their_cautions(tmp_path):
    put(tmp_path, "demo/cam/plain")
    assert summary_of(tmp_path).title == "demo · cam"
    put(tmp_path, "demo/prm/plain")
    put(tmp_path, "demo/prm/aligned", split="val")
    assert summary_of(tmp_path).title == "demo"
    assert summary_of(tmp_path).cautions == ('prm: aligned: split: "test" -> "val"',)


def test_a_checkpoint_chosen_on_the_scored_split_is_said_so(tmp_path):
    put(tmp_path)
    assert "chosen on the scored split" not in conditions_of(tmp_path)
    put(tmp_path, "demo/cam/aligned", protocol="paper")
    assert "Protocol holdout or paper (the checkpoint was chosen on the scored split" in (
        conditions_of(tmp_path)
    )


def test_a_checkpoint_that_another_split_chose_is_not_said_to_be_of_the_scored_one(tmp_path):
    trained = {"protocol": "paper", "alignment": None}
    put(tmp_path / "other_split", split="val", protocol="paper", train=trained)
    assert "chosen on the test split, as published" in conditions_of(tmp_path / "other_split")
    put(tmp_path / "transfer", protocol="paper", trained_on="elsewhere")
    assert "chosen on the test split of elsewhere, as" in conditions_of(tmp_path / "transfer")


def test_conditions_say_how_many_faces_enter_which_score(tmp_path):
    put(tmp_path)
    assert conditions_of(tmp_path).startswith(
        "4 of 5 faces of split test were scored; 3 of 4 of them have an AU map"
    )


def test_missing_and_rare_expressions_are_named(tmp_path):
    put(tmp_path, faces=made_faces([0] * 20 + [1] * 20 + [2] * 3))
    words = conditions_of(tmp_path)
    assert "Few faces show Surprise (3)" in words
    assert "No scored face shows Fear, Anger, Disgust and Sadness." in words


def test_unknown_persons_are_said_beside_the_intervals(tmp_path):
    put(tmp_path, faces=made_faces([0, 1] * 20, persons_N=np.array([""] * 40)))
    assert "Persons are unknown, so these intervals are by picture" in conditions_of(tmp_path)
    put(tmp_path / "b", **optional_scores())
    assert "Persons are unknown" not in conditions_of(tmp_path / "b")


def test_results_without_intervals_say_why(tmp_path):
    put(tmp_path)
    assert "There are no intervals: evaluate.bootstrap is 0" in conditions_of(tmp_path)


def test_folds_are_said_to_be_scored_together(tmp_path):
    for fold in range(2):
        put(tmp_path, f"demo/cam/plain/seed0-fold{fold}", faces=made_faces([0, 1, 2]))
    assert "Each seed is 2 folds, scored together." in conditions_of(tmp_path)
