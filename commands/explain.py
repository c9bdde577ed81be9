"""Command `explain`: what a run predicts for pictures and videos, with maps and a page each."""

from collections.abc import Sequence
from pathlib import Path

import click

from commands.options import CARD, DEVICE, PARAMS_FILE, PATH, echo, progress_bar, with_options
from errors import UsageError


def require_one_picture(aus: str, pictures: Sequence[Path]) -> None:
    """Refuse action units for several pictures: they are of one face."""
    if aus and (len(pictures) > 1 or pictures[0].is_dir()):
        raise UsageError("--aus", "is of one face. Name one picture.")


@click.command()
@click.argument("model")
@click.argument("pictures", type=PATH, nargs=-1, required=True, metavar="PICTURE...")
@click.option("--out", type=PATH, required=True, help="Folder to write to.")
@click.option("--expression", help="Explain this expression instead of the predicted one.")
@click.option("--aus", default="", help="AUs coded on the one face, such as '6;12:0.8;25'.")
@PARAMS_FILE
@with_options((CARD, *DEVICE))
def explain(
    model: str,
    pictures: tuple[Path, ...],
    out: Path,
    aus: str,
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

    require_one_picture(aus, pictures)
    explainer = Explainer.load(model, params=file, **how).with_units(aus)
    with progress_bar("explain", out) as progress:
        lines = write_explanations(explainer, pictures, out, progress)
    echo(*lines)
