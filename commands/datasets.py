"""Choosing what `dvc repro` builds."""

from pathlib import Path

import click

from commands.options import PATH


@click.command()
@click.argument("name")
@click.option("--reader", required=True, help="What kind of dataset it is: csv, folder, demo.")
@click.option(
    "--params", type=PATH, default="params.yaml", show_default=True, help="Where to write it."
)
def use(name: str, reader: str, params: Path) -> None:
    """Make data/raw/NAME the dataset that `dvc repro` builds."""
    from errors import NoInputError, pick
    from params import use_dataset
    from pipeline.datasets import DATASETS

    pick(DATASETS, reader, "dataset reader")
    raw = Path("data/raw") / name
    if not raw.is_dir() and name != "demo":
        raise NoInputError(raw, f"is no folder. Link the dataset first: ln -s /where/it/is {raw}")
    use_dataset(params, name, reader)
    click.echo(
        f"{params}: matrix.datasets is [{name}]; its splits and options are in index.{name}. "
        "Next: dvc repro"
    )
