"""Loggers that show curves elsewhere, beside the run's own: TensorBoard, Weights & Biases, MLflow.

They change nothing in a run. Each is a package that AULens does not install.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from errors import UsageError, pick
from train.fitting.metrics_log import STEP, MetricsLog, Row, metrics_of

PROJECT = "aulens"
"""Name of the project or experiment that runs are listed under."""

KEPT = Path("logs")
"""Folder for what loggers keep on this machine."""

Write = Callable[[int, Mapping[str, float]], None]
"""Log metrics at a step."""


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """What a logger has to know of a run.

    Attributes:
        name: words that tell it from others, joined by slashes.
        key: the same when the run resumes, another for other numbers.
        params: of the run.
        history: rows of an interrupted run, up to its checkpoint.
    """

    name: str
    key: str
    params: Mapping[str, Any]
    history: Sequence[Row]


Logger = Callable[[LoggedRun, Path], AbstractContextManager[Write]]
"""(run, folder for what it keeps on this machine) -> where to write, until the run ends."""


@contextmanager
def tensorboard(run: LoggedRun, folder: Path) -> Iterator[Write]:
    """Write event files for `tensorboard --logdir logs/tensorboard`."""
    board: Any = import_module("torch.utils.tensorboard")
    place = folder / "tensorboard" / run.name
    # What an interrupted run logged after its checkpoint is hidden.
    writer = board.SummaryWriter(str(place), purge_step=_last_step(run) + 1)

    def write(step: int, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    try:
        yield write
    finally:
        writer.close()


@contextmanager
def wandb(run: LoggedRun, folder: Path) -> Iterator[Write]:
    """Log to Weights & Biases; a resumed run goes on in its old place."""
    package: Any = import_module("wandb")
    folder.mkdir(parents=True, exist_ok=True)
    live = package.init(
        project=PROJECT,
        name=run.name,
        id=run.key,
        resume="allow",
        config=dict(run.params),
        dir=str(folder),
    )
    failed = 1
    try:
        yield lambda step, metrics: live.log(dict(metrics), step=step)
        failed = 0
    finally:
        live.finish(exit_code=failed)


@contextmanager
def mlflow(run: LoggedRun, folder: Path) -> Iterator[Write]:
    """Log to MLflow, where MLFLOW_TRACKING_URI says; a resumed run goes on in its old place."""
    package: Any = import_module("mlflow")
    package.set_experiment(PROJECT)
    query = f"tags.`{PROJECT}.key` = '{run.key}'"
    found = package.search_runs(filter_string=query, output_format="list")
    which = {"run_id": found[0].info.run_id} if found else {"run_name": run.name}
    with package.start_run(**which):
        package.set_tag(f"{PROJECT}.key", run.key)
        package.log_params({} if found else _flat(run.params))
        yield lambda step, metrics: package.log_metrics(dict(metrics), step=step)


LOGGERS: dict[str, Logger] = {"tensorboard": tensorboard, "wandb": wandb, "mlflow": mlflow}
"""Name, which is also that of the package -> logger."""


def check_loggers(names: Sequence[str]) -> None:
    """Refuse loggers whose package is not installed.

    Raises:
        UsageError: with the remedy.
    """
    for name in names:
        pick(LOGGERS, name, "logger")
        if find_spec(name) is None:
            raise UsageError(
                "train.loggers",
                f"{name} is not installed. Run: python -m pip install {name} - or take it out of "
                "the list; the run's own curves are always written.",
            )


@contextmanager
def open_curves(
    folder: Path, names: Sequence[str], run: LoggedRun
) -> Iterator[Callable[[Row], None]]:
    """Open the run's own curves, in its folder, and loggers.

    Returns:
        A function that writes a row to all of them.
    """
    own = MetricsLog(folder / "curves", run.history)
    with ExitStack() as stack:
        writes = [stack.enter_context(LOGGERS[name](run, KEPT)) for name in names]

        def log(row: Row) -> None:
            own.log(row)
            for write in writes:
                write(int(row[STEP]), metrics_of(row))

        yield log


def _last_step(run: LoggedRun) -> int:
    return int(run.history[-1][STEP]) if run.history else -1


def _flat(params: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{above}{key}.")
        else:
            flat[f"{above}{key}"] = value
    return flat
