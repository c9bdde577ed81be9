"""What subcommands share: their options, progress, and the shape of a stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.execution.cluster import ClusterConfig
    from progress import ProgressBar

Command = Callable[..., Any]
PATH = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the options of a stage say."""

    params: Path
    rebuild: bool
    workers: int | None = None
    scheduler: str | None = None
    device: str = "auto"

    def cluster(self, progress: "ProgressBar") -> "ClusterConfig":
        """Return who does the work."""
        from pipeline.execution.cluster import ClusterConfig

        return ClusterConfig(progress, self.workers, self.scheduler)


COMMON = (
    click.option(
        "--params",
        type=PATH,
        default="params.yaml",
        show_default=True,
        help="Where the numbers are.",
    ),
    click.option("--rebuild", is_flag=True, help="Replace an output made with other settings."),
)
CLUSTER = (
    click.option(
        "--workers",
        type=click.IntRange(min=0),
        help="Local processes; 0 for none.  [default: one a core]",
    ),
    click.option("--scheduler", help="A running dask scheduler, tcp://host:port, instead."),
)
DEVICE = (
    click.option(
        "--device",
        default="auto",
        show_default=True,
        help="cpu, cuda, cuda:1; auto takes a GPU if there is one.",
    ),
)


def with_options(options: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """Put several options on a command."""

    def make(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return make


def stage(
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

        command = with_options((*options, *COMMON))(staged)
        for name in reversed(inputs):
            command = click.argument(name, type=PATH)(command)
        return click.command(name=function.__name__.replace("_", "-"))(command)

    return make


def waiting(stage: str, out: Path) -> "ProgressBar":
    """Return what shows progress."""
    from progress import ProgressBar

    return ProgressBar(f"{stage} {out}")
