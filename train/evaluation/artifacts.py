"""What an evaluation leaves beside its scores: a row a face, mean maps a class, a few faces to see.

Shapes: N faces, S side of a small map.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from store.export import write_hdf5
from store.reading import Store
from store.tables import write_table
from train.evaluation.agreement import own_cosine
from train.evaluation.measure import Measured, Subjects
from train.params import EvaluateParams

Arrays = dict[str, NDArray[Any]]


def write_predictions(path: Path, measured: Measured, subjects: Subjects) -> None:
    """Write a row a face: label, prediction, probabilities, and its cosines if it has an AU map."""
    labels = subjects.labels_N
    attention, cam = (own_cosine(measured.cosines_BMV[:, place], labels) for place in (-2, -1))
    valid = measured.own_defined(labels)
    names = [f"p_{name.lower()}" for name in EXPRESSIONS]
    rows: list[dict[str, str]] = []
    for place, row in enumerate(subjects.table.iter_rows(named=True)):
        chances = measured.probabilities_BV[place]
        cosines = {"att_cos": f"{attention[place]:.5f}", "cam_cos": f"{cam[place]:.5f}"}
        rows.append(
            {key: row[key] for key in ("id", "expression", "person")}
            | {"predicted": EXPRESSIONS[int(chances.argmax())]}
            | dict(zip(names, (f"{chance:.5f}" for chance in chances), strict=True))
            | (cosines if valid[place] else {})
        )
    columns = ["id", "expression", "person", "predicted", *names, "att_cos", "cam_cos"]
    write_table(path, columns, rows)


def write_maps(path: Path, measured: Measured, subjects: Subjects) -> None:
    """Write every face's maps as HDF5: id, expression (N,); attention, cam, au (N, S, S) uint8.

    255 is one; `defined` (N,) says whether there is an AU map.
    """
    maps = {name: _bytes(one) for name, one in _maps(measured).items()}
    defined = measured.own_defined(subjects.labels_N).astype(np.uint8)
    texts = {name: subjects.table[name].to_list() for name in ("id", "expression")}
    write_hdf5(path, {**maps, "defined": defined}, texts)


def _maps(measured: Measured) -> Arrays:
    return {"attention": measured.attention_BSS, "cam": measured.cam_BSS, "au": measured.au_BSS}


def _bytes(maps_NSS: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(maps_NSS.clip(0, 1) * 255).astype(np.uint8))


def mean_maps(measured: Measured, labels_N: NDArray[np.int64]) -> Arrays:
    """Average maps a class: attention and CAM over all faces, the AU map where it is defined.

    Returns:
        attention, cam, au: (7, S, S) float32; attention_count, cam_count, au_count: (7,).
    """
    everyone = np.ones(len(labels_N), bool)
    found: Arrays = {}
    for name, maps_NSS, counted_N in (
        ("attention", measured.attention_BSS, everyone),
        ("cam", measured.cam_BSS, everyone),
        ("au", measured.au_BSS, measured.own_defined(labels_N)),
    ):
        chosen = np.stack([counted_N & (labels_N == number) for number in range(len(EXPRESSIONS))])
        sums = np.einsum("kn,nij->kij", chosen.astype(np.float32), maps_NSS)
        counts = chosen.sum(axis=1)
        found[name] = sums / np.maximum(counts, 1)[:, None, None].astype(np.float32)
        found[f"{name}_count"] = counts
    return found


def sheet(measured: Measured, subjects: Subjects, faces: Store, params: EvaluateParams) -> Arrays:
    """Choose the first faces of every class, and the first mistaken ones, with their maps.

    Returns:
        image (n, px, px, 3) uint8; attention, cam, au (n, S, S) uint8; defined, label (n,);
        probabilities (n, 7); first (n,), False for faces that are there for their mistake alone.
    """
    labels = subjects.labels_N
    wrong = measured.probabilities_BV.argmax(axis=1) != labels
    places, first = chosen_faces(labels, wrong, params.sheet_per_class)
    images = torch.from_numpy(faces.array("image").take(subjects.rows_N[places]))
    size = [params.sheet_px, params.sheet_px]
    small = F.interpolate(images.permute(0, 3, 1, 2).float(), size, mode="bilinear", antialias=True)
    return {
        "image": small.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8).numpy(),
        **{name: _bytes(one[places]) for name, one in _maps(measured).items()},
        "defined": measured.own_defined(labels)[places],
        "label": labels[places],
        "probabilities": measured.probabilities_BV[places],
        "first": first,
    }


def chosen_faces(
    labels_N: NDArray[np.int64], wrong_N: NDArray[np.bool_], per_class: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Choose the first faces of every class, then the first wrong ones that are not among them.

    Returns:
        Their places (n,), and whether each is a first one (n,).
    """
    firsts, mistakes = (
        np.concatenate(
            [
                np.flatnonzero(wanted & (labels_N == number))[:per_class]
                for number in range(len(EXPRESSIONS))
            ]
        )
        for wanted in (np.ones(len(labels_N), bool), wrong_N)
    )
    places = np.concatenate([firsts, mistakes[~np.isin(mistakes, firsts)]])
    return places, np.arange(len(places)) < len(firsts)
