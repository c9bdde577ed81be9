"""Tools for what is on disk: what is there, is it whole, mend it, take it elsewhere."""

from pathlib import Path

import click

from commands.options import CLUSTER, PATH, waiting, with_options


@click.command()
@click.argument("store", type=PATH)
def inspect(store: Path) -> None:
    """Say what is in an output, finished or half-built: STORE."""
    from store.inspect import describe

    click.echo(describe(store))


@click.command()
@click.argument("stores", type=PATH, nargs=-1, required=True, metavar="STORE...")
@click.option("--deep", is_flag=True, help="Hash every file and check every sample, too.")
def verify(stores: tuple[Path, ...], deep: bool) -> None:
    """Check that outputs hold the bytes that were written: STORE...

    Names every bad file and the rows concerned, and exits with 76 if there are any.
    """
    from store.verify import verify as check

    with waiting("verify", stores[0]) as progress:
        for line in check(stores, deep, progress):
            click.echo(line)


@click.command()
@click.argument("store", type=PATH)
@with_options(CLUSTER)
def repair(store: Path, workers: int | None, scheduler: str | None) -> None:
    """Build the damaged shards of STORE again, from the input that it was made from.

    The input is looked for under data/; the parameters are those that STORE was made with.
    """
    from pipeline.execution.cluster import ClusterConfig
    from pipeline.repair import mend
    from store.outputs import ROOTS

    with waiting("repair", store) as progress:
        cluster = ClusterConfig(progress, workers, scheduler)
        for line in mend(store, [Path(root) for root in ROOTS], cluster):
            click.echo(line)


@click.command()
def status() -> None:
    """Say what is done, what is half-built, how big it is, and who works on it now."""
    from store.outputs import ROOTS, find_outputs, format_outputs

    click.echo(format_outputs(list(find_outputs(Path(root) for root in ROOTS))))


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(yes: bool) -> None:
    """Remove half-built outputs that nobody works on."""
    from store.outputs import ROOTS, abandoned_outputs, format_outputs, remove_unfinished

    found = abandoned_outputs(Path(root) for root in ROOTS)
    if not found:
        click.echo("Nothing to remove.")
        return
    click.echo(format_outputs(found))
    if yes or click.confirm("Remove them? Their work is lost"):
        click.echo(f"{remove_unfinished(found) / 1e6:,.1f} MB freed.")


@click.command()
@click.argument("store", type=PATH)
@click.argument("out", type=PATH, metavar="OUT.h5")
def export(store: Path, out: Path) -> None:
    """Write a store as one compressed HDF5 file: STORE -> OUT.h5."""
    from store.export import export as run

    click.echo(f"{out}: {run(store, out):,} bytes")


STORES = (inspect, verify, repair, status, clean, export)
