"""No sentence on the page contradicts a number on it, whatever the study.

Sentences are read back from the page and held against the numbers of the results, computed here
once more.
"""

import re
from html import unescape
from itertools import product
from statistics import mean

import numpy as np
import pytest

from benchmarks.made_faces import drawn_faces, made_faces
from benchmarks.made_results import put
from report.page import write_report
from report.params import ReportParams
from report.reading.results import load_studies
from report.reading.statistics import SCORES
from report.tables.study_table import TITLES

pytestmark = pytest.mark.slow

MANY = np.random.default_rng(5).choice(7, 4000, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.04, 0.01])
TINY = np.repeat(np.arange(7), [60, 60, 40, 40, 20, 2, 1])
TWO_MISSING = np.repeat([0, 1, 3, 4, 6], 20)
NAMES = {title: score for score, title in TITLES.items()}
NUMBER = r"[+−]?\d\.\d{3}"
CLAIM = re.compile(
    rf"([A-Za-z][A-Za-z -]*?) ({NUMBER}) \[(?:({NUMBER}) to ({NUMBER})|–)\], "
    r"higher in (\d+) of (\d+): (higher|lower|the same|not settled)"
)


def study(results, labels, variants, seeds, **changes):
    """Put runs of two variants: (name, share of right answers, cosine)."""
    for (name, right, cosine), seed in product(variants, range(seeds)):
        faces = drawn_faces(labels, right, cosine, seed + 100 * len(name), **changes)
        put(results, f"demo/cam/{name}/seed{seed}", faces=faces)


def identical(results):
    for name, seed in product(("plain", "aligned"), range(3)):
        put(results, f"demo/cam/{name}/seed{seed}", faces=drawn_faces(TINY, 0.6, 0.7, 1))


def one_answer(results):
    labels = np.repeat(np.arange(7), 15)
    for name, seed in product(("plain", "aligned"), range(2)):
        put(results, f"demo/cam/{name}/seed{seed}", faces=made_faces(labels, np.full(105, 1)))


def without_maps(results):
    """No face has an AU map: the cosines are not a number anywhere."""
    nothing = np.full((207, 3), np.nan, np.float32)
    lost = {name: nothing for name in ("cosines_NM", "centred_NM", "selectivity_NM")}
    labels = np.repeat(np.arange(7), [60, 60, 40, 20, 20, 5, 2])
    variants = [("plain", 0.6, 0.6), ("aligned", 0.7, 0.7)]
    study(results, labels, variants, 3, valid_N=np.zeros(207, bool), **lost)


def one_person(results):
    persons = np.full(223, "anna")
    study(results, TINY, [("plain", 0.6, 0.6), ("aligned", 0.6, 0.8)], 3, persons_N=persons)


def folded(results):
    for name, seed, fold in product(("plain", "aligned"), range(2), range(3)):
        faces = drawn_faces(TINY, 0.6, 0.7, seed + 10 * fold, rows_N=np.arange(223) + 223 * fold)
        put(results, f"demo/cam/{name}/seed{seed}-fold{fold}", faces=faces)


RELATIONS = {
    "between": lambda mine, low, high: low < mine < high,
    "below": lambda mine, low, _: mine < low,
    "above": lambda mine, low, _: mine > low,
    "equal to": lambda mine, low, _: mine == pytest.approx(low, abs=1e-3),
}
BETTER = [("plain", 0.5, 0.5), ("aligned", 0.8, 0.8)]
WORSE = [("plain", 0.8, 0.8), ("aligned", 0.5, 0.46)]
NEAR = [("plain", 0.70, 0.690), ("aligned", 0.70, 0.6905)]
STUDIES = {
    "one seed": lambda results: study(results, TINY, BETTER, 1),
    "one run": lambda results: study(results, TINY, BETTER[:1], 1),
    "two seeds": lambda results: study(results, TINY, BETTER, 2),
    "tiny classes": lambda results: study(results, TINY, NEAR, 5),
    "worse": lambda results: study(results, TINY, WORSE, 3),
    "classes missing": lambda results: study(results, TWO_MISSING, NEAR, 3),
    "thousands of faces": lambda results: study(results, MANY, BETTER, 3),
    "unknown persons": lambda results: study(results, TINY, NEAR, 3, persons_N=np.full(223, "")),
    "identical": identical,
    "one answer": one_answer,
    "without maps": without_maps,
    "one person": one_person,
    "folds": folded,
}


@pytest.fixture(scope="module", params=STUDIES)
def rendered(request, tmp_path_factory):
    """A study, its page as text, and how many seeds it has."""
    root = tmp_path_factory.mktemp("claims")
    STUDIES[request.param](root / "results")
    page = write_report(root / "results", root / "out", ReportParams(title="x", sheet_faces=0))
    text = unescape(re.sub(r"<(style|svg|script)\b.*?</\1>", "", page.read_text(), flags=re.S))
    (found,) = load_studies(root / "results")
    return found, re.sub(r"<[^>]+>", "\n", text)


def values(study, name, score):
    (variant,) = [one for one in study.variants if one.name.startswith(name)]
    return [SCORES[score](run.scores) for run in variant.repeats]


def number(text):
    return float(text.replace("−", "-"))


def test_no_page_prints_a_word_for_nothing(rendered):
    assert not re.search(r"\b(nan|inf|None)\b", rendered[1])


def test_a_claimed_sign_agrees_with_difference_interval_and_wins(rendered):
    study, text = rendered
    for title, change, low, high, wins, pairs, words in CLAIM.findall(text):
        score = NAMES[title.strip()]
        changes = [
            after - before
            for before, after in zip(
                values(study, "plain", score), values(study, "aligned", score), strict=True
            )
        ]
        assert number(change) == pytest.approx(mean(changes), abs=6e-4)
        assert (int(pairs), int(wins) <= int(pairs)) == (len(changes), True)
        if words == "higher":
            assert 0 < number(low) <= number(change) <= number(high)
        elif words == "lower":
            assert number(low) <= number(change) <= number(high) < 0
        elif words == "the same":
            assert (number(low), number(high), number(change)) == (0, 0, 0)
        else:
            assert not low or number(low) <= 0 <= number(high)


def test_one_seed_claims_nothing_and_several_claim_with_an_interval(rendered):
    study, text = rendered
    count, variants = len(study.baseline.repeats), len(study.variants)
    claims = CLAIM.findall(text)
    assert bool(claims) == (count > 1 and variants > 1)
    assert ("One seed: no difference" in text) == (count == 1 and variants > 1)
    assert ("±" in text.split("The study")[0]) == (count > 1)


def test_means_in_the_headline_are_those_of_the_runs(rendered):
    study, text = rendered
    pattern = rf"(plain|aligned)(?: \(folds\))?: accuracy ({NUMBER}).*?balanced accuracy ({NUMBER})"
    found = re.findall(pattern, text.split("The study")[0])
    assert len(found) == len(study.variants)
    for name, accuracy, balanced in found:
        assert number(accuracy) == pytest.approx(mean(values(study, name, "accuracy")), abs=6e-4)
        expected = mean(values(study, name, "balanced_accuracy"))
        assert number(balanced) == pytest.approx(expected, abs=6e-4)


def test_attention_lies_where_the_sentence_says(rendered):
    study, text = rendered
    places = re.findall(
        rf"attention of (\w+).*? \(ATT-COS ({NUMBER})\) is (between|below|above|equal to) "
        r"'([\w ]+)'(?: and '([\w ]+)')?",
        text,
    )
    known = {"uniform": "uniform", "all AUs": "all_aus", "class mean": "class_mean"}
    for name, value, relation, first, second in places:
        low, high = (
            mean(values(study, name, known[one])) if one else None for one in (first, second)
        )
        mine = number(value)
        assert mine == pytest.approx(mean(values(study, name, "att_cos")), abs=6e-4)
        assert RELATIONS[relation](mine, low, high)


def test_expressions_that_are_never_answered_are_those_without_a_prediction(rendered):
    study, text = rendered
    for one in study.variants:
        confusion = np.sum([run.scores.confusion for run in one.repeats], axis=0)
        lost = bool(((confusion.sum(axis=1) > 0) & (confusion.sum(axis=0) == 0)).any())
        assert not lost or f"{one.name} never answers" in text


def test_unknown_persons_and_missing_expressions_are_said(rendered):
    study, text = rendered
    intervals = study.scores.intervals
    unknown = intervals is not None and intervals.unit == "sample"
    assert ("Persons are unknown" in text) == unknown
    missing = any(not sum(row) for row in study.scores.confusion)
    assert ("No scored face shows" in text) == missing
    assert ("There are no intervals" in text) == (intervals is None)
