"""Examining any classifier, and comparing its maps with those of people."""

from pathlib import Path

import click

from commands.options import (
    CARD,
    DEVICE,
    PATH,
    StageOptions,
    echo,
    progress_bar,
    stage,
    with_options,
)


@stage(
    "model",
    "faces",
    "landmarks",
    "out",
    options=(
        CARD,
        click.option("--name", help="Name of the method in tables; else that of the file."),
        click.option("--split", help="Faces to score: train, val, test or all."),
        *DEVICE,
    ),
)
def examine(
    model: Path,
    out: Path,
    card: str | None,
    name: str | None,
    split: str | None,
    shared: StageOptions,
    **stores: Path,
) -> None:
    """Examine any classifier: MODEL, FACES and LANDMARKS -> OUT.

    MODEL is a run, the output of export-model, an .onnx file with a card, or
    package.module:function. OUT gets all that `evaluate` writes, and examination.json: black-box
    maps, scores on degraded faces, and what is suspicious about the card. See docs/examining.md.
    """
    params = shared.params
    from store.reading import Store
    from train.device import select_device
    from train.examination.stage import ExaminationInputs
    from train.examination.stage import examine as run

    dataset = Store(stores["faces"]).metadata["dataset"]
    numbers = params.evaluate_of(dataset, "", split)
    inputs = ExaminationInputs(
        str(model), card, name, device=select_device(shared.device), **stores
    )
    with progress_bar("examine", out) as progress:
        lines = run(inputs, out, (numbers, params.examine), progress, shared.rebuild)
    echo(*lines)


@click.command("compare-maps")
@click.argument("result", type=PATH)
@click.argument("maps", type=PATH, metavar="MAPS.npz")
@with_options(
    (click.option("--csv", "table", type=PATH, help="Also write the table to this file."),)
)
def compare_maps(result: Path, maps: Path, table: Path | None) -> None:
    """Compare a result's maps with others of the same faces: RESULT, MAPS.npz -> a table.

    RESULT is an output of evaluate or examine with maps.h5 (evaluate.save_maps). MAPS.npz holds
    `id`, the faces' ids, and `map`, one map per face in the same frame: where people looked, or
    what they marked.
    """
    from train.examination.compared_maps import compare

    echo(*compare(result, maps, table))


EXAMINE = (examine, compare_maps)
