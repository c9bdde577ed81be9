"""Claim: a step waits once for the GPU, and never in its forward pass, losses or backward pass.

Run: python -m benchmarks.fake_cuda -m benchmarks.fake_cuda.waits [--json FILE] [NAME ...]. Trains,
evaluates and explains with every method on a fake GPU: 32 px, few faces of noise. Prints waits,
launches and copies per step of `train`, per batch of `evaluate` and per call of `explain`. Launches
are of torch's own kernels, since cuDNN is off: to be compared with each other only.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from anatomy.patches import PATCHES
from benchmarks.fake_cuda.validation import zero_accuracy
from benchmarks.fake_cuda.watching import COUNTERS, Span, Watch, watched
from benchmarks.gpu.data import FACE_PX, MAP_PX, Blocks, stores, write_store
from contracts.occlusion import RestorerCard
from contracts.repeats import Repeat
from explain.explanation import explain_faces
from params.root import Params, load
from store.reading import (
    LABEL_SHARES,
    POINT_STEPS_PER_PX,
    VALENCE_AROUSAL,
    Store,
    read_points,
)
from train.data.stores import Stores
from train.device import select_device
from train.evaluation.networks import load_eval_model
from train.evaluation.stage import EvaluationInputs, evaluate
from train.fitting.stage import train
from train.methods import METHODS
from train.occlusion.detectors import DETECTORS
from train.occlusion.mae_model import MaskedAutoencoder
from train.occlusion.restore import VIEWS
from train.occlusion.restorer import Restorer
from train.params import TrainParams
from train.runs import Run

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]
HOME = Path(__file__).parents[2]
BATCH = 7
SPLITS = ["train"] * 6 * BATCH + ["val"] * BATCH + ["test"] * 2 * BATCH
"""Six steps, two batches to evaluate."""

SMALL = {
    "backbone": "resnet18", "weights": "none", "image_px": 32, "batch": BATCH, "epochs": 1,
    "amp": "bf16", "optimiser": "sgd", "checkpoint_minutes": 0.0,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "pal_fc": {"backbone": "vgg16"},
    "ts_cam": {"backbone": "deit_mini", "token_px": 8},
    "apvit": {"backbone": "ir18"},
}
"""What of a method cannot be as SMALL says."""

VARIATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "in fp16": ("cam", {"amp": "fp16"}),
    "in single precision": ("cam", {"amp": "none"}),
    "adamw, clipped": ("cam", {"optimiser": "adamw", "clip_norm": 1.0}),
    "averaged": ("cam", {"ema": 0.9}),
    "accumulated": ("cam", {"accumulate": 2}),
    "deterministic": ("cam", {"deterministic": True}),
    "mapped": ("cam", {"feed": {"source": "mapped"}}),
    "synchronised": ("cam", {"sync_batch_norm": True}),
    "soft targets": ("cutmix", {"targets": "soft"}),
    "valence and arousal": ("cutmix", {"heads": ("valence_arousal",)}),
    "maps drawn": ("cam", {"feed": {"heatmaps": "drawn"}}),
}
"""Name -> (method, what is changed): what a step may do in another way than SMALL says."""


@cache
def shipped() -> Params:
    """Return params.yaml."""
    return load(HOME / "params.yaml")


def numbers(method: str, changes: Mapping[str, Any]) -> TrainParams:
    """Return the shipped numbers of a method, for few and small faces, with some changes."""
    own = shipped().training("demo", method, "aligned").params
    given: dict[str, Any] = {**SMALL, **OWN.get(method, {}), **changes}
    if "feed" in given:
        given["feed"] = own.feed.model_copy(update=given["feed"])
    if "tower_px" in own.head:
        given["head"] = {**own.head, "tower_px": SMALL["image_px"]}
    if "from_epoch" in own.training_strategy:
        given["training_strategy"] = {**own.training_strategy, "from_epoch": 1}
    return own.model_copy(update=given)


def noise() -> Stores:
    """Return stores of faces that are noise."""
    rng, count = np.random.default_rng(0), len(SPLITS)
    points = rng.integers(60, 200, (count, 68, 2)) * POINT_STEPS_PER_PX
    drawn: Blocks = {
        "image": rng.integers(0, 256, (count, FACE_PX, FACE_PX, 3), dtype=np.uint8),
        "points": points.astype(np.int16),
        "map": rng.integers(0, 256, (count, MAP_PX, MAP_PX), dtype=np.uint8),
        "map_valid": np.ones(count, np.uint8),
        "label": np.arange(count) % 7,
        LABEL_SHARES: rng.dirichlet(np.ones(7), count).astype(np.float32),
        VALENCE_AROUSAL: rng.uniform(-1, 1, (count, 2)).astype(np.float32),
    }
    return stores("noise", drawn, np.arange(count), SPLITS)


def restored_noise(faces: Stores) -> Stores:
    """Return them with stored latents of noise, and a restorer that has learnt nothing."""
    small = shipped().mae
    card = RestorerCard(
        mae=small.model_dump(mode="json"),
        detector=shipped().patches.detector,
        radius=0.0,
        filler=shipped().restore.filler,
        most_hidden=shipped().restore.most_hidden,
    )
    detector = DETECTORS[card.detector].make(small.width)
    restorer = Restorer(card, MaskedAutoencoder(small).eval(), detector)
    count = len(SPLITS)
    shape = (count, VIEWS, PATCHES, small.width)
    drawn: Blocks = {
        "image": faces.faces.array("image").load(),
        "latents": np.random.default_rng(1).standard_normal(shape).astype(np.float16),
        "valid": np.ones(count, np.uint8),
        "label": np.arange(count) % 7,
    }
    out = faces.faces.path.with_name("restored")
    write_store(out, drawn, np.arange(count), SPLITS, restorer.files())
    return replace(faces, restored=Store(out))


def most(spans: Sequence[Span]) -> Row:
    """Return the most of each kind in a step, and the lines that waited in these steps."""
    lines: Counter[str] = Counter()
    for span in spans:
        lines |= Counter(wait.line for wait in span.waits if not wait.feeding)
    return {
        "waits": max(sum(not one.feeding for one in span.waits) for span in spans),
        "inside": max(sum(one.inside for one in span.waits) for span in spans),
        **{name: max(span.counts[name] for span in spans) for name in COUNTERS},
        "lines": dict(sorted(lines.items())),
    }


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where it is done.

    Attributes:
        watch: of the runtime.
        given: the faces; and the same restored, for methods that read latents.
        root: folder for runs.
        device: a fake GPU.
    """

    watch: Watch
    given: Mapping[bool, Stores]
    root: Path
    device: torch.device


def trained(place: Workplace, out: Path, run: Run) -> Row:
    """Train an epoch; return what the steps in its middle did, on rank 0."""
    spans: list[Span] = []
    with zero_accuracy():
        given = place.given[METHODS[run.method].reads_latents]
        train(given, out, run, lambda *_: spans.append(place.watch.cut()))
    return most(spans[len(spans) // 2 : -1]) if spans else {}


def evaluated(place: Workplace, out: Path) -> Row:
    """Score a run; return what its second batch did."""
    spans: list[Span] = []
    hiding = shipped().evaluate.hiding.model_copy(update={"per_class": 0})
    changes = {"bootstrap": 0, "hiding": hiding, "batch": BATCH, "threads": 1}
    plain = place.given[False]
    inputs = EvaluationInputs(out, plain.faces.path, plain.landmarks.path, place.device)
    params = shipped().evaluate.model_copy(update=changes)
    scores = out.with_name(f"{out.name}-scores")
    evaluate(inputs, scores, params, lambda *_: spans.append(place.watch.cut()))
    return most(spans[-1:])


def explained(place: Workplace, out: Path) -> Row:
    """Explain a few faces, twice; return what the second time did."""
    rows = np.arange(4)
    read, black_box = shipped().explain.read, shipped().evaluate.black_box
    model, _ = load_eval_model(out, read, black_box, place.device)
    plain = place.given[False]
    images = plain.faces.array("image").take(rows)
    points = read_points(plain.landmarks, rows)
    for _ in range(2):
        place.watch.cut()
        explain_faces(model, images, points)
    return most([place.watch.cut()])


def measured(place: Workplace, name: str) -> dict[str, Row]:
    """Do all with one method, or train in one variation."""
    method, changes = VARIATIONS.get(name, (name, {}))
    out = place.root / name.replace(" ", "-")
    run = Run(method, "aligned", Repeat(0), numbers(method, changes), place.device)
    rows = {"train": trained(place, out, run)}
    if name in METHODS and "RANK" not in os.environ:
        rows |= {"evaluate": evaluated(place, out), "explain": explained(place, out)}
    return rows


def show(name: str, rows: Mapping[str, Row]) -> None:
    """Print the rows of one method or variation."""
    for what, row in rows.items():
        counts = ", ".join(f"{value} {key}" for key, value in row.items() if key != "lines")
        print(f"{name:20} {what:8} {counts}")
        for line, count in row.get("lines", {}).items():
            print(f"{'':30}{count} {line}")


def main(asked: Sequence[str]) -> None:
    """Measure, print, and write JSON if that was asked."""
    file, names = (Path(asked[1]), asked[2:]) if asked[:1] == ["--json"] else (None, asked)
    rows: Rows = {}
    last = torch.cuda.device_count() - 1
    device = select_device("cuda" if "LOCAL_RANK" in os.environ else f"cuda:{last}")
    with watched() as watch, TemporaryDirectory() as folder:
        plain = noise()
        given = {False: plain, True: restored_noise(plain)}
        place = Workplace(watch, given, Path(folder), device)
        for name in names or (*METHODS, *VARIATIONS):
            rows[name] = measured(place, name)
            show(name, rows[name])
        touched = watch.touched()
    print(f"devices touched: {touched}; {time.process_time():.0f} s of processor time")
    if file:
        figures = {"torch": torch.__version__, "touched": touched, "rows": rows}
        file.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
