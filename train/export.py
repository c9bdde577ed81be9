"""A run for other programs: its weights, a graph that any ONNX runtime reads, and what they are.

    OUT/model.onnx           faces as stage align stores them -> logits, attention, cam
    OUT/model.safetensors    the weights, by the network's own names
    OUT/model.json           the card: what goes in, what comes out, made of what

Keys of the card:

    input, outputs      of the graph: names, types, shapes, what they mean
    onnx                opset; differences: the largest from what torch says, by output, None if
                        there was no onnxruntime to ask
    method, supervision, params, expressions, torch    as in run.json; of a weights file the name
    checkpoint, epoch, accuracy: {split: ...}, protocol
    trained_on, notice, licence, revision, digests of the stores
    files               name -> SHA-256

Shapes: B faces, S side of a stored face, H W rows and columns of the deepest level, V = 7
expressions.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from errors import CorruptError
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json, digest
from train.checkpoint import load
from train.images import MEAN, STD, eval_images
from train.methods.base import Classifier, Head
from train.methods.cam_methods import CAM_METHODS, GRADIENT_CAM_METHODS
from train.params import ExportParams, TrainParams
from train.runs import load_run

VERSION = 1
ONNX, WEIGHTS, CARD = "model.onnx", "model.safetensors", "model.json"
INPUT = "image"
_BATCH = "batch"
_CPU = torch.device("cpu")
_CHECKED_FACES = 3

Json = dict[str, Any]
Faces = NDArray[np.uint8]
Said = dict[str, NDArray[np.float32]]


class Graph(nn.Module):
    """What is exported: a model, what comes before it, and the maps that explain it."""

    def __init__(self, model: Classifier, cam_method: str, image_px: int) -> None:
        """Take a model in evaluation mode, on the processor.

        Args:
            model: the network.
            cam_method: row of CAM_METHODS, for the CAM. It is left out where only autograd can
                compute it, which no graph can hold.
            image_px: side of the picture that the network sees.
        """
        super().__init__()
        self.model, self.image_px = model, image_px
        by_autograd = (
            type(model.head).gradient is Head.gradient and cam_method in GRADIENT_CAM_METHODS
        )
        self.cam_method = None if by_autograd else CAM_METHODS[cam_method]
        self.outputs = ("logits", "attention") if by_autograd else ("logits", "attention", "cam")

    def forward(self, images_BSS3: Tensor) -> tuple[Tensor, ...]:
        """Return logits (B, V), attention (B, H, W) and, if it can be, the CAM (B, V, H, W)."""
        forward = self.model(eval_images(images_BSS3, self.image_px))
        said = forward.logits_BK, forward.features[-1].mean(dim=1)
        if self.cam_method is None:
            return said
        first_B = torch.zeros_like(forward.logits_BK[:, 0], dtype=torch.long)
        maps = [
            self.cam_method(self.model, forward, first_B + number)
            for number in range(forward.logits_BK.shape[1])
        ]
        return *said, torch.stack(maps, dim=1)

    def say(self, images_BSS3: Faces) -> Said:
        """Run torch, and name what it says."""
        with torch.no_grad():
            said = self(torch.from_numpy(images_BSS3))
        return {name: one.numpy() for name, one in zip(self.outputs, said, strict=True)}


def export(run: Path, out: Path, params: ExportParams, rebuild: bool = False) -> str:
    """Write a run as ONNX and safetensors, with a card.

    Args:
        run: output of stage train.
        out: see the module.
        params: how.
        rebuild: replace whatever is there.

    Returns:
        What was written and whether it was checked, in a line.

    Raises:
        CorruptError: if the graph says something else than the run.
        NoInputError, DataError: see runs.load_run.
        OutputExistsError: if something else is there.
    """
    model, method, described = load_run(run, params.checkpoint, _CPU)
    fingerprint = {
        "stage": "export",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"tolerance"}),
        "run": read_manifest(run)["sha256"],
        "torch": torch.__version__,
    }
    if not rebuild and is_built(out, fingerprint):
        return _line(out, json.loads((out / CARD).read_bytes()))
    graph = Graph(model, method.cam_method, described["params"]["image_px"])
    size_px: int = described["about"]["size_px"]
    card = _made_of(run, params.checkpoint, described, model.head.weight_sources)
    files = {ONNX: onnx_bytes(graph, size_px, params.opset, card), WEIGHTS: _weights(model)}
    found = differences(graph, files[ONNX], size_px)
    if found and not found["logits"] <= params.tolerance:  # nor if it is no number
        raise CorruptError(
            run,
            f"as ONNX its logits differ by {found['logits']:.2g}, export.tolerance is "
            f"{params.tolerance:g}. Nothing was written. Try another export.opset, and report it.",
        )
    card |= {
        "input": _what_goes_in(graph, size_px),
        "outputs": _what_comes_out(graph, method.cam_method, size_px),
        "onnx": {"opset": params.opset, "differences": found},
        "files": {name: digest(payload) for name, payload in files.items()},
    }
    about = {key: described["about"][key] for key in ("dataset", "notice")}
    with building(out, fingerprint, about) as folder:
        for name, payload in {**files, CARD: canonical_json(card)}.items():
            atomic_write(folder / name, payload)
    return _line(out, card)


def onnx_bytes(graph: Graph, size_px: int, opset: int, about: Mapping[str, Any]) -> bytes:
    """Return a graph as ONNX for any number of faces, with their expressions and notice inside.

    Args:
        graph: with a model in evaluation mode, on the processor.
        size_px: side S of a face.
        opset: of ONNX.
        about: expressions and notice.
    """
    import onnx_ir.passes.common as passes

    faces = torch.zeros(2, size_px, size_px, 3, dtype=torch.uint8)
    with torch.no_grad():
        # strict reads the source as it is written: without it, len() would fix the number of faces
        program = torch.export.export(
            graph, (faces,), dynamic_shapes=({0: torch.export.Dim(_BATCH, min=1)},), strict=True
        )
        found = torch.onnx.export(
            program,
            input_names=[INPUT],
            output_names=graph.outputs,
            dynamic_shapes=({0: _BATCH},),
            opset_version=opset,
            verbose=False,
        )
    assert found is not None
    passes.ClearMetadataAndDocStringPass()(found.model)  # every node names files of this machine
    found.model.metadata_props.update(
        expressions=json.dumps(about["expressions"]), notice=about["notice"]
    )
    payload: bytes = found.model_proto.SerializeToString(deterministic=True)
    return payload


def differences(graph: Graph, payload: bytes, size_px: int) -> dict[str, float] | None:
    """Return by how much ONNX and torch differ at most on noise, by output.

    None where there is no onnxruntime to ask.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    shape = (_CHECKED_FACES, size_px, size_px, 3)
    faces = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    session = onnxruntime.InferenceSession(payload, providers=["CPUExecutionProvider"])
    found = session.run(list(graph.outputs), {INPUT: faces})
    expected = graph.say(faces)
    return {
        name: float(np.abs(one - expected[name]).max())
        for name, one in zip(graph.outputs, found, strict=True)
    }


def _weights(model: Classifier) -> bytes:
    tensors = {name: one.contiguous() for name, one in model.state_dict().items()}
    return safetensors.torch.save(tensors, metadata={"format": "pt"})


def _made_of(run: Path, checkpoint: str, described: Json, weight_sources: tuple[str, ...]) -> Json:
    """Return what a run is and was made of."""
    state = load(run / f"{checkpoint}.ckpt")
    past = json.loads(state["position"])["history"]
    about, params = described["about"], described["params"]
    begun = Path(params["weights"]).name  # in which folder it lay is nobody's business
    head = {
        key: Path(value).name if isinstance(value, str) else value
        for key, value in params["head"].items()
    }
    split = TrainParams.model_validate(params).chosen_on
    return {
        **{key: described[key] for key in ("method", "supervision", "expressions", "torch")},
        "params": {**params, "weights": begun, "head": head},
        "checkpoint": checkpoint,
        "epoch": len(past),
        "accuracy": {split: past[-1]["val/accuracy"]},
        "protocol": params["protocol"],
        "trained_on": about["dataset"],
        "notice": about["notice"],
        "revision": state["about"]["revision"],
        "digests": {key: described[key] for key in ("faces", "landmarks", "heatmaps")},
        "licence": (
            f"Trained on the pictures of {about['dataset']}, from weights: "
            f"{', '.join((begun, *weight_sources))}; the terms of "
            "all go with this model. So do those of dlib's 68-point model (research only) if "
            "stage landmark used it. AULens itself: MIT."
        ),
    }


def _what_goes_in(graph: Graph, size_px: int) -> Json:
    return {
        "name": INPUT,
        "type": "uint8",
        "shape": [_BATCH, size_px, size_px, 3],
        "what": "RGB, upright faces as stage align frames them: see docs/exporting.md of AULens",
        "done_inside": {"resized_to_px": graph.image_px, "mean": MEAN, "std": STD},
    }


def _what_comes_out(graph: Graph, cam_method: str, size_px: int) -> Json:
    said = graph.say(np.zeros((1, size_px, size_px, 3), np.uint8))
    meaning = {
        "logits": "a score an expression, before softmax",
        "attention": "mean of the deepest level's channels over the whole face; raw",
        "cam": f"what speaks for each expression, by {cam_method}, over the whole face; raw",
    }
    return {
        name: {"type": "float32", "shape": [_BATCH, *one.shape[1:]], "what": meaning[name]}
        for name, one in said.items()
    }


def _line(out: Path, card: Json) -> str:
    """Say what was written, and what is not as one would expect."""
    found = card["onnx"]["differences"]
    parts = [
        f"{', '.join((*card['files'], CARD))}",
        f"logits within {found['logits']:.0e} of torch's"
        if found
        else "not checked: no onnxruntime",
        *([] if "cam" in card["outputs"] else ["no cam: only autograd can compute it"]),
    ]
    return f"{out}: {'; '.join(parts)}"
