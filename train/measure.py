"""One batch through a trained model: predictions, every map, how each agrees with the action units.

Shapes: B batch, L layers, M = L + 1 maps (layers, then CAM), V = 7 expressions, C side of the
canvas, P = C * C, S = 64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.heatmaps import per_class_au
from store.tables import Row
from train.augment import plain_images
from train.methods.head import Classifier
from train.records import Readout
from train.scores import GEOMETRIES, centred, cosines, unit_range

SMALL_PX = 64
"""Side of the maps that are averaged and shown."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Setup:
    """What measuring needs, the same for every batch.

    Attributes:
        model: in evaluation mode.
        readout: its CAM.
        image_px: side of the picture that the model sees.
        canvas_px: side of the canvas on which maps are compared.
        codebook: row of CODEBOOKS, the one that the run was trained with.
        geometry: row of GEOMETRIES.
        device: where.
    """

    model: Classifier
    readout: Readout
    image_px: int
    canvas_px: int
    codebook: str
    geometry: str
    device: torch.device


@dataclass(frozen=True, slots=True)
class Measured:
    """What one batch gives, or, joined, all of them.

    Attributes:
        probabilities_BV: softmax of the logits.
        cosines_BMV: of each layer's attention and the CAM with the map of every expression on this
            face.
        centred_BMV: the same with the means taken out.
        uniform_BV: of a uniform map.
        defined_BV: whether the expression's map is defined on this face.
        attention_BSS: deepest layer's, in [0, 1].
        cam_BSS: of the true class, in [0, 1].
        au_BSS: of the true class, in [0, 1]; zero where undefined.
    """

    probabilities_BV: F32
    cosines_BMV: F32
    centred_BMV: F32
    uniform_BV: F32
    defined_BV: NDArray[np.bool_]
    attention_BSS: F32
    cam_BSS: F32
    au_BSS: F32

    def own_defined(self, labels_B: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each face whether the map of its own expression is defined: whether it counts."""
        return np.asarray(self.defined_BV[np.arange(len(labels_B)), labels_B])


@dataclass(frozen=True, slots=True)
class Subjects:
    """The usable faces of a split.

    Attributes:
        rows_N: of the store.
        labels_N: expression ids.
        table: their rows of the store's status table.
        asked: how many samples the split has, usable or not.
    """

    rows_N: NDArray[np.int64]
    labels_N: NDArray[np.int64]
    table: list[Row]
    asked: int


def measure(
    setup: Setup,
    images_BSS3: Tensor,
    labels_B: NDArray[np.int64],
    landmarks_B682: NDArray[np.floating],
) -> Measured:
    """Run one batch.

    Args:
        setup: model and sizes.
        images_BSS3: stored faces, uint8.
        labels_B: expression ids; the CAM is read for these, as published.
        landmarks_B682: px of the canvas; NaN where there are none.
    """
    size, labels_list = setup.canvas_px, labels_B.tolist()
    au_BVCC, defined_BV = per_class_au(
        landmarks_B682, labels_list, size, canvas_px=size, codebook=setup.codebook
    )
    with torch.no_grad():
        forward = setup.model(plain_images(images_BSS3.to(setup.device), setup.image_px))
        labels = torch.from_numpy(labels_B).to(setup.device)
        layers = [feature.float().mean(dim=1) for feature in forward.features]
        cam = unit_range(setup.readout(setup.model, forward, labels).float())
        enlarge = GEOMETRIES[setup.geometry]
        maps = [enlarge(layer, setup.canvas_px) for layer in layers] + [
            _enlarged_cam(cam, setup.canvas_px)
        ]
        maps_BMP = torch.stack([one.flatten(1) for one in maps], dim=1)
        targets_BVP = torch.from_numpy(au_BVCC).to(setup.device).flatten(2)
        own = torch.from_numpy(au_BVCC[np.arange(len(labels_B)), labels_B]).to(setup.device)
        found = (
            forward.logits_BK.float().softmax(dim=1),
            cosines(maps_BMP, targets_BVP),
            cosines(centred(maps_BMP), centred(targets_BVP)),
            cosines(torch.ones_like(targets_BVP[:, :1]), targets_BVP)[:, 0],
            torch.from_numpy(defined_BV),
            _small(unit_range(maps[-2])),
            _small(maps[-1]),
            _small(own),
        )
    return Measured(*(value.cpu().numpy() for value in found))


def joined(parts: Sequence[Measured]) -> Measured:
    """Put batches together."""
    return Measured(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Measured)
        )
    )


def _enlarged_cam(cam_BHW: Tensor, size_px: int) -> Tensor:
    enlarged = F.interpolate(
        cam_BHW[:, None], [size_px, size_px], mode="bilinear", align_corners=False
    )
    return enlarged[:, 0].clamp(0, 1)


def _small(maps_BCC: Tensor) -> Tensor:
    size = [SMALL_PX, SMALL_PX]
    return F.interpolate(
        maps_BCC[:, None], size, mode="bilinear", align_corners=False, antialias=True
    )[:, 0]
