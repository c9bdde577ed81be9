"""Tables of what hiding parts of the faces does: deletion, insertion, regions of action units."""

from contracts.examinations import Estimate, HiddenRegion, RegionCell
from contracts.scores import Faithfulness
from report.reading.studies import Result, Study
from report.tables.detail_tables import file_name
from report.tables.table import (
    ABSENT,
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

OWN_MARK = "*"
"""After the cell of a region that belongs to the expression."""
_ORDERS = ("attention", "cam")
_SUMS = {
    "own": "own regions",
    "others": "other regions",
    "selectivity": "own minus others",
}


def hiding_table(study: Study) -> Table | None:
    """Say how much better than random each order is, and what own regions cost; None if unknown."""
    runs = [run for run in study.shown if run.scores.faithfulness or run.scores.regions]
    if not runs:
        return None
    return make_table(
        file_name(study, "hiding"),
        [
            Column("", "measure", tuple(_estimates(runs[0]))),
            *(
                Column(run.variant, head, tuple(cells))
                for run in runs
                for head, cells in zip(
                    ("mean", "95 %"),
                    zip(
                        *(_printed(one, name) for name, one in _estimates(run).items()), strict=True
                    ),
                    strict=True,
                )
            ),
        ],
        text_columns=1,
    )


def _estimates(run: Result) -> dict[str, Estimate | None]:
    measured, regions = run.scores.faithfulness, run.scores.regions
    return {
        **{
            f"{curve}, gain over random: {order}": _gain(measured, order, curve)
            for curve in ("deletion", "insertion")
            for order in _ORDERS
        },
        **{
            f"hidden AUs: {words}": getattr(regions, name) if regions else None
            for name, words in _SUMS.items()
        },
        RANKING: regions.ranking if regions else None,
    }


RANKING = "hidden AUs: an own region costs more"


def _gain(measured: Faithfulness | None, order: str, curve: str) -> Estimate | None:
    found: Estimate | None = getattr(getattr(measured, order, None), f"{curve}_gain", None)
    return found


def _printed(estimate: Estimate | None, name: str) -> tuple[str, str]:
    if estimate is None:
        return ABSENT, ABSENT
    form = format_number if name == RANKING else format_signed  # a share has no sign
    return form(estimate.value), format_interval(estimate.interval, form)


def region_tables(study: Study) -> list[Table]:
    """Return, per variant, what hiding each region costs each expression above a random place."""
    return [
        make_table(
            file_name(study, f"regions_{run.variant}"),
            [
                Column("", "AUs", tuple(_units(row) for row in found.regions)),
                Column("", run.variant, tuple(row.name for row in found.regions)),
                Column("", "area", tuple(format_number(row.area) for row in found.regions)),
                *(
                    Column("fall above a random place", name, tuple(_cells(found.regions, name)))
                    for name in run.scores.labels.names
                ),
            ],
            text_columns=2,
        )
        for run in study.shown
        if (found := run.scores.regions)
    ]


def _units(row: HiddenRegion) -> str:
    return ", ".join(map(str, row.units))


def _cells(rows: list[HiddenRegion], expression: str) -> list[str]:
    return [_cell(row.cells[expression]) for row in rows]


def _cell(cell: RegionCell | None) -> str:
    """Print '+0.120 ± 0.030*'; the star marks a region of the expression."""
    if cell is None:
        return ABSENT
    error = "" if cell.error is None else f" ± {format_number(cell.error)}"
    mark = OWN_MARK if cell.own else ""
    return f"{format_signed(cell.drop - cell.elsewhere)}{error}{mark}"
