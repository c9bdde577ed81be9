"""What an evaluation writes beside its scores: predictions, mean maps, maps of a few faces.

Shapes: N faces, S side of a small map.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from contracts.files import VALENCE_AROUSAL_COLUMNS
from measures.faces import ATTENTION, CAM, FaceScores
from measures.valence_arousal import PREDICTED, TRUE
from store.export import write_hdf5
from store.reading import Store
from store.tables import inert_row, write_table
from train.evaluation.batch import EvalFaces, EvalOutputs
from train.params import EvaluateParams

Arrays = dict[str, NDArray[Any]]

_MAPS: dict[str, str | float] = {
    "unit": "1",
    "scale": 1 / 255,
    "order": "row, column",
    "frame": "the maps' edges are those of the crop that stage align stores",
}
_MAP_ATTRIBUTES: dict[str, dict[str, str | float]] = {
    "attention": {"what": "mean of the deepest level's channels, scaled to [0, 1]", **_MAPS},
    "cam": {"what": "CAM of the face's label, scaled to [0, 1]", **_MAPS},
    "au": {"what": "action-unit map of the face's label; zero where defined is 0", **_MAPS},
    "defined": {"what": "1: the face has an action-unit map; 0: it has none"},
    "has_cam": {"what": "1: the face has a CAM; 0: none was made, and its map is zero"},
    "has_attention": {"what": "1: the face has an attention; 0: the model gives none"},
}
"""Attributes of the arrays in maps.h5."""


_VALUE_COLUMNS = tuple(
    f"{prefix}{name}" for name in VALENCE_AROUSAL_COLUMNS for prefix in ("predicted_", "")
)
"""Columns of predictions.csv of a model that predicts both."""


def write_predictions(path: Path, measured: FaceScores, faces: EvalFaces) -> None:
    """Write one row per face: label, prediction, probabilities; cosines if it has an AU map.

    Valence and arousal, predicted and true, if the model predicts them.

    Names are made inert for spreadsheets; nothing of AULens reads them back.
    """
    attention, cam = (measured.cosines_NM[:, index] for index in (ATTENTION, CAM))
    names = [f"p_{name.lower()}" for name in faces.classes]
    rows: list[dict[str, str]] = []
    for index, row in enumerate(faces.table.iter_rows(named=True)):
        probabilities = measured.probabilities_NV[index]
        cosines = {"att_cos": _decimals(attention[index]), "cam_cos": _decimals(cam[index])}
        rows.append(
            {key: row[key] for key in ("id", "expression", "person")}
            | {"predicted": faces.classes[int(probabilities.argmax())]}
            | dict(zip(names, (f"{one:.5f}" for one in probabilities), strict=True))
            | (cosines if measured.valid_N[index] else {})
            | _values(measured.valence_arousal_N3D[index])
        )
    columns = ["id", "expression", "person", "predicted", *names, "att_cos", "cam_cos"]
    columns += _VALUE_COLUMNS if measured.valence_arousal_N3D.size else ()
    write_table(path, columns, map(inert_row, rows))


def _values(values_3D: NDArray[np.float32]) -> dict[str, str]:
    """Return predicted and true valence and arousal; nothing of a model without them."""
    said = values_3D[[PREDICTED, TRUE]].T.ravel().tolist()
    return {name: _decimals(one) for name, one in zip(_VALUE_COLUMNS, said, strict=False)}


def _decimals(value: float) -> str:
    """Return five decimals; nothing for a map that there is not."""
    return f"{value:.5f}" if np.isfinite(value) else ""


def write_maps(path: Path, outputs: EvalOutputs, faces: EvalFaces) -> None:
    """Write every face's maps as HDF5: id, expression (N,); attention, cam, au (N, S, S) uint8.

    255 stands for 1; `defined`, `has_cam` and `has_attention` (N,) say which maps there are.
    """
    maps = {name: _bytes(one) for name, one in _maps(outputs).items()}
    present = {
        "defined": outputs.has_own_map(faces.labels_N).astype(np.uint8),
        "has_cam": outputs.has_cam.astype(np.uint8),
        "has_attention": outputs.has_attention.astype(np.uint8),
    }
    texts = {name: faces.table[name].to_list() for name in ("id", "expression")}
    write_hdf5(path, {**maps, **present}, texts, _MAP_ATTRIBUTES)


def _maps(outputs: EvalOutputs) -> Arrays:
    return {"attention": outputs.attention_BSS, "cam": outputs.cam_BSS, "au": outputs.au_BSS}


def _bytes(maps_NSS: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(maps_NSS.clip(0, 1) * 255).astype(np.uint8))


def mean_maps(outputs: EvalOutputs, labels_N: NDArray[np.int64], classes: int) -> Arrays:
    """Average per expression: every map over the faces that have one.

    Returns:
        attention, cam, au: (V, S, S) float32; attention_count, cam_count, au_count: (V,).
    """
    means: Arrays = {}
    for name, maps_NSS, counted_N in (
        ("attention", outputs.attention_BSS, outputs.has_attention),
        ("cam", outputs.cam_BSS, outputs.has_cam),
        ("au", outputs.au_BSS, outputs.has_own_map(labels_N)),
    ):
        chosen = np.stack([counted_N & (labels_N == number) for number in range(classes)])
        sums = np.einsum("kn,nij->kij", chosen.astype(np.float32), maps_NSS)
        counts = chosen.sum(axis=1)
        means[name] = sums / np.maximum(counts, 1)[:, None, None].astype(np.float32)
        means[f"{name}_count"] = counts
    return means


def sheet(outputs: EvalOutputs, faces: EvalFaces, store: Store, params: EvaluateParams) -> Arrays:
    """Choose the first faces of every class, and the first misclassified ones, with their maps.

    Faces without a CAM are not shown.

    Returns:
        image (n, px, px, 3) uint8; attention, cam, au (n, S, S) uint8; defined, label (n,);
        probabilities (n, V); first (n,), False for faces that are there only as a mistake.
    """
    labels = faces.labels_N
    wrong = outputs.probabilities_BV.argmax(axis=1) != labels
    shown = np.flatnonzero(outputs.has_cam)
    chosen, first = chosen_faces(labels[shown], wrong[shown], params.sheet_per_class)
    indices = shown[chosen]
    images = torch.from_numpy(store.array("image").take(faces.rows_N[indices]))
    size = [params.sheet_px, params.sheet_px]
    small = F.interpolate(images.permute(0, 3, 1, 2).float(), size, mode="bilinear", antialias=True)
    return {
        "image": small.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8).numpy(),
        **{name: _bytes(one[indices]) for name, one in _maps(outputs).items()},
        "defined": outputs.has_own_map(labels)[indices],
        "label": labels[indices],
        "probabilities": outputs.probabilities_BV[indices],
        "first": first,
    }


def chosen_faces(
    labels_N: NDArray[np.int64], wrong_N: NDArray[np.bool_], per_class: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Choose the first faces of every class, then the first misclassified others.

    Returns:
        Their indices (n,), and whether each is a first one (n,).
    """
    firsts, mistakes = (
        np.concatenate(
            [
                np.flatnonzero(wanted & (labels_N == number))[:per_class]
                for number in np.unique(labels_N)
            ]
        )
        for wanted in (np.ones(len(labels_N), bool), wrong_N)
    )
    indices = np.concatenate([firsts, mistakes[~np.isin(mistakes, firsts)]])
    return indices, np.arange(len(indices)) < len(firsts)
