"""Contact sheets and figures of what the stages made."""

from pathlib import Path
from typing import Any

import click

from commands.options import PARAMS_FILE, PATH, FamilyOption, echo, known_kinds


@click.group()
def view() -> None:
    """Write pictures to look at: heatmaps, faces, codebook."""


@view.command()
@click.argument("faces", type=PATH)
@click.argument("landmarks", type=PATH)
@click.argument("out", type=PATH)
@click.option(
    "--kind",
    cls=FamilyOption,
    members=known_kinds,
    default="au",
    show_default=True,
    help="Kind of map.",
)
@click.option("--expression", help="Only faces with this label, such as Happiness.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    help="Maximum number of faces.",
)
@PARAMS_FILE
def heatmaps(faces: Path, landmarks: Path, out: Path, file: Path, **asked: Any) -> None:  # noqa: ANN401 - kind, expression and count, as the options say
    """Draw faces with landmarks and maps: FACES, LANDMARKS -> OUT.

    OUT gets contact sheets. The maps are drawn with the options of `heatmap` in params.yaml.
    """
    from params import load
    from report.views.heatmap_sheets import SheetOptions, write_heatmap_sheets

    params = load(file).heatmap
    options = params.options_of(asked["kind"])
    drawn = SheetOptions(**asked, kind_options=options, canvas_px=params.canvas_px)
    sheets, shown = write_heatmap_sheets(faces, landmarks, out, drawn)
    echo(f"{out}: sheet-001.png to sheet-{sheets:03}.png, {shown} faces")


@view.command()
@click.argument("faces", type=PATH)
@click.argument("out", type=PATH)
@click.option("--status", help="Only pictures with this status, such as ok or no_face.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="Maximum number of pictures.",
)
def faces(faces: Path, out: Path, status: str | None, count: int) -> None:
    """Draw aligned faces, and pictures that failed: FACES -> OUT.

    OUT gets contact sheets.
    """
    from report.views.face_sheets import write_face_sheets

    sheets, shown = write_face_sheets(faces, out, status, count)
    echo(f"{out}: sheet-001.png to sheet-{sheets:03}.png, {shown} pictures")


@view.command()
@click.argument("out", type=PATH)
@click.option(
    "--labels",
    default="basic7",
    show_default=True,
    help="Label set: one of labels/, or your own file.",
)
def codebook(out: Path, labels: str) -> None:
    """Write what each action unit is and where it lies: OUT.

    OUT gets a table and a figure.
    """
    from labels.reading import read_labels
    from report.views.codebook import FIGURE, TABLE, write_codebook

    write_codebook(out, read_labels(labels))
    echo(f"{out}: {TABLE}, {FIGURE}")
