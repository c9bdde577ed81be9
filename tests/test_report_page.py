"""The page: a made-up results folder goes in, one file that opens offline comes out."""

import io
import re

import numpy as np
import pytest

from anatomy.expressions import EXPRESSIONS
from errors import CorruptError, NoInputError
from report.grids import overlaid, spread
from report.page import ReportParams, write_report
from report.results import load_comparisons
from report.summary import summarise, wilson_half_width
from report.tables import class_table, main_table, number, signed
from store.building import building
from store.files import atomic_write, canonical_json

PARAMS = ReportParams(title="Where they look", sheet_faces=3)
NOTICE = "Synthetic faces of a single identity: these numbers say nothing about real people."
LABELS = np.array([0, 1, 1, 6])
HOSTILE = '<script>alert("x")</script>'


def a_summary(value):
    """As train.scores.summary: Happiness and Sadness have faces, no other class counts."""
    per_class = {name: None for name in EXPRESSIONS} | {"Happiness": value, "Sadness": value}
    return {"overall": value, "per_class": per_class, "n_valid": 3, "n": 4}


def an_agreement(cosine):
    return a_summary(cosine) | {"centred": a_summary(0.25), "selectivity": a_summary(-0.0625)}


def some_scores(dataset, supervision):
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[1, 1], confusion[6, 3] = 1, 2, 1
    recall = {name: None for name in EXPRESSIONS} | {"Neutral": 1.0, "Happiness": 1.0}
    return {
        "method": "cam",
        "supervision": supervision,
        "backbone": "resnet18",
        "seed": 0,
        "train": {"lr": 0.001, "alignment": {"layers": [2]}},
        "trained_on": dataset,
        "dataset": dataset,
        "notice": NOTICE,
        "split": "test",
        "checkpoint": "best",
        "geometry": "exact",
        "protocol": "holdout",
        "usable": 4,
        "asked": 5,
        "accuracy": 0.75,
        "balanced_accuracy": 0.5,
        "recall": recall | {"Sadness": 0.0},
        "confusion": confusion.tolist(),
        "n": 4,
        "att_cos": {"1": an_agreement(0.375), "2": an_agreement(0.625)},
        "cam_cos": an_agreement(0.5),
        "floors": {"uniform": a_summary(0.4375), "class_mean": a_summary(0.9375)},
    }


def some_maps():
    maps = np.random.default_rng(0).random((3, 7, 64, 64), np.float32)
    counts = np.bincount(LABELS, minlength=7)
    return {
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "attention_count": counts,
        "cam_count": counts,
        "au_count": counts * (np.arange(7) > 0),
    }


def a_sheet():
    generator = np.random.default_rng(1)
    maps = generator.integers(0, 256, (3, 4, 64, 64), np.uint8)
    return {
        "image": generator.integers(0, 256, (4, 16, 16, 3), np.uint8),
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "defined": LABELS > 0,
        "label": LABELS,
        "probabilities": np.eye(7, dtype=np.float32)[[0, 1, 1, 3]],
    }


def put(results, supervision="plain", dataset="demo", **changes):
    """Write one finished result, as stage `evaluate` does."""
    out = results / "demo" / "cam" / supervision
    fingerprint = {"stage": "evaluate", "run": supervision, "faces": "f" * 64, "landmarks": "a"}
    with building(out, fingerprint, {"dataset": dataset, "notice": NOTICE}) as folder:
        scores = some_scores(dataset, supervision) | changes
        atomic_write(folder / "scores.json", canonical_json(scores))
        for name, arrays in (("maps", some_maps()), ("sheet", a_sheet())):
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **arrays)
            atomic_write(folder / f"{name}.npz", buffer.getvalue())
    return out


def page_of(results, out):
    return write_report(results, out, PARAMS).read_text()


@pytest.fixture
def both(tmp_path):
    results = tmp_path / "results"
    put(results, "aligned", accuracy=1.0)
    put(results, "plain")
    return results


def test_the_page_asks_nothing_of_any_network(both, tmp_path):
    page = page_of(both, tmp_path / "out")
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert set(re.findall(r'src="(.{5})', page)) == {"data:"}


def test_the_notice_stands_on_the_page_once(both, tmp_path):
    assert page_of(both, tmp_path / "out").count(NOTICE) == 1


def test_a_result_without_a_notice_shows_no_banner(tmp_path):
    put(tmp_path / "results", notice=None)
    assert 'role="note"' not in page_of(tmp_path / "results", tmp_path / "out")


def test_a_hostile_dataset_name_is_escaped(tmp_path):
    put(tmp_path / "results", dataset=HOSTILE)
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_folder_without_results_says_so_and_what_to_run(tmp_path):
    with pytest.raises(NoInputError, match=f"{re.escape(str(tmp_path))}.*dvc repro"):
        write_report(tmp_path, tmp_path / "out", PARAMS)
    assert not (tmp_path / "out").exists()


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


def test_equal_results_give_equal_bytes_over_an_older_report_too(both, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second, second):
        write_report(both, out, PARAMS)
    files = [path.relative_to(first) for path in sorted(first.rglob("*.*"))]
    assert [str(path) for path in files] == [
        "figures/demo__cam__confusion.png",
        "figures/demo__cam__means.png",
        "figures/demo__cam__sheet.png",
        "index.html",
        "scores.csv",
    ]
    assert [(first / path).read_bytes() for path in files] == [
        (second / path).read_bytes() for path in files
    ]


def test_a_class_without_faces_prints_a_dash(both):
    comparison = load_comparisons(both)[0]
    fear = class_table(comparison).rows[EXPRESSIONS.index("Fear")]
    assert fear == ("Fear", "0", "–", "–", "–", "–", "–", "–", "–", "–")


def test_neutral_shows_a_word_where_its_map_would_be(both, tmp_path):
    assert '<span class="blank">no map</span>' in page_of(both, tmp_path / "out")


def test_one_run_alone_makes_a_page_that_compares_nothing(tmp_path):
    put(tmp_path / "results")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "no other run of this method" in page
    assert "attention aligned" not in page


def test_plain_stands_before_aligned_and_wrong_predictions_are_marked(both, tmp_path):
    page = page_of(both, tmp_path / "out")
    assert page.index("attention plain") < page.index("attention aligned")
    assert '<small class="wrong">plain: Fear 1.00 ✗ wrong</small>' in page


def test_the_summary_names_the_change_and_the_floors(both):
    summary = summarise(load_comparisons(both)[0])
    assert "accuracy from 0.750 to 1.000 (+0.250)" in summary.sentences[0]
    assert "uniform map scores 0.438" in summary.sentences[1]
    assert "lies between the floors" in summary.sentences[1]
    assert summary.cautions == ()


def test_runs_that_differ_in_more_than_alignment_are_cautioned_about(tmp_path):
    put(tmp_path / "results", "plain")
    put(tmp_path / "results", "aligned", train={"lr": 0.01, "alignment": {"layers": [2]}})
    assert summarise(load_comparisons(tmp_path / "results")[0]).cautions == (
        "train.lr: 0.001 -> 0.01",
    )


def test_the_main_table_prints_coverage_and_floors(both):
    row = main_table(load_comparisons(both)).rows[0]
    assert row == (
        *("demo", "cam", "plain", "0.750", "0.500"),
        *("0.625", "+0.250", "−0.062", "0.500", "+0.250", "−0.062"),
        *("0.438", "0.938", "3/4", "4/5", "holdout"),
    )


def test_numbers_print_true_minus_signs_and_no_negative_zero():
    assert (number(-0.5), number(None), signed(0.5), signed(-0.0001)) == (
        *("−0.500", "–", "+0.500", "+0.000"),
    )


def test_faces_of_the_sheet_are_shared_out_over_the_classes():
    assert spread(np.array([0, 0, 0, 1, 1, 2]), 4) == [0, 1, 3, 5]


def test_an_empty_map_leaves_the_face_grey_and_visible():
    face = np.full((4, 4, 3), 100, np.uint8)
    assert (overlaid(face, np.zeros((2, 2))) == overlaid(face, np.zeros((2, 2)))[0, 0, 0]).all()


def test_the_accuracy_interval_is_wilsons():
    # 1.96 / (1 + 3.84 / 4) * sqrt(0.25 / 4 + 3.84 / 64)
    assert wilson_half_width(0.5, 4) == pytest.approx(0.3499, abs=1e-4)


def test_a_misspelt_parameter_is_refused_by_name():
    with pytest.raises(ValueError, match="sheet_face\n"):
        ReportParams.model_validate({"title": "x", "sheet_faces": 1, "sheet_face": 1})
