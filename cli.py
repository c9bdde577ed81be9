"""AULens on the command line: one subcommand a stage, the same word in dvc.yaml and params.yaml.

Exit codes: 0 done, 2 usage or params.yaml, 65 bad data, 66 no input, 71 out of memory or workers,
73 another output in the way, 74 disk, 75 try later, 76 corrupt, 77 no permission, 78 diverged,
130/143 interrupted, 1 a bug in AULens.
"""

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from errors import ProjectError, printable

if TYPE_CHECKING:
    from pipeline.cluster import Crew
    from progress import Waiting

Command = Callable[..., Any]

_ERRNO_CODES = {
    errno.ENOSPC: 74,
    errno.EDQUOT: 74,
    errno.EIO: 74,
    errno.EROFS: 73,
    errno.EEXIST: 73,
    errno.ENOTDIR: 73,
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.ENOENT: 66,
}
_PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the options of a stage say."""

    params: Path
    rebuild: bool
    workers: int | None = None
    scheduler: str | None = None
    device: str = "auto"

    def crew(self, tell: "Waiting") -> "Crew":
        """Return who does the work."""
        from pipeline.cluster import Crew

        return Crew(tell, self.workers, self.scheduler)


_COMMON = (
    click.option(
        "--params",
        type=_PATH,
        default="params.yaml",
        show_default=True,
        help="Where the numbers are.",
    ),
    click.option("--rebuild", is_flag=True, help="Replace an output made with other settings."),
)
_CREW = (
    click.option(
        "--workers",
        type=click.IntRange(min=0),
        help="Local processes; 0 for none.  [default: one a core]",
    ),
    click.option("--scheduler", help="A running dask scheduler, tcp://host:port, instead."),
)
_DEVICE = (
    click.option(
        "--device",
        default="auto",
        show_default=True,
        help="cpu, cuda, cuda:1; auto takes a GPU if there is one.",
    ),
)


def _with(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """Put several options on a command."""

    def make(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return make


def _stage(
    *inputs: str, options: Sequence[Callable[[Command], Command]] = ()
) -> Callable[[Command], click.Command]:
    """Make a function (inputs..., setting, further options) a subcommand with positional inputs."""

    def make(function: Command) -> click.Command:
        @wraps(function)
        def staged(**given: Any) -> None:  # noqa: ANN401 - click hands over whatever the options are
            chosen = {
                field.name: given.pop(field.name)
                for field in fields(Setting)
                if field.name in given
            }
            function(setting=Setting(**chosen), **given)

        command = _with((*options, *_COMMON))(staged)
        for name in reversed(inputs):
            command = click.argument(name, type=_PATH)(command)
        return main.command(name=function.__name__.rstrip("_"))(command)

    return make


@click.group(epilog="Exit codes and remedies: docs/troubleshooting.md. The whole line: dvc repro.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """AULens: expression classifiers that look where experts look.

    Raw photographs go in; out come aligned faces, landmarks, action-unit heatmaps, classifiers
    whose attention agrees with them, and pages that say how accurate they are and where they look.
    """
    context.obj = verbose


@_stage("out", options=_CREW)
def demo(out: Path, setting: Setting) -> None:
    """Make the embedded dataset (synthetic, single identity): OUT."""
    from params import load
    from pipeline.demo.stage import DemoParams, make

    with _waiting("demo", out) as tell:
        make(out, load(setting.params, ("demo",), DemoParams), setting.crew(tell), setting.rebuild)


@_stage("raw", "out")
def index(raw: Path, out: Path, setting: Setting) -> None:
    """List the samples of a dataset and split them: RAW -> OUT."""
    from params import load
    from pipeline.index import IndexParams, count_table
    from pipeline.index import index as run

    with _waiting("index", out) as tell:
        counts = run(
            raw, out, load(setting.params, ("index", out.name), IndexParams), tell, setting.rebuild
        )
    click.echo(count_table(counts))


@_stage("index", "out", options=_CREW)
def align(index: Path, out: Path, setting: Setting) -> None:
    """Find every face, turn it upright and crop it: INDEX -> OUT."""
    from params import load
    from pipeline.align import AlignParams
    from pipeline.align import align as run
    from store.inspect import status_line

    with _waiting("align", out) as tell:
        run(
            index,
            out,
            load(setting.params, ("align",), AlignParams),
            setting.crew(tell),
            setting.rebuild,
        )
    click.echo(status_line(out))


@_stage("faces", "out", options=_CREW)
def landmark(faces: Path, out: Path, setting: Setting) -> None:
    """Find 68 landmarks on every aligned face: FACES -> OUT."""
    from params import load
    from pipeline.landmark import LandmarkParams
    from pipeline.landmark import landmark as run
    from store.inspect import status_line

    with _waiting("landmark", out) as tell:
        run(
            faces,
            out,
            load(setting.params, ("landmark",), LandmarkParams),
            setting.crew(tell),
            setting.rebuild,
        )
    click.echo(status_line(out))


@_stage(
    "landmarks",
    "out",
    options=(click.option("--kind", required=True, help="au, landmarks, ..."), *_CREW),
)
def heatmap(landmarks: Path, out: Path, kind: str, setting: Setting) -> None:
    """Draw heatmaps, once for all experiments: LANDMARKS -> OUT."""
    from params import load
    from pipeline.heatmap import HeatmapParams
    from pipeline.heatmap import heatmap as run

    params = load(setting.params, ("heatmap",), HeatmapParams)
    with _waiting("heatmap", out) as tell:
        run(landmarks, out, kind, params, setting.crew(tell), setting.rebuild)


_MODEL = (
    click.option("--method", required=True, help="Row of METHODS, such as cam."),
    click.option("--supervision", required=True, help="plain or aligned."),
    *_DEVICE,
)


@_stage("faces", "heatmaps", "out", options=_MODEL)
def train(
    faces: Path, heatmaps: Path, out: Path, method: str, supervision: str, setting: Setting
) -> None:
    """Train a method: FACES and HEATMAPS -> OUT."""
    from params import load
    from train.device import chosen_device
    from train.loop import train as run
    from train.params import TrainParams
    from train.runs import Run

    params = load(setting.params, ("train",), TrainParams, overlay=("methods", method))
    with _waiting("train", out) as tell:
        run(
            faces,
            heatmaps,
            out,
            Run(method, supervision, params, chosen_device(setting.device)),
            tell,
            setting.rebuild,
        )


@_stage("run", "faces", "landmarks", "out", options=_DEVICE)
def evaluate(run: Path, faces: Path, landmarks: Path, out: Path, setting: Setting) -> None:
    """Score a run on its test split: RUN, FACES and LANDMARKS -> OUT."""
    from params import load
    from train.device import chosen_device
    from train.evaluate import Source
    from train.evaluate import evaluate as score
    from train.params import EvaluateParams

    params = load(setting.params, ("evaluate",), EvaluateParams)
    source = Source(run, faces, landmarks, chosen_device(setting.device))
    with _waiting("evaluate", out) as tell:
        click.echo(score(source, out, params, tell, setting.rebuild))


@_stage("results", "out")
def report(results: Path, out: Path, setting: Setting) -> None:
    """Write the pages: RESULTS -> OUT."""
    from params import load
    from report.page import ReportParams, write_report

    params = load(setting.params, ("report",), ReportParams)
    page = write_report(results, out, params)
    click.echo(f"report: {page}")


@main.command()
@click.argument("name")
@click.option("--reader", required=True, help="What kind of dataset it is: csv, folder, demo.")
@click.option(
    "--params", type=_PATH, default="params.yaml", show_default=True, help="Where to write it."
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


@main.group()
def view() -> None:
    """Look: pictures of what was drawn, and of what the codebooks say."""


@view.command()
@click.argument("faces", type=_PATH)
@click.argument("landmarks", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--kind", default="au", show_default=True, help="au, per_class_au, landmarks, ...")
@click.option("--expression", help="Only faces of this label, such as Happiness.")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=24, show_default=True, help="Faces at most."
)
def heatmaps(
    faces: Path, landmarks: Path, out: Path, kind: str, expression: str | None, count: int
) -> None:
    """Write contact sheets of faces with landmarks and maps: FACES and LANDMARKS -> OUT."""
    from report.sheets import Choice, write_sheets

    sheets, shown = write_sheets(faces, landmarks, out, Choice(kind, expression, count))
    click.echo(f"{out}: sheet-001.png to sheet-{sheets:03}.png, {shown} faces")


@view.command()
@click.argument("out", type=_PATH)
def codebook(out: Path) -> None:
    """Write what each action unit is and where it is drawn, as table and figure: OUT."""
    from report.codebook import FIGURE, TABLE, write_codebook

    write_codebook(out)
    click.echo(f"{out}: {TABLE}, {FIGURE}")


@main.command()
@click.argument("store", type=_PATH)
def inspect(store: Path) -> None:
    """Say what is in an output, finished or half-built: STORE."""
    from store.inspect import described

    click.echo(described(store))


@main.command()
@click.argument("stores", type=_PATH, nargs=-1, required=True, metavar="STORE...")
@click.option("--deep", is_flag=True, help="Hash every file and check every sample, too.")
def verify(stores: tuple[Path, ...], deep: bool) -> None:
    """Check that outputs hold the bytes that were written: STORE...

    Names every bad file and the rows concerned, and exits with 76 if there are any.
    """
    from store.verify import report

    with _waiting("verify", stores[0]) as tell:
        for line in report(stores, deep, tell):
            click.echo(line)


@main.command()
@click.argument("store", type=_PATH)
@_with(_CREW)
def repair(store: Path, workers: int | None, scheduler: str | None) -> None:
    """Build the damaged shards of STORE again, from the input that it was made from.

    The input is looked for under data/; the parameters are those that STORE was made with.
    """
    from pipeline.again import mend
    from pipeline.cluster import Crew
    from store.outputs import ROOTS

    with _waiting("repair", store) as tell:
        crew = Crew(tell, workers, scheduler)
        for line in mend(store, [Path(root) for root in ROOTS], crew):
            click.echo(line)


@main.command()
def status() -> None:
    """Say what is done, what is half-built, how big it is, and who works on it now."""
    from store.outputs import ROOTS, scan, table

    click.echo(table(list(scan(Path(root) for root in ROOTS))))


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(yes: bool) -> None:
    """Remove half-built outputs that nobody works on."""
    from store.outputs import ROOTS, stale, table
    from store.outputs import clean as remove

    found = stale(Path(root) for root in ROOTS)
    if not found:
        click.echo("Nothing to remove.")
        return
    click.echo(table(found))
    if yes or click.confirm("Remove them? Their work is lost"):
        click.echo(f"{remove(found) / 1e6:,.1f} MB freed.")


@main.command()
@click.argument("store", type=_PATH)
@click.argument("out", type=_PATH, metavar="OUT.h5")
def export(store: Path, out: Path) -> None:
    """Write a store as one compressed HDF5 file: STORE -> OUT.h5."""
    from store.export import export as run

    click.echo(f"{out}: {run(store, out):,} bytes")


def _waiting(stage: str, out: Path) -> "Waiting":
    from progress import Waiting

    return Waiting(f"{stage} {out}")


def run_safely() -> NoReturn:
    """Run the command line and turn whatever happens into a message and an exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        main(standalone_mode=False)
    except ProjectError as error:
        _fail(error.exit_code, str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail(130, "interrupted; finished work is safe, the same command goes on")
    except BrokenPipeError:
        os._exit(0)
    except OSError as error:
        _fail(
            _ERRNO_CODES.get(error.errno or 0, 1),
            f"error[IO] {printable(str(error.filename or 'system'))}: {error.strerror}.",
        )
    except Exception:
        log = Path(tempfile.mkstemp(prefix="aulens-", suffix=".log")[1])
        log.write_text(traceback.format_exc())
        _fail(
            1,
            f"error[BUG] something AULens did not foresee; the traceback is in {log}. "
            "Please report it.",
        )
    sys.exit(0)


def _fail(code: int, message: str) -> NoReturn:
    click.echo(message, err=True)
    if "-v" in sys.argv[1:2] or "--verbose" in sys.argv[1:2]:
        traceback.print_exc()
    sys.exit(code)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    run_safely()
