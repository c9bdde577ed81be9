"""Loggers, on packages that only note what they are asked."""

import sys
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import get_args

import pytest

from errors import UsageError
from train.fitting import loggers
from train.fitting.loggers import LOGGERS, LoggedRun, check_loggers, open_curves
from train.params import TrainParams

ROWS = [{"epoch": step / 4, "step": step, "val/accuracy": 0.1 * step} for step in (1, 2, 3)]
PARAMS = {"lr": 0.1, "feed": {"source": "auto"}}


class Notes:
    """Stands for all three packages."""

    def __init__(self):
        self.points, self.ended, self.opened = [], 0, {}

    # torch.utils.tensorboard
    def SummaryWriter(self, folder, purge_step):  # noqa: N802
        self.opened = {"folder": folder, "purge_step": purge_step}
        return self

    def add_scalar(self, name, value, step):
        self.points.append((step, name, value))

    def flush(self):
        pass

    def close(self):
        self.ended += 1

    # wandb
    def init(self, **options):
        self.opened = options
        return self

    def log(self, metrics, step):
        self.points += [(step, name, value) for name, value in metrics.items()]

    def finish(self, exit_code):
        self.ended += 1
        self.exit_code = exit_code

    # mlflow
    def set_experiment(self, name):
        pass

    def set_tag(self, key, value):
        pass

    def search_runs(self, filter_string, output_format):
        return (
            [SimpleNamespace(info=SimpleNamespace(run_id="old"))] if "old" in filter_string else []
        )

    def start_run(self, **options):
        self.opened = options
        return nullcontext()

    def log_params(self, params):
        self.params = params

    def log_metrics(self, metrics, step):
        self.log(metrics, step)


@pytest.fixture
def notes(monkeypatch, tmp_path):
    """Notes of whatever logger is opened."""
    made = Notes()
    for name in ("torch.utils.tensorboard", "wandb", "mlflow", "tensorboard"):
        module = ModuleType(name)
        module.__getattr__ = lambda attribute: getattr(made, attribute)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(loggers, "KEPT", tmp_path / "logs")
    return made


def log(folder, name, key="new", history=()):
    run = LoggedRun("demo/cam/plain", key, PARAMS, list(history))
    with open_curves(folder, [name], run) as write:
        for row in ROWS[len(history) :]:
            write(row)


def test_params_yaml_may_name_every_logger():
    choice = get_args(TrainParams.model_fields["loggers"].annotation)[0]
    assert get_args(choice) == tuple(LOGGERS)


@pytest.mark.parametrize("name", LOGGERS)
def test_every_row_goes_to_the_logger_and_to_the_runs_own_curves(name, notes, tmp_path):
    log(tmp_path, name)
    assert notes.points == [(row["step"], "val/accuracy", row["val/accuracy"]) for row in ROWS]
    curve = (tmp_path / "curves/plots/metrics/val/accuracy.tsv").read_text()
    assert len(curve.splitlines()) == 4


@pytest.mark.parametrize("name", LOGGERS)
def test_a_resumed_run_logs_only_what_is_new(name, notes, tmp_path):
    log(tmp_path, name, key="old", history=ROWS[:2])
    assert [step for step, _, _ in notes.points] == [3]


def test_tensorboard_hides_what_came_after_the_checkpoint(notes, tmp_path):
    log(tmp_path, "tensorboard", history=ROWS[:2])
    assert notes.opened["purge_step"] == 3
    assert notes.opened["folder"].endswith("tensorboard/demo/cam/plain")
    assert notes.ended == 1


def test_weights_and_biases_goes_on_in_the_old_place(notes, tmp_path):
    log(tmp_path, "wandb", key="abc")
    assert (notes.opened["id"], notes.opened["resume"]) == ("abc", "allow")
    assert notes.exit_code == 0


def test_weights_and_biases_is_told_of_a_run_that_failed(notes, tmp_path):
    run = LoggedRun("demo/cam/plain", "abc", PARAMS, [])
    with pytest.raises(ZeroDivisionError), open_curves(tmp_path, ["wandb"], run):
        1 / 0  # noqa: B018
    assert notes.exit_code == 1


def test_mlflow_goes_on_in_the_old_place(notes, tmp_path):
    log(tmp_path, "mlflow")
    assert notes.opened == {"run_name": "demo/cam/plain"}
    assert notes.params == {"lr": 0.1, "feed.source": "auto"}
    log(tmp_path, "mlflow", key="old", history=ROWS[:1])
    assert notes.opened == {"run_id": "old"}


@pytest.mark.parametrize("name", LOGGERS)
def test_a_package_that_is_not_installed_is_named_with_the_remedy(name, monkeypatch):
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=rf"{name} is not installed\. Run: .*pip install {name}"):
        check_loggers([name])
