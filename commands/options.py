"""Options, progress and positional arguments that subcommands share."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from errors import printable

if TYPE_CHECKING:
    from params import Params
    from pipeline.execution.cluster import ClusterConfig
    from progress import ProgressBar

Command = Callable[..., Any]
PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Values of the options that several stages share; `file` is params.yaml."""

    file: Path
    rebuild: bool
    workers: int | None = None
    scheduler: str | None = None
    device: str = "auto"

    @property
    def params(self) -> "Params":
        """Read and validate the whole of params.yaml."""
        from params import load

        return load(self.file)

    def cluster(self, progress: "ProgressBar") -> "ClusterConfig":
        """Return where the tasks run."""
        from pipeline.execution.cluster import ClusterConfig

        return ClusterConfig(progress, self.workers, self.scheduler, say=progress.print_line)


PARAMS_FILE = click.option(
    "--params",
    "file",
    type=PATH,
    default="params.yaml",
    show_default=True,
    help="File with all parameters.",
)
COMMON = (
    PARAMS_FILE,
    click.option("--rebuild", is_flag=True, help="Build again and replace an existing output."),
)
CLUSTER = (
    click.option(
        "--workers",
        type=click.IntRange(min=0),
        help="Number of worker processes; 0: work in this process.  "
        "[default: one, then one per core if that pays]",
    ),
    click.option("--scheduler", help="Use a running dask scheduler instead: tcp://host:port."),
)
_DEVICE_NAME = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")


def _known_device(context: click.Context, option: click.Parameter, name: str) -> str:
    """Refuse a misspelt device before anything is read; whether it is there, torch says later."""
    from errors import UsageError

    if not _DEVICE_NAME.fullmatch(name):
        raise UsageError("--device", f"'{name}' cannot be used. Use cpu, cuda or auto.")
    return name


DEVICE = (
    click.option(
        "--device",
        default="auto",
        callback=_known_device,
        show_default=True,
        help="cpu, cuda, cuda:1, ...; auto: a GPU if there is one.",
    ),
)


class FamilyOption(click.Option):
    """An option whose help lists the members of a family; they are read when help is asked for."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - whatever click.Option takes
        members: Callable[[], Iterable[str]],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Take what click.Option takes.

        Args:
            args: of click.Option.
            members: returns the names that may be given.
            kwargs: of click.Option.
        """
        super().__init__(*args, **kwargs)
        self._text, self._members = self.help, members

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and its help, with the names."""
        self.help = f"{self._text} Known: {', '.join(self._members())}."
        return super().get_help_record(ctx)


def known_readers() -> Iterable[str]:
    """Return the names of DATASETS."""
    from pipeline.datasets import DATASETS

    return DATASETS


def known_kinds() -> Iterable[str]:
    """Return the kinds of heatmap."""
    from pipeline.params import HeatmapOptions

    return HeatmapOptions.model_fields


def _known_cards() -> Iterable[str]:
    from train.examination.card_files import shipped_cards

    return shipped_cards()


CARD = click.option(
    "--card",
    cls=FamilyOption,
    members=_known_cards,
    help="Card of an .onnx file: a .yaml file, or a shipped card.",
)


def with_options(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """Return a decorator that adds several options to a command."""

    def make(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return make


def stage(
    *inputs: str, options: Sequence[Callable[[Command], Command]] = ()
) -> Callable[[Command], click.Command]:
    """Return a decorator that makes a function a subcommand.

    Args:
        inputs: positional arguments; each is a path.
        options: further options. The function gets those of StageOptions as `shared`.
    """

    def make(function: Command) -> click.Command:
        @wraps(function)
        def staged(**given: Any) -> None:  # noqa: ANN401 - click hands over whatever the options are
            chosen = {
                field.name: given.pop(field.name)
                for field in fields(StageOptions)
                if field.name in given
            }
            function(shared=StageOptions(**chosen), **given)

        command = with_options((*options, *COMMON))(staged)
        for name in reversed(inputs):
            command = click.argument(name, type=PATH)(command)
        return click.command(name=function.__name__.replace("_", "-"))(command)

    return make


def echo(*lines: str, err: bool = False) -> None:
    """Print lines. What a file's name could do to a terminal, and to the lines, is escaped."""
    click.echo("\n".join(map(printable, lines)), err=err)


def progress_bar(stage: str, out: Path) -> "ProgressBar":
    """Return the progress bar of a stage or tool; a context manager."""
    from progress import ProgressBar

    return ProgressBar(f"{stage} {out}")
