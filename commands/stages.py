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
    progress_bar,
    stage,
)

if TYPE_CHECKING:
    from pipeline.execution.cluster import ClusterConfig

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
    whole = shared.params
    params = whole.dataset(out.name)
    from pipeline.index import index as run
    from pipeline.index import summary
    from store.splits import require_splits

    with progress_bar("index", out) as progress:
        audit = run(raw, out, params, progress, shared.rebuild)
    echo(*summary(audit).split("\n"))
    counts = {split: sum(counts.values()) for split, counts in audit.counts.items()}
    require_splits(out, counts, whole.needed_before_folds(out.name), "pictures")


@stage("index", "out", options=CLUSTER)
def align(index: Path, out: Path, shared: StageOptions) -> None:
    """Find every face, rotate and crop it: INDEX -> OUT."""
    params = shared.params.align_of(_dataset_of(index))
    from pipeline.align import align as run

    _build(run, index, out, params, shared)


@stage("faces", "out", options=CLUSTER)
def landmark(faces: Path, out: Path, shared: StageOptions) -> None:
    """Find 68 landmarks on every aligned face: FACES -> OUT."""
    params = shared.params.landmark_of(_dataset_of(faces))
    from pipeline.landmark import landmark as run

    _build(run, faces, out, params, shared)


def _dataset_of(output: Path) -> str:
    """Return the name of the dataset that an output was made from."""
    from store.building import read_manifest

    return str(read_manifest(output)["metadata"].get("dataset", ""))


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


_DATASET = click.option(
    "--dataset", required=True, help="Name of the dataset, as in `matrix` of params.yaml."
)


@stage("faces", "heatmaps", "out", options=(_DATASET,))
def plan(faces: Path, heatmaps: Path, out: Path, dataset: str, shared: StageOptions) -> None:
    """Fix the numbers of every run of a dataset: FACES and HEATMAPS -> OUT.

    HEATMAPS is the folder with one store per kind. A run's numbers are those of `train` in
    params.yaml, with those of its dataset, its method and its variant over them. Stops if a split
    that a run will need has no usable face.
    """
    params = shared.params
    params.dataset(dataset)
    from contracts.repeats import Repeat
    from train.plan import plan as run

    repeats = [Repeat.parse(word) for word in params.matrix.repeats]
    runs, needed = params.runs_of(dataset), params.needed_splits(dataset)
    echo(run(faces, heatmaps, out, runs, repeats, needed))


_TRAINING = (
    click.option("--repeat", required=True, help="seed0, or seed0-fold3 with its fold."),
    click.option(
        "--curves", type=PATH, help="Also write the learning curves there, for `dvc plots`."
    ),
    *DEVICE,
)


@stage("faces", "landmarks", "heatmaps", "plan", "out", options=_TRAINING)
def train(out: Path, repeat: str, curves: Path | None, shared: StageOptions, **given: Path) -> None:
    """Train a run: FACES, LANDMARKS, HEATMAPS and PLAN -> OUT.

    PLAN is one file that `plan` wrote: the method, the variant and all numbers of the run.
    HEATMAPS is the folder with one store per kind; a run without AU alignment does not read it. A
    stopped training continues with the same command.
    """
    from contracts.files import DRAWN_CURVES
    from contracts.repeats import Repeat
    from train.fitting.finished import is_trained
    from train.plan import check_warm_start, open_stores, read_plan
    from train.runs import RunSettings

    seed = Repeat.parse(repeat)
    planned = read_plan(given.pop("plan"))
    check_warm_start(planned)
    wanted = RunSettings.planned(planned, seed)
    with progress_bar("train", out) as progress:
        opened = open_stores(planned, **given)
        if not shared.rebuild and is_trained(out, opened, wanted, shared.device):
            echo(f"train {out}: there already")
        else:
            from train.device import select_device
            from train.fitting.stage import train as run

            on_device = wanted.on(select_device(shared.device))
            run(opened, out, on_device, progress, shared.rebuild, say=progress.print_line)
    _copy(out, {DRAWN_CURVES: curves})


_COPIES = (
    click.option(
        "--metrics", type=PATH, help="Also write the main scores there, for `dvc metrics`."
    ),
    click.option(
        "--predictions", type=PATH, help="Also write the predictions there, for `dvc plots`."
    ),
)


@stage("run", "faces", "landmarks", "out", options=(*_COPIES, *DEVICE))
def evaluate(
    out: Path,
    metrics: Path | None,
    predictions: Path | None,
    shared: StageOptions,
    **inputs: Path,
) -> None:
    """Score a run: RUN, FACES and LANDMARKS -> OUT.

    The parameters are those of `evaluate` in params.yaml, with those of the dataset and then of the
    method over them. `cam_method` there chooses the CAM method; docs/methods.md lists them.
    """
    _score("evaluate", None, inputs, out, shared)
    _copy_scores(out, metrics, predictions)


_SPLIT = click.option("--split", required=True, help="Faces to score: train, val, test or all.")


@stage("run", "faces", "landmarks", "out", options=(_SPLIT, *_COPIES, *DEVICE))
def transfer(
    out: Path,
    split: str,
    metrics: Path | None,
    predictions: Path | None,
    shared: StageOptions,
    **inputs: Path,
) -> None:
    """Score a run on another dataset: RUN, FACES, LANDMARKS -> OUT.

    FACES and LANDMARKS are those of another dataset. The parameters are those of `evaluate`, but
    for the split.
    """
    _score("transfer", split, inputs, out, shared)
    _copy_scores(out, metrics, predictions)


def _score(
    name: str, split: str | None, paths: Mapping[str, Path], out: Path, shared: StageOptions
) -> None:
    params = shared.params
    from train.evaluation.finished import finished_scores, headline
    from train.runs import read_card

    method = read_card(paths["run"]).method
    numbers = params.evaluate_of(_dataset_of(paths["faces"]), method, split)
    done = None if shared.rebuild else finished_scores(out, params=numbers, **paths)
    if done:
        echo(f"{name} {out}: there already", *headline(done).split("\n"))
        return
    from train.device import select_device
    from train.evaluation.stage import EvaluationInputs
    from train.evaluation.stage import evaluate as score

    inputs = EvaluationInputs(device=select_device(shared.device), **paths)
    with progress_bar(name, out) as progress:
        echo(*score(inputs, out, numbers, progress, shared.rebuild).split("\n"))


def _copy_scores(out: Path, metrics: Path | None, predictions: Path | None) -> None:
    from contracts.files import METRICS, PREDICTIONS

    _copy(out, {METRICS: metrics, PREDICTIONS: predictions})


def _copy(out: Path, copies: Mapping[str, Path | None]) -> None:
    """Copy files and folders of an output to where they are wanted: DVC reads none inside it."""
    from store.files import atomic_write

    for name, copy in copies.items():
        if copy is None:
            continue
        source = out / name
        for file in [source] if source.is_file() else sorted(source.rglob("*.*")):
            target = copy / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(target, file.read_bytes())


@stage("results", "out")
def report(results: Path, out: Path, shared: StageOptions) -> None:
    """Write the report of all results: RESULTS -> OUT."""
    params = shared.params.report
    from report.finished import is_reported

    if not shared.rebuild and is_reported(results, out, params):
        echo(f"report {out}: there already")
        return
    from report.page import write_report

    page = write_report(results, out, params)
    echo(f"report: {page}")


STAGES = (demo, index, align, landmark, survey, heatmap, plan, train, evaluate, transfer, report)
