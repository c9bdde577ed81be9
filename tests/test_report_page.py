"""The page: a made-up results folder goes in, one file that opens offline comes out."""

import re

import numpy as np
import pytest

from benchmarks.made_results import NOTICE, an_average, optional_scores, put
from errors import NoInputError
from report.page import write_report
from report.params import ReportParams
from store.verify import find_problems

PARAMS = ReportParams(title="Where they look", sheet_faces=3)
HOSTILE = '<script>alert("x")</script>'


def page_of(results, out):
    return write_report(results, out, PARAMS).read_text()


@pytest.fixture
def both(tmp_path):
    results = tmp_path / "results"
    put(results, "demo/cam/aligned", accuracy=1.0)
    put(results)
    return results


def test_the_page_asks_nothing_of_any_network(both, tmp_path):
    page = page_of(both, tmp_path / "out")
    assert not re.search(r"https?://|<script .|<link|@import|url\((?!#)", page)
    assert set(re.findall(r'src(?:set)?="(.{5})', page)) == {"data:"}
    assert "default-src 'none'" in page


def test_the_notice_stands_on_the_page_once(both, tmp_path):
    assert page_of(both, tmp_path / "out").count(NOTICE) == 1


def test_what_has_to_be_said_of_a_method_stands_in_a_banner(tmp_path):
    put(tmp_path / "results", notice=None, caveat="its tower is random")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert '<p class="notice" role="note">cam: its tower is random.</p>' in page


def test_a_result_without_a_notice_shows_no_banner(tmp_path):
    put(tmp_path / "results", notice=None)
    assert 'role="note"' not in page_of(tmp_path / "results", tmp_path / "out")


def test_a_hostile_dataset_name_is_escaped(tmp_path):
    put(tmp_path / "results", dataset=HOSTILE)
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page


def test_a_folder_without_results_says_so_and_what_to_run(tmp_path):
    with pytest.raises(NoInputError, match=f"{re.escape(str(tmp_path))}.*dvc repro"):
        write_report(tmp_path, tmp_path / "out", PARAMS)
    assert not (tmp_path / "out").exists()


def test_equal_results_give_equal_bytes_over_an_older_report_too(both, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second, second):
        write_report(both, out, PARAMS)
    files = [path.relative_to(first) for path in sorted(first.rglob("*.*"))]
    assert {"index.html", "scores.csv"} < {str(path) for path in files}
    assert [(first / path).read_bytes() for path in files] == [
        (second / path).read_bytes() for path in files
    ]


def test_pictures_and_tables_lie_beside_the_page(both, tmp_path):
    page_of(both, tmp_path)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        *("demo__cam__confusion.png", "demo__cam__cosines.png", "demo__means.png"),
        *("demo__cam__faces.png", "demo__cam__mistakes_plain.png"),
        *("demo__cam__mistakes_aligned.png", "demo__cam__reliability.png"),
        *("demo__cam__curves.png", "demo__forest.png"),
    }
    assert {path.name for path in (tmp_path / "tables").glob("[ps]*")} == {
        f"{name}.{ending}" for name in ("paper", "study") for ending in ("csv", "md", "tex")
    }


def test_a_report_can_be_verified_and_files_of_others_in_it_stay(both, tmp_path):
    out = tmp_path / "out"
    page_of(both, out)
    (out / "mine.txt").write_text("mine")
    (out / "figures" / "stale.png").write_bytes(b"")
    assert [(one.file, one.foreign) for one in find_problems(out, deep=True)] == [
        ("figures/stale.png", True),
        ("mine.txt", True),
    ]
    (out / "mine.txt").unlink()
    (out / "figures" / "stale.png").unlink()
    (out / "index.html").write_text("other")
    assert [one.file for one in find_problems(out)] == ["index.html"]
    page_of(both, out)
    assert list(find_problems(out, deep=True)) == []


def test_neutral_shows_a_word_where_its_map_would_be(both, tmp_path):
    assert '<span class="blank">no map</span>' in page_of(both, tmp_path / "out")


def test_one_run_alone_makes_a_page_that_compares_nothing(tmp_path):
    put(tmp_path / "results")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "against plain" not in page
    assert 'id="differences"' not in page
    assert "attention aligned" not in page


def test_plain_stands_before_aligned_and_wrong_predictions_are_marked(both, tmp_path):
    page = page_of(both, tmp_path / "out")
    assert page.index("attention plain") < page.index("attention aligned")
    assert '<small class="wrong">plain: Fear 1.00 ✗ wrong</small>' in page


def test_what_was_switched_off_has_no_part_on_the_page(tmp_path):
    put(tmp_path / "results")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "Faithfulness: deletion" not in page
    assert "Scores per subgroup" not in page


def test_every_optional_key_has_its_place(tmp_path):
    put(tmp_path / "results", **optional_scores())
    page = page_of(tmp_path / "results", tmp_path / "out")
    for words in (
        *("Reliability: accuracy against", "Faithfulness: deletion", "Scores per subgroup"),
        *("lip corner puller", "0.500 to 1.000", "Always answering Happiness would score 0.500"),
        *("female", "macro F1", "all AUs 0.688, class mean 0.938"),
        *("Several people's labels", "agrees with one annotator", "12.5%"),
    ):
        assert words in page, words


def test_faces_kept_for_their_mistake_stand_among_the_mistakes_only(tmp_path):
    put(tmp_path / "results", sheet={"first": np.array([True, True, True, False])})
    page = page_of(tmp_path / "results", tmp_path / "out")
    faces, mistakes = page.split("Misclassified faces of plain")
    assert "plain: Fear 1.00 ✗ wrong" not in faces
    assert "plain: Fear 1.00 ✗ wrong" in mistakes


def test_a_transfer_shows_its_faces_and_mistakes_too(tmp_path):
    put(tmp_path / "results", "demo-on-mine/cam/plain", trained_on="demo", dataset="mine")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert page.count('class="grid sheet"') == 2
    assert "Misclassified faces of plain" in page
    assert (tmp_path / "out" / "figures" / "demo-on-mine__cam__faces.png").exists()


def test_a_cell_of_the_confusion_says_the_whole_sentence(tmp_path):
    put(tmp_path / "results")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert 'title="1 of 1 Sadness predicted as Fear (100.0%)"' in page


def test_several_methods_share_their_mean_maps_and_their_faces(tmp_path):
    for method in ("cam", "prm"):
        put(tmp_path / "results", f"demo/{method}/plain")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert page.count('class="grid means"') == 2
    assert (tmp_path / "out" / "figures" / "demo__forest.png").exists()


def test_a_dataset_where_no_face_counts_makes_a_page(tmp_path):
    nothing = an_average(None) | {"centred": an_average(None), "selectivity": an_average(None)}
    baselines = dict.fromkeys(("uniform", "all_aus", "class_mean"), an_average(None))
    scores = {"att_cos": {"1": nothing}, "cam_cos": nothing, "baselines": baselines}
    for place in ("demo/cam/plain", "demo/cam/aligned", "demo/prm/plain", "demo/prm/aligned"):
        put(tmp_path / "results", place, **scores)
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "ATT-COS of plain, of 2 methods: 2 undefined." in page
    assert "No face has an AU map: no cosine is known." in page


def test_a_name_of_a_dataset_is_no_formula_and_no_order(tmp_path):
    put(tmp_path / "results", "demo/cam/plain", notice="a\x1b]0;t\x07b", dataset="=1+1")
    page = page_of(tmp_path / "results", tmp_path / "out")
    assert "\x1b" not in page
    assert "a\\x1b]0;t\\x07b" in page
    assert "'=1+1" in (tmp_path / "out" / "scores.csv").read_text()


def test_attributes_of_nearly_one_name_and_long_ones_have_files_of_their_own(tmp_path):
    names = ["a b", "a/b", "x" * 300, "é" * 150]
    group = optional_scores()["subgroups"]
    put(
        tmp_path / "results",
        "demo/cam/plain",
        **{**optional_scores(), "subgroups": dict.fromkeys(names, next(iter(group.values())))},
    )
    page_of(tmp_path / "results", tmp_path / "out")
    files = [*(tmp_path / "out" / "tables").glob("*subgroups*.csv")]
    assert len(files) == len(names)
