"""Choosing what `dvc repro` builds and with which numbers, and making it ready."""

from pathlib import Path

import click

from commands.options import PATH, waiting
from errors import printable

PRESETS = Path(__file__).parents[1] / "presets"


@click.command()
@click.argument("name")
@click.option("--reader", default="auto", help="Row of DATASETS.  [default: by what lies there]")
@click.option(
    "--params", type=PATH, default="params.yaml", show_default=True, help="Where to write it."
)
def use(name: str, reader: str, params: Path) -> None:
    """Make data/raw/NAME the dataset that `dvc repro` builds."""
    from params import use_dataset
    from pipeline.indexing.reader_detection import Chosen, choose

    raw = Path("data/raw") / name
    made_later = name == "demo" and not raw.is_dir()
    chosen = Chosen("demo") if made_later else choose(raw, reader)
    use_dataset(params, name, chosen.name)
    if chosen.saw:
        click.echo(f"{raw} looks like {chosen.name}: it has {printable(chosen.saw)}")
    click.echo(
        f"{params}: matrix.datasets is [{name}]; its splits and options are in index.{name}. "
        "Next: dvc repro"
    )


@click.command()
@click.argument("name", required=False)
@click.option(
    "--params", type=PATH, default="params.yaml", show_default=True, help="Where to write it."
)
def preset(name: str | None, params: Path) -> None:
    """Set the numbers of preset NAME in params.yaml, or list the presets."""
    from errors import pick
    from params import apply_preset, presets

    known = presets(PRESETS)
    if name is None:
        for each, line in known.items():
            click.echo(f"{each:20}  {line}")
        return
    pick(known, name, "preset")
    for change in apply_preset(params, PRESETS / f"{name}.yaml"):
        click.echo(f"{params}: {change}")


@click.command()
@click.argument("raw", type=PATH)
@click.argument("out", type=PATH)
@click.option("--rebuild", is_flag=True, help="Replace an output made from other tables.")
def unpack(raw: Path, out: Path, rebuild: bool) -> None:
    """Write the pictures of fer2013.csv as files that reader ferplus reads: RAW -> OUT."""
    from pipeline.unpack import unpack as run

    with waiting("unpack", out) as progress:
        run(raw, out, progress, rebuild)
