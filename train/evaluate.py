"""Stage `evaluate`: one pass over a split, and what follows from it.

    OUT/scores.json        every number
    OUT/predictions.csv    a row a face
    OUT/maps.npz           mean attention, CAM and AU map a class (7, 64, 64), and how many faces
    each is the mean of OUT/sheet.npz          a few faces with their maps, for the report

Shapes: N faces, M maps (layers, then CAM), V = 7 expressions, S = 64.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from anatomy.landmarks import rescaled
from errors import DataError
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json, write_npz
from store.reading import Store, read_points
from train.measure import Measured, Setup, Subjects, joined, measure
from train.methods.readouts import READOUTS
from train.outputs import mean_maps, sheet, write_predictions
from train.params import EvaluateParams
from train.runs import load_run
from train.scores import classification, own_cosine, selectivity, summary

VERSION = 2
SCORES, PREDICTIONS, MAPS, SHEET = "scores.json", "predictions.csv", "maps.npz", "sheet.npz"
Tell = Callable[[int, int, str], None]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What is scored, on what, and where.

    Attributes:
        run: output of stage train.
        faces: store of stage align.
        landmarks: store of stage landmark, made from the same faces.
        device: where.
    """

    run: Path
    faces: Path
    landmarks: Path
    device: torch.device


def evaluate(
    source: Source, out: Path, params: EvaluateParams, tell: Tell, rebuild: bool = False
) -> str:
    """Score a run.

    Args:
        source: run, faces and landmarks.
        out: see the module.
        params: how.
        tell: is told (faces done, faces in all, note).
        rebuild: replace whatever is there.

    Returns:
        The main numbers, in a line.

    Raises:
        DataError: if the split has no usable face.
    """
    faces, points = Store(source.faces), Store(source.landmarks)
    fingerprint = {
        "stage": "evaluate",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "run": read_manifest(source.run)["sha256"],
        "faces": faces.digest,
        "landmarks": points.digest,
        "torch": torch.__version__,
    }
    if rebuild or not is_built(out, fingerprint):
        model, method, described = load_run(source.run, params.checkpoint, source.device)
        setup = Setup(
            model,
            READOUTS[method.readout],
            described["params"]["image_px"],
            described["about"]["canvas_px"],
            _codebook(described),
            params.geometry,
            source.device,
        )
        with building(out, fingerprint, faces.about) as folder:
            subjects = _subjects(faces, params.split)
            measured = _measured(setup, faces, points, subjects, params.batch, tell)
            scores = {**_card(described, faces, params, subjects), **_scores(measured, subjects)}
            atomic_write(folder / SCORES, canonical_json(scores))
            write_predictions(folder / PREDICTIONS, measured, subjects)
            write_npz(folder / MAPS, mean_maps(measured, subjects.labels_N))
            write_npz(folder / SHEET, sheet(measured, subjects, faces, params))
    return headline(json.loads((out / SCORES).read_bytes()))


def headline(scores: Mapping[str, Any]) -> str:
    """Return the main numbers in a line."""
    deepest = list(scores["att_cos"])[-1]
    att, cam = scores["att_cos"][deepest], scores["cam_cos"]
    return (
        f"{scores['method']} {scores['supervision']}: accuracy {scores['accuracy']:.3f}, "
        f"balanced {scores['balanced_accuracy']:.3f}, "
        f"ATT-COS {_number(att['overall'])}, CAM-COS {_number(cam['overall'])} "
        f"({att['n_valid']} of {att['n']} faces; protocol {scores['protocol']})"
    )


def _codebook(described: Mapping[str, Any]) -> str:
    """Return the codebook of the maps that the run saw; `published` where they have none."""
    codebook: str = described["about"]["options"].get("codebook", "published")
    return codebook


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _subjects(faces: Store, split: str) -> Subjects:
    table = faces.table()
    asked = np.array([row["split"] == split for row in table])
    rows = np.flatnonzero(asked & (faces.array("valid").all() == 1))
    if not len(rows):
        raise DataError(
            faces.path,
            f"no usable face in split {split}. Look at status.csv and at the splits in index.",
        )
    chosen = [table[row] for row in rows]
    labels = np.array([EXPRESSIONS.index(row["expression"]) for row in chosen], np.int64)
    return Subjects(rows, labels, chosen, int(asked.sum()))


def _measured(
    setup: Setup, faces: Store, points: Store, subjects: Subjects, batch: int, tell: Tell
) -> Measured:
    images, source_px = faces.array("image"), faces.array("image").shape[1]
    parts = []
    for start in range(0, len(subjects.rows_N), batch):
        rows = subjects.rows_N[start : start + batch]
        landmarks = rescaled(read_points(points, rows), source_px, setup.canvas_px)
        labels = subjects.labels_N[start : start + batch]
        parts.append(measure(setup, torch.from_numpy(images.take(rows)), labels, landmarks))
        tell(start + len(rows), len(subjects.rows_N), "")
    return joined(parts)


def _card(
    described: Mapping[str, Any], faces: Store, params: EvaluateParams, subjects: Subjects
) -> Json:
    return {
        "method": described["method"],
        "supervision": described["supervision"],
        "backbone": described["params"]["backbone"],
        "seed": described["params"]["seed"],
        "train": described["params"],
        "trained_on": described["about"]["dataset"],
        "dataset": faces.about["dataset"],
        "notice": faces.about["notice"],
        "split": params.split,
        "checkpoint": params.checkpoint,
        "geometry": params.geometry,
        "codebook": _codebook(described),
        "protocol": "holdout",
        "usable": len(subjects.rows_N),
        "asked": subjects.asked,
    }


def _scores(measured: Measured, subjects: Subjects) -> Json:
    labels = subjects.labels_N
    valid = measured.own_defined(labels)

    def mean(values_N: NDArray[Any]) -> Json:
        return summary(values_N, labels, valid)

    def agreement(place: int) -> Json:
        cosines, centred = measured.cosines_BMV[:, place], measured.centred_BMV[:, place]
        return {
            **mean(own_cosine(cosines, labels)),
            "centred": mean(own_cosine(centred, labels)),
            "selectivity": mean(selectivity(cosines, measured.defined_BV, labels)),
        }

    layers = measured.cosines_BMV.shape[1] - 1
    return {
        **classification(labels, measured.probabilities_BV.argmax(axis=1)),
        "att_cos": {str(layer + 1): agreement(layer) for layer in range(layers)},
        "cam_cos": agreement(layers),
        "floors": {
            "uniform": mean(own_cosine(measured.uniform_BV, labels)),
            "class_mean": mean(_class_mean_cosine(measured.au_BSS, labels, valid)),
        },
    }


def _class_mean_cosine(
    au_NSS: NDArray[Any], labels_N: NDArray[Any], valid_N: NDArray[Any]
) -> NDArray[Any]:
    """Cosine of each face's AU map with the mean AU map of its class over these faces.

    What a fixed template scores.
    """
    flat_NP = au_NSS.reshape(len(au_NSS), -1)
    cosine = np.zeros(len(flat_NP))
    for expression in np.unique(labels_N[valid_N]):
        chosen = valid_N & (labels_N == expression)
        mean_P = flat_NP[chosen].mean(axis=0)
        norms = np.linalg.norm(flat_NP[chosen], axis=1) * np.linalg.norm(mean_P)
        cosine[chosen] = flat_NP[chosen] @ mean_P / np.maximum(norms, 1e-8)
    return cosine
