"""What can be examined besides runs: ONNX files and Python functions, opened as networks.

Shapes: B batch, S side of the picture, K classes of the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from contracts.files import EXPORT_CARD, read_contract
from contracts.labels import LabelSet
from contracts.model_cards import CardOutputs, ModelCard
from contracts.runs import ExportCard
from errors import NoInputError, UsageError
from store.files import file_digest
from train.examination.card_files import ClassColumns, class_columns, read_card, shipped_cards
from train.examination.card_network import Answers, AskModel, work_side
from train.examination.function_model import (
    find_function,
    function_classes,
    function_model,
    source_file,
)
from train.examination.onnx_model import onnx_model
from train.images import MEAN, STD

Json = dict[str, Any]
ONNX = "model.onnx"
_WHOLE = (0.0, 0.0, 1.0, 1.0)


class ScoredFaces(NamedTuple):
    """The faces that a model is asked about: side of the stored ones, and their label set."""

    face_px: int
    labels: LabelSet


@dataclass(frozen=True, slots=True)
class OutsideModel:
    """A model that AULens did not train.

    Attributes:
        name: for files and tables, if no other is given.
        kind: onnx or function.
        title, trained_on: of its card.
        ask: answers pictures.
        columns: which of its outputs is which expression.
        labels: those expressions.
        classes: how many outputs it has.
        scores: logits or probabilities.
        image_px: side of the whole face at which it is asked.
        has_map: whether it gives a CAM.
        card: None for a function.
        identity: what a result depends on.
        readings: what would have to be different -> the model, asked so.
    """

    name: str
    kind: str
    title: str
    trained_on: str
    ask: AskModel
    columns: ClassColumns
    labels: LabelSet
    classes: int
    scores: str
    image_px: int
    has_map: bool
    card: ModelCard | None
    identity: Json
    readings: Mapping[str, AskModel]


def open_outside(
    model: str, card: str | None, faces: ScoredFaces, device: torch.device
) -> OutsideModel:
    """Open an ONNX file, an exported run or a Python function.

    Args:
        model: a file, the output folder of export-model, or package.module:function.
        card: a shipped card or a file; None for an exported run or a function.
        faces: size and classes of those that it is asked about.
        device: where it runs, if it can.

    Raises:
        UsageError, NoInputError, DataError: if it is nothing of these, or its card does not fit.
    """
    path = Path(model)
    if (path / EXPORT_CARD).is_file():
        return _opened(
            path / ONNX, _card_of_export(path / EXPORT_CARD), path.name, faces.labels, device
        )
    if path.suffix == ".onnx":
        if not path.is_file():
            raise NoInputError(path, "is not there.")
        return _opened(path, _card_for(path, card), path.stem, faces.labels, device)
    if ":" in model and not path.exists():
        return _function(model, faces)
    raise NoInputError(
        path,
        "is nothing that can be examined: give a run, the output of export-model, an .onnx file "
        "with --card, or package.module:function.",
    )


def _card_for(file: Path, card: str | None) -> ModelCard:
    if card is not None:
        return read_card(card)
    beside = file.parent / EXPORT_CARD
    if file.name == ONNX and beside.is_file():
        return _card_of_export(beside)
    raise UsageError(
        "--card",
        f"{file} needs one, which says how pictures go in and what comes out. Shipped: "
        f"{', '.join(shipped_cards())}; or write a file, see docs/examining.md.",
    )


def _card_of_export(file: Path) -> ModelCard:
    """Return the card of an exported run: everything but the order of the axes is in the graph."""
    made = read_contract(ExportCard, file, "Export again.")
    return ModelCard(
        title=f"{made.method}, exported",
        conventions=f"{file.name} of export-model",
        trained_on=made.trained_on,
        classes=tuple(made.expressions),
        unscored=(),
        scores="logits",
        input_px=int(made.input.shape[1]),
        crop=_WHOLE,
        channels="rgb",
        layout="nhwc",
        white=255,
        mean=(0.0,),
        std=(1.0,),
        outputs=CardOutputs(
            scores="logits",
            attention="attention" if "attention" in made.outputs else None,
            cam="cam" if "cam" in made.outputs else None,
        ),
    )


def _opened(
    file: Path, card: ModelCard, name: str, labels: LabelSet, device: torch.device
) -> OutsideModel:
    return OutsideModel(
        name=name,
        kind="onnx",
        title=card.title,
        trained_on=card.trained_on,
        ask=onnx_model(file, card, device),
        columns=class_columns(card.classes, card.unscored, labels, str(file)),
        labels=labels,
        classes=len(card.classes),
        scores=card.scores,
        image_px=work_side(card),
        has_map=card.outputs.cam is not None,
        card=card,
        identity={"file": file_digest(file), "card": card.model_dump(mode="json")},
        readings={
            what: onnx_model(file, card.model_copy(update=changes), device)
            for what, changes in other_cards(card).items()
        },
    )


def other_cards(card: ModelCard) -> dict[str, Json]:
    """Return what a card may have wrong, in words -> the keys that would be different."""
    colours = {"rgb": "bgr", "bgr": "rgb"}.get(card.channels)
    normal = {
        "pixels were normalised by ImageNet's mean and deviation": (1, MEAN, STD),
        "pixels went from -1 to 1": (1, (0.5,), (0.5,)),
        "pixels went from 0 to 1": (1, (0.0,), (1.0,)),
        "pixels went from 0 to 255": (255, (0.0,), (1.0,)),
    }
    now = (card.white, card.mean, card.std)
    others = {
        what: dict(zip(("white", "mean", "std"), values, strict=True))
        for what, values in normal.items()
        if values != now and not (card.channels == "grey" and len(values[1]) > 1)
    }
    if colours:
        others[f"the colours were in the order {colours.upper()}"] = {"channels": colours}
    return others


def _function(entry: str, faces: ScoredFaces) -> OutsideModel:
    function = find_function(entry)
    classes = function_classes(function, faces.labels)
    ask, source = function_model(entry, function), source_file(function)

    def reversed_colours(images_B3SS: Tensor) -> Answers:
        return ask(images_B3SS.flip(1))

    return OutsideModel(
        name=entry.rpartition(":")[2],
        kind="function",
        title=entry,
        trained_on="unknown",
        ask=ask,
        columns=class_columns(classes, (), faces.labels, entry),
        labels=faces.labels,
        classes=len(classes),
        scores="probabilities",
        image_px=faces.face_px,
        has_map=False,
        card=None,
        identity={"function": entry, "file": file_digest(source) if source else None},
        readings={"the colours were in the order BGR": reversed_colours},
    )
