"""The stages, in the order in which they run; named as in dvc.yaml and params.yaml."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from commands.options import (
    CLUSTER,
    DEVICE,
    PATH,
    FamilyOption,
    StageOptions,
    echo,
    known_kinds,
    known_methods,
    progress_bar,
    stage,
)

if TYPE_CHECKING:
    from pipeline.execution.cluster import ClusterConfig
    from train.params import EvaluateParams

Params = TypeVar("Params")


@stage("out", options=CLUSTER)
def demo(out: Path, shared: StageOptions) -> None:
    """Make the embedded dataset of synthetic faces: OUT.

    All faces have a single identity: scores on them say nothing about real people.
    """
    params = shared.params.demo
    from demo.stage import make

    with progress_bar("demo", out) as progress:
        make(out, params, shared.cluster(progress), shared.rebuild)


@stage("raw", "out")
def index(raw: Path, out: Path, shared: StageOptions) -> None:
    """List the samples of a dataset and split them: RAW -> OUT.

    OUT is named like the dataset's section of `index` in params.yaml.
    """
    params = shared.params.dataset(out.name)
    from pipeline.index import index as run
    from pipeline.index import summary

    with progress_bar("index", out) as progress:
        audit = run(raw, out, params, progress, shared.rebuild)
    echo(*summary(audit).split("\n"))


@stage("index", "out", options=CLUSTER)
def align(index: Path, out: Path, shared: StageOptions) -> None:
    """Find every face, rotate and crop it: INDEX -> OUT."""
    params = shared.params.align
    from pipeline.align import align as run

    _build(run, index, out, params, shared)


@stage("faces", "out", options=CLUSTER)
def landmark(faces: Path, out: Path, shared: StageOptions) -> None:
    """Find 68 landmarks on every aligned face: FACES -> OUT."""
    params = shared.params.landmark
    from pipeline.landmark import landmark as run

    _build(run, faces, out, params, shared)


def _build(
    run: Callable[[Path, Path, Params, "ClusterConfig", bool], bool],
    source: Path,
    out: Path,
    params: Params,
    shared: StageOptions,
) -> None:
    """Run a stage that makes one store from another, and print the status of its rows."""
    from store.inspect import status_line

    with progress_bar(run.__name__, out) as progress:
        run(source, out, params, shared.cluster(progress), shared.rebuild)
    echo(status_line(out))


@stage("index", "faces", "landmarks", "out")
def survey(index: Path, faces: Path, landmarks: Path, out: Path, shared: StageOptions) -> None:
    """Summarise a dataset: INDEX, FACES and LANDMARKS -> OUT.

    For the report: counts by status, pictures that failed, the mean face of every expression.
    """
    params = shared.params.survey
    from pipeline.survey import survey as run

    echo(run(index, faces, landmarks, out, params, shared.rebuild))


@stage(
    "landmarks",
    "out",
    options=(
        click.option(
            "--kind", cls=FamilyOption, members=known_kinds, required=True, help="Kind of map."
        ),
        *CLUSTER,
    ),
)
def heatmap(landmarks: Path, out: Path, kind: str, shared: StageOptions) -> None:
    """Draw one kind of heatmap for every face: LANDMARKS -> OUT."""
    params = shared.params.heatmap
    from pipeline.heatmap import heatmap as run
    from store.inspect import status_line

    with progress_bar("heatmap", out) as progress:
        run(landmarks, out, kind, params, shared.cluster(progress), shared.rebuild)
    echo(status_line(out))


_MODEL = (
    click.option(
        "--method", cls=FamilyOption, members=known_methods, required=True, help="The method."
    ),
    click.option("--supervision", required=True, help="plain, or aligned: with AU alignment."),
    *DEVICE,
)


@stage("faces", "landmarks", "heatmaps", "out", options=_MODEL)
def train(out: Path, method: str, supervision: str, shared: StageOptions, **stores: Path) -> None:
    """Train a method: FACES, LANDMARKS and HEATMAPS -> OUT.

    The inputs are outputs of align, landmark and heatmap. The parameters are those of `train` in
    params.yaml, with those of the method in `methods` over them. A stopped training continues with
    the same command.
    """
    params = shared.params.method(method)
    from train.data.stores import Stores
    from train.device import select_device
    from train.fitting.stage import train as run
    from train.runs import Run

    wanted = Run(method, supervision, params, select_device(shared.device))
    with progress_bar("train", out) as progress:
        run(Stores.open(**stores), out, wanted, progress, shared.rebuild)


_SCORING = (
    click.option(
        "--metrics", type=PATH, help="Also write the main scores to this file, for `dvc metrics`."
    ),
    *DEVICE,
)


@stage("run", "faces", "landmarks", "out", options=_SCORING)
def evaluate(out: Path, metrics: Path | None, shared: StageOptions, **inputs: Path) -> None:
    """Score a run: RUN, FACES and LANDMARKS -> OUT.

    The faces scored are those of `evaluate.split` in params.yaml. `evaluate.cam_method` chooses the
    CAM method; docs/methods.md lists them.
    """
    _score("evaluate", shared.params.evaluate, inputs, out, shared)
    _copy_metrics(out, metrics)


@stage("run", "faces", "landmarks", "out", options=_SCORING)
def transfer(out: Path, metrics: Path | None, shared: StageOptions, **inputs: Path) -> None:
    """Score a run on another dataset: RUN, FACES, LANDMARKS -> OUT.

    FACES and LANDMARKS are those of another dataset. The parameters are those of `evaluate` in
    params.yaml, with those of `transfer` over them.
    """
    _score("transfer", shared.params.on_transfer(), inputs, out, shared)
    _copy_metrics(out, metrics)


def _score(
    name: str,
    params: "EvaluateParams",
    paths: Mapping[str, Path],
    out: Path,
    shared: StageOptions,
) -> None:
    from train.device import select_device
    from train.evaluation.stage import EvaluationInputs
    from train.evaluation.stage import evaluate as score

    inputs = EvaluationInputs(device=select_device(shared.device), **paths)
    with progress_bar(name, out) as progress:
        echo(*score(inputs, out, params, progress, shared.rebuild).split("\n"))


def _copy_metrics(out: Path, metrics: Path | None) -> None:
    """Copy the main scores out of OUT: DVC reads no file inside another output."""
    from contracts.files import METRICS
    from store.files import atomic_write

    if metrics:
        metrics.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(metrics, (out / METRICS).read_bytes())


@stage("results", "out")
def report(results: Path, out: Path, shared: StageOptions) -> None:
    """Write the report of all results: RESULTS -> OUT."""
    params = shared.params.report
    from report.page import write_report

    page = write_report(results, out, params)
    echo(f"report: {page}")


STAGES = (demo, index, align, landmark, survey, heatmap, train, evaluate, transfer, report)
