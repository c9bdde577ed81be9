"""Tools for outputs on disk: inspect, verify, repair, list, clean up, export."""

from pathlib import Path

import click

from commands.options import CLUSTER, PATH, echo, progress_bar, with_options


@click.command()
@click.argument("store", type=PATH)
def inspect(store: Path) -> None:
    """Describe an output, finished or half-built: STORE."""
    from store.inspect import describe

    echo(*describe(store).split("\n"))


@click.command()
@click.argument("stores", type=PATH, nargs=-1, required=True, metavar="STORE...")
@click.option("--deep", is_flag=True, help="Also hash every file and check every sample.")
def verify(stores: tuple[Path, ...], deep: bool) -> None:
    """Check that outputs are still as they were written: STORE...

    Lists every damaged file and the rows in it, and exits with 76 if there are any.
    """
    from store.verify import verify as check

    with progress_bar("verify", stores[0]) as progress:
        for line in check(stores, deep, progress):
            echo(line)


@click.command()
@click.argument("store", type=PATH)
@with_options(CLUSTER)
def repair(store: Path, workers: int | None, scheduler: str | None) -> None:
    """Rebuild the damaged shards of STORE from its input.

    The input is found under data/ by its digest. The parameters are those recorded in STORE.
    """
    from commands.restoring import repairable
    from pipeline.execution.cluster import ClusterConfig
    from pipeline.repair import repair_store
    from store.outputs import ROOTS

    with progress_bar("repair", store) as progress:
        cluster = ClusterConfig(progress, workers, scheduler, say=progress.print_line)
        for line in repair_store(store, map(Path, ROOTS), cluster, repairable()):
            echo(line)


@click.command()
def status() -> None:
    """List finished and half-built outputs with their size.

    Also says how far a half-built one is, and which process works on it.
    """
    from store.outputs import ROOTS, find_outputs, format_outputs

    echo(*format_outputs(list(find_outputs(Path(root) for root in ROOTS))))


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def clean(yes: bool) -> None:
    """Remove half-built outputs that no process works on."""
    from store.outputs import ROOTS, abandoned_outputs, format_outputs, remove_unfinished

    found, left_alone = abandoned_outputs([Path(root) for root in ROOTS])
    for output in left_alone:
        echo(f"{output.path}: left alone, it lies behind a link or cannot be written.")
    if not found:
        echo("Nothing to remove.")
        return
    echo(*format_outputs(found))
    if yes or click.confirm("Remove them? Their work will be lost"):
        echo(f"{remove_unfinished(found) / 1e6:,.1f} MB freed.")


@click.command()
@click.argument("store", type=PATH)
@click.argument("out", type=PATH, metavar="OUT.h5")
def export(store: Path, out: Path) -> None:
    """Write a store as a compressed HDF5 file: STORE -> OUT.h5."""
    from store.export import export as run

    echo(f"{out}: {run(store, out):,} bytes")


STORES = (inspect, verify, repair, status, clean, export)
