"""Does a model look at what each face itself does, or at the stencil of its expression?"""

from collections.abc import Sequence

from contracts.scores import OWN_BASELINES, MacroAverage
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.reading.studies import Study
from report.tables.detail_tables import file_name
from report.tables.study_table import Row, format_spread, study_rows
from report.tables.table import (
    ABSENT,
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)


def own_unit_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """One row per variant, beside the cosine with its stencil; None if nobody coded any face."""
    rows = [one for one in study_rows(studies) if one[1].scores["own_limit"] is not None]
    if not rows:
        return None

    def spreads(score: str) -> tuple[str, ...]:
        signed = score.endswith("selectivity")
        return tuple(format_spread(one.scores[score], signed) for _, one in rows)

    def intervals(score: str) -> tuple[str, ...]:
        return tuple(_interval(one, score) for _, one in rows)

    def means(score: str) -> tuple[str, ...]:
        return tuple(format_number(one.mean(score)) for _, one in rows)

    attention, cam = "ATT-COS, deepest layer", "CAM-COS"
    within, baselines = "selectivity within the class", "baselines, of own AUs"
    return make_table(
        "own_units",
        [
            Column("", "dataset", tuple(study.study.dataset for study, _ in rows)),
            Column("", "method", tuple(study.study.method for study, _ in rows)),
            Column("", "variant", tuple(one.name for _, one in rows)),
            Column("", "attention follows", tuple(_follows(one) for _, one in rows)),
            Column(attention, "class's AUs", spreads("att_cos")),
            Column(attention, "own AUs", spreads("own_att_cos")),
            Column(cam, "class's AUs", spreads("cam_cos")),
            Column(cam, "own AUs", spreads("own_cam_cos")),
            Column(within, "attention", spreads("own_att_selectivity")),
            Column(within, "95 %", intervals("own_att_selectivity"), optional=True),
            Column(within, "CAM", spreads("own_cam_selectivity")),
            Column(within, "stencil", spreads("own_stencil_selectivity")),
            Column(within, "own map", means("own_limit")),
            *(
                Column(baselines, head, means(f"own_{name}"))
                for name, head in OWN_BASELINES.items()
            ),
            *_coverage(rows),
        ],
        text_columns=4,
    )


def _coverage(rows: Sequence[Row]) -> list[Column]:
    found = [one.variant.shown.scores.own_units for _, one in rows]
    known = [one for one in found if one is not None]
    attentions = [one.attention for one in known]
    return [
        Column("faces", "coded", tuple(f"{one.coded}/{one.n}" for one in known)),
        Column("faces", "with own map", tuple(f"{one.n_valid}/{one.n}" for one in attentions)),
        Column(
            "faces",
            "with another to compare",
            tuple(f"{one.selectivity.n_valid}/{one.n}" for one in attentions),
        ),
    ]


def _interval(one: VariantStatistics, score: str) -> str:
    found = one.scores[score]
    return format_interval(found.interval if found else None, format_signed)


def _follows(one: VariantStatistics) -> str:
    """Say what attention follows beyond the expression; a sign only if the interval excludes 0."""
    found, limit = one.scores["own_att_selectivity"], one.mean("own_limit")
    if found is None or found.interval is None or limit is None:
        return "not settled"
    low, high = found.interval
    if low > 0:
        return f"this face ({found.mean / limit:.0%} of what its own map would)"
    return "nothing beyond the class" if high < limit / 20 else "not settled"


def own_class_table(study: Study) -> Table | None:
    """Agreement with the faces' own action units per expression, the runs side by side."""
    runs = [(run.variant, one) for run in study.shown if (one := run.scores.own_units)]
    if not runs:
        return None
    first, names = runs[0][1], study.scores.labels.names

    def columns(group: str, averages: Sequence[MacroAverage]) -> list[Column]:
        variants = (name for name, _ in runs)
        return [
            Column(group, *pair)
            for pair in zip(variants, (_numbers(one, names) for one in averages), strict=True)
        ]

    attentions = [one.attention for _, one in runs]
    return make_table(
        file_name(study, "own_units"),
        [
            Column("", "expression", names),
            *columns("ATT-COS, own AUs", attentions),
            *columns("selectivity within the class", [one.selectivity for one in attentions]),
            Column("", "own map", _numbers(first.limit, names)),
            *(
                Column("baselines", head, _numbers(average, names))
                for head, average in first.baselines.titled().items()
            ),
        ],
        text_columns=1,
    )


def _numbers(average: MacroAverage, names: Sequence[str]) -> tuple[str, ...]:
    values = (average.per_class[name] for name in names)
    return tuple(ABSENT if value is None else format_number(value) for value in values)
