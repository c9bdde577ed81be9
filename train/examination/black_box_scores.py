"""Agreement of black-box maps with the AU maps, and how much of it is chance of the masks.

Shapes: N faces, B batch, G portions of the masks, V expressions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contracts.examinations import BlackBoxScores
from measures.agreement import macro_average
from measures.hidden_regions import estimates
from train.device import receive, send
from train.evaluation.batch import CAM_GEOMETRY, EvalBatch
from train.evaluation.map_similarity import TargetMaps
from train.evaluation.metrics import own_cosine, selectivity
from train.evaluation.networks import EvalModel, make_black_box, probabilities_of
from train.evaluation.split import SplitReader
from train.images import minmax_normalize, resize_images
from train.methods.black_box import BlackBox, BlackBoxMap
from train.params import EvaluateParams


def score_black_box(
    name: str, model: EvalModel, split: SplitReader, params: EvaluateParams
) -> BlackBoxScores:
    """Make black-box maps of every face and compare them with its AU maps.

    Args:
        name: row of BLACK_BOX_METHODS.
        model: what to run; nothing of its inside is used.
        split: the faces.
        params: [evaluate].
    """
    box, labels_N = make_black_box(name, params.black_box), split.faces.labels_N
    classes = split.faces.classes
    parts = []
    with torch.no_grad():
        for batch in split.batches(model, params.batch, params.threads):
            parts.append(_compared(box, model, batch))
    cosines_NMV, uniform_NV, defined_NV, errors_N = map(np.concatenate, zip(*parts, strict=True))
    values = {
        "cosine": [
            own_cosine(cosines_NMV[:, one], labels_N) for one in range(cosines_NMV.shape[1])
        ],
        "selectivity": [
            selectivity(cosines_NMV[:, one], defined_NV, labels_N)
            for one in range(cosines_NMV.shape[1])
        ],
    }
    valid_N = defined_NV[np.arange(len(labels_N)), labels_N]
    whole = {what: np.where(valid_N, one[0], np.nan) for what, one in values.items()}
    persons = split.faces.table["person"].to_list()
    means = estimates(labels_N, persons, whole, (params.bootstrap, params.seed), classes)
    errors = {
        what: jackknife_error([_macro(part, labels_N, valid_N, classes) for part in one[1:]])
        for what, one in values.items()
    }
    return BlackBoxScores(
        method=name,
        faces=len(labels_N),
        passes=box.passes,
        cosine=means["cosine"],
        selectivity=means["selectivity"],
        cosine_error=errors["cosine"],
        selectivity_error=errors["selectivity"],
        map_error=float(errors_N.mean()) if np.isfinite(errors_N).all() else None,
        uniform=_macro(own_cosine(uniform_NV, labels_N), labels_N, valid_N, classes),
    )


def _compared(box: BlackBox, model: EvalModel, batch: EvalBatch) -> tuple[NDArray[Any], ...]:
    """Return cosines (B, 1 + G, V), those of a uniform map, defined maps (B, V) and errors (B,)."""
    images_B3SS = resize_images(send(batch.images_BHW3, model.device), model.image_px)
    labels_B = send(torch.from_numpy(batch.labels_B), model.device)
    found = box.method(probabilities_of(model.network), images_B3SS, labels_B)
    drawn = batch.targets.drawn(model.device)
    targets, last = TargetMaps(drawn.maps_BTCC), len(model.codebook.labels)
    maps = [minmax_normalize(one) for one in (found.maps_Bhw, *found.parts_GBhw)]
    similar = targets.similarities(maps, [CAM_GEOMETRY] * len(maps))
    cosines_BMT = torch.stack([one.cosine_BT for one in similar], dim=1)
    return tuple(
        receive(
            [
                cosines_BMT[..., :last],
                targets.uniform_cosine()[:, :last],
                drawn.defined_BT[:, :last],
                map_errors(found),
            ]
        )
    )


def map_errors(found: BlackBoxMap) -> Tensor:
    """Return the mean standard error of each map's values over their spread: (B,); NaN without."""
    parts_GBhw = found.parts_GBhw
    count = len(parts_GBhw)
    if not count:
        return found.maps_Bhw.new_full((len(found.maps_Bhw),), torch.nan)
    squares_Bhw = (parts_GBhw - parts_GBhw.mean(dim=0)).square().sum(dim=0)
    errors_B = ((count - 1) / count * squares_Bhw).sqrt().mean(dim=(1, 2))
    return errors_B / found.maps_Bhw.std(dim=(1, 2)).clamp(min=1e-12)


def jackknife_error(parts: Sequence[float | None]) -> float | None:
    """Return the standard error of a score from its values without one portion of the masks each.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, equation 11.5.
    """
    known = np.array([one for one in parts if one is not None])
    if len(known) < 2:
        return None
    return float(np.sqrt((len(known) - 1) * known.var()))


def _macro(
    values_N: NDArray[np.floating],
    labels_N: NDArray[np.int64],
    valid_N: NDArray[np.bool_],
    classes: Sequence[str],
) -> float | None:
    return macro_average(values_N, labels_N, valid_N & np.isfinite(values_N), classes).overall
