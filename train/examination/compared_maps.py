"""Command compare-maps: do a model's maps agree with those of people?

A person's map weighs pixels: fixations are ones among zeros, a drawn region may be soft.
Shapes: N faces, P pixels.
Source: Bylinskii et al., What do different evaluation metrics tell us about saliency models?,
TPAMI 2019 (cosine of maps, AUC, NSS).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from contracts.files import ALL_MAPS
from errors import DataError, NoInputError
from store.tables import inert_row, write_table

F64 = NDArray[np.float64]
COLUMNS = ("map", "faces", "cosine", "AUC", "NSS")
_MODEL_MAPS = {"attention": "has_attention", "cam": "has_cam", "au": "defined"}
"""Arrays of maps.h5 -> which faces have one."""


class MapPair(NamedTuple):
    """Maps of a model and of people, on the same faces: (N, P) each, nowhere negative."""

    model_NP: F64
    people_NP: F64


def cosine(model_P: F64, people_P: F64) -> float:
    """Return the cosine of two maps; NaN if one is zero."""
    norms = np.linalg.norm(model_P) * np.linalg.norm(people_P)
    return float(model_P @ people_P / norms) if norms else np.nan


def auc(model_P: F64, people_P: F64) -> float:
    """Return how often the model ranks a place that people chose above any other place.

    Places are chosen with the weights of the people's map; ties count half. NaN if it is zero.
    """
    if not people_P.sum():
        return np.nan
    values, places = np.unique(model_P, return_inverse=True)
    chosen = np.bincount(places, people_P, len(values))
    counts = np.bincount(places, minlength=len(values)).astype(float)
    below = np.cumsum(counts) - counts / 2
    return float(chosen @ below / chosen.sum() / len(model_P))


def nss(model_P: F64, people_P: F64) -> float:
    """Return how many standard deviations the model's map is above its mean where people chose.

    NaN if the people's map is zero; 0 if the model's map is the same everywhere.
    """
    if not people_P.sum():
        return np.nan
    spread = model_P.std()
    above_P = (model_P - model_P.mean()) / spread if spread else np.zeros_like(model_P)
    return float(above_P @ people_P / people_P.sum())


MAP_MEASURES: dict[str, Callable[[F64, F64], float]] = {"cosine": cosine, "AUC": auc, "NSS": nss}


def compare(result: Path, maps: Path, table: Path | None) -> list[str]:
    """Compare every kind of map of a result with the people's maps.

    Args:
        result: output of evaluate or examine, with maps.h5.
        maps: npz: id (N,) and map (N, rows, columns).
        table: csv to write; None for none.

    Returns:
        The table, a line per kind of map and per floor.

    Raises:
        NoInputError: if a file is not there.
        DataError: if the maps are of other faces, or cannot be read.
    """
    ids, people_Nrc = _people(maps)
    stored = _stored(result)
    position = {one: index for index, one in enumerate(stored["id"])}
    known = [index for index, one in enumerate(ids) if one in position]
    if not known:
        raise DataError(
            maps,
            f"none of its {len(ids)} ids is among the {len(position)} faces of {result}. Ids are "
            f"those of predictions.csv, such as {next(iter(position))}.",
        )
    rows = np.array([position[ids[index]] for index in known])
    side = stored["au"].shape[-1]
    people_NP = _resized(people_Nrc[known], side).reshape(len(known), -1)
    lines = [f"{len(known)} of {len(ids)} maps are of faces that were scored"]
    printed = []
    for name, present in _MODEL_MAPS.items():
        there = stored[present][rows].astype(bool)
        pair = MapPair(
            stored[name][rows][there].reshape(int(there.sum()), -1) / 255.0, people_NP[there]
        )
        printed.append(_row(name, pair))
        if len(pair.model_NP) > 1 and name != "au":
            printed.append(_row(f"{name} of another face", _others(pair)))
    printed.append(_row("uniform", MapPair(np.ones_like(people_NP), people_NP)))
    if len(known) > 1:
        printed.append(_row("mean of the other maps", _mean_of_others(people_NP)))
    if table:
        write_table(table, list(COLUMNS), map(inert_row, printed))
    shown = [dict(zip(COLUMNS, COLUMNS, strict=True)), *printed]
    widths = {key: max(len(row[key]) for row in shown) for key in COLUMNS}
    return lines + ["  ".join(row[key].ljust(widths[key]) for key in COLUMNS) for row in shown]


def _row(name: str, pair: MapPair) -> dict[str, str]:
    values = {
        what: [measure(*one) for one in zip(*pair, strict=True)]
        for what, measure in MAP_MEASURES.items()
    }
    known = {what: [one for one in each if np.isfinite(one)] for what, each in values.items()}
    return {
        "map": name,
        "faces": str(len(known["cosine"])),
        **{what: f"{np.mean(each):.3f}" if each else "-" for what, each in known.items()},
    }


def _others(pair: MapPair) -> MapPair:
    """Pair every map of people with the model's map of the next face: what is not of this face."""
    return MapPair(np.roll(pair.model_NP, 1, axis=0), pair.people_NP)


def _mean_of_others(people_NP: F64) -> MapPair:
    """Pair every map of people with the mean of theirs on the other faces."""
    sums_P = people_NP.sum(axis=0)
    return MapPair((sums_P - people_NP) / (len(people_NP) - 1), people_NP)


def _people(file: Path) -> tuple[list[str], NDArray[np.float32]]:
    if not file.is_file():
        raise NoInputError(file, "is not there.")
    try:
        with np.load(file, allow_pickle=False) as found:
            ids, maps = found["id"], np.asarray(found["map"], np.float32)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise DataError(
            file,
            "needs two arrays: `id`, texts, and `map` of the shape (faces, rows, columns).",
        ) from error
    if maps.ndim != 3 or len(maps) != len(ids):
        raise DataError(
            file, f"has {len(ids)} ids and maps of the shape {maps.shape}; one per id is needed."
        )
    if not np.isfinite(maps).all() or (maps < 0).any():
        raise DataError(file, "has maps with negative values, or values that are not finite.")
    return [str(one) for one in ids], maps


def _stored(result: Path) -> dict[str, NDArray[Any]]:
    file = result / ALL_MAPS
    if not file.is_file():
        raise NoInputError(
            file, "is not there. Set `save_maps: true` in `evaluate` and evaluate again."
        )
    with h5py.File(file) as found:
        names = [*_MODEL_MAPS, *_MODEL_MAPS.values()]
        return {"id": found["id"].asstr()[:], **{name: found[name][:] for name in names}}


def _resized(maps_Nrc: NDArray[np.float32], side: int) -> F64:
    """Bring maps to the stored side: (N, side, side)."""
    maps = torch.from_numpy(maps_Nrc)[:, None]
    if maps.shape[-2:] != (side, side):
        maps = F.interpolate(maps, [side, side], mode="bilinear", antialias=True)
    return np.asarray(maps[:, 0].double().numpy())
