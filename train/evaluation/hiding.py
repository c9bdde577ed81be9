"""What hiding parts of the picture does, on a few faces of a split: deletion, insertion, regions.

Shapes: N faces of the split, B batch, S side of the picture, R distinct regions, O C orders and
curves.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anatomy.codebooks import Codebook
from errors import pick
from measures.faces import CURVES, F32, ORDERS
from measures.hidden_regions import region_set
from train.device import send
from train.evaluation import faithfulness, region_importance
from train.evaluation.batch import EvalBatch, EvalOutputs
from train.evaluation.networks import EvalModel, probabilities_of
from train.evaluation.region_importance import FILLS, RegionDrops, region_drops
from train.evaluation.split import SplitReader
from train.images import resize_images
from train.params import EvaluateParams


@dataclass(frozen=True, slots=True)
class HidingEffects:
    """See measures.faces.FaceScores; NaN for every face that was not sampled."""

    faithfulness_NOC: F32
    regions: RegionDrops

    @classmethod
    def unmeasured(cls, faces: int, regions: int) -> "HidingEffects":
        """Return the effects where no face was sampled."""
        return cls(
            _blank(faces, len(ORDERS), len(CURVES)),
            RegionDrops(*(_blank(faces, regions) for _ in RegionDrops._fields)),
        )


def measure_hiding(
    model: EvalModel, split: SplitReader, outputs: EvalOutputs, params: EvaluateParams
) -> HidingEffects:
    """Hide parts of the pictures of some faces of each expression.

    Args:
        model: what to run.
        split: the faces that were scored.
        outputs: what the model gave for them.
        params: [evaluate].
    """
    labels_N, regions = split.faces.labels_N, len(region_set(model.codebook).units)
    effects = HidingEffects.unmeasured(len(labels_N), regions)
    with torch.no_grad():
        chosen = sample_per_class(labels_N, params.hiding.per_class, params.seed)
        parts = [
            chosen[start : start + params.batch] for start in range(0, len(chosen), params.batch)
        ]
        mean_13SS = _mean_face(model, split, parts)
        for rows_B in parts:
            batch, images_B3SS = _read(model, split, rows_B)
            maps = {
                name: send(torch.from_numpy(one[rows_B]), model.device)
                for name, one in (("cam", outputs.cam_BSS), ("attention", outputs.attention_BSS))
            }
            labels_B = send(torch.from_numpy(batch.labels_B), model.device)
            seeds_B = split.faces.rows_N[rows_B]
            effects.faithfulness_NOC[rows_B] = faithfulness.faithfulness(
                model, images_B3SS, labels_B, maps, seeds_B, params.hiding.steps
            )
            fill_B3SS = pick(FILLS, params.hiding.fill, "fill")(images_B3SS, mean_13SS)
            drops = region_drops(
                probabilities_of(model.network),
                images_B3SS,
                fill_B3SS,
                _regions(model, batch),
                labels_B,
                seeds_B,
            )
            for whole, part in zip(effects.regions, drops, strict=True):
                whole[rows_B] = part
    return effects


def passes_per_face(codebook: Codebook, steps: int) -> int:
    """Return how many passes of the model a sampled face takes."""
    return faithfulness.passes(steps) + region_importance.passes(codebook)


def sample_per_class(labels_N: NDArray[np.int64], per_class: int, seed: int) -> NDArray[np.intp]:
    """Draw at most so many faces of every expression; in the order of the split: (n,)."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.permutation(np.flatnonzero(labels_N == label))[:per_class]
        for label in np.unique(labels_N)
    ]
    return np.sort(np.concatenate([np.zeros(0, np.intp), *drawn]))


def _blank(*shape: int) -> F32:
    return np.full(shape, np.nan, np.float32)


def _mean_face(model: EvalModel, split: SplitReader, parts: list[NDArray[np.intp]]) -> Tensor:
    """Average the sampled faces: (1, 3, S, S)."""
    sums = [_read(model, split, rows_B)[1].sum(dim=0, keepdim=True) for rows_B in parts]
    count = max(1, sum(map(len, parts)))
    return torch.stack(sums).sum(dim=0) / count if sums else torch.zeros(1, 3, 1, 1)


def _read(
    model: EvalModel, split: SplitReader, rows_B: NDArray[np.intp]
) -> tuple[EvalBatch, Tensor]:
    (batch,) = split.subset(rows_B).batches(model, len(rows_B), 1)
    return batch, resize_images(send(batch.images_BHW3, model.device), model.image_px)


def _regions(model: EvalModel, batch: EvalBatch) -> tuple[Tensor, Tensor]:
    """Return each distinct region of the faces (B, R, s, s), and whether it is there (B, R)."""
    drawn, first = batch.targets.drawn(model.device), list(region_set(model.codebook).first)
    return drawn.regions_BUSS[:, first], drawn.present_BU[:, first]
