"""Stage `report`: every result on one self-contained page.

OUT/index.html      opens offline, in a browser or a mail: pictures and styles are inside
OUT/scores.csv      a row a run
OUT/figures/        the same pictures as PNG files
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, Field

from anatomy.expressions import EXPRESSIONS
from report.data import Data, load_data
from report.figures import confusion_figure, grid_figure, jpeg, magma_stops
from report.grids import U8, Grid, mean_counts, mean_grid, sheet_grids
from report.results import Comparison, load_comparisons
from report.summary import summarise
from report.tables import class_table, layer_table, main_table, provenance_table, record
from store.files import atomic_write
from store.tables import write_table

PAGE, SCORES, FIGURES = "index.html", "scores.csv", "figures"
VERSION = 1


class ReportParams(BaseModel, frozen=True, extra="forbid"):
    """[report] in params.yaml."""

    title: str
    sheet_faces: int = Field(ge=0)


def write_report(results: Path, out: Path, params: ReportParams) -> Path:
    """Write the page, the table and the figures of every result, replacing older ones.

    Args:
        results: folder with <dataset>/<method>/<supervision>/scores.json and
            <dataset>/survey/survey.json.
        out: folder to write to; made where it is not there.
        params: title, and how many faces to show.

    Returns:
        The page.

    Raises:
        NoInputError: if there is no result.
        CorruptError: if a result is not what was written.
    """
    comparisons, data = load_comparisons(results), load_data(results)
    sections = [_section(comparison, params.sheet_faces) for comparison in comparisons]
    (out / FIGURES).mkdir(parents=True, exist_ok=True)
    for comparison, section in zip(comparisons, sections, strict=True):
        for name, picture in _figures(comparison, section).items():
            atomic_write(out / FIGURES / name, picture)
    _write_scores(out / SCORES, comparisons)
    atomic_write(out / PAGE, render(params.title, comparisons, sections, data).encode())
    return out / PAGE


def render(
    title: str,
    comparisons: Sequence[Comparison],
    sections: Sequence[Mapping[str, Any]],
    data: Sequence[Data],
) -> str:
    """Fill the template. All text is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["uri"] = _uri
    template = environment.from_string(Path(__file__).with_name("template.html.j2").read_text())
    runs = [run for comparison in comparisons for run in comparison.runs]
    return template.render(
        title=title,
        notices=list(dict.fromkeys(run.scores["notice"] for run in runs if run.scores["notice"])),
        expressions=EXPRESSIONS,
        main=main_table(comparisons),
        layers=layer_table(comparisons),
        sections=sections,
        data=data,
        stops=magma_stops(9),
    )


def _section(comparison: Comparison, sheet_faces: int) -> dict[str, Any]:
    return {
        "summary": summarise(comparison),
        "classes": class_table(comparison),
        "confusions": [(run.supervision, run.scores["confusion"]) for run in comparison.runs],
        "means": mean_grid(comparison),
        "counts": mean_counts(comparison),
        "sheets": [grid for grid in sheet_grids(comparison, sheet_faces) if grid.lines],
        "provenance": provenance_table(comparison),
    }


def _figures(comparison: Comparison, section: Mapping[str, Any]) -> dict[str, bytes]:
    grids: dict[str, Grid] = {"means": section["means"]} | {
        f"sheet{place or ''}": grid for place, grid in enumerate(section["sheets"])
    }
    pictures = {"confusion": confusion_figure(comparison)} | {
        name: grid_figure(grid) for name, grid in grids.items()
    }
    prefix = comparison.place.replace("/", "__")
    return {f"{prefix}__{name}.png": picture for name, picture in pictures.items()}


def _write_scores(path: Path, comparisons: Sequence[Comparison]) -> None:
    rows = [record(run) for comparison in comparisons for run in comparison.runs]
    deepest = max(rows, key=len)  # runs differ in their number of layers only
    write_table(path, list(deepest), rows)


def _uri(image: U8) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg(image)).decode()}"
