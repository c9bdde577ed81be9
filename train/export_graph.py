"""A model as an ONNX graph: images in, logits, attention and CAM out.

Shapes: B faces, S side of a stored face, H W rows and columns of the deepest level, V = 7
expressions.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from train.images import eval_images
from train.methods.base import Classifier, Head
from train.methods.cam_methods import CAM_METHODS, GRADIENT_CAM_METHODS

INPUT, BATCH = "image", "batch"
"""Name of the graph's input, and of its first axis."""

_CHECKED_FACES = 3

_IR_VERSIONS = {18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}
"""ONNX opset -> the version of the file format that came with it.

A runtime that knows the opset knows that version; torch writes a later one, which old runtimes
refuse. Source: onnx/docs/Versioning.md, "Released Versions".
"""

Images = NDArray[np.uint8]
Outputs = dict[str, NDArray[np.float32]]


class ExportGraph(nn.Module):
    """The exported module: preprocessing, the model, and the maps that explain it."""

    def __init__(self, model: Classifier, cam_method: str, image_px: int) -> None:
        """Wrap a model that is in evaluation mode and on the CPU.

        Args:
            model: the network.
            cam_method: row of CAM_METHODS. The CAM is left out if it needs autograd, which a
                graph cannot hold.
            image_px: side of the picture that the network sees.
        """
        super().__init__()
        self.model, self.image_px = model, image_px
        by_autograd = (
            type(model.head).gradient is Head.gradient and cam_method in GRADIENT_CAM_METHODS
        )
        self.cam_method = None if by_autograd else CAM_METHODS[cam_method]
        maps = ("attention",) if by_autograd else ("attention", "cam")
        self.outputs = ("logits", *maps, *model.added)

    def forward(self, images_BSS3: Tensor) -> tuple[Tensor, ...]:
        """Return logits (B, V), attention (B, H, W) and, if it can be, the CAM (B, V, H, W).

        Then what added heads give, such as valence and arousal (B, 2).
        """
        forward = self.model(eval_images(images_BSS3, self.image_px))
        outputs = forward.logits_BK, forward.features[-1].mean(dim=1)
        added = tuple(forward.extra[name] for name in self.model.added)
        if self.cam_method is None:
            return *outputs, *added
        first_B = torch.zeros_like(forward.logits_BK[:, 0], dtype=torch.long)
        maps = [
            self.cam_method(self.model, forward, first_B + number)
            for number in range(forward.logits_BK.shape[1])
        ]
        return *outputs, torch.stack(maps, dim=1), *added

    def run(self, images_BSS3: Images) -> Outputs:
        """Run it in torch, and return its outputs by name."""
        with torch.no_grad():
            values = self(torch.from_numpy(images_BSS3))
        return {name: one.numpy() for name, one in zip(self.outputs, values, strict=True)}


def onnx_bytes(graph: ExportGraph, size_px: int, opset: int, notes: Mapping[str, str]) -> bytes:
    """Return the graph as ONNX, for any number of faces.

    Args:
        graph: what is exported.
        size_px: side S of a face.
        opset: of ONNX; the file's IR version is the one that came with it.
        notes: name -> text, which are stored inside.
    """
    import onnx_ir.passes.common as passes

    faces = torch.zeros(2, size_px, size_px, 3, dtype=torch.uint8)
    with torch.no_grad():
        # strict reads the source as it is written: without it, len() would fix the number of faces
        program = torch.export.export(
            graph, (faces,), dynamic_shapes=({0: torch.export.Dim(BATCH, min=1)},), strict=True
        )
        program_onnx = torch.onnx.export(
            program,
            input_names=[INPUT],
            output_names=graph.outputs,
            dynamic_shapes=({0: BATCH},),
            opset_version=opset,
            verbose=False,
        )
    assert program_onnx is not None
    passes.ClearMetadataAndDocStringPass()(program_onnx.model)  # nodes name source files
    program_onnx.model.metadata_props.update(notes)
    program_onnx.model.ir_version = _IR_VERSIONS[opset]
    payload: bytes = program_onnx.model_proto.SerializeToString(deterministic=True)
    return payload


def max_differences(graph: ExportGraph, payload: bytes, size_px: int) -> dict[str, float] | None:
    """Return the largest difference between ONNX and torch on random images, per output.

    None if onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    shape = (_CHECKED_FACES, size_px, size_px, 3)
    faces = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    session = onnxruntime.InferenceSession(payload, providers=["CPUExecutionProvider"])
    found = session.run(list(graph.outputs), {INPUT: faces})
    expected = graph.run(faces)
    return {
        name: float(np.abs(one - expected[name]).max())
        for name, one in zip(graph.outputs, found, strict=True)
    }
