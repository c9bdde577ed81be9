"""Stage `report`: every result on one self-contained page.

OUT/index.html      one file that opens offline: pictures, styles and script are inside
OUT/scores.csv      one row per run, all digits
OUT/tables/         the page's tables as csv, md and tex
OUT/figures/        the page's pictures as PNG files
OUT/MANIFEST.json   size and SHA-256 of each of these, for `verify`
"""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from errors import printable
from report.content import ReportContent, build_content
from report.figures.overlays import U8, encode_jpeg, magma_stops
from report.finished import page_fingerprint
from report.params import ReportParams
from report.reading.results import load_studies
from report.reading.studies import Study
from report.survey_section import SurveySection, load_surveys
from report.tables.formats import FORMATS
from report.tables.run_tables import all_runs, run_record
from report.tables.table import Table
from store.building import write_in_place
from store.tables import inert_row, table_bytes

PAGE, SCORES, FIGURES, TABLES = "index.html", "scores.csv", "figures", "tables"
_OPEN = 2
"""With more methods than this on a page, their sections start closed."""


def write_report(results: Path, out: Path, params: ReportParams) -> Path:
    """Write the page, the tables and the figures of every result, replacing an older report.

    Args:
        results: folder with <dataset>/<method>/<variant>/<repeat>/scores.json and
            <dataset>/survey/survey.json.
        out: folder to write to; created if needed. Files of others in it are left alone.
        params: title, and how many faces to show.

    Returns:
        The page.

    Raises:
        NoInputError: if there is no result.
        CorruptError: if a result is not what was written.
    """
    studies, surveys = load_studies(results), load_surveys(results)
    content = build_content(studies, params.sheet_faces)
    files: dict[str, bytes | memoryview] = {
        f"{FIGURES}/{name}.png": picture for name, picture in content.figures()
    }
    for table in (*content.tables(), *(table for one in surveys for table in one.tables())):
        files |= _table_files(table)
    files[SCORES] = _scores(studies)
    files[PAGE] = render(params.title, content, surveys).encode()
    write_in_place(out, page_fingerprint(results, params), files, {})
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
        finalize=_without_controls,
    )
    environment.filters["uri"] = _jpeg_uri
    return environment.get_template("page.html.j2").render(
        title=title,
        content=content,
        surveys=surveys,
        stops=magma_stops(9),
        is_open=sum(len(one.methods) for one in content.datasets) <= _OPEN,
    )


def _without_controls(value: object) -> object:
    """Escape control characters in text, all but ends of lines; markup is our own."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(map(printable, value.split("\n")))
    return value


def _table_files(table: Table) -> dict[str, bytes]:
    """Return a table in every format, by path."""
    return {
        f"{TABLES}/{table.name}.{ending}": written(table).encode()
        for ending, written in FORMATS.items()
    }


def _scores(studies: Sequence[Study]) -> memoryview:
    rows = [inert_row(run_record(run)) for run in all_runs(studies)]
    return table_bytes(list(dict.fromkeys(key for row in rows for key in row)), rows)


def _jpeg_uri(image: U8) -> Markup:
    return Markup("data:image/jpeg;base64,{}").format(b64encode(encode_jpeg(image)).decode())
