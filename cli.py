"""AULens on the command line: one subcommand a stage, each the same word in dvc.yaml and params.yaml.

Exit codes: 0 done, 2 usage or params.yaml, 65 bad data, 66 no input, 71 out of memory or workers, 73 another output in the way, 74 disk,
75 try later, 76 corrupt, 77 no permission, 78 diverged, 130/143 interrupted, 1 a bug in AULens.
"""

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from errors import ProjectError, printable

Command = Callable[..., Any]

_ERRNO_CODES = {
    errno.ENOSPC: 74,
    errno.EDQUOT: 74,
    errno.EIO: 74,
    errno.EROFS: 73,
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.ENOENT: 66,
}
_PATH = click.Path(path_type=Path)


def _with(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def apply(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return apply


_params = click.option(
    "--params",
    "params_file",
    type=_PATH,
    default="params.yaml",
    show_default=True,
    help="Where the numbers are.",
)
_rebuild = click.option(
    "--rebuild", is_flag=True, help="Replace an output made with other settings."
)
_workers = click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Local processes; 0 for none. [default: one a core]",
)
_scheduler = click.option(
    "--scheduler",
    help="Address of a running dask scheduler, tcp://host:port, instead of local processes.",
)
_device = click.option(
    "--device",
    default="auto",
    show_default=True,
    help="cpu, cuda, cuda:1, ...; auto takes a GPU if there is one.",
)
_stage = _with(_params, _rebuild)
_crewed = _with(_workers, _scheduler)


@click.group(epilog="Exit codes and remedies: docs/troubleshooting.md. The whole line: dvc repro.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """AULens: expression classifiers that look where experts look.

    Raw photographs go in; out come aligned faces, landmarks, action-unit heatmaps, classifiers whose attention agrees with them, and
    pages that say how accurate they are and where they look.
    """
    context.obj = verbose


@main.command()
@click.argument("out", type=_PATH)
@_stage
def demo(out: Path, params_file: Path, rebuild: bool) -> None:
    """Make the embedded dataset: OUT (synthetic faces of a single identity)."""
    from pipeline.demo.stage import DemoParams, make

    from params import load

    with _stage_line("demo", out) as tell:
        make(out, load(params_file, ("demo",), DemoParams), tell, rebuild)


@main.command()
@click.argument("raw", type=_PATH)
@click.argument("out", type=_PATH)
@_stage
def index(raw: Path, out: Path, params_file: Path, rebuild: bool) -> None:
    """List the samples of a dataset and split them: RAW -> OUT."""
    from params import load
    from pipeline.index import IndexParams
    from pipeline.index import index as run

    with _stage_line("index", out) as tell:
        counts = run(raw, out, load(params_file, ("index", out.name), IndexParams), tell, rebuild)
    click.echo(_count_table(counts))


@main.command()
@click.argument("index", type=_PATH)
@click.argument("out", type=_PATH)
@_stage
@_crewed
def align(
    index: Path,
    out: Path,
    params_file: Path,
    rebuild: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Find every face, turn it upright and crop it: INDEX -> OUT."""
    from params import load
    from pipeline.align import AlignParams
    from pipeline.align import align as run
    from pipeline.cluster import Crew

    with _stage_line("align", out) as tell:
        run(
            index,
            out,
            load(params_file, ("align",), AlignParams),
            Crew(tell, workers, scheduler),
            rebuild,
        )
    click.echo(_status_line(out))


@main.command()
@click.argument("faces", type=_PATH)
@click.argument("out", type=_PATH)
@_stage
@_crewed
def landmark(
    faces: Path,
    out: Path,
    params_file: Path,
    rebuild: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Find 68 landmarks on every aligned face: FACES -> OUT."""
    from params import load
    from pipeline.cluster import Crew
    from pipeline.landmark import LandmarkParams
    from pipeline.landmark import landmark as run

    with _stage_line("landmark", out) as tell:
        run(
            faces,
            out,
            load(params_file, ("landmark",), LandmarkParams),
            Crew(tell, workers, scheduler),
            rebuild,
        )
    click.echo(_status_line(out))


@main.command()
@click.argument("landmarks", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--kind", required=True, help="Which maps: au, landmarks, generic_au, per_class_au.")
@_stage
@_crewed
def heatmap(
    landmarks: Path,
    out: Path,
    kind: str,
    params_file: Path,
    rebuild: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Draw heatmaps, once for all experiments: LANDMARKS -> OUT."""
    from params import load
    from pipeline.cluster import Crew
    from pipeline.heatmap import HeatmapParams
    from pipeline.heatmap import heatmap as run

    with _stage_line("heatmap", out) as tell:
        run(
            landmarks,
            out,
            kind,
            load(params_file, ("heatmap",), HeatmapParams),
            Crew(tell, workers, scheduler),
            rebuild,
        )


def _stage_line(stage: str, out: Path) -> Any:
    from progress import Waiting

    return Waiting(f"{stage} {out}")


def _status_line(out: Path) -> str:
    from store.reading import Store

    counts: dict[str, int] = {}
    for row in Store(out).table():
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return f"{out}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _count_table(counts: dict[str, dict[str, int]]) -> str:
    names = list(next(iter(counts.values())))
    lines = ["split  " + "".join(f"{name:>11}" for name in names) + f"{'all':>9}"]
    for split, by_name in counts.items():
        lines.append(
            f"{split:<7}"
            + "".join(f"{by_name[name]:>11}" for name in names)
            + f"{sum(by_name.values()):>9}"
        )
    return "\n".join(lines)


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
            f"error[BUG] something AULens did not foresee; the traceback is in {log}. Please report it.",
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
