"""A model from outside as stage evaluate, and command explain, read it: predictions and a map."""

import torch

from anatomy.codebooks import codebook_of
from errors import UsageError
from train.evaluation.networks import CAM, EvalModel, choose_map_method
from train.examination.card_network import as_network
from train.examination.models import OutsideModel
from train.options import BLACK_BOX_NAMES, BlackBoxOptions
from train.params import OWN, ReadingParams


def outside_eval_model(
    outside: OutsideModel, read: ReadingParams, black_box: BlackBoxOptions, device: torch.device
) -> EvalModel:
    """Return an opened model for evaluation.

    Args:
        outside: the model.
        read: how its maps are read.
        black_box: options of black-box methods.
        device: where its answers are wanted.

    Raises:
        UsageError: if the map that is asked for needs the inside of a model.
    """
    name = outside_map_name(read.cam_method, outside)
    return EvalModel(
        as_network(outside.ask, outside.columns, outside.scores, device),
        choose_map_method(name, black_box),
        outside.image_px,
        read.canvas_px,
        codebook_of(outside.labels, read.codebook),
        read.geometry,
        device,
        caveat=_caveat(outside),
        map_name=name if name in BLACK_BOX_NAMES else CAM,
    )


def outside_map_name(name: str, outside: OutsideModel) -> str:
    """Return how maps are made: the model's own, if it gives one, else a black box.

    Raises:
        UsageError: if that needs the inside of a model.
    """
    if name in BLACK_BOX_NAMES or (name == OWN and outside.has_map):
        return name
    if name == OWN:
        return BLACK_BOX_NAMES[0]
    raise UsageError(
        "cam_method",
        f"{name} needs the inside of a model; {outside.title} has "
        f"{', '.join(BLACK_BOX_NAMES)} or `{OWN}`.",
    )


def _caveat(outside: OutsideModel) -> str:
    missing = outside.columns.missing
    never = f"; it never answers {', '.join(missing)}" if missing else ""
    return f"not trained by AULens: whether it has seen these faces is not known{never}"
