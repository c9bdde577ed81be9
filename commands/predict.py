"""Command `predict`: a table of what a run predicts for pictures."""

from pathlib import Path

import click

from commands.options import CARD, DEVICE, PARAMS_FILE, PATH, echo, progress_bar, with_options


@click.command()
@click.argument("model")
@click.argument("pictures", type=PATH, nargs=-1, required=True, metavar="PICTURE...")
@click.option("--out", type=PATH, required=True, metavar="OUT.csv", help="Table to write.")
@PARAMS_FILE
@with_options((CARD, *DEVICE))
def predict(
    model: str,
    pictures: tuple[Path, ...],
    out: Path,
    file: Path,
    **how: str,
) -> None:
    """Write what a model predicts for every face in PICTURE... as a table.

    MODEL is a run, or another model as `examine` takes it. PICTURE is an image, a video, or a
    folder. Faster than `explain`: no maps, no pages. A video also gets a plot of its probabilities
    over time, beside the table.
    """
    from explain.explainer import Explainer
    from explain.prediction import write_predictions

    explainer = Explainer.load(model, None, file, **how)
    with progress_bar("predict", out) as progress:
        lines = write_predictions(explainer, pictures, out, progress)
    echo(*lines)
