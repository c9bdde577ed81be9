"""Tables of all methods: beside published figures, and across datasets."""

from collections.abc import Callable, Mapping, Sequence

from report.reading.published import PUBLISHED, Figures
from report.reading.results import Comparison, Result
from report.tables.run_tables import all_runs
from report.tables.table import Column, Table, difference, format_number, format_signed, make_table

SIDES = ("plain", "aligned")
"""Without and with AU alignment."""
Triple = tuple[float | None, float | None, float | None]
"""accuracy, CAM-COS, ATT-COS."""
Pair = tuple[Triple | None, Triple | None]
"""The plain run's and the aligned run's."""


def methods_table(comparisons: Sequence[Comparison]) -> Table:
    """One row per method and dataset, plain beside aligned; published figures are marked rows."""
    home = [one for one in comparisons if not one.is_transfer]
    lines: list[tuple[str, str, Pair]] = []
    external_rows = set()
    for method in dict.fromkeys(one.method for one in home):
        lines += [(method, one.dataset, _own(one)) for one in home if one.method == method]
        for dataset, figures in PUBLISHED.get(method, {}).items():
            external_rows.add(len(lines))
            lines.append((method, f"{dataset}, published †", _published(figures)))
    measured = [
        column
        for place, group in enumerate(("accuracy", "CAM-COS", "ATT-COS"))
        for column in _columns(group, place, lines, external_rows)
    ]
    words = [
        Column("", "method", tuple(method for method, _, _ in lines)),
        Column("", "data", tuple(data for _, data, _ in lines)),
    ]
    return make_table(
        "methods", words + measured, text_columns=2, external_rows=frozenset(external_rows)
    )


def _columns(
    group: str, place: int, lines: Sequence[tuple[str, str, Pair]], external_rows: set[int]
) -> list[Column]:
    values = [[None if one is None else one[place] for one in pair] for _, _, pair in lines]
    short = place > 0  # published cosines have two decimals

    def printed(row: int, value: float | None) -> str:
        return (
            f"{value:.2f}"
            if value is not None and short and row in external_rows
            else format_number(value)
        )

    def moved(row: int, value: float | None) -> str:
        text = format_signed(value)
        return text[:-1] if value is not None and short and row in external_rows else text

    return [
        *(
            Column(group, name, tuple(printed(row, one[side]) for row, one in enumerate(values)))
            for side, name in enumerate(SIDES)
        ),
        Column(
            group, "change", tuple(moved(row, difference(one)) for row, one in enumerate(values))
        ),
    ]


def _own(comparison: Comparison) -> Pair:
    found = {run.alignment is not None: _triple(run) for run in comparison.runs}
    return found.get(False), found.get(True)


def _triple(run: Result) -> Triple:
    return run.scores.accuracy, run.scores.cam_cos.overall, run.scores.attention.overall


def _published(figures: dict[str, Figures]) -> Pair:
    plain, aligned = (
        (one.accuracy, one.cam_cos, one.att_cos) if one else None
        for one in (figures.get(name) for name in SIDES)
    )
    return plain, aligned


def _scored_on(
    group: str,
    tests: Sequence[str],
    runs: Sequence[Mapping[str, Result]],
    read: Callable[[Result], float | None],
) -> list[Column]:
    """Return one score on every test dataset, and its mean, for runs that have it on all."""
    scores = [[read(run[test]) if test in run else None for test in tests] for run in runs]
    means = [
        None if None in row else sum(value for value in row if value is not None) / len(row)
        for row in scores
    ]
    build_content = {
        **dict(zip(tests, zip(*scores, strict=True), strict=True)),
        "mean": tuple(means),
    }
    return [
        Column(group, name, tuple(format_number(one) for one in values))
        for name, values in build_content.items()
    ]


def transfer_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Scores by training and test dataset: one row per run, one column per test dataset.

    Returns:
        None if every run was scored on the dataset it was trained on.
    """
    runs = all_runs(comparisons)
    moved = {(run.scores.method, run.name) for run in runs if run.scores.is_transfer}
    if not moved:
        return None
    found: dict[tuple[str, str, str], dict[str, Result]] = {}
    for run in runs:
        if (run.scores.method, run.name) not in moved:
            continue
        key = (run.scores.method, run.name, run.scores.trained_on)
        found.setdefault(key, {})[run.scores.dataset] = run
    tests = sorted({dataset for runs in found.values() for dataset in runs})
    measured: dict[str, Callable[[Result], float | None]] = {
        "accuracy on": lambda run: run.scores.accuracy,
        "balanced accuracy on": lambda run: run.scores.balanced_accuracy,
        "ATT-COS on": lambda run: run.scores.attention.overall,
    }
    keys = sorted(found, key=lambda key: (key[0], not key[1].startswith("plain"), key))
    return make_table(
        "transfer",
        [
            *(
                Column("", head, tuple(key[place] for key in keys))
                for place, head in enumerate(("method", "run", "trained on"))
            ),
            *(
                column
                for group, read in measured.items()
                for column in _scored_on(group, tests, [found[key] for key in keys], read)
            ),
        ],
        text_columns=3,
    )
