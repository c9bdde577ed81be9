"""Loads the model of a run, or of an exported run."""

from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError

from contracts.files import RUN, read_contract
from contracts.runs import ExportCard, RunCard
from errors import DataError, pick
from train.checkpoint import load, require_same_shapes
from train.methods import METHODS, Method
from train.methods.base import Classifier
from train.methods.model import build_network, fit_strategy
from train.params import TrainParams
from train.runs import TRAIN_AGAIN, read_card

Card = TypeVar("Card", RunCard, ExportCard)


def load_run(path: Path, which: str, device: torch.device) -> tuple[Classifier, Method, RunCard]:
    """Return a trained model in evaluation mode, its method, and its run.json.

    Args:
        path: output of stage train.
        which: last or best checkpoint; its EMA weights, if the run kept an EMA.
        device: of the model.

    Raises:
        NoInputError: if there is no such run or checkpoint.
        CorruptError: if it is damaged, or of another model.
        DataError: if it was trained by an AULens with other settings.
    """
    read_card(path)
    model, method, card = build_untrained(RunCard, path / RUN)
    model.to(device)
    file = path / f"{which}.ckpt"
    state = load(file)
    weights = state["average"] or state["model"]
    require_same_shapes(file, weights, model.state_dict())
    model.load_state_dict(weights)
    if card.restored is not None:
        from train.occlusion.restorer import load_restorer, restoring  # takes seconds, with timm

        model.restore = restoring(load_restorer(path).to(device))
    return model.eval(), method, card


def build_untrained(kind: type[Card], file: Path) -> tuple[Classifier, Method, Card]:
    """Return a model with random weights, its method, and the card that describes it.

    Args:
        kind: RunCard or ExportCard.
        file: run.json, or model.json of an exported run.

    Raises:
        DataError: if it was written by an AULens with other keys or settings.
        UsageError: if its method is not known.
    """
    card = read_contract(kind, file, TRAIN_AGAIN)
    params = _params_of(file, card.params).model_copy(update={"weights": "none"})
    method = pick(METHODS, card.method, "method")
    return (
        fit_strategy(build_network(method, params, len(card.labels)), method, params),
        method,
        card,
    )


def _params_of(file: Path, params: dict[str, Any]) -> TrainParams:
    try:
        return TrainParams.model_validate(params)
    except ValidationError as error:
        keys = ", ".join(sorted({".".join(map(str, one["loc"])) for one in error.errors()}))
        raise DataError(
            file,
            f"was written by an AULens with other settings ({keys:.80}). Train it again.",
        ) from error
