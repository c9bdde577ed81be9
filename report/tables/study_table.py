"""Tables of studies: one row per method and variant, over its repeats."""

from collections.abc import Callable, Iterable, Sequence

from contracts.scores import BASELINES
from measures.repeats import PairedDifference, RepeatStatistics
from report.reading.published_figures import PublishedRow, compares, published_rows
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.phrases import among_baselines, verdict
from report.tables.table import (
    ABSENT,
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "att_cos": "ATT-COS",
    "att_selectivity": "ATT selectivity",
    "cam_cos": "CAM-COS",
    "cam_selectivity": "CAM selectivity",
}
"""Score -> its name in print."""
OWN_TITLES = {
    "own_att_cos": "ATT-COS, own AUs",
    "own_att_selectivity": "ATT selectivity within the class",
    "own_cam_cos": "CAM-COS, own AUs",
    "own_cam_selectivity": "CAM selectivity within the class",
}
"""The same of agreement with the faces' own action units."""
SOFT_TITLES = {
    "soft_cross_entropy": "cross-entropy with the shares (lower is better)",
    "soft_annotator": "agreement with one annotator",
}
"""The same of scores against soft labels."""
Row = tuple[StudyStatistics, VariantStatistics]
Cell = Callable[[VariantStatistics], str]


def study_rows(studies: Iterable[StudyStatistics]) -> list[Row]:
    """Return every variant of every study."""
    return [(study, one) for study in studies for one in study.variants]


def format_spread(found: RepeatStatistics | None, signed: bool = False) -> str:
    """Print '0.812 ± 0.010'; without a standard deviation only the mean."""
    if found is None:
        return ABSENT
    mean = (format_signed if signed else format_number)(found.mean)
    return mean if found.sd is None else f"{mean} ± {format_number(found.sd)}"


def spread(one: VariantStatistics, score: str) -> str:
    """Print a variant's score over its repeats."""
    return format_spread(one.scores[score], signed=score.endswith("selectivity"))


def study_table(studies: Sequence[StudyStatistics]) -> Table:
    """Mean ± standard deviation and 95 % interval; published rows of these classes are marked."""
    rows: list[tuple[StudyStatistics, VariantStatistics | PublishedRow]] = []
    home = [one for one in studies if not one.study.scores.is_transfer]
    comparable = {one.study.method for one in home if compares(one.study.scores.labels)}
    last = {one.study.method: one for one in home}
    for study in studies:
        rows += [(study, one) for one in study.variants]
        method = study.study.method
        if last.get(method) is study and method in comparable:
            rows += [(study, one) for one in published_rows(method) if one.is_home]

    def column(group: str, head: str, ours: Cell, theirs: Callable[[PublishedRow], str]) -> Column:
        cells = (
            ours(one) if isinstance(one, VariantStatistics) else theirs(one) for _, one in rows
        )
        return Column(group, head, tuple(cells), optional=head == "95 %")

    def measured(score: str, with_interval: bool) -> list[Column]:
        title = TITLES[score]
        spread_column = column(
            title,
            "mean ± sd",
            lambda one: spread(one, score),
            lambda one: one.printed(score),
        )
        interval = column(title, "95 %", lambda one: _interval(one, score), lambda _: ABSENT)
        return [spread_column, interval] if with_interval else [spread_column]

    return make_table(
        "study",
        [
            Column("", "dataset", tuple(_data(study, one) for study, one in rows)),
            Column("", "method", tuple(study.study.method for study, _ in rows)),
            column("", "variant", lambda one: one.name, lambda one: one.variant),
            column("", "seeds", lambda one: str(one.n), lambda _: ABSENT),
            *measured("accuracy", True),
            *measured("balanced_accuracy", True),
            *measured("macro_f1", False),
            *measured("att_cos", True),
            *measured("att_selectivity", False),
            *measured("cam_cos", True),
            *measured("cam_selectivity", False),
            column("", "never answers", _unanswered, lambda _: ABSENT),
        ],
        text_columns=3,
        external_rows=frozenset(
            index for index, (_, one) in enumerate(rows) if isinstance(one, PublishedRow)
        ),
    )


def _data(study: StudyStatistics, one: VariantStatistics | PublishedRow) -> str:
    return f"{one.test}, published †" if isinstance(one, PublishedRow) else study.study.dataset


def _interval(one: VariantStatistics, score: str) -> str:
    found = one.scores[score]
    return format_interval(found.interval if found else None)


def _unanswered(one: VariantStatistics) -> str:
    return (
        ", ".join(
            name if one.n == 1 else f"{name} ({count} of {one.n} seeds)"
            for name, count in one.unanswered.items()
        )
        or "none"
    )


def paper_table(studies: Sequence[StudyStatistics]) -> Table:
    """Mean ± standard deviation only, to put into a paper: rows method x variant."""
    rows = study_rows(studies)
    return make_table(
        "paper",
        [
            Column("", "dataset", tuple(study.study.dataset for study, _ in rows)),
            Column("", "method", tuple(study.study.method for study, _ in rows)),
            Column("", "variant", tuple(one.name for _, one in rows)),
            *(
                Column("", title, tuple(spread(one, score) for _, one in rows))
                for score, title in TITLES.items()
            ),
        ],
        text_columns=3,
    )


def baseline_table(studies: Sequence[StudyStatistics]) -> Table:
    """Where attention and CAM lie among the maps that need no classifier."""
    rows = study_rows(studies)

    def among(score: str) -> tuple[str, ...]:
        return tuple(among_baselines(one.mean(score), one.baselines()) for _, one in rows)

    def means(score: str) -> tuple[str, ...]:
        return tuple(format_number(one.mean(score)) for _, one in rows)

    return make_table(
        "baselines",
        [
            Column("", "dataset", tuple(study.study.dataset for study, _ in rows)),
            Column("", "method", tuple(study.study.method for study, _ in rows)),
            Column("", "variant", tuple(one.name for _, one in rows)),
            Column("", "attention", among("att_cos")),
            Column("", "CAM", among("cam_cos")),
            Column("cosine", "ATT-COS", means("att_cos")),
            Column("cosine", "CAM-COS", means("cam_cos")),
            *(Column("baselines", head, means(name)) for name, head in BASELINES.items()),
        ],
        text_columns=5,
    )


def difference_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """Every variant minus its baseline; None if no variant was repeated beside one."""
    rows = [
        (study, one, score, found)
        for study, one in study_rows(studies)
        for score, found in one.differences.items()
        if found is not None and found.n > 1
    ]
    if not rows:
        return None

    titles = {**TITLES, **OWN_TITLES, **SOFT_TITLES}

    def column(group: str, head: str, printed: Callable[[PairedDifference], str]) -> Column:
        return Column(group, head, tuple(printed(found) for *_, found in rows))

    return make_table(
        "differences",
        [
            Column("", "dataset", tuple(study.study.dataset for study, *_ in rows)),
            Column("", "method", tuple(study.study.method for study, *_ in rows)),
            Column(
                "",
                "variant − baseline",
                tuple(f"{one.name} − {study.study.baseline.name}" for study, one, *_ in rows),
            ),
            Column("", "score", tuple(titles[score] for *_, score, _ in rows)),
            column("", "verdict", verdict),
            column("", "difference", lambda one: format_signed(one.mean)),
            column("", "95 %", lambda one: format_interval(one.interval, format_signed)),
            column("pairs of seeds", "higher", lambda one: str(one.wins)),
            column("pairs of seeds", "lower", lambda one: str(one.losses)),
            column("pairs of seeds", "all", lambda one: str(one.n)),
        ],
        text_columns=5,
    )
