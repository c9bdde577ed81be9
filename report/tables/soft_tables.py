"""How well predicted probabilities are the shares of several people's labels."""

from collections.abc import Sequence

from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.study_table import Row, format_spread, study_rows
from report.tables.table import ABSENT, Column, Table, format_interval, format_number, make_table


def soft_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """One row per variant, between the limits of its faces; None if no face has shares."""
    rows = [one for one in study_rows(studies) if one[1].scores["soft_floor"] is not None]
    if not rows:
        return None

    def spreads(score: str) -> tuple[str, ...]:
        return tuple(format_spread(one.scores[score]) for _, one in rows)

    def intervals(score: str) -> tuple[str, ...]:
        return tuple(_interval(one, score) for _, one in rows)

    def means(score: str) -> tuple[str, ...]:
        return tuple(format_number(one.mean(score)) for _, one in rows)

    entropy, person = "cross-entropy with the shares, nats", "agrees with one annotator"
    return make_table(
        "soft_labels",
        [
            Column("", "dataset", tuple(study.study.dataset for study, _ in rows)),
            Column("", "method", tuple(study.study.method for study, _ in rows)),
            Column("", "variant", tuple(one.name for _, one in rows)),
            Column("", "targets", tuple(_targets(one) for _, one in rows)),
            Column(entropy, "run", spreads("soft_cross_entropy")),
            Column(entropy, "95 %", intervals("soft_cross_entropy"), optional=True),
            Column(entropy, "floor", means("soft_floor")),
            Column(entropy, "constant", means("soft_constant")),
            Column(person, "run", spreads("soft_annotator")),
            Column(person, "95 %", intervals("soft_annotator"), optional=True),
            Column(person, "ceiling", means("soft_ceiling")),
            Column(person, "constant", means("soft_constant_annotator")),
            Column("prediction is", "the label", spreads("soft_accuracy")),
            Column("prediction is", "the majority", spreads("soft_majority")),
            *_coverage(rows),
        ],
        text_columns=4,
    )


def _coverage(rows: Sequence[Row]) -> list[Column]:
    found = [one.variant.shown.scores.soft for _, one in rows]
    known = [one for one in found if one is not None]
    columns = [
        Column("faces", "with shares", tuple(f"{one.known}/{one.n}" for one in known)),
        Column("faces", "tied", tuple(str(one.tied) for one in known)),
    ]
    if any(one.outside for one in known):
        outside = tuple(f"{one.outside:.1%}" for one in known)
        columns.append(Column("", "for classes not told apart", outside))
    return columns


def _interval(one: VariantStatistics, score: str) -> str:
    found = one.scores[score]
    return format_interval(found.interval if found else None)


def _targets(one: VariantStatistics) -> str:
    """Return what the run learnt from, as `train.targets` says; runs of old do not say it."""
    return str(one.variant.shown.scores.train.get("targets", ABSENT))
