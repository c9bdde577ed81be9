"""The content of the page: tables, matrices, charts and pictures, per dataset and method."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from report.figures.chart import Chart
from report.figures.curve_chart import curve_chart
from report.figures.face_grids import mean_counts, mean_grids, mistake_grids, sheet_grids
from report.figures.forest_chart import forest_chart
from report.figures.grids import Grid, grid_figure
from report.figures.matrices import Matrix, confusion_matrix, cosine_matrix, matrix_figure
from report.figures.reliability_chart import reliability_chart
from report.figures.robustness_chart import robustness_chart
from report.figures.sweep_charts import sweep_charts
from report.reading.published_figures import Publication, cited, compares
from report.reading.statistics import StudyStatistics, study_statistics
from report.reading.studies import Result, Study
from report.tables.detail_tables import (
    cam_table,
    class_table,
    faithfulness_table,
    file_name,
    file_safe,
    provenance_table,
    subgroup_tables,
    unit_table,
)
from report.tables.examination_tables import black_box_table, findings, robustness_table
from report.tables.hiding_tables import hiding_table, region_tables
from report.tables.own_unit_tables import own_class_table, own_unit_table
from report.tables.run_tables import all_runs, layer_table, main_table
from report.tables.soft_tables import soft_table
from report.tables.study_table import baseline_table, difference_table, paper_table, study_table
from report.tables.summary import Summary, summarise
from report.tables.sweeps import Sweep, find_sweeps, sweep_table
from report.tables.table import Column, Table, make_table
from report.tables.transfer_tables import transfer_table, zero_shot_table
from report.tables.valence_arousal_tables import valence_arousal_table

FEW_METHODS = 4
"""Up to so many methods on a dataset, each shows a face of every expression at least."""
Figures = Iterator[tuple[str, bytes]]
"""Name of a file without its ending, and the PNG."""


@dataclass(frozen=True, slots=True)
class MethodSection:
    """One method on one dataset."""

    study: Study
    curves: Chart | None
    findings: tuple[str, ...]
    black_box: Table | None
    robustness: Table | None
    degraded: Chart | None
    cams: Table | None
    classes: Table
    own_units: Table | None
    confusions: tuple[Matrix, ...]
    cosines: tuple[Matrix, ...]
    units: Table | None
    faithfulness: Table | None
    hiding: Table | None
    regions: tuple[Table, ...]
    subgroups: tuple[Table, ...]
    reliability: Chart
    sheets: tuple[Grid, ...]
    mistakes: tuple[tuple[str, Grid], ...]
    provenance: Table

    def tables(self) -> list[Table]:
        """Return its tables."""
        optional = (
            *(self.cams, self.own_units, self.units, self.faithfulness, self.hiding),
            *(self.black_box, self.robustness),
        )
        present = [table for table in optional if table is not None]
        return [self.classes, *present, *self.regions, *self.subgroups, self.provenance]

    def figures(self) -> Figures:
        """Yield its pictures."""
        yield file_name(self.study, "confusion"), matrix_figure(self.confusions)
        yield file_name(self.study, "cosines"), matrix_figure(self.cosines)
        for chart in (self.reliability, self.curves, self.degraded):
            if chart:
                yield chart.name, chart.png
        for number, grid in enumerate(self.sheets):
            yield file_name(self.study, f"faces{number or ''}"), grid_figure(grid)
        for run, grid in self.mistakes:
            yield file_name(self.study, f"mistakes_{run}"), grid_figure(grid)


@dataclass(frozen=True, slots=True)
class DatasetSection:
    """All methods on one dataset."""

    name: str
    summary: Summary
    forest: Chart
    means: tuple[Grid, ...]
    counts: tuple[tuple[str, int, int], ...]
    methods: tuple[MethodSection, ...]

    def figures(self) -> Figures:
        """Yield its pictures."""
        yield self.forest.name, self.forest.png
        for number, grid in enumerate(self.means):
            yield f"{file_safe(self.name)}__means{number or ''}", grid_figure(grid)
        for section in self.methods:
            yield from section.figures()


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything on the page except the surveys of the datasets.

    `paper` is not on the page: it lies beside it, to be put into a paper.
    """

    datasets: tuple[DatasetSection, ...]
    study: Table
    paper: Table
    differences: Table | None
    baselines: Table
    own_units: Table | None
    valence_arousal: Table | None
    soft: Table | None
    runs: Table
    layers: Table
    transfer: Table | None
    zero_shot: Table | None
    sweeps: tuple[tuple[Sweep, tuple[Chart, ...], Table], ...]
    environment: Table
    notices: tuple[str, ...]
    publications: tuple[Publication, ...]

    @property
    def has_curves(self) -> bool:
        """Whether a run keeps learning curves."""
        return any(section.curves for one in self.datasets for section in one.methods)

    def tables(self) -> list[Table]:
        """Return all tables."""
        sections = [section for one in self.datasets for section in one.methods]
        studied = (self.differences, self.own_units, self.soft, self.valence_arousal)
        optional = (*studied, self.transfer, self.zero_shot)
        return [
            *(self.study, self.paper, self.baselines, self.runs, self.layers, self.environment),
            *(table for table in optional if table),
            *(table for _, _, table in self.sweeps),
            *(table for section in sections for table in section.tables()),
        ]

    def figures(self) -> Figures:
        """Yield all pictures, drawing one at a time."""
        for one in self.datasets:
            yield from one.figures()
        for _, charts, _ in self.sweeps:
            yield from ((chart.name, chart.png) for chart in charts)


def build_content(studies: Sequence[Study], sheet_faces: int) -> ReportContent:
    """Build everything that the page shows of these results."""
    found = [study_statistics(one) for one in sorted(studies, key=_transfers_last)]
    names = dict.fromkeys(one.study.dataset for one in found)
    runs = all_runs(studies)
    notices = dict.fromkeys(run.scores.notice for run in runs if run.scores.notice)
    return ReportContent(
        datasets=tuple(
            _dataset_section(name, [one for one in found if one.study.dataset == name], sheet_faces)
            for name in names
        ),
        study=study_table(found),
        paper=paper_table(found),
        differences=difference_table(found),
        baselines=baseline_table(found),
        own_units=own_unit_table(found),
        valence_arousal=valence_arousal_table(found),
        soft=soft_table(found),
        runs=main_table(studies),
        layers=layer_table(studies),
        transfer=transfer_table(found),
        zero_shot=zero_shot_table(found),
        sweeps=tuple(
            (sweep, sweep_charts(sweep), sweep_table(sweep)) for sweep in find_sweeps(found)
        ),
        environment=_environment(studies),
        notices=(*notices, *_caveats(runs)),
        publications=tuple(cited({one.method for one in studies if compares(one.scores.labels)})),
    )


def _caveats(runs: Sequence[Result]) -> list[str]:
    """Say each caveat once, with the methods that it is of."""
    methods: dict[str, dict[str, None]] = {}
    for run in runs:
        if run.scores.caveat:
            methods.setdefault(run.scores.caveat, {})[run.scores.method] = None
    return [f"{', '.join(names)}: {words}." for words, names in methods.items()]


def _transfers_last(study: Study) -> bool:
    return study.scores.is_transfer


def _dataset_section(
    name: str, found: Sequence[StudyStatistics], sheet_faces: int
) -> DatasetSection:
    studies = [one.study for one in found]
    least = len(studies[0].scores.labels) if len(studies) <= FEW_METHODS else 2
    shown = max(sheet_faces // len(studies), min(sheet_faces, least))
    return DatasetSection(
        name,
        summarise(found),
        forest_chart(f"{file_safe(name)}__forest", found),
        tuple(mean_grids(studies)),
        tuple(mean_counts(studies[0])),
        tuple(_method_section(one, shown) for one in studies),
    )


def _method_section(study: Study, sheet_faces: int) -> MethodSection:
    return MethodSection(
        study,
        curve_chart(file_name(study, "curves"), study),
        tuple(findings(study)),
        black_box_table(study),
        robustness_table(study),
        robustness_chart(file_name(study, "degraded"), study),
        cam_table(study),
        class_table(study),
        own_class_table(study),
        tuple(confusion_matrix(run) for run in study.shown),
        tuple(cosine_matrix(run) for run in study.shown),
        unit_table(study),
        faithfulness_table(study),
        hiding_table(study),
        tuple(region_tables(study)),
        tuple(subgroup_tables(study)),
        reliability_chart(file_name(study, "reliability"), study),
        tuple(sheet_grids(study, sheet_faces)),
        tuple((run.variant, one) for run, one in mistake_grids(study, sheet_faces)),
        provenance_table(study),
    )


_LIBRARIES = ("numpy", "matplotlib", "jinja2")


def _environment(studies: Sequence[Study]) -> Table:
    """List the versions that wrote the page and that scored the runs."""
    scored = {str(run.fingerprint["torch"]) for run in all_runs(studies)}
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
