"""One batch through a trained model: predictions, maps, and how each map agrees with the AU maps.

Shapes: B batch, M maps of a model (its layers, then its CAM), V classes, T = V + 1 targets
(the AU map of every expression, then that of all AUs), U action units of the codebook, C side of
the canvas, S = 64, h w an attention's own size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from train.device import receive, send
from train.evaluation.map_similarity import MapSimilarity, TargetMaps, resample, shrink_matrix
from train.evaluation.networks import EvalModel, Reading, RestoredPictures
from train.evaluation.own_units import OwnUnits
from train.evaluation.targets import TargetRuns, Targets, prepare_targets
from train.images import minmax_normalize, resize_images

if TYPE_CHECKING:
    import polars as pl

SMALL_PX = 64
"""Side of the maps that are averaged and shown."""

INSIDE = 0.5
"""A pixel lies in an AU's region from this value on; the region's rim is soft."""

CAM_GEOMETRY = "exact"
"""CAMs have half-pixel centres, as published."""

F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EvalFaces:
    """The faces of a split that are scored.

    Attributes:
        rows_N: of the store.
        labels_N: class ids.
        classes: names of the classes.
        table: their rows of the store's status table.
        total: samples of the split, with a usable face or not.
        attributes: columns of the table that came with the dataset.
        mapped_N: which of them get a CAM; None: all.
        others: usable faces of the split whose class the model does not know, by class.
        valence_arousal_N2: as the dataset says, NaN where it does not; None if it never does.
        annotated_NV: shares of the classes in several people's labels, see measures.faces; None if
            the dataset brings none.
    """

    rows_N: NDArray[np.int64]
    labels_N: NDArray[np.int64]
    classes: tuple[str, ...]
    table: "pl.DataFrame"
    total: int
    attributes: tuple[str, ...] = ()
    mapped_N: Bools | None = None
    others: Mapping[str, int] = field(default_factory=dict)
    valence_arousal_N2: F32 | None = None
    annotated_NV: F32 | None = None

    def mapped_in(self, start: int, size: int) -> Bools | None:
        """Return which faces of a batch get a CAM; None: all."""
        return None if self.mapped_N is None else self.mapped_N[start : start + size]


@dataclass(frozen=True, slots=True)
class EvalBatch:
    """A batch of faces and what its maps are compared with.

    Attributes:
        images_BHW3: stored faces, uint8.
        labels_B: expression ids; the CAM is of these, as published.
        targets: AU maps and regions, or what a GPU draws them from.
        mapped_B: faces that get a CAM; None: all.
    """

    images_BHW3: Tensor
    labels_B: NDArray[np.int64]
    targets: Targets | TargetRuns
    mapped_B: Bools | None = None


@dataclass(frozen=True, slots=True)
class EvalOutputs:
    """What one batch gives or, concatenated, all of them.

    Attributes:
        probabilities_BV: softmax of the logits.
        cosines_BMV: of each layer's attention, each other CAM of the model, and the CAM, with the
            AU map of every expression on this face; NaN for a map that there is not.
        centred_BMV: the same with the means taken out.
        uniform_BV: of a uniform map.
        all_aus_B: of the face's map of all AUs with that of its own expression.
        defined_BV: whether the expression's map is defined on this face.
        own_cosines_BMK: of each map with that of the action units coded on the face, and with that
            of another face's; NaN where there is none.
        own_references_BK: cosines that need no model: of the map of the face's own units with a
            uniform map, that of all AUs, and that of its expression; then of the other face's with
            that of the expression, and with the own one. NaN where there is none.
        attention_BSS: of the deepest layer, in [0, 1].
        cam_BSS: of the true expression, in [0, 1].
        au_BSS: AU map of the true expression, in [0, 1]; zero where undefined.
        shares_BU: share of the deepest attention's mass on each AU's region; NaN where there is no
            region or no mass.
        areas_BU: the region's share of the picture.
        valence_arousal_BD: from -1 to 1; D is 0 of a model that predicts neither.
    """

    probabilities_BV: F32
    cosines_BMV: F32
    centred_BMV: F32
    uniform_BV: F32
    all_aus_B: F32
    defined_BV: Bools
    own_cosines_BMK: F32
    own_references_BK: F32
    attention_BSS: F32
    cam_BSS: F32
    au_BSS: F32
    shares_BU: F32
    areas_BU: F32
    valence_arousal_BD: F32

    @property
    def has_cam(self) -> Bools:
        """Whether each face has a CAM: (B,)."""
        return np.asarray(np.isfinite(self.cosines_BMV[:, -1]).any(axis=1))

    @property
    def has_attention(self) -> Bools:
        """Whether each face has an attention: (B,)."""
        return np.asarray(np.isfinite(self.cosines_BMV[:, 0]).any(axis=1))

    def has_own_map(self, labels_B: NDArray[np.int64]) -> Bools:
        """Return whether the AU map of each face's own expression is defined: (B,)."""
        return np.asarray(self.defined_BV[np.arange(len(labels_B)), labels_B])

    def with_cam(self, number: int, others: int) -> "EvalOutputs":
        """Return the cosines of the layers and of one CAM alone.

        Args:
            number: of the CAM; `others` for the model's own.
            others: how many other CAMs there are.
        """
        layers = self.cosines_BMV.shape[1] - 1 - others
        kept = [*range(layers), layers + number]
        return replace(
            self,
            cosines_BMV=self.cosines_BMV[:, kept],
            centred_BMV=self.centred_BMV[:, kept],
            own_cosines_BMK=self.own_cosines_BMK[:, kept],
        )


@dataclass(frozen=True, slots=True)
class ModelMaps:
    """What a model gives for a batch, before any comparison with AU maps.

    Attributes:
        probabilities_BV: softmax of the logits.
        classes_B: expressions that the CAM is of.
        layers: attention (B, h, w) per layer, shallow to deep; raw.
        cam_Bhw: CAM in [0, 1].
        other_cams: the model's further CAMs (B, h, w), in [0, 1].
        attention_BSS: of the deepest layer, in [0, 1].
        cam_BSS: the CAM, in [0, 1].
        mapped_B: whether the face has a CAM.
        restored: see networks.Reading; valence_arousal_B2 likewise.
    """

    probabilities_BV: Tensor
    classes_B: Tensor
    layers: list[Tensor]
    cam_Bhw: Tensor
    other_cams: list[Tensor]
    attention_BSS: Tensor
    cam_BSS: Tensor
    mapped_B: Tensor
    restored: RestoredPictures | None = None
    valence_arousal_B2: Tensor | None = None


def prepare_batch(
    model: EvalModel,
    images_BHW3: NDArray[np.uint8],
    labels_B: NDArray[np.int64],
    landmarks_B682: NDArray[np.floating],
    own: OwnUnits | None = None,
) -> EvalBatch:
    """Put a batch together, ready to be moved to the model's device.

    Args:
        model: sizes and codebook.
        images_BHW3: stored faces.
        labels_B: expression ids.
        landmarks_B682: px of the canvas; NaN where there are none.
        own: action units that were coded on these faces.
    """
    sides_px = (model.canvas_px, SMALL_PX)
    weights_BKR = None if own is None else own.pairs()
    targets = prepare_targets(landmarks_B682, sides_px, model.codebook, model.device, weights_BKR)
    images = torch.from_numpy(images_BHW3)
    pinned = images if model.device.type == "cpu" else images.pin_memory()
    return EvalBatch(pinned, labels_B, targets)


def compute_maps(
    model: EvalModel,
    images_BHW3: Tensor,
    classes_B: Tensor | None,
    mapped_B: Bools | None = None,
) -> ModelMaps:
    """Predict, and compute every map, in one pass.

    Args:
        model: what to run.
        images_BHW3: stored faces, uint8.
        classes_B: expressions that the CAM is of; None for the predicted ones.
        mapped_B: faces that get a CAM; None: all. That of the others is zero.
    """
    with torch.no_grad():
        images = resize_images(send(images_BHW3, model.device), model.image_px)
        reading = model.network(images)
        classes_B = reading.probabilities_BV.argmax(dim=1) if classes_B is None else classes_B
        cam_Bhw = minmax_normalize(_maps_of(model, images, reading, classes_B, mapped_B))
        other_cams = [minmax_normalize(one(classes_B)) for one in reading.other_maps]
        layers = reading.layers()
        attention_BSS = (
            resample(layers[-1], model.geometry, model.canvas_px, SMALL_PX)
            if layers
            else images.new_zeros((len(images), SMALL_PX, SMALL_PX))
        )
        return ModelMaps(
            reading.probabilities_BV,
            classes_B,
            layers,
            cam_Bhw,
            other_cams,
            minmax_normalize(attention_BSS),
            resample(cam_Bhw, CAM_GEOMETRY, model.canvas_px, SMALL_PX).clamp(0, 1),
            torch.ones_like(classes_B, dtype=torch.bool)
            if mapped_B is None
            else send(torch.from_numpy(mapped_B), model.device),
            reading.restored,
            reading.valence_arousal_B2,
        )


def _maps_of(
    model: EvalModel,
    images_B3SS: Tensor,
    reading: Reading,
    classes_B: Tensor,
    mapped_B: Bools | None,
) -> Tensor:
    """Return raw maps (B, h, w); zero for faces that get none, where a black box makes them."""
    if mapped_B is None or mapped_B.all():
        return model.map_method(model.network, images_B3SS, reading, classes_B)
    if not mapped_B.any():
        return images_B3SS.new_zeros((len(images_B3SS), 1, 1))
    chosen = send(torch.from_numpy(np.flatnonzero(mapped_B)), model.device)
    made = model.map_method(model.network, images_B3SS[chosen], reading, classes_B[chosen])
    return made.new_zeros((len(mapped_B), *made.shape[1:])).index_copy(0, chosen, made)


def evaluate_batch(model: EvalModel, batch: EvalBatch) -> EvalOutputs:
    """Run one batch and compare its maps with the targets."""
    with torch.no_grad():
        labels_B = send(torch.from_numpy(batch.labels_B), model.device)
        maps = compute_maps(model, batch.images_BHW3, labels_B, batch.mapped_B)
        return _compare(model, labels_B, maps, batch.targets.drawn(model.device))


def _compare(model: EvalModel, labels_B: Tensor, maps: ModelMaps, drawn: Targets) -> EvalOutputs:
    last, coded = len(model.codebook.labels), drawn.own_BKCC.shape[1] > 0
    everything = torch.cat([drawn.maps_BTCC, drawn.own_BKCC], dim=1) if coded else drawn.maps_BTCC
    targets = TargetMaps(everything)
    similarities = _similarities(model, maps, targets)
    cosines_BMT, centred_BMT = (torch.stack(one, dim=1) for one in zip(*similarities, strict=True))
    shares_BU, areas_BU = region_shares(maps.attention_BSS, drawn.regions_BUSS, drawn.present_BU)
    everyone_B = torch.arange(len(labels_B), device=labels_B.device)
    own_BCC = drawn.maps_BTCC[everyone_B, labels_B]
    uniform_BT, all_aus_BCC = targets.uniform_cosine(), drawn.maps_BTCC[:, last]
    own_units = _own_units(cosines_BMT[..., last + 1 :], uniform_BT[:, last + 1 :], drawn, own_BCC)
    shrink_SC = shrink_matrix(model.canvas_px, SMALL_PX, own_BCC.device)
    outputs = (
        maps.probabilities_BV,
        cosines_BMT[..., :last],
        centred_BMT[..., :last],
        uniform_BT[:, :last],
        _cosine(own_BCC, all_aus_BCC),
        drawn.defined_BT[:, :last],
        *own_units,
        maps.attention_BSS,
        maps.cam_BSS,
        shrink_SC @ own_BCC @ shrink_SC.T,
        shares_BU,
        areas_BU,
        uniform_BT[:, :0] if maps.valence_arousal_B2 is None else maps.valence_arousal_B2,
    )
    return EvalOutputs(*receive(outputs))


def _own_units(
    cosines_BMK: Tensor, uniform_BK: Tensor, drawn: Targets, class_BCC: Tensor
) -> tuple[Tensor, Tensor]:
    """Return own_cosines_BMK and own_references_BK of EvalOutputs.

    Args:
        cosines_BMK: of the model's maps with the maps of coded units; K is 0 without coding.
        uniform_BK: of a uniform map with them.
        drawn: the targets.
        class_BCC: map of the face's expression; zero where it has none, as that of Neutral.
    """
    if not cosines_BMK.shape[2]:
        faces, maps, _ = cosines_BMK.shape
        absent = cosines_BMK.new_full((faces, maps, 2), torch.nan)
        return absent, cosines_BMK.new_full((faces, 5), torch.nan)
    own_BCC, other_BCC = drawn.own_BKCC.unbind(dim=1)
    own_B, other_B = drawn.own_defined_BK.unbind(dim=1)
    class_B = own_B & (class_BCC.flatten(1).amax(dim=1) > 0)
    references_BK = torch.stack(
        [
            torch.where(own_B, uniform_BK[:, 0], torch.nan),
            torch.where(own_B, _cosine(drawn.maps_BTCC[:, -1], own_BCC), torch.nan),
            torch.where(class_B, _cosine(class_BCC, own_BCC), torch.nan),
            torch.where(class_B & other_B, _cosine(class_BCC, other_BCC), torch.nan),
            torch.where(own_B & other_B, _cosine(own_BCC, other_BCC), torch.nan),
        ],
        dim=1,
    )
    return torch.where(drawn.own_defined_BK[:, None], cosines_BMK, torch.nan), references_BK


def _cosine(one_BCC: Tensor, other_BCC: Tensor) -> Tensor:
    return F.cosine_similarity(one_BCC.flatten(1), other_BCC.flatten(1))


def _similarities(model: EvalModel, maps: ModelMaps, targets: TargetMaps) -> list[MapSimilarity]:
    """Compare every level's attention and the CAM with the targets; NaN where there is no map."""
    cams = [*maps.other_cams, maps.cam_Bhw]
    geometries = [*[model.geometry] * len(maps.layers), *[CAM_GEOMETRY] * len(cams)]
    *others, cam = targets.similarities([*maps.layers, *cams], geometries)
    absent = torch.full_like(cam.cosine_BT, torch.nan)
    mapped_B1 = maps.mapped_B[:, None]
    known = MapSimilarity(*(torch.where(mapped_B1, one, torch.nan) for one in cam))
    return [*([] if maps.layers else [MapSimilarity(absent, absent)]), *others, known]


def region_shares(
    attention_BSS: Tensor, regions_BUSS: Tensor, present_BU: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the share of attention on every AU's region, and of the picture: (B, U) each.

    Args:
        attention_BSS: nowhere negative.
        regions_BUSS: region of every AU, in [0, 1].
        present_BU: whether it is on the canvas; if not, its share of attention is NaN.
    """
    inside_BUP = (regions_BUSS >= INSIDE).flatten(2).to(attention_BSS.dtype)
    masses_BU = (inside_BUP @ attention_BSS.flatten(1)[:, :, None])[..., 0]
    shares_BU = masses_BU / attention_BSS.sum(dim=(1, 2))[:, None]
    return torch.where(present_BU, shares_BU, torch.nan), inside_BUP.mean(dim=2)


def concatenate(parts: Sequence[EvalOutputs]) -> EvalOutputs:
    """Put batches together."""
    return EvalOutputs(
        *(
            np.concatenate([getattr(part, one.name) for part in parts])
            for one in fields(EvalOutputs)
        )
    )
