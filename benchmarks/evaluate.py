"""Claim: predictions and all maps with their scores cost at most 1.5 times a bare forward pass.

Run: python -m benchmarks.evaluate. Networks are fresh, faces are noise on golden landmarks: what a
face shows does not change the cost. Reading, drawing, scoring 3,000 faces and drawing intervals
are timed beside it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.heatmaps import faces
from benchmarks.timing import interleaved, ratios, save
from params import load
from train.augment import plain_images
from train.measure import Setup, Subjects, joined, look, measure
from train.methods import METHODS
from train.methods.readouts import READOUTS
from train.params import EvaluateParams, TrainParams
from train.runs import build_model
from train.scoring import scored

PARAMS = Path(__file__).parents[1] / "params.yaml"
CANVAS_PX, STORED_PX = 224, 256
CASES = (("cam", "resnet18", 64, 32), ("cam", "resnet18", 224, 8), ("cam", "resnet50", 224, 4))
"""Method, backbone, side of the picture, faces a batch."""


def ways(case: tuple[str, str, int, int]) -> dict[str, Callable[[], object]]:
    """Return the bare forward pass, the whole measurement, and its parts."""
    name, backbone, image_px, count = case
    params = load(PARAMS, ("train",), TrainParams, ("methods", name)).model_copy(
        update={"backbone": backbone, "image_px": image_px}
    )
    method = METHODS[name]
    model = build_model(method, params).eval()
    readout, device = READOUTS[method.readout], torch.device("cpu")
    setup = Setup(model, readout, image_px, CANVAS_PX, "published", "exact", device)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (count, STORED_PX, STORED_PX, 3), np.uint8)
    labels = np.arange(count) % 7
    points = faces(count) * CANVAS_PX / STORED_PX
    looks = look(setup, images, labels, points)

    def forward() -> object:
        with torch.no_grad():
            return model(plain_images(torch.from_numpy(images), image_px)).logits_BK.softmax(dim=1)

    return {
        "forward": forward,
        "draw": partial(look, setup, images, labels, points),
        "run": partial(measure, setup, looks),
        "whole": lambda: measure(setup, look(setup, images, labels, points)),
    }


def scoring(count: int) -> Callable[[], object]:
    """Return the scoring of many faces, once they are measured: intervals included."""
    evaluation = load(PARAMS, ("evaluate",), EvaluateParams)
    rng, device = np.random.default_rng(0), torch.device("cpu")
    params = load(PARAMS, ("train",), TrainParams).model_copy(update={"image_px": 32})
    model = build_model(METHODS["cam"], params).eval()
    setup = Setup(model, READOUTS["class_map"], 32, CANVAS_PX, "published", "exact", device)
    labels = np.arange(100) % 7
    images = rng.integers(0, 255, (100, 32, 32, 3), np.uint8)
    part = measure(setup, look(setup, images, labels, faces(100) * CANVAS_PX / STORED_PX))
    table = [{"id": str(place), "person": str(place)} for place in range(count)]
    subjects = Subjects(np.arange(count), np.tile(labels, count // 100), table, count)
    return partial(scored, joined([part] * (count // 100)), subjects, evaluation, "published")


def main() -> None:
    """Measure, print and save."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    figures: dict[str, Any] = {}
    for case in CASES:
        seconds = interleaved(ways(case), rounds=7)
        title = f"{case[0]}, {case[1]}, {case[2]} px"
        found = ratios(seconds["whole"], seconds["forward"])
        each = {name: 1e3 * median(one) / case[3] for name, one in seconds.items()}
        figures[title] = {"of_a_forward_pass": found, "ms_a_face": each}
        print(
            f"{title:24} {found['median']:.2f} of a forward pass "
            f"({found['min']:.2f} to {found['max']:.2f}); ms a face: "
            + ", ".join(f"{name} {one:.2f}" for name, one in each.items())
        )
    took = median(interleaved({"scoring": scoring(3000)}, rounds=3)["scoring"])
    figures["seconds_scoring_3000_faces"] = took
    print(f"scores of 3,000 measured faces, intervals included: {took:.2f} s")
    print(save("evaluate", figures))


if __name__ == "__main__":
    main()
