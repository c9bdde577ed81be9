"""The content of the page: tables, matrices, charts and pictures, per dataset and method."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from anatomy.expressions import EXPRESSIONS
from report.figures.chart import Chart
from report.figures.face_grids import mean_counts, mean_grids, mistake_grids, sheet_grids
from report.figures.grids import Grid, grid_figure
from report.figures.matrices import Matrix, confusion_matrix, cosine_matrix, matrix_figure
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
from report.tables.run_tables import all_runs, layer_table, main_table
from report.tables.summary import Summary, summarise
from report.tables.sweeps import Sweep, find_sweeps, sweep_table
from report.tables.table import Column, Table, make_table

Figures = Iterator[tuple[str, bytes]]
"""Name of a file without its ending, and the PNG."""


@dataclass(frozen=True, slots=True)
class MethodSection:
    """One method on one dataset."""

    comparison: Comparison
    classes: Table
    confusions: tuple[Matrix, ...]
    cosines: tuple[Matrix, ...]
    units: Table | None
    faithfulness: Table | None
    subgroups: tuple[Table, ...]
    reliability: Chart
    sheets: tuple[Grid, ...]
    mistakes: tuple[tuple[str, Grid], ...]
    provenance: Table

    def tables(self) -> list[Table]:
        """Return its tables."""
        optional = (self.units, self.faithfulness)
        present = [table for table in optional if table is not None]
        return [self.classes, *present, *self.subgroups, self.provenance]

    def figures(self) -> Figures:
        """Yield its pictures."""
        yield file_name(self.comparison, "confusion"), matrix_figure(self.confusions)
        yield file_name(self.comparison, "cosines"), matrix_figure(self.cosines)
        yield self.reliability.name, self.reliability.png
        for number, grid in enumerate(self.sheets):
            yield file_name(self.comparison, f"faces{number or ''}"), grid_figure(grid)
        for run, grid in self.mistakes:
            yield file_name(self.comparison, f"mistakes_{run}"), grid_figure(grid)


@dataclass(frozen=True, slots=True)
class DatasetSection:
    """All methods on one dataset."""

    name: str
    summary: Summary
    scatter: Chart | None
    means: tuple[Grid, ...]
    counts: tuple[tuple[str, int, int], ...]
    methods: tuple[MethodSection, ...]

    def figures(self) -> Figures:
        """Yield its pictures."""
        if self.scatter:
            yield self.scatter.name, self.scatter.png
        for number, grid in enumerate(self.means):
            yield f"{file_safe(self.name)}__means{number or ''}", grid_figure(grid)
        for section in self.methods:
            yield from section.figures()


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything on the page except the surveys of the datasets."""

    datasets: tuple[DatasetSection, ...]
    methods: Table
    runs: Table
    layers: Table
    transfer: Table | None
    sweeps: tuple[tuple[Sweep, tuple[Chart, ...], Table], ...]
    environment: Table
    notices: tuple[str, ...]

    def tables(self) -> list[Table]:
        """Return all tables."""
        sections = [section for one in self.datasets for section in one.methods]
        return [
            *(self.methods, self.runs, self.layers, self.environment),
            *([self.transfer] if self.transfer else []),
            *(table for _, _, table in self.sweeps),
            *(table for section in sections for table in section.tables()),
        ]

    def figures(self) -> Figures:
        """Yield all pictures, drawing one at a time."""
        for one in self.datasets:
            yield from one.figures()
        for _, charts, _ in self.sweeps:
            yield from ((chart.name, chart.png) for chart in charts)


def build_content(comparisons: Sequence[Comparison], sheet_faces: int) -> ReportContent:
    """Build everything that the page shows of these results."""
    names = dict.fromkeys(one.dataset for one in sorted(comparisons, key=_transfers_last))
    runs = all_runs(comparisons)
    notices = dict.fromkeys(run.scores.notice for run in runs if run.scores.notice)
    caveats = dict.fromkeys(
        f"{run.scores.method}: {run.scores.caveat}." for run in runs if run.scores.caveat
    )
    return ReportContent(
        datasets=tuple(
            _dataset_section(name, [one for one in comparisons if one.dataset == name], sheet_faces)
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


def _dataset_section(
    name: str, comparisons: Sequence[Comparison], sheet_faces: int
) -> DatasetSection:
    several = len(comparisons) > 1
    shown = max(sheet_faces // len(comparisons), min(sheet_faces, len(EXPRESSIONS)))
    return DatasetSection(
        name,
        summarise(comparisons),
        scatter_chart(f"{file_safe(name)}__scatter", comparisons) if several else None,
        tuple(mean_grids(comparisons)),
        tuple(mean_counts(comparisons[0])),
        tuple(_method_section(one, shown) for one in comparisons),
    )


def _method_section(comparison: Comparison, sheet_faces: int) -> MethodSection:
    runs = comparison.runs
    return MethodSection(
        comparison,
        class_table(comparison),
        tuple(confusion_matrix(run) for run in runs),
        tuple(cosine_matrix(run) for run in runs),
        unit_table(comparison),
        faithfulness_table(comparison),
        tuple(subgroup_tables(comparison)),
        reliability_chart(file_name(comparison, "reliability"), comparison),
        tuple(sheet_grids(comparison, sheet_faces)),
        tuple((run.variant, one) for run, one in mistake_grids(comparison, sheet_faces)),
        provenance_table(comparison),
    )


_LIBRARIES = ("numpy", "matplotlib", "jinja2")


def _environment(comparisons: Sequence[Comparison]) -> Table:
    """List the versions that wrote the page and that scored the runs."""
    scored = {str(run.fingerprint["torch"]) for run in all_runs(comparisons)}
    rows = {
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in _LIBRARIES},
        "torch that scored the runs": ", ".join(sorted(scored)),
    }
    return make_table(
        "environment",
        [Column("", "", tuple(rows)), Column("", "version", tuple(rows.values()))],
        text_columns=2,
    )
