"""Models from outside as networks: what goes in as their card says, what comes out as expressions.

Shapes: B batch, S side of the picture, K classes of the model, V expressions, h w rows and columns.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from contracts.model_cards import ModelCard
from errors import DataError
from train.device import send
from train.evaluation.networks import Network, Reading
from train.examination.card_files import ClassColumns

_LUMA = (0.299, 0.587, 0.114)
_SUM_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model gives for a batch, as it gives it.

    Attributes:
        scores_BK: logits or probabilities.
        attention_Bhw: None if it gives none.
        cam_BKhw: None if it gives none.
    """

    scores_BK: NDArray[np.float32]
    attention_Bhw: NDArray[np.float32] | None = None
    cam_BKhw: NDArray[np.float32] | None = None


AskModel = Callable[[Tensor], Answers]
"""Pictures (B, 3, S, S), RGB in [0, 1], whole stored faces -> answers."""


def prepared(card: ModelCard, images_B3SS: Tensor) -> Tensor:
    """Crop, resize, and order pictures as a card says: (B, C, px, px), or the channels last."""
    side = images_B3SS.shape[-1]
    left, top, right, bottom = (round(share * side) for share in card.crop)
    images = images_B3SS[..., top : max(bottom, top + 1), left : max(right, left + 1)]
    if images.shape[-2:] != (card.input_px, card.input_px):
        images = F.interpolate(images, [card.input_px] * 2, mode="bilinear", antialias=True)
    images = CHANNELS[card.channels](images) * card.white
    mean, std = (images.new_tensor(one).view(1, -1, 1, 1) for one in (card.mean, card.std))
    images = (images - mean) / std
    return images.permute(0, 2, 3, 1) if card.layout == "nhwc" else images


def _grey(images: Tensor) -> Tensor:
    return (images * images.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


CHANNELS: dict[str, Callable[[Tensor], Tensor]] = {
    "rgb": lambda images: images,
    "bgr": lambda images: images.flip(1),
    "grey": _grey,
}
"""What a card calls its channels -> pictures (B, 3, ...) as these channels."""


def work_side(card: ModelCard) -> int:
    """Return the side of the whole face at which the cropped part has the model's own size."""
    left, top, right, bottom = card.crop
    return round(card.input_px / min(right - left, bottom - top))


def as_network(ask: AskModel, columns: ClassColumns, scores: str, device: torch.device) -> Network:
    """Return a model as a network that answers expressions.

    Args:
        ask: the model.
        columns: which output is which expression.
        scores: logits or probabilities.
        device: on which its answers are wanted.
    """
    wanted = torch.from_numpy(np.maximum(columns.columns_V, 0))
    known_V = torch.from_numpy(columns.columns_V >= 0)

    def read(images_B3SS: Tensor) -> Reading:
        answers = ask(images_B3SS)
        whole_BK = probabilities(answers.scores_BK, scores)
        scored_BV = torch.where(known_V, torch.from_numpy(whole_BK)[:, wanted], 0.0)
        total_B1 = scored_BV.sum(dim=1, keepdim=True)
        even_BV = known_V / known_V.sum()  # of a face that is all contempt
        shares_BV = torch.where(total_B1 > 0, scored_BV / total_B1.clamp(min=1e-30), even_BV)
        return Reading(
            send(shares_BV.float(), device),
            _layers(answers, device),
            _maps(answers, wanted, device),
        )

    return read


def probabilities(scores_BK: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """Return a model's scores as probabilities."""
    if kind == "probabilities":
        return scores_BK
    raised = np.exp(scores_BK - scores_BK.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _layers(answers: Answers, device: torch.device) -> Callable[[], list[Tensor]]:
    if answers.attention_Bhw is None:
        return list
    attention_Bhw = answers.attention_Bhw
    return lambda: [send(torch.from_numpy(attention_Bhw), device)]


def _maps(
    answers: Answers, columns_V: Tensor, device: torch.device
) -> Callable[[Tensor], Tensor] | None:
    if answers.cam_BKhw is None:
        return None
    cam_BVhw = send(torch.from_numpy(answers.cam_BKhw)[:, columns_V], device)
    return lambda classes_B: cam_BVhw[torch.arange(len(classes_B), device=device), classes_B]


def check_scores(where: str, scores_BK: NDArray[np.floating], classes: int, kind: str) -> None:
    """Refuse answers that cannot be what they are said to be.

    Args:
        where: the model.
        scores_BK: of some faces.
        classes: how many it should have.
        kind: logits or probabilities.

    Raises:
        DataError: with the numbers, and what to change.
    """
    if scores_BK.ndim != 2 or scores_BK.shape[1] != classes:
        raise DataError(
            where,
            f"answers with the shape {scores_BK.shape}; {classes} classes are listed. List a name "
            "for each output, in their order.",
        )
    if not np.isfinite(scores_BK).all():
        raise DataError(where, "answers some faces with numbers that are not finite.")
    sums_B = scores_BK.sum(axis=1)
    as_shares = (scores_BK >= 0).all() and np.abs(sums_B - 1).max() < _SUM_TOLERANCE
    if kind == "probabilities" and not as_shares:
        raise DataError(
            where,
            f"its probabilities sum to {sums_B.min():.3g} to {sums_B.max():.3g} and the lowest is "
            f"{scores_BK.min():.3g}: they are none. Logits? Then say `scores: logits`.",
        )
    if kind == "logits" and as_shares:
        raise DataError(
            where,
            "its logits are not negative and sum to one on every face: they are probabilities. "
            "Say `scores: probabilities`; another softmax would flatten them.",
        )
