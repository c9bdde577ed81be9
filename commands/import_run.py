"""Importing weights that AULens did not train."""

from collections.abc import Iterable
from pathlib import Path

import click

from commands.options import FamilyOption, StageOptions, echo, progress_bar, stage


def _methods() -> Iterable[str]:
    from train.methods import METHODS

    return METHODS


def _backbones() -> Iterable[str]:
    from train.pretrained import BACKBONE_WEIGHTS

    return BACKBONE_WEIGHTS


_OF_A_FILE = (
    click.option("--method", cls=FamilyOption, members=_methods, help="Of a file: its method."),
    click.option(
        "--backbone", cls=FamilyOption, members=_backbones, help="Of a file: its backbone."
    ),
    click.option("--variant", help="Of a file: the word for it in tables.  [default: imported]"),
)


@stage("source", "out", options=_OF_A_FILE)
def import_run(
    source: Path,
    out: Path,
    shared: StageOptions,
    **of_a_file: str | None,
) -> None:
    """Make a run of weights that AULens did not train: SOURCE -> OUT.

    SOURCE is a folder that Belharbi et al. give out (model.pt and config_model.yaml), a whole tree
    of them, or a file of weights. What a file does not say about itself is in `import_run` of
    params.yaml. See docs/importing.md.
    """
    params = shared.params
    from train.importing.stage import Wanted, import_runs

    wanted = Wanted(params.train_of, params.import_run, **of_a_file)
    with progress_bar("import-run", out) as progress:
        done = import_runs(source, out, wanted, progress, shared.rebuild)
    echo(*done.lines, *done.failed)
    done.require_all()
