"""The explanation of one face: prediction, where the model looked, and on which action units.

Shapes: B faces, S side of a stored face, Z = 64 side of the maps, V classes, U action units
of the codebook, L = 68 points.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anatomy.au_coding import AUCoding
from anatomy.codebooks import Codebook
from anatomy.heatmaps import au, unit_regions
from anatomy.landmarks import rescale_points
from anatomy.own_heatmaps import own_au
from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.labels import LabelSet
from explain.params import ReadParams
from train.device import receive, send
from train.evaluation.batch import SMALL_PX, compute_maps, region_shares
from train.evaluation.networks import CAM, EvalModel
from train.images import resize_images

F32 = NDArray[np.float32]
EPS = 1e-8


@dataclass(frozen=True, slots=True)
class Region:
    """What of a map lies on one region, which several AUs may share.

    Attributes:
        units: FACS numbers of these AUs.
        name: of the first that belongs to the explained expression, or else of the first.
        share: of the attention, on this region; of the map, if there is no attention.
        area: of the face, that is this region.
        belongs: which of the AUs belong to the explained expression.
    """

    units: tuple[int, ...]
    name: str
    share: float
    area: float
    belongs: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """How many times more of it there is here than if it were spread evenly."""
        return self.share / self.area


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a run predicts for one face, and where it looked.

    Attributes:
        labels: the classes that the run tells apart.
        probabilities_V: softmax of the logits.
        expression: id of the one that is explained.
        attention_ZZ: of the deepest layer, in [0, 1]; None of a model whose inside is not known.
        cam_ZZ: of the explained expression, in [0, 1].
        au_ZZ: AU map of the explained expression, in [0, 1]; None without landmarks, and for
            Neutral, which has no AUs.
        own_ZZ: map of the action units that were coded on the face, in [0, 1]; None without any.
        regions: by their ratio, highest first; empty without landmarks or where the map is flat.
        map_name: what cam_ZZ is called.
        restored_SS3: the face that the run saw instead, in [0, 1], where it restores faces first.
        filled_GG: which of its patches were drawn anew, 0 or 1; None like `restored_SS3`.
        valence_arousal: as predicted, from -1 to 1; None of a run that predicts neither.
    """

    labels: LabelSet
    probabilities_V: F32
    expression: int
    attention_ZZ: F32 | None
    cam_ZZ: F32
    au_ZZ: F32 | None
    own_ZZ: F32 | None
    regions: tuple[Region, ...]
    map_name: str = CAM
    restored_SS3: F32 | None = None
    filled_GG: F32 | None = None
    valence_arousal: tuple[float, float] | None = None

    @property
    def predicted(self) -> int:
        """Id of the expression that the run predicts."""
        return int(self.probabilities_V.argmax())

    def maps(self) -> dict[str, F32]:
        """Return the maps there are, by title; all but attention are of what is explained."""
        maps = self.read_maps()
        return maps if self.filled_GG is None else {**maps, "drawn anew": self.filled_GG}

    def read_maps(self) -> dict[str, F32]:
        """Return those of the classifier alone, by title."""
        maps = {"attention": self.attention_ZZ, self.map_name: self.cam_ZZ, **self._targets()}
        return {title: one for title, one in maps.items() if one is not None}

    def _targets(self) -> dict[str, F32 | None]:
        return {"AU map": self.au_ZZ, "own AUs": self.own_ZZ}

    def cosines(self) -> dict[str, float]:
        """Return the cosine of the main map with the AU map and with that of the own AUs."""
        _, seen_ZZ = self.main_map
        return {
            name: float((seen_ZZ * one).sum() / max(_length(seen_ZZ, one), EPS))
            for name, one in self._targets().items()
            if one is not None
        }

    @property
    def main_map(self) -> tuple[str, F32]:
        """What the regions are of: attention, or the map where there is none; and its name."""
        if self.attention_ZZ is None:
            return f"The {self.map_name} map", self.cam_ZZ
        return "Attention", self.attention_ZZ

    def as_json(self) -> dict[str, Any]:
        """Return the numbers, by name; no maps."""
        probabilities = zip(self.labels.names, self.probabilities_V.tolist(), strict=True)
        filled = {} if self.filled_GG is None else {"filled": float(self.filled_GG.mean())}
        return {
            "expression": self.labels.names[self.predicted],
            "explained": self.labels.names[self.expression],
            "probabilities": {name: round(value, 4) for name, value in probabilities},
            "cosines": {name: round(value, 4) for name, value in self.cosines().items()},
            "regions_of": "attention" if self.attention_ZZ is not None else self.map_name,
            "regions": [{**asdict(one), "ratio": one.ratio} for one in self.regions],
            **filled,
            **self.values(),
        }

    def values(self) -> dict[str, float]:
        """Return valence and arousal by name, rounded; none of a run that predicts neither."""
        pairs = zip(VALENCE_AROUSAL_COLUMNS, self.valence_arousal or (), strict=False)
        return {name: round(value, 4) for name, value in pairs}


def _length(one_ZZ: F32, other_ZZ: F32) -> float:
    return float(np.linalg.norm(one_ZZ) * np.linalg.norm(other_ZZ))


def explain_faces(
    model: EvalModel,
    images_BSS3: NDArray[np.uint8],
    points_BL2: NDArray[np.floating],
    expression: int | None = None,
    coding: AUCoding | None = None,
) -> list[Explanation]:
    """Explain aligned faces, in one pass.

    Args:
        model: see train.evaluation.networks.load_eval_model.
        images_BSS3: RGB, as stage align stores them.
        points_BL2: px of these faces; NaN where there are none.
        expression: id of the one to explain; None for each face's predicted one.
        coding: action units that were coded on these faces.
    """
    images, device = torch.from_numpy(images_BSS3), model.device
    asked = None if expression is None else torch.full((len(images),), expression, device=device)
    maps = compute_maps(model, images, asked)
    labels = maps.classes_B.tolist()
    canvas, book = model.canvas_px, model.codebook
    points = rescale_points(points_BL2, images_BSS3.shape[1], canvas)
    au_BSS, defined_B = au(points, labels, SMALL_PX, canvas_px=canvas, codebook=book)
    own_BSS, acting_B = own_au(
        points, labels, SMALL_PX, canvas_px=canvas, codebook=book, coding=coding
    )
    drawn = unit_regions(points, SMALL_PX, canvas_px=canvas, codebook=book)
    regions, present = (send(torch.from_numpy(one), device) for one in drawn)
    known = bool(maps.layers)
    shared = region_shares(maps.attention_BSS if known else maps.cam_BSS, regions, present)
    seen = maps.restored
    pictures = [] if seen is None else [seen.images_B3SS.permute(0, 2, 3, 1), seen.filled_BGG]
    predicted = _predicted(maps.probabilities_BV, maps.valence_arousal_B2)
    shares_BU, areas_BU, attention_BSS, cam_BSS, probabilities_BV, values_BD, *received = receive(
        [*shared, maps.attention_BSS, maps.cam_BSS, *predicted, *pictures]
    )
    restored, filled = received or ([None] * len(labels),) * 2
    return [
        Explanation(
            book.labels,
            probabilities_BV[face],
            label,
            attention_BSS[face] if known else None,
            cam_BSS[face],
            au_BSS[face] if defined_B[face] else None,
            own_BSS[face] if acting_B[face] else None,
            _regions(shares_BU[face], areas_BU[face], book, label),
            model.map_name,
            restored[face],
            filled[face],
            (float(values_BD[face, 0]), float(values_BD[face, 1])) if values_BD.size else None,
        )
        for face, label in enumerate(labels)
    ]


class FacePredictions(NamedTuple):
    """Predictions of faces: probabilities (B, V), and valence and arousal (B, 2) or (B, 0)."""

    probabilities_BV: F32
    values_BD: F32


def _predicted(probabilities_BV: Tensor, values_B2: Tensor | None) -> list[Tensor]:
    """Return the tensors of FacePredictions."""
    return [probabilities_BV, probabilities_BV[:, :0] if values_B2 is None else values_B2]


def predict_faces(model: EvalModel, images_BSS3: NDArray[np.uint8]) -> FacePredictions:
    """Return what is predicted of aligned faces, without maps.

    Args:
        model: see train.evaluation.networks.load_eval_model.
        images_BSS3: RGB, as stage align stores them.
    """
    images = send(torch.from_numpy(images_BSS3), model.device)
    with torch.inference_mode():
        reading = model.network(resize_images(images, model.image_px))
        answers = receive(_predicted(reading.probabilities_BV, reading.valence_arousal_B2))
        return FacePredictions(*answers)


def _regions(shares_U: F32, areas_U: F32, book: Codebook, expression: int) -> tuple[Region, ...]:
    """Return the regions on which there is a face, each once, however many AUs share it."""
    own = book.expressions[book.labels.names[expression]]
    sharing: dict[object, list[int]] = {}
    for number, unit in book.units.items():
        sharing.setdefault(unit.region, []).append(number)
    index_of = {number: index for index, number in enumerate(book.units)}
    regions = [
        Region(
            tuple(numbers),
            book.units[(*belongs, *numbers)[0]].name,
            float(shares_U[index_of[numbers[0]]]),
            float(areas_U[index_of[numbers[0]]]),
            belongs,
        )
        for numbers in sharing.values()
        for belongs in [tuple(number for number in numbers if number in own)]
    ]
    there = [one for one in regions if np.isfinite(one.share) and one.area > 0]
    return tuple(sorted(there, key=lambda one: -one.ratio))


def sentence(explanation: Explanation, params: ReadParams) -> str:
    """Say in words what was predicted, and which action units attention, or the map, is on."""
    explained = explanation.labels.classes[explanation.expression]
    words = f"{_with_percent(explanation, explanation.predicted)}."
    words += _value_words(explanation)
    words += _own_words(explanation)
    if explanation.expression != explanation.predicted:
        words += f" Explaining {_with_percent(explanation, explanation.expression)}."
    looks, main_map_ZZ = explanation.main_map
    if not explanation.regions:
        why = "no landmarks" if main_map_ZZ.any() else f"{looks[0].lower()}{looks[1:]} is flat"
        return f"{words} {looks} per action unit is unavailable: {why}."
    most = [one for one in explanation.regions[: params.named] if one.ratio >= params.stands_out]
    if not most:
        return f"{words} {looks} is on no action unit more than elsewhere."
    listed = _joined([_described(one) for one in most])
    if not explained.aus:
        return f"{words} {looks} is densest on {listed}. {explained.name} has no action units."
    units = [f"AU{unit}" for one in most for unit in one.belongs]
    belong = f"{_joined(units)} {'belongs' if len(units) == 1 else 'belong'}"
    if not units:
        belong = "None of them belongs"
    return f"{words} {looks} is densest on {listed}. {belong} to {explained.name}."


def _value_words(explanation: Explanation) -> str:
    """Say how pleasant and how excited the face looks to the run, if it predicts that."""
    found = explanation.values()
    said = ", ".join(f"{name} {value:+.2f}" for name, value in found.items())
    return f" {said[0].upper()}{said[1:]}." if found else ""


def _own_words(explanation: Explanation) -> str:
    """Say whether attention is nearer to the face's own AUs or to those of the expression."""
    found = explanation.cosines()
    if "own AUs" not in found:
        return ""
    title, _ = explanation.main_map
    words = f" {title}'s cosine with the AUs coded on this face is {found['own AUs']:.2f}"
    stencil = f", with those of the expression {found['AU map']:.2f}" if "AU map" in found else ""
    return f"{words}{stencil}."


def _with_percent(explanation: Explanation, expression: int) -> str:
    percent = 100 * explanation.probabilities_V[expression]
    return f"{explanation.labels.names[expression]} ({percent:.0f} %)"


def _described(one: Region) -> str:
    units = "/".join(map(str, one.units))
    share, area = f"{100 * one.share:.0f} %", f"{100 * one.area:.0f} %"
    return f"AU{units} ({one.name}: {share} of it on {area} of the face)"


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1] if words else ""]))
