"""Claim: scores with all maps cost at most 1.5 times a bare forward pass, 3 where CAMs are derived.

Run: python -m benchmarks.evaluate [parts | whole | report]; without a word it does all. Networks
are fresh or hardly trained, faces are noise on golden landmarks: what a face shows does not change
the cost.

parts   a batch of every kind of head, and of CAMs for which the head has to be differentiated,
        against a forward pass over the same faces
whole   stage `evaluate` on 3,000 stored faces, with all that it writes, against reading them and a
        forward pass
report  stage `report` on results of the eleven methods that were published together, plain and
        aligned

Times are of the processor, with one thread per library; where they say so, of the clock.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.heatmaps import faces
from benchmarks.made_faces import BOOK, drawn_faces
from benchmarks.made_results import a_sheet, put
from benchmarks.made_up import face_store, landmark_store
from benchmarks.scratch import scratch
from benchmarks.timing import interleaved, ratios, save
from contracts.repeats import Repeat
from params import load
from pipeline.execution.cluster import ClusterConfig
from pipeline.heatmap import heatmap
from report.page import write_report
from store.reading import Store
from train.data.stores import Stores
from train.evaluation.batch import evaluate_batch, prepare_batch
from train.evaluation.networks import EvalModel, classifier_network, own_map
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.stage import train
from train.images import eval_images
from train.loading import load_run
from train.methods import METHODS
from train.methods.cam_methods import CAM_METHODS
from train.methods.model import build_model
from train.runs import Run

PARAMS = Path(__file__).parents[1] / "params.yaml"
CANVAS_PX, STORED_PX = 224, 256
CPU = torch.device("cpu")
SCORED, SPLITS = 3000, {"train": 56, "val": 14}
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured.

    Attributes:
        method: row of METHODS, with its numbers in params.yaml.
        image_px: side of the picture that the model sees.
        faces: a batch.
        most: what is claimed.
        changes: other numbers than those of params.yaml.
        cam_method: row of CAM_METHODS; the method's own, if None.
    """

    method: str
    image_px: int
    faces: int
    most: float = 1.5
    changes: tuple[tuple[str, str | int], ...] = ()
    cam_method: str | None = None

    def __str__(self) -> str:
        told = [self.method, *(str(value) for _, value in self.changes), f"{self.image_px} px"]
        return ", ".join(told) + (f", read by {self.cam_method}" if self.cam_method else "")


RESNET50 = (("backbone", "resnet50"), ("weights", "none"))
DEIT_SMALL = (("backbone", "deit_small"), ("weights", "none"), ("token_px", 16))
CASES = (
    Case("cam", 64, 32),
    Case("cam", 224, 8),
    Case("cam", 224, 4, changes=RESNET50),
    *(Case(name, 64, 32) for name in ("gradcam", "gradcam_pp", "layercam", "pal", "scn")),
    *(Case(name, 64, 32) for name in ("wildcat", "prm", "acol", "ts_cam", "apvit")),
    Case("ts_cam", 224, 4, changes=DEIT_SMALL),
    *(Case(name, 64, 32, 3) for name in ("pal_fc", "cafe", "rul")),
    *(Case("wildcat", 64, 32, 3, cam_method=name) for name in ("gradcam", "layercam")),
    Case("prm", 64, 32, 3, cam_method="gradcam_pp"),
    Case("acol", 64, 32, 3, cam_method="gradcam"),
    Case("acol", 224, 8, 3, cam_method="gradcam"),
)


def ways(case: Case) -> dict[str, Callable[[], object]]:
    """Return the bare forward pass, the whole measurement, and its parts."""
    shipped = load(PARAMS).train_of("demo", case.method)
    params = shipped.model_copy(update={**dict(case.changes), "image_px": case.image_px})
    method = METHODS[case.method]
    model = build_model(method, params, 7).eval()
    cam_method = CAM_METHODS[case.cam_method or method.cam_method]
    network = classifier_network(model, cam_method)
    evaluated = EvalModel(network, own_map, case.image_px, CANVAS_PX, BOOK, "exact", CPU)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (case.faces, STORED_PX, STORED_PX, 3), np.uint8)
    labels = np.arange(case.faces) % 7
    points = faces(case.faces) * CANVAS_PX / STORED_PX
    batch = prepare_batch(evaluated, images, labels, points)

    def forward() -> object:
        with torch.no_grad():
            shown = eval_images(torch.from_numpy(images), case.image_px)
            return model(shown).logits_BK.softmax(dim=1)

    return {
        "forward": forward,
        "draw": partial(prepare_batch, evaluated, images, labels, points),
        "run": partial(evaluate_batch, evaluated, batch),
        "whole": lambda: evaluate_batch(
            evaluated, prepare_batch(evaluated, images, labels, points)
        ),
    }


def parts() -> Figures:
    """Measure every case."""
    figures: Figures = {}
    for case in CASES:
        seconds = interleaved(ways(case), rounds=9)
        found = ratios(seconds["whole"], seconds["forward"])
        each = {name: 1e3 * median(one) / case.faces for name, one in seconds.items()}
        figures[str(case)] = {"of_a_forward_pass": found, "most": case.most, "ms_per_face": each}
        print(
            f"{case!s:36} {format_ratio(found)} of a forward pass, {case.most} at most; "
            "ms per face: " + ", ".join(f"{name} {one:.2f}" for name, one in each.items())
        )
    return figures


def stored(folder: Path) -> Stores:
    """Write faces, landmarks and heatmaps: a few to train on, the others to score."""
    count = SCORED + sum(SPLITS.values())
    splits = {**SPLITS, "test": SCORED}
    landmarks = landmark_store(folder / "landmarks", count, splits)
    params = load(PARAMS).heatmap
    heatmap(landmarks, folder / "au", "au", params, ClusterConfig(silent, workers=0))
    return Stores.open(face_store(folder / "faces", count, splits), landmarks, folder / "au")


def silent(done: int, total: int, note: str) -> None:
    """Tell nobody."""


def build_content(folder: Path) -> Figures:
    """Measure stage `evaluate` with the shipped numbers."""
    stores, run = stored(folder), folder / "run"
    shipped = load(PARAMS).training("demo", "cam", "plain").params
    once = shipped.model_copy(update={"epochs": 1})
    train(stores, run, Run("cam", "plain", Repeat(0), once, CPU), silent)
    params = load(PARAMS).evaluate
    source = EvaluationInputs(run, stores.faces.path, stores.landmarks.path, CPU)
    model, _, _ = load_run(run, params.checkpoint, CPU)
    rows = np.arange(sum(SPLITS.values()), len(stores.faces))

    def forward() -> None:
        images = Store(source.faces).array("image")
        for start in range(0, SCORED, params.batch):
            batch = torch.from_numpy(images.take(rows[start : start + params.batch]))
            with torch.no_grad():
                model(eval_images(batch, shipped.image_px)).logits_BK.softmax(dim=1)

    def scored() -> object:
        return evaluate(source, folder / "result", params, silent, rebuild=True)

    clock: list[float] = []
    works = {"forward": forward, "evaluate": clocked(scored, clock)}
    seconds = interleaved(works, rounds=3)
    found = ratios(seconds["evaluate"], seconds["forward"])
    each = {name: median(one) for name, one in seconds.items()}
    print(
        f"evaluate, {SCORED:,} faces of {shipped.image_px} px: {each['evaluate']:.1f} s, by the "
        f"clock {median(clock):.1f} s; {format_ratio(found)} of reading them and a forward pass"
    )
    return {"faces": SCORED, "of_a_forward_pass": found, "seconds": each, "clock_s": clock}


def report(folder: Path) -> Figures:
    """Measure stage `report` on made-up results, with as many faces as true ones show."""
    sheet = {name: np.concatenate([part] * 7) for name, part in a_sheet().items()}
    coarse = np.random.default_rng(0).integers(0, 256, (28, 8, 8, 3), np.uint8)
    sheet["image"] = np.stack([cv2.resize(one, (112, 112)) for one in coarse])
    labels = np.random.default_rng(1).choice(7, 3068)
    places = [
        f"made_up/{name}/{kind}/seed{seed}"
        for name in islice(METHODS, 11)
        for kind in ("plain", "aligned")
        for seed in range(5)
    ]
    for number, place in enumerate(places):
        put(folder / "results", place, sheet, drawn_faces(labels, 0.7, 0.6, number))
    params = load(PARAMS).report
    clock: list[float] = []
    work = clocked(partial(write_report, folder / "results", folder / "pages", params), clock)
    took = median(interleaved({"report": work}, rounds=2)["report"])
    print(f"report, {len(places)} results: {took:.1f} s, by the clock {median(clock):.1f} s")
    return {"results": len(places), "seconds": took, "clock_s": clock}


def clocked(work: Callable[[], object], seconds: list[float]) -> Callable[[], None]:
    """Return work that notes its seconds by the clock."""

    def run() -> None:
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)

    return run


def format_ratio(ratio: dict[str, float]) -> str:
    """Return a ratio as text."""
    return f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"


def main() -> None:
    """Measure, print and save."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    figures: Figures = {"cores": os.cpu_count(), "load_at_start": os.getloadavg()[0]}
    asked = sys.argv[1:] or ["whole", "report", "parts"]
    with scratch() as folder:
        works: dict[str, Callable[[Path], Figures]] = {
            "whole": build_content,
            "report": report,
            "parts": lambda _: parts(),
        }
        for name in asked:
            figures[name] = works[name](folder)
    if len(asked) == len(works):
        print(save("evaluate", figures))


if __name__ == "__main__":
    main()
