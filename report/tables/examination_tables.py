"""Tables of what command `examine` measures: black-box maps, degraded faces, the card."""

from collections.abc import Callable, Sequence

from contracts.examinations import BlackBoxScores, DegradedPoint, Examination
from report.reading.studies import Result, Study
from report.tables.detail_tables import file_name
from report.tables.table import (
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

Examined = Sequence[tuple[Result, Examination]]
WHOLE = "whole"
"""Instead of a degradation: the faces as they are."""


def examined_runs(study: Study) -> Examined:
    """Return the runs of a study that were examined, with what was found."""
    return [(run, run.examination) for run in study.shown if run.examination]


def findings(study: Study) -> list[str]:
    """Say what each examination found out about the model and its card, a sentence each."""
    return [words for run, found in examined_runs(study) for words in _findings(run, found)]


def _findings(run: Result, found: Examination) -> list[str]:
    lines = [
        f"{run.variant}: {found.model} was asked {found.passes:,} times, "
        f"{found.ms_per_pass:.1f} ms per face."
    ]
    if found.unscored_share:
        lines.append(
            f"Classes without an expression take {found.unscored_share:.1%} of its answers."
        )
    if found.never_answered:
        lines.append(f"It never answers {', '.join(found.never_answered)}.")
    lines += [
        f"Suspicious: accuracy {one.accuracy:.3f} would be {one.accuracy_then:.3f} {one.what} "
        f"({one.faces} faces, {one.standard_errors:.1f} standard errors). That is no proof."
        for one in found.suspicions
    ]
    return lines


def black_box_table(study: Study) -> Table | None:
    """Agreement of maps that need only pictures and probabilities; None if none were made."""
    rows = [(run, one) for run, found in examined_runs(study) for one in found.maps]
    if not rows:
        return None

    def column(
        head: str, printed: Callable[[BlackBoxScores], str], optional: bool = False
    ) -> Column:
        return Column("", head, tuple(printed(one) for _, one in rows), optional)

    return make_table(
        file_name(study, "black_box"),
        [
            Column("", "run", tuple(run.variant for run, _ in rows)),
            column("map", lambda one: one.method),
            column("faces", lambda one: str(one.cosine.n)),
            column("passes per face", lambda one: str(one.passes)),
            column("cosine", lambda one: format_number(one.cosine.value)),
            column("95 %", lambda one: format_interval(one.cosine.interval)),
            column("uniform", lambda one: format_number(one.uniform)),
            column("error by masks", lambda one: format_number(one.cosine_error), True),
            column("noise of a map", lambda one: format_number(one.map_error), True),
            column("selectivity", lambda one: format_signed(one.selectivity.value)),
        ],
        text_columns=2,
    )


def robustness_table(study: Study) -> Table | None:
    """Scores on degraded faces, a row per run, degradation and amount; None if not measured."""
    rows = [
        (run.variant, kind, point)
        for run, found in examined_runs(study)
        if found.robustness
        for kind, point in [
            (WHOLE, found.robustness.whole),
            *(
                (f"{curve.name}, {curve.unit}", point)
                for curve in found.robustness.curves
                for point in curve.points
            ),
        ]
    ]
    if not rows:
        return None

    def column(
        head: str, printed: Callable[[DegradedPoint], str], optional: bool = False
    ) -> Column:
        return Column("", head, tuple(printed(point) for _, _, point in rows), optional)

    return make_table(
        file_name(study, "robustness"),
        [
            Column("", "run", tuple(name for name, _, _ in rows)),
            Column("", "degradation", tuple(kind for _, kind, _ in rows)),
            column("amount", lambda one: "" if one.amount is None else f"{one.amount:g}"),
            column("accuracy", lambda one: format_number(one.accuracy)),
            column("± (standard error)", lambda one: format_number(one.accuracy_error)),
            column("balanced", lambda one: format_number(one.balanced_accuracy)),
            column("ATT-COS", lambda one: format_number(one.att_cos), True),
            column("CAM-COS", lambda one: format_number(one.cam_cos), True),
            column("faces", lambda one: str(one.n)),
        ],
        text_columns=2,
    )
