"""Export a run for other programs: weights, an ONNX graph, and a card that describes them.

OUT/model.onnx           faces as stage align stores them -> logits, attention, cam, added heads
OUT/model.safetensors    the weights, by the network's own names
OUT/model.json           the card, contracts.runs.ExportCard: inputs, outputs, data, licence
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from contracts.files import EXPORT_CARD, read_contract
from contracts.runs import ExportCard, GraphTensor, OnnxCheck, RunCard
from errors import CorruptError, UsageError
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json, digest
from train.checkpoint import load
from train.export_graph import BATCH, INPUT, ExportGraph, max_differences, onnx_bytes
from train.images import MEAN, STD
from train.loading import load_run
from train.methods.base import Classifier
from train.params import ExportParams, TrainParams

VERSION = 3
ONNX, WEIGHTS = "model.onnx", "model.safetensors"
_CPU = torch.device("cpu")

Json = dict[str, Any]


def export(run: Path, out: Path, params: ExportParams, rebuild: bool = False) -> str:
    """Write a run as ONNX and safetensors, with a card.

    Args:
        run: output of stage train.
        out: see the module.
        params: which checkpoint, ONNX opset and tolerance.
        rebuild: replace an existing output.

    Returns:
        One line: what was written and whether it was checked.

    Raises:
        CorruptError: if the graph's logits, or what added heads give, differ from torch's by more
            than the tolerance.
        UsageError: if the run restores faces first.
        NoInputError, DataError: see runs.load_run.
        OutputExistsError: if OUT holds another output.
    """
    model, method, trained = load_run(run, params.checkpoint, _CPU)
    if model.restore is not None:
        raise UsageError(
            run,
            f"was trained by {trained.method} on restored faces, which the graph of a classifier "
            "does not make. Export a run of another method.",
        )
    fingerprint = {
        "stage": "export",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"tolerance"}),
        "run": read_manifest(run)["sha256"],
        "torch": torch.__version__,
    }
    if not rebuild and is_built(out, fingerprint):
        return _summary(
            out, read_contract(ExportCard, out / EXPORT_CARD, "Export with `--rebuild`.")
        )
    cam_method = trained.cam_method(method.cam_method)
    graph = ExportGraph(model, cam_method, trained.params["image_px"])
    size_px = trained.about.size_px
    notes = {"expressions": json.dumps(trained.labels.names), "notice": trained.about.notice or ""}
    files = {ONNX: onnx_bytes(graph, size_px, params.opset, notes), WEIGHTS: _weights(model)}
    found = max_differences(graph, files[ONNX], size_px)
    _require_close(run, found or {}, ("logits", *model.added), params)
    card = ExportCard(
        **_describe_run(run, params.checkpoint, trained, model.head.weight_sources),
        input=_describe_input(graph, size_px),
        outputs=_describe_outputs(graph, cam_method, size_px),
        onnx=OnnxCheck(opset=params.opset, differences=found),
        files={name: digest(payload) for name, payload in files.items()},
    )
    written = canonical_json(card.model_dump(mode="json", exclude_unset=True))
    about = {"dataset": trained.about.dataset, "notice": trained.about.notice}
    with building(out, fingerprint, about) as folder:
        for name, payload in {**files, EXPORT_CARD: written}.items():
            atomic_write(folder / name, payload)
    return _summary(out, card)


def _require_close(
    run: Path, found: Mapping[str, float], predicted: Sequence[str], params: ExportParams
) -> None:
    """Refuse a graph whose predictions are not torch's, as far as that was checked."""
    for name in predicted:
        if name in found and not found[name] <= params.tolerance:  # also refuses NaN
            raise CorruptError(
                run,
                f"as ONNX its {name} differ by {found[name]:.2g}, export.tolerance is "
                f"{params.tolerance:g}. Nothing was written. Try another export.opset, and report "
                "it.",
            )


def _weights(model: Classifier) -> bytes:
    tensors = {name: one.contiguous() for name, one in model.state_dict().items()}
    return safetensors.torch.save(tensors, metadata={"format": "pt"})


def _describe_run(
    run: Path, checkpoint: str, trained: RunCard, weight_sources: tuple[str, ...]
) -> Json:
    """Return the keys of the card that describes the run and what it was trained on."""
    state = load(run / f"{checkpoint}.ckpt")
    past = json.loads(state["position"])["history"]
    about, params = trained.about, trained.params
    weights = Path(params["weights"]).name  # the folder is private
    head = {
        key: Path(value).name if isinstance(value, str) else value
        for key, value in params["head"].items()
    }
    split = TrainParams.model_validate(params).chosen_on
    keys = ("method", "variant", "repeat", "labels", "torch")
    return {
        **{key: getattr(trained, key) for key in keys},
        "expressions": list(trained.labels.names),
        "params": {**params, "weights": weights, "head": head},
        "checkpoint": checkpoint,
        "epoch": len(past),
        "accuracy": {split: past[-1]["val/accuracy"]} if past else {},
        "protocol": params["protocol"],
        "trained_on": about.dataset,
        "notice": about.notice,
        "revision": state["about"]["revision"],
        "digests": _digests(trained),
        "licence": _licence(trained, (weights, *weight_sources)),
    }


def _licence(trained: RunCard, weights: tuple[str, ...]) -> str:
    dataset = trained.about.dataset
    if trained.imported:
        files = ", ".join(trained.imported.files)
        return (
            f"Not trained by AULens: imported from {files}, trained on {dataset}; their terms go "
            "with this model. AULens itself: MIT."
        )
    return (
        f"Trained on the pictures of {dataset}, from weights: {', '.join(weights)}; the terms of "
        "all go with this model. So do those of dlib's 68-point model (research only) if "
        "stage landmark used it. AULens itself: MIT."
    )


def _digests(trained: RunCard) -> dict[str, str]:
    """Return the digests of the stores that are known, or of the files that were imported."""
    stores = {"faces": trained.faces, "landmarks": trained.landmarks}
    used = None if trained.heatmaps is None else trained.heatmaps.digest
    known = {name: one for name, one in {**stores, "heatmaps": used}.items() if one is not None}
    return {**known, **(trained.imported.files if trained.imported else {})}


def _describe_input(graph: ExportGraph, size_px: int) -> GraphTensor:
    return GraphTensor(
        name=INPUT,
        type="uint8",
        shape=[BATCH, size_px, size_px, 3],
        what="RGB, upright faces cropped as by stage align: see docs/exporting.md of AULens",
        done_inside={"resized_to_px": graph.image_px, "mean": MEAN, "std": STD},
    )


def _describe_outputs(graph: ExportGraph, cam_method: str, size_px: int) -> dict[str, GraphTensor]:
    outputs = graph.run(np.zeros((1, size_px, size_px, 3), np.uint8))
    meaning = {
        "logits": "one score per expression, before softmax",
        "attention": "mean of the deepest level's channels; covers the whole face, not normalised",
        "valence_arousal": "how pleasant and how excited the face looks, each from -1 to 1",
        "cam": f"one map per expression by {cam_method}; covers the whole face, not normalised",
    }
    return {
        name: GraphTensor(type="float32", shape=[BATCH, *one.shape[1:]], what=meaning[name])
        for name, one in outputs.items()
    }


def _summary(out: Path, card: ExportCard) -> str:
    """Return one line: what was written, whether it was checked, and what is missing."""
    found = card.onnx.differences
    parts = [
        f"{', '.join((*card.files, EXPORT_CARD))}",
        f"logits within {found['logits']:.0e} of torch's"
        if found
        else "not checked: no onnxruntime",
        *([] if "cam" in card.outputs else ["no cam: it needs autograd"]),
    ]
    return f"{out}: {'; '.join(parts)}"
