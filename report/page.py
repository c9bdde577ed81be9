"""Stage `report`: every result on one self-contained page.

OUT/index.html      one file that opens offline: pictures, styles and script are inside
OUT/scores.csv      one row per run, all digits
OUT/tables/         the page's tables as csv, md and tex
OUT/figures/        the page's pictures as PNG files
"""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from report.content import ReportContent, build_content
from report.figures.overlays import U8, encode_jpeg, magma_stops
from report.params import ReportParams
from report.reading.published import SETTING, SOURCE
from report.reading.results import Comparison, load_comparisons
from report.survey_section import SurveySection, load_surveys
from report.tables.formats import FORMATS
from report.tables.run_tables import all_runs, run_record
from report.tables.table import Table
from store.files import atomic_write
from store.tables import write_table

PAGE, SCORES, FIGURES, TABLES = "index.html", "scores.csv", "figures", "tables"
VERSION = 5
_OPEN = 2
"""With more methods than this on a page, their sections start closed."""


def write_report(results: Path, out: Path, params: ReportParams) -> Path:
    """Write the page, the tables and the figures of every result, replacing older ones.

    Args:
        results: folder with <dataset>/<method>/<run>/scores.json and
            <dataset>/survey/survey.json.
        out: folder to write to; created if needed.
        params: title, and how many faces to show.

    Returns:
        The page.

    Raises:
        NoInputError: if there is no result.
        CorruptError: if a result is not what was written.
    """
    comparisons, surveys = load_comparisons(results), load_surveys(results)
    content = build_content(comparisons, params.sheet_faces)
    for folder in (FIGURES, TABLES):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for name, picture in content.figures():
        atomic_write(out / FIGURES / f"{name}.png", picture)
    for table in (*content.tables(), *(table for one in surveys for table in one.tables())):
        _write_table(out / TABLES, table)
    _write_scores(out / SCORES, comparisons)
    atomic_write(out / PAGE, render(params.title, content, surveys).encode())
    return out / PAGE


def render(title: str, content: ReportContent, surveys: Sequence[SurveySection]) -> str:
    """Fill the template. All text is escaped."""
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(folder),
    )
    environment.filters["uri"] = _jpeg_uri
    return environment.get_template("page.html.j2").render(
        title=title,
        content=content,
        surveys=surveys,
        stops=magma_stops(9),
        published={"source": SOURCE, "setting": SETTING},
        is_open=sum(len(one.methods) for one in content.datasets) <= _OPEN,
    )


def _write_table(folder: Path, table: Table) -> None:
    for ending, written in FORMATS.items():
        text = written(table).encode("utf-8", "backslashreplace")
        atomic_write(folder / f"{table.name}.{ending}", text)


def _write_scores(path: Path, comparisons: Sequence[Comparison]) -> None:
    rows = [run_record(run) for run in all_runs(comparisons)]
    write_table(path, list(dict.fromkeys(key for row in rows for key in row)), rows)


def _jpeg_uri(image: U8) -> str:
    return f"data:image/jpeg;base64,{b64encode(encode_jpeg(image)).decode()}"
