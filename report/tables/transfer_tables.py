"""Tables across datasets: trained on one, scored on another; published figures beside."""

from collections.abc import Callable, Sequence

from report.reading.published_figures import PublishedRow, compares, published_rows
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.study_table import TITLES, spread, study_rows
from report.tables.table import ABSENT, Column, Table, format_number, make_table

Key = tuple[str, str, str]
"""Method, variant, dataset that it was trained on."""
_RECALL = "mean recall"
SCORES = ("accuracy", "balanced_accuracy", "att_cos")


def transfer_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """Mean ± sd by training and test dataset: one row per variant, one column per test dataset.

    Returns:
        None if every run was scored on the dataset it was trained on.
    """
    methods = _transferred(studies)
    if not methods:
        return None
    ours: dict[Key, dict[str, VariantStatistics]] = {}
    for study, one in study_rows(studies):
        scores = study.study.scores
        if scores.method in methods:
            key = (scores.method, one.name, scores.trained_on)
            ours.setdefault(key, {})[scores.dataset] = one
    theirs: dict[Key, dict[str, PublishedRow]] = {}
    for row in _published(studies):
        key = (row.method, f"{row.variant}, published †", row.train)
        theirs.setdefault(key, {})[row.test] = row
    theirs = {key: rows for key, rows in theirs.items() if len(rows) > 1}
    ours_tests = sorted({test for found in ours.values() for test in found})
    tests = list(dict.fromkeys([*ours_tests, *(test for one in theirs.values() for test in one)]))
    keys = sorted([*ours, *theirs], key=lambda key: (key[0], key in theirs, key[2]))

    def cell(key: Key, test: str, score: str) -> str:
        if key in theirs:
            return theirs[key][test].printed(score) if test in theirs[key] else ABSENT
        return spread(ours[key][test], score) if test in ours[key] else ABSENT

    return make_table(
        "transfer",
        [
            *_keys(keys),
            *(
                Column(
                    f"{TITLES[score]} on", test, tuple(cell(key, test, score) for key in keys), True
                )
                for score in SCORES
                for test in tests
            ),
        ],
        text_columns=3,
        external_rows=frozenset(index for index, key in enumerate(keys) if key in theirs),
    )


def zero_shot_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """Recall per expression on datasets that a run has not seen; None without a transfer."""
    methods = _transferred(studies)
    if not methods:
        return None
    rows: list[tuple[Key, str, Callable[[str], float | None], float | None]] = []
    external = set()
    for method in methods:
        for study, one in study_rows(studies):
            scores = study.study.scores
            if scores.method == method and scores.is_transfer:
                key = (method, one.name, scores.trained_on)
                rows.append((key, scores.dataset, _recall(one), one.mean("balanced_accuracy")))
        for row in _published(studies):
            if row.method == method and row.recall and not row.is_home:
                external.add(len(rows))
                key = (method, f"{row.variant}, published †", row.train)
                rows.append((key, row.test, row.recall.get, row.balanced_accuracy))
    names = dict.fromkeys(name for study in studies for name in study.study.scores.labels.names)
    return make_table(
        "zero_shot",
        [
            *_keys([key for key, *_ in rows]),
            Column("", "scored on", tuple(test for _, test, *_ in rows)),
            *(
                Column(_RECALL, name, tuple(format_number(recall(name)) for *_, recall, _ in rows))
                for name in names
            ),
            Column(_RECALL, "all", tuple(format_number(mean) for *_, mean in rows)),
        ],
        text_columns=4,
        external_rows=frozenset(external),
    )


def _transferred(studies: Sequence[StudyStatistics]) -> list[str]:
    scores = [study.study.scores for study in studies]
    return sorted({one.method for one in scores if one.is_transfer})


def _published(studies: Sequence[StudyStatistics]) -> list[PublishedRow]:
    """Return the published runs of methods that were transferred with the published classes."""
    scores = [study.study.scores for study in studies]
    methods = {one.method for one in scores if one.is_transfer and compares(one.labels)}
    return [row for method in sorted(methods) for row in published_rows(method)]


def _keys(keys: Sequence[Key]) -> list[Column]:
    heads = ("method", "variant", "trained on")
    return [Column("", head, tuple(key[place] for key in keys)) for place, head in enumerate(heads)]


def _recall(one: VariantStatistics) -> Callable[[str], float | None]:
    def mean(name: str) -> float | None:
        values = [run.scores.recall.get(name) for run in one.variant.repeats]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return mean
