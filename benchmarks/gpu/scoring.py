"""Stage `evaluate` with all its maps, against a bare forward pass over the same faces."""

from functools import partial

import numpy as np
import torch

from anatomy.codebooks import codebook_of
from anatomy.landmarks import rescale_points
from benchmarks.basic7 import BASIC7
from benchmarks.gpu.data import CANVAS_PX, FACE_PX, large
from benchmarks.gpu.scale import CUDA, DEVICE, HOME, SCALE, Figures, numbers, timed
from params.root import load
from progress import silent
from store.reading import read_points
from train.evaluation.batch import evaluate_batch, prepare_batch
from train.evaluation.networks import EvalModel, classifier_network, own_map
from train.evaluation.split import SplitReader, evaluate_split, split_faces
from train.images import eval_images
from train.methods import METHODS
from train.methods.cam_methods import CAM_METHODS
from train.methods.model import build_model


def scoring() -> Figures:
    """Return ms per face, and how many times a forward pass all maps take."""
    given, batch = large(), 64 if CUDA else 8
    net = build_model(METHODS["cam"], numbers(), 7).to(DEVICE).eval()
    network = classifier_network(net, CAM_METHODS["class_map"])
    model = EvalModel(
        network, own_map, SCALE.px, CANVAS_PX, codebook_of(BASIC7, "published"), "exact", DEVICE
    )
    split = SplitReader(given.faces, given.landmarks, split_faces(given.faces, "test", None))
    rows_N, images = split.faces.rows_N, given.faces.array("image")

    def forward(amp: bool = False) -> None:
        for start in range(0, len(rows_N), batch):
            shown = torch.from_numpy(images.take(rows_N[start : start + batch])).to(DEVICE)
            with torch.no_grad(), torch.autocast(DEVICE.type, torch.bfloat16, enabled=amp):
                net(eval_images(shown, SCALE.px)).logits_BK.float().softmax(dim=1).cpu()

    shipped = load(HOME / "params.yaml").evaluate

    def whole(threads: int) -> None:
        asked = shipped.model_copy(update={"batch": batch, "threads": threads})
        evaluate_split(model, split, asked, silent)

    seconds = {"forward": timed(forward, 3, 1), "forward, bf16": timed(partial(forward, True), 3)}
    for threads in (2, 4, 8):
        seconds[f"all maps, {threads} threads"] = timed(partial(whole, threads), 2, 1)
    rows = rows_N[:batch]
    points = rescale_points(read_points(given.landmarks, rows), FACE_PX, CANVAS_PX)
    labels = split.faces.labels_N[:batch]
    prepare = partial(prepare_batch, model, images.take(rows), labels, np.asarray(points))
    ready = prepare()
    return {
        "faces": SCALE.scored,
        "batch": batch,
        "ms_per_face": {name: 1e3 * one / SCALE.scored for name, one in seconds.items()},
        "of_a_forward_pass": {name: one / seconds["forward"] for name, one in seconds.items()},
        "prepare_ms_per_face": 1e3 * timed(prepare, 5) / batch,
        "evaluate_ms_per_face": 1e3 * timed(lambda: evaluate_batch(model, ready), 5) / batch,
    }
