"""Command `explain`: what a run predicts for pictures and videos, with maps and a page each."""

from pathlib import Path

import click

from commands.options import CARD, DEVICE, PARAMS_FILE, PATH, echo, progress_bar, with_options


@click.command()
@click.argument("model")
@click.argument("pictures", type=PATH, nargs=-1, required=True, metavar="PICTURE...")
@click.option("--out", type=PATH, required=True, help="Folder to write to.")
@click.option("--expression", help="Explain this expression instead of the predicted one.")
@PARAMS_FILE
@with_options((CARD, *DEVICE))
def explain(
    model: str,
    pictures: tuple[Path, ...],
    out: Path,
    expression: str | None,
    file: Path,
    **how: str,
) -> None:
    """Explain what a model predicts for every face in PICTURE...

    MODEL is a run, or another model as `examine` takes it. PICTURE is an image, a video, or a
    folder. OUT gets a page and its numbers for each picture, and explained.json, which also lists
    the pictures that have no face or cannot be read.
    """
    from explain.explainer import Explainer
    from explain.output import write_explanations

    explainer = Explainer.load(model, expression, file, **how)
    with progress_bar("explain", out) as progress:
        lines = write_explanations(explainer, pictures, out, progress)
    echo(*lines)
