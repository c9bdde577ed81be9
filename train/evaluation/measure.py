"""One batch through a trained model: predictions, every map, how each agrees with the action units.

Shapes: B batch, M maps of a model (its layers, then its CAM), V = 7 expressions, T = V + 1 targets
(every expression's AU map, then the generic one), U action units of the codebook, C side of the
canvas, S = 64.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.expressions import EXPRESSIONS
from anatomy.heatmaps import comparison_maps
from errors import pick
from train.evaluation.map_similarity import Canvas, shrinking, small
from train.images import eval_images, minmax_normalize
from train.methods.base import Classifier
from train.methods.cam_methods import CAM_METHODS
from train.params import OWN
from train.records import CamMethod, Forward
from train.runs import load_run

if TYPE_CHECKING:
    import polars as pl

SMALL_PX = 64
"""Side of the maps that are averaged and shown."""

INSIDE = 0.5
"""From which value on a pixel lies in an AU's region, whose rim is soft."""

CAM_GEOMETRY = "exact"
"""CAMs have half-pixel centres, as published."""


F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Setup:
    """What measuring needs, the same for every batch.

    Attributes:
        model: in evaluation mode.
        cam_method: its CAM.
        image_px: side of the picture that the model sees.
        canvas_px: side of the canvas on which maps are compared.
        codebook: row of CODEBOOKS, the one that the run was trained with.
        geometry: row of GEOMETRIES.
        device: where.
    """

    model: Classifier
    cam_method: CamMethod
    image_px: int
    canvas_px: int
    codebook: str
    geometry: str
    device: torch.device


def load_setup(
    run: Path, checkpoint: str, cam_method: str, geometry: str, device: torch.device
) -> tuple[Setup, dict[str, Any]]:
    """Return a trained model, ready to be measured, and what run.json says.

    Args:
        run: output of stage train.
        checkpoint: last or best.
        cam_method: row of CAM_METHODS, or `method` for the method's own.
        geometry: row of GEOMETRIES.
        device: where.
    """
    model, method, described = load_run(run, checkpoint, device)
    setup = Setup(
        model,
        pick({**CAM_METHODS, OWN: CAM_METHODS[method.cam_method]}, cam_method, "cam_method"),
        described["params"]["image_px"],
        described["about"]["canvas_px"],
        codebook_of(described),
        geometry,
        device,
    )
    return setup, described


def codebook_of(described: Mapping[str, Any]) -> str:
    """Return the codebook of the maps that a run saw; `published` where they have none."""
    codebook: str = described["about"]["options"].get("codebook", "published")
    return codebook


@dataclass(frozen=True, slots=True)
class Looks:
    """A batch of faces, as read and drawn.

    Attributes:
        images_BHW3: stored faces, uint8.
        labels_B: expression ids; the CAM is read for these, as published.
        targets_BTCC: what maps are compared with.
        defined_BT: whether each is defined on the face; else it is zero.
        regions_BUSS: every AU's region, in [0, 1].
        drawn_BU: whether it is on the canvas.
    """

    images_BHW3: Tensor
    labels_B: NDArray[np.int64]
    targets_BTCC: F32
    defined_BT: Bools
    regions_BUSS: F32
    drawn_BU: Bools


@dataclass(frozen=True, slots=True)
class Measured:
    """What one batch gives, or, joined, all of them.

    Attributes:
        probabilities_BV: softmax of the logits.
        cosines_BMV: of each layer's attention and the CAM with the map of every expression on this
            face.
        centred_BMV: the same with the means taken out.
        uniform_BV: of a uniform map.
        generic_B: of the face's generic AU map with that of its own expression.
        defined_BV: whether the expression's map is defined on this face.
        attention_BSS: deepest layer's, in [0, 1].
        cam_BSS: of the true class, in [0, 1].
        au_BSS: of the true class, in [0, 1]; zero where undefined.
        shares_BU: share of the deepest attention's mass on each AU's region; NaN where there is no
            region or no mass.
        areas_BU: the region's share of the picture.
    """

    probabilities_BV: F32
    cosines_BMV: F32
    centred_BMV: F32
    uniform_BV: F32
    generic_B: F32
    defined_BV: Bools
    attention_BSS: F32
    cam_BSS: F32
    au_BSS: F32
    shares_BU: F32
    areas_BU: F32

    def own_defined(self, labels_B: NDArray[np.int64]) -> Bools:
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
    table: "pl.DataFrame"
    asked: int


def look(
    setup: Setup,
    images_BHW3: NDArray[np.uint8],
    labels_B: NDArray[np.int64],
    landmarks_B682: NDArray[np.floating],
) -> Looks:
    """Draw what a batch is compared with: the work of the processor, whatever the device.

    Args:
        setup: sizes and codebook.
        images_BHW3: stored faces.
        labels_B: expression ids.
        landmarks_B682: px of the canvas; NaN where there are none.
    """
    size, codebook = setup.canvas_px, setup.codebook
    (targets, defined), (regions, drawn) = comparison_maps(
        landmarks_B682, (size, SMALL_PX), canvas_px=size, codebook=codebook
    )
    return Looks(torch.from_numpy(images_BHW3), labels_B, targets, defined, regions, drawn)


def measure(setup: Setup, looks: Looks) -> Measured:
    """Run one batch: predictions and every map in one pass."""
    with torch.no_grad():
        forward = setup.model(eval_images(looks.images_BHW3.to(setup.device), setup.image_px))
        labels_B = torch.from_numpy(looks.labels_B).to(setup.device)
        cam_Bhw = minmax_normalize(setup.cam_method(setup.model, forward, labels_B).float())
        targets_BTCC = torch.from_numpy(looks.targets_BTCC).to(setup.device)
        return _compared(setup, looks, forward, cam_Bhw, targets_BTCC)


def _compared(
    setup: Setup, looks: Looks, forward: Forward, cam_Bhw: Tensor, targets_BTCC: Tensor
) -> Measured:
    canvas, last = Canvas(targets_BTCC), len(EXPRESSIONS)
    layers = [feature.float().mean(dim=1) for feature in forward.features]
    geometries = [*[setup.geometry] * len(layers), CAM_GEOMETRY]
    agreements = canvas.agreements([*layers, cam_Bhw], geometries)
    cosines_BMT, centred_BMT = (torch.stack(one, dim=1) for one in zip(*agreements, strict=True))
    attention_BSS = minmax_normalize(small(layers[-1], setup.geometry, setup.canvas_px, SMALL_PX))
    shares_BU, areas_BU = region_shares(attention_BSS, looks.regions_BUSS, looks.drawn_BU)
    own_BCC = targets_BTCC[torch.arange(len(looks.labels_B)), looks.labels_B]
    shrink_SC = shrinking(setup.canvas_px, SMALL_PX).to(own_BCC.device)
    found = (
        forward.logits_BK.float().softmax(dim=1),
        cosines_BMT[..., :last],
        centred_BMT[..., :last],
        canvas.uniform()[:, :last],
        F.cosine_similarity(own_BCC.flatten(1), targets_BTCC[:, last].flatten(1)),
        torch.from_numpy(looks.defined_BT[:, :last]),
        attention_BSS,
        small(cam_Bhw, CAM_GEOMETRY, setup.canvas_px, SMALL_PX).clamp(0, 1),
        shrink_SC @ own_BCC @ shrink_SC.T,
        shares_BU,
        areas_BU,
    )
    return Measured(*(value.cpu().numpy() for value in found))


def region_shares(
    attention_BSS: Tensor, regions_BUSS: F32, drawn_BU: Bools
) -> tuple[Tensor, Tensor]:
    """Return the mass of attention on every AU's region, and the region's area, both as shares.

    Args:
        attention_BSS: nowhere negative.
        regions_BUSS: of every AU, in [0, 1].
        drawn_BU: whether it is on the canvas; if not, its share is NaN.
    """
    inside_BUSS = torch.from_numpy(regions_BUSS).to(attention_BSS.device) >= INSIDE
    inside_BUP = inside_BUSS.flatten(2).to(attention_BSS.dtype)
    masses_BU = (inside_BUP @ attention_BSS.flatten(1)[:, :, None])[..., 0]
    shares_BU = masses_BU / attention_BSS.sum(dim=(1, 2))[:, None]
    on_canvas_BU = torch.from_numpy(drawn_BU).to(attention_BSS.device)
    return torch.where(on_canvas_BU, shares_BU, torch.nan), inside_BUP.mean(dim=2)


def joined(parts: Sequence[Measured]) -> Measured:
    """Put batches together."""
    return Measured(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Measured)
        )
    )
