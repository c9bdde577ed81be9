"""Choosing the dataset and the parameters that `dvc repro` uses; unpacking a dataset."""

from pathlib import Path

import click

from commands.options import PATH, FamilyOption, echo, known_readers, progress_bar

PRESETS = Path(__file__).parents[1] / "presets"


@click.command()
@click.argument("name")
@click.option(
    "--reader",
    cls=FamilyOption,
    members=known_readers,
    default="auto",
    help="What reads the dataset (docs/datasets.md); auto: recognise the layout.",
    show_default=True,
)
@click.option(
    "--labels",
    help="Its classes: a set of labels/, or your own .yaml.  [default: that of the reader]",
)
@click.option(
    "--params", type=PATH, default="params.yaml", show_default=True, help="File to change."
)
def use(name: str, reader: str, labels: str | None, params: Path) -> None:
    """Make data/raw/NAME the dataset that `dvc repro` uses.

    Adds the section index.NAME to params.yaml if it is not there. Names the preset that fits, and
    says very roughly how long training takes.
    """
    from labels.reading import read_labels
    from params import load
    from params.editing import preset_for, presets, use_dataset
    from pipeline.indexing.reader_detection import ReaderChoice, choose

    raw = Path("data/raw") / name
    made_later = name == "demo" and not raw.is_dir()
    chosen = ReaderChoice("demo") if made_later else choose(raw, reader)
    if labels is not None:
        read_labels(labels)
    use_dataset(params, name, chosen.name, labels)
    if chosen.saw:
        echo(f"{raw} looks like {chosen.name}: it has {chosen.saw}")
    echo(f"{params}: matrix.datasets is [{name}]; its splits and options are in index.{name}.")
    used = read_labels(load(params).index[name].labels)
    echo(f"its classes: {used.name} ({', '.join(used.names)})")
    fitting = preset_for(PRESETS, chosen.name)
    if fitting:
        echo(f"A preset for it: python cli.py preset {fitting} ({presets(PRESETS)[fitting]})")
    numbers = load(params)
    echo(numbers.align_of(name).disk_space())
    echo(numbers.training_time())
    if Path("data").is_symlink():
        echo("data is a link: `dvc repro` writes no output below it; see troubleshooting.")
    echo("Next: dvc repro")


@click.command()
@click.argument("name", required=False)
@click.option(
    "--params", type=PATH, default="params.yaml", show_default=True, help="File to change."
)
@click.option(
    "--dataset", help="The dataset it is for, if several or none come from the readers it names."
)
@click.option(
    "--restore",
    is_flag=True,
    help="Put back the numbers of the last commit; your datasets stay.",
)
def preset(name: str | None, params: Path, dataset: str | None, restore: bool) -> None:
    """List the presets, or apply preset NAME to params.yaml.

    What a preset says about its dataset goes to that dataset's section of `datasets`. `--restore`
    undoes it, and keeps your datasets in `index`, `datasets` and `matrix`, committed or not, which
    `git restore params.yaml` would drop.
    """
    from errors import UsageError, pick
    from params.editing import apply_preset, presets, restore_numbers

    known = presets(PRESETS)
    if restore:
        if name is not None or dataset is not None:
            raise UsageError("preset", "--restore takes neither a name nor --dataset.")
        for change in restore_numbers(params):
            echo(f"{params}: {change}")
        echo(f"{params}: numbers are those of the last commit; index and datasets are yours.")
        return
    if name is None:
        for each, line in known.items():
            echo(f"{each:20}  {line}")
        return
    pick(known, name, "preset")
    for change in apply_preset(params, PRESETS / f"{name}.yaml", dataset):
        echo(f"{params}: {change}")


@click.command()
@click.argument("raw", type=PATH)
@click.argument("out", type=PATH)
@click.option("--rebuild", is_flag=True, help="Replace an output made from other tables.")
def unpack(raw: Path, out: Path, rebuild: bool) -> None:
    """Write packed pictures as files: RAW -> OUT.

    RAW holds fer2013.csv, Parquet tables or WebDataset shards. `use` recognises OUT.
    """
    from pipeline.unpack import unpack as run

    with progress_bar("unpack", out) as progress:
        run(raw, out, progress, rebuild)
