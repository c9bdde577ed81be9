"""How well valence and arousal are predicted, beside always answering one value."""

from collections.abc import Sequence

from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.valence_arousal import ValenceArousalScores
from report.reading.statistics import StudyStatistics
from report.tables.study_table import format_spread, study_rows
from report.tables.table import (
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

SCORE_TITLES = {
    "ccc": "CCC",
    "pearson": "Pearson",
    "rmse": "RMSE",
    "sign_agreement": "sign agreement",
}
"""Field of ValueScores -> its name in print."""
_SIGNED = ("ccc", "pearson")


def valence_arousal_table(studies: Sequence[StudyStatistics]) -> Table | None:
    """One row per variant that predicts both; None if none does, or no face has them."""
    rows = [
        (study, one, found)
        for study, one in study_rows(studies)
        if (found := one.variant.shown.scores.valence_arousal)
    ]
    if not rows:
        return None
    shown = [found for _, _, found in rows]

    def measured(what: str) -> list[Column]:
        columns = [
            Column(
                what,
                title,
                tuple(
                    format_spread(one.scores[f"{what}_{score}"], score in _SIGNED)
                    for _, one, _ in rows
                ),
            )
            for score, title in SCORE_TITLES.items()
        ]
        columns.insert(1, _intervals(what, shown))
        return [*columns, *_constants(what, shown)]

    return make_table(
        "valence_arousal",
        [
            Column("", "dataset", tuple(study.study.dataset for study, _, _ in rows)),
            Column("", "method", tuple(study.study.method for study, _, _ in rows)),
            Column("", "variant", tuple(one.name for _, one, _ in rows)),
            *(column for what in VALENCE_AROUSAL_COLUMNS for column in measured(what)),
            Column("", "faces", tuple(f"{one.n}/{one.scored}" for one in shown)),
        ],
        text_columns=3,
    )


def _intervals(what: str, shown: Sequence[ValenceArousalScores]) -> Column:
    found = (one.dimensions()[what].intervals for one in shown)
    cells = (format_interval(one.ccc if one else None, format_signed) for one in found)
    return Column(what, "95 %, first seed", tuple(cells), optional=True)


def _constants(what: str, shown: Sequence[ValenceArousalScores]) -> list[Column]:
    """Return what always answering one value scores; its CCC is 0 by definition."""
    constants = [one.dimensions()[what].constant for one in shown]
    return [
        Column(what, "RMSE of a constant", tuple(format_number(one.rmse) for one in constants)),
        Column(
            what,
            "sign agreement of a constant",
            tuple(format_number(one.sign_agreement) for one in constants),
        ),
    ]
