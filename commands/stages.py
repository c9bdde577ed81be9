"""The stages, in the order of the line; the same word in dvc.yaml and params.yaml."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from commands.options import CLUSTER, DEVICE, Setting, stage, waiting

if TYPE_CHECKING:
    from pipeline.execution.cluster import ClusterConfig

Params = TypeVar("Params")


@stage("out", options=CLUSTER)
def demo(out: Path, setting: Setting) -> None:
    """Make the embedded dataset (synthetic, single identity): OUT."""
    from demo.params import DemoParams
    from demo.stage import make
    from params import load

    with waiting("demo", out) as progress:
        make(
            out,
            load(setting.params, ("demo",), DemoParams),
            setting.cluster(progress),
            setting.rebuild,
        )


@stage("raw", "out")
def index(raw: Path, out: Path, setting: Setting) -> None:
    """List the samples of a dataset and split them: RAW -> OUT."""
    from params import load
    from pipeline.index import index as run
    from pipeline.index import summary
    from pipeline.params import IndexParams

    with waiting("index", out) as progress:
        audit = run(
            raw,
            out,
            load(setting.params, ("index", out.name), IndexParams),
            progress,
            setting.rebuild,
        )
    click.echo(summary(audit))


@stage("index", "out", options=CLUSTER)
def align(index: Path, out: Path, setting: Setting) -> None:
    """Find every face, turn it upright and crop it: INDEX -> OUT."""
    from params import load
    from pipeline.align import align as run
    from pipeline.params import AlignParams

    _fill(run, index, out, load(setting.params, ("align",), AlignParams), setting)


@stage("faces", "out", options=CLUSTER)
def landmark(faces: Path, out: Path, setting: Setting) -> None:
    """Find 68 landmarks on every aligned face: FACES -> OUT."""
    from params import load
    from pipeline.landmark import landmark as run
    from pipeline.params import LandmarkParams

    _fill(run, faces, out, load(setting.params, ("landmark",), LandmarkParams), setting)


def _fill(
    run: Callable[[Path, Path, Params, "ClusterConfig", bool], bool],
    source: Path,
    out: Path,
    params: Params,
    setting: Setting,
) -> None:
    """Let a stage fill a store from another, and say what became of its rows."""
    from store.inspect import status_line

    with waiting(run.__name__, out) as progress:
        run(source, out, params, setting.cluster(progress), setting.rebuild)
    click.echo(status_line(out))


@stage("index", "faces", "landmarks", "out")
def survey(index: Path, faces: Path, landmarks: Path, out: Path, setting: Setting) -> None:
    """Count what became of every picture: INDEX, FACES and LANDMARKS -> OUT."""
    from params import load
    from pipeline.params import SurveyParams
    from pipeline.survey import survey as run

    params = load(setting.params, ("survey",), SurveyParams)
    click.echo(run(index, faces, landmarks, out, params, setting.rebuild))


@stage(
    "landmarks",
    "out",
    options=(click.option("--kind", required=True, help="au, landmarks, ..."), *CLUSTER),
)
def heatmap(landmarks: Path, out: Path, kind: str, setting: Setting) -> None:
    """Draw heatmaps, once for all experiments: LANDMARKS -> OUT."""
    from params import load
    from pipeline.heatmap import heatmap as run
    from pipeline.params import HeatmapParams
    from store.inspect import status_line

    params = load(setting.params, ("heatmap",), HeatmapParams)
    with waiting("heatmap", out) as progress:
        run(landmarks, out, kind, params, setting.cluster(progress), setting.rebuild)
    click.echo(status_line(out))


_MODEL = (
    click.option("--method", required=True, help="Row of METHODS, such as cam."),
    click.option("--supervision", required=True, help="plain or aligned."),
    *DEVICE,
)


@stage("faces", "landmarks", "heatmaps", "out", options=_MODEL)
def train(out: Path, method: str, supervision: str, setting: Setting, **stores: Path) -> None:
    """Train a method: FACES, LANDMARKS and HEATMAPS -> OUT."""
    from params import load
    from train.data.stores import Stores
    from train.device import select_device
    from train.fitting.stage import train as run
    from train.params import TrainParams
    from train.runs import Run

    params = load(setting.params, ("train",), TrainParams, overlay=("methods", method))
    wanted = Run(method, supervision, params, select_device(setting.device))
    with waiting("train", out) as progress:
        run(Stores.open(**stores), out, wanted, progress, setting.rebuild)


@stage("run", "faces", "landmarks", "out", options=DEVICE)
def evaluate(run: Path, faces: Path, landmarks: Path, out: Path, setting: Setting) -> None:
    """Score a run on its test split: RUN, FACES and LANDMARKS -> OUT."""
    _score(run, faces, landmarks, out, setting)


@stage("run", "faces", "landmarks", "out", options=DEVICE)
def transfer(run: Path, faces: Path, landmarks: Path, out: Path, setting: Setting) -> None:
    """Score a run on another dataset: RUN, its FACES and LANDMARKS -> OUT."""
    _score(run, faces, landmarks, out, setting, overlay=("transfer",))


def _score(
    run: Path,
    faces: Path,
    landmarks: Path,
    out: Path,
    setting: Setting,
    overlay: tuple[str, ...] = (),
) -> None:
    from params import load
    from train.device import select_device
    from train.evaluation.stage import Source
    from train.evaluation.stage import evaluate as score
    from train.params import EvaluateParams

    params = load(setting.params, ("evaluate",), EvaluateParams, overlay)
    source = Source(run, faces, landmarks, select_device(setting.device))
    with waiting(overlay[0] if overlay else "evaluate", out) as progress:
        click.echo(score(source, out, params, progress, setting.rebuild))


@stage("results", "out")
def report(results: Path, out: Path, setting: Setting) -> None:
    """Write the pages: RESULTS -> OUT."""
    from params import load
    from report.page import write_report
    from report.params import ReportParams

    params = load(setting.params, ("report",), ReportParams)
    page = write_report(results, out, params)
    click.echo(f"report: {page}")


STAGES = (demo, index, align, landmark, survey, heatmap, train, evaluate, transfer, report)
