"""What the page is made of: tables, matrices, charts and pictures, by dataset and method."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from anatomy.expressions import EXPRESSIONS
from report.figures.chart import Chart
from report.figures.encoding import grid_figure, matrix_figure
from report.figures.grids import Grid, mean_counts, mean_grids, mistake_grids, sheet_grids
from report.figures.matrices import Matrix, confusion_matrix, cosine_matrix
from report.figures.reliability_chart import reliability_chart
from report.figures.scatter_chart import scatter_chart
from report.figures.sweep_charts import sweep_charts
from report.reading.results import Comparison
from report.tables.detail_tables import (
    class_table,
    faithfulness_table,
    file_name,
    file_safe,
    provenance_table,
    subgroup_tables,
    unit_table,
)
from report.tables.method_tables import methods_table, transfer_table
from report.tables.sentences import Summary, summarise
from report.tables.sweeps import Sweep, find_sweeps, sweep_table
from report.tables.table import Column, Table, every_run, layer_table, main_table, table_of

Figures = Iterator[tuple[str, bytes]]
"""Name of a file without its ending, and the PNG."""


@dataclass(frozen=True, slots=True)
class Part:
    """One method on one dataset."""

    comparison: Comparison
    classes: Table
    confusions: tuple[Matrix, ...]
    cosines: tuple[Matrix, ...]
    units: Table | None
    faithfulness: Table | None
    subgroups: tuple[Table, ...]
    reliability: Chart | None
    sheets: tuple[Grid, ...]
    mistakes: tuple[tuple[str, Grid], ...]
    provenance: Table

    def tables(self) -> list[Table]:
        """Return its tables."""
        maybe = (self.units, self.faithfulness)
        found = [table for table in maybe if table is not None]
        return [self.classes, *found, *self.subgroups, self.provenance]

    def figures(self) -> Figures:
        """Yield its pictures."""
        yield file_name(self.comparison, "confusion"), matrix_figure(self.confusions)
        yield file_name(self.comparison, "cosines"), matrix_figure(self.cosines)
        if self.reliability:
            yield self.reliability.name, self.reliability.png
        for place, grid in enumerate(self.sheets):
            yield file_name(self.comparison, f"faces{place or ''}"), grid_figure(grid)
        for run, grid in self.mistakes:
            yield file_name(self.comparison, f"mistakes_{run}"), grid_figure(grid)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All methods on one dataset."""

    name: str
    summary: Summary
    scatter: Chart | None
    means: tuple[Grid, ...]
    counts: tuple[tuple[str, int, int], ...]
    parts: tuple[Part, ...]

    def figures(self) -> Figures:
        """Yield its pictures."""
        if self.scatter:
            yield self.scatter.name, self.scatter.png
        for place, grid in enumerate(self.means):
            yield f"{file_safe(self.name)}__means{place or ''}", grid_figure(grid)
        for part in self.parts:
            yield from part.figures()


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything but the data's own part."""

    datasets: tuple[Dataset, ...]
    methods: Table
    runs: Table
    layers: Table
    transfer: Table | None
    sweeps: tuple[tuple[Sweep, tuple[Chart, ...], Table], ...]
    environment: Table
    notices: tuple[str, ...]

    def tables(self) -> list[Table]:
        """Return all tables."""
        parts = [part for one in self.datasets for part in one.parts]
        return [
            *(self.methods, self.runs, self.layers, self.environment),
            *([self.transfer] if self.transfer else []),
            *(table for _, _, table in self.sweeps),
            *(table for part in parts for table in part.tables()),
        ]

    def figures(self) -> Figures:
        """Yield all pictures, drawing one at a time."""
        for one in self.datasets:
            yield from one.figures()
        for _, charts, _ in self.sweeps:
            yield from ((chart.name, chart.png) for chart in charts)


def whole(comparisons: Sequence[Comparison], sheet_faces: int) -> Whole:
    """Make everything that the page shows of these results."""
    names = dict.fromkeys(one.dataset for one in sorted(comparisons, key=_transfers_last))
    runs = every_run(comparisons)
    notices = dict.fromkeys(str(run.scores["notice"]) for run in runs if run.scores["notice"])
    caveats = dict.fromkeys(
        f"{run.scores['method']}: {run.scores['caveat']}."
        for run in runs
        if run.scores.get("caveat")
    )
    return Whole(
        datasets=tuple(
            _dataset(name, [one for one in comparisons if one.dataset == name], sheet_faces)
            for name in names
        ),
        methods=methods_table(comparisons),
        runs=main_table(comparisons),
        layers=layer_table(comparisons),
        transfer=transfer_table(comparisons),
        sweeps=tuple(
            (sweep, sweep_charts(sweep), sweep_table(sweep)) for sweep in find_sweeps(comparisons)
        ),
        environment=_environment(comparisons),
        notices=(*notices, *caveats),
    )


def _transfers_last(comparison: Comparison) -> bool:
    return comparison.is_transfer


def _dataset(name: str, comparisons: Sequence[Comparison], sheet_faces: int) -> Dataset:
    several = len(comparisons) > 1
    shown = max(sheet_faces // len(comparisons), min(sheet_faces, len(EXPRESSIONS)))
    return Dataset(
        name,
        summarise(comparisons),
        scatter_chart(f"{file_safe(name)}__scatter", comparisons) if several else None,
        tuple(mean_grids(comparisons)),
        tuple(mean_counts(comparisons[0])),
        tuple(_part(one, shown) for one in comparisons),
    )


def _part(comparison: Comparison, sheet_faces: int) -> Part:
    runs = comparison.runs
    return Part(
        comparison,
        class_table(comparison),
        tuple(confusion_matrix(run) for run in runs),
        tuple(cosine_matrix(run) for run in runs),
        unit_table(comparison),
        faithfulness_table(comparison),
        tuple(subgroup_tables(comparison)),
        reliability_chart(file_name(comparison, "reliability"), comparison),
        tuple(sheet_grids(comparison, sheet_faces)),
        tuple((run.supervision, one) for run, one in mistake_grids(comparison, sheet_faces)),
        provenance_table(comparison),
    )


_SHOWN = ("numpy", "matplotlib", "jinja2")


def _environment(comparisons: Sequence[Comparison]) -> Table:
    """What wrote the page, and what scored the runs."""
    scored = {str(run.fingerprint.get("torch", "not known")) for run in every_run(comparisons)}
    rows = {
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in _SHOWN},
        "torch that scored the runs": ", ".join(sorted(scored)),
    }
    return table_of(
        "environment",
        [Column("", "", tuple(rows)), Column("", "version", tuple(rows.values()))],
        texts=2,
    )
