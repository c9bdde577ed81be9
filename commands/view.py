"""Looking at what was made, as pictures."""

from pathlib import Path
from typing import Any

import click

from commands.options import PATH


@click.group()
def view() -> None:
    """Look: pictures of what was drawn, and of what the codebooks say."""


@view.command()
@click.argument("faces", type=PATH)
@click.argument("landmarks", type=PATH)
@click.argument("out", type=PATH)
@click.option("--kind", default="au", show_default=True, help="au, per_class_au, landmarks, ...")
@click.option("--expression", help="Only faces of this label, such as Happiness.")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=24, show_default=True, help="Faces at most."
)
@click.option(
    "--params",
    type=PATH,
    default="params.yaml",
    show_default=True,
    help="Where heatmap.options are: which AU, which codebook.",
)
def heatmaps(faces: Path, landmarks: Path, out: Path, params: Path, **asked: Any) -> None:  # noqa: ANN401 - kind, expression and count, as the options say
    """Write contact sheets of faces with landmarks and maps: FACES and LANDMARKS -> OUT."""
    from params import load
    from pipeline.params import HeatmapParams
    from report.views.heatmap_sheets import SheetOptions, write_heatmap_sheets

    numbers = load(params, ("heatmap",), HeatmapParams)
    options = numbers.options_of(asked["kind"])
    drawn = SheetOptions(**asked, kind_options=options, canvas_px=numbers.canvas_px)
    sheets, shown = write_heatmap_sheets(faces, landmarks, out, drawn)
    click.echo(f"{out}: sheet-001.png to sheet-{sheets:03}.png, {shown} faces")


@view.command()
@click.argument("faces", type=PATH)
@click.argument("out", type=PATH)
@click.option("--status", help="Only these, such as ok or no_face.")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=60, show_default=True, help="At most."
)
def faces(faces: Path, out: Path, status: str | None, count: int) -> None:
    """Write contact sheets of aligned faces, or of pictures that failed: FACES -> OUT."""
    from report.views.face_sheets import write_face_sheets

    sheets, shown = write_face_sheets(faces, out, status, count)
    click.echo(f"{out}: sheet-001.png to sheet-{sheets:03}.png, {shown} pictures")


@view.command()
@click.argument("out", type=PATH)
def codebook(out: Path) -> None:
    """Write what each action unit is and where it is drawn, as table and figure: OUT."""
    from report.views.codebook import FIGURE, TABLE, write_codebook

    write_codebook(out)
    click.echo(f"{out}: {TABLE}, {FIGURE}")
