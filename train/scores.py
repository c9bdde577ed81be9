"""How well attention agrees with the action units, with what makes the number honest beside it.

Shapes: B batch, M maps of a model (its layers, then its CAM), V = 7 expressions, P pixels of the
canvas, flattened.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from anatomy.expressions import EXPRESSIONS

_EPS = 1e-8
Floats = NDArray[np.floating]
Json = dict[str, object]


def unit_range(maps_HW: Tensor) -> Tensor:
    """Scale each map to [0, 1]; a constant one becomes zero.

    Rows and columns are the last two axes.
    """
    low = maps_HW.amin(dim=(-2, -1), keepdim=True)
    height = maps_HW.amax(dim=(-2, -1), keepdim=True) - low
    varies = height > 0
    return torch.where(varies, (maps_HW - low) / torch.where(varies, height, 1), 0)


def exact_canvas(maps_BHW: Tensor, size_px: int) -> Tensor:
    """Enlarge attention to the canvas with half-pixel centres, shifted so nothing is negative."""
    enlarged = F.interpolate(
        maps_BHW[:, None], [size_px, size_px], mode="bilinear", align_corners=False
    )[:, 0]
    return enlarged - enlarged.amin(dim=(1, 2), keepdim=True).clamp(max=0)


def published_canvas(maps_BHW: Tensor, size_px: int) -> Tensor:
    """Enlarge attention as the published evaluation does.

    Aligned corners, antialiased, clamped to its own range.
    """
    enlarged = F.interpolate(
        maps_BHW[:, None], [size_px, size_px], mode="bilinear", align_corners=True, antialias=True
    )[:, 0]
    low, high = maps_BHW.amin(dim=(1, 2), keepdim=True), maps_BHW.amax(dim=(1, 2), keepdim=True)
    return enlarged.clamp(low, high) - low.clamp(max=0)


GEOMETRIES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "exact": exact_canvas,
    "published": published_canvas,
}
"""How attention (B, H, W) is brought to the canvas (B, size, size).

CAMs always use half-pixel centres, as published.
"""


def cosines(maps_BMP: Tensor, targets_BVP: Tensor) -> Tensor:
    """Return the cosine of every map with every target: (B, M, V). Zero where either is zero."""
    maps, targets = (F.normalize(value, dim=2, eps=_EPS) for value in (maps_BMP, targets_BVP))
    return maps @ targets.transpose(1, 2)


def centred(maps_BMP: Tensor) -> Tensor:
    """Subtract each map's mean: the cosine of centred maps is Pearson's correlation."""
    return maps_BMP - maps_BMP.mean(dim=2, keepdim=True)


def own_cosine(cosines_NV: Floats, labels_N: NDArray[np.integer]) -> Floats:
    """Return each face's cosine with the map of its own expression: (N,)."""
    return np.asarray(cosines_NV[np.arange(len(labels_N)), labels_N])


def selectivity(
    cosines_NV: Floats, defined_NV: NDArray[np.bool_], labels_N: NDArray[np.integer]
) -> Floats:
    """Return the cosine with the own expression's map minus the mean cosine with the others.

    All maps are of the same face. Attention that is the same blob whatever the face scores a high
    cosine, and nothing here. NaN where no other map is defined.
    """
    others_NV = defined_NV.copy()
    others_NV[np.arange(len(labels_N)), labels_N] = False
    counted_N = others_NV.sum(axis=1)
    sums_N = np.where(others_NV, cosines_NV, 0).sum(axis=1)
    mean_N = np.divide(sums_N, counted_N, out=np.full(len(labels_N), np.nan), where=counted_N > 0)
    return np.asarray(own_cosine(cosines_NV, labels_N) - mean_N)


def summary(values_N: Floats, labels_N: NDArray[np.integer], valid_N: NDArray[np.bool_]) -> Json:
    """Average a value a class, then over classes, as published.

    Args:
        values_N: one number a face.
        labels_N: expression ids.
        valid_N: which faces count: those with a defined AU map.

    Returns:
        overall (the unweighted mean of the classes that have a counted face, None if none has),
        per_class, n_valid and n.
    """
    per_class = {
        name: float(values_N[chosen].mean()) if chosen.any() else None
        for number, name in enumerate(EXPRESSIONS)
        for chosen in [valid_N & (labels_N == number)]
    }
    present = [value for value in per_class.values() if value is not None]
    overall = float(np.mean(present)) if present else None
    return {
        "overall": overall,
        "per_class": per_class,
        "n_valid": int(valid_N.sum()),
        "n": len(labels_N),
    }


def classification(labels_N: NDArray[np.integer], predicted_N: NDArray[np.integer]) -> Json:
    """Return accuracy, balanced accuracy, recall a class, and the confusion counts.

    Balanced accuracy is the mean recall of the classes that occur.
    confusion[i][j] counts faces of expression i that were called j.
    """
    count = len(EXPRESSIONS)
    confusion = np.bincount(labels_N * count + predicted_N, minlength=count * count).reshape(
        count, count
    )
    totals = confusion.sum(axis=1)
    recall = [float(confusion[i, i] / totals[i]) if totals[i] else None for i in range(count)]
    present = [value for value in recall if value is not None]
    return {
        "accuracy": float(np.trace(confusion) / max(confusion.sum(), 1)),
        "balanced_accuracy": float(np.mean(present)),
        "recall": dict(zip(EXPRESSIONS, recall, strict=True)),
        "confusion": confusion.tolist(),
        "n": int(confusion.sum()),
    }
