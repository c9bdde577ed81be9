"""Stage `evaluate`: one pass over a split, and what follows from it.

    OUT/scores.json        every number
    OUT/metrics.json       the main ones, for `dvc metrics` and `dvc exp show`
    OUT/predictions.csv    a row a face
    OUT/maps.npz           mean attention, CAM and AU map a class (7, 64, 64), their counts
    OUT/sheet.npz          a few faces with their maps, for the report
    OUT/maps.h5            every face's maps, if asked for

Keys of scores.json; a *summary* is {overall, per_class, n_valid, n}, None where no face counts:

    method, supervision, backbone, seed, train, trained_on, dataset, notice (of the dataset),
    caveat (of the method: what has to be said beside its scores, or None), split, checkpoint,
    geometry, CAM method, codebook, protocol (holdout or paper), usable, asked
    accuracy, balanced_accuracy, macro_f1, recall, confusion, n
    calibration   ece, bins: [{low, high, n, confidence, accuracy}], the last two None if empty
    chance        uniform: 1/7; majority: {expression, share} of the scored faces;
                  train_majority: {expression, share, accuracy}: its share of the training faces,
                  and what always answering it scores here; None if they are not known
    att_cos       layer -> summary + centred: summary + selectivity: summary
    cam_cos       the same for the CAM
    floors        uniform, generic_au: summaries; class_mean: a template made from these very faces
    au_shares     FACS number -> {name, share, area, ratio, n}: share of the deepest attention's
                  mass on the AU's region, the region's share of the picture, mean share / area
    intervals     unit (person or sample), units, resamples, level, and [low, high] of accuracy,
                  balanced_accuracy, att_cos, att_selectivity (deepest layer), cam_cos,
                  cam_selectivity; None if switched off
    subgroups     attribute -> [{value, n, accuracy, n_valid, att_cos}]; None where n is too small
    faithfulness  steps, and cam, attention, random -> {deletion, insertion}: area under the
                  probability of the expression; None if switched off

Shapes: N faces, M maps (layers, then CAM), V = 7 expressions, S = 64.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from anatomy.landmarks import rescale_points
from errors import DataError
from progress import ProgressCallback
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json, write_npz
from store.reading import Store, read_points
from train.data.stores import expression_ids
from train.evaluation.artifacts import mean_maps, sheet, write_maps, write_predictions
from train.evaluation.classification import chance
from train.evaluation.faithfulness import faithfulness
from train.evaluation.measure import (
    Looks,
    Measured,
    Setup,
    Subjects,
    codebook_of,
    joined,
    load_setup,
    look,
    measure,
)
from train.evaluation.metrics import faithful, scored
from train.params import EvaluateParams, TrainParams

VERSION = 4
SCORES, PREDICTIONS, MAPS, SHEET = "scores.json", "predictions.csv", "maps.npz", "sheet.npz"
METRICS = "metrics.json"
EVERY_MAP = "maps.h5"
ALL = "all"
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
    source: Source,
    out: Path,
    params: EvaluateParams,
    progress: ProgressCallback,
    rebuild: bool = False,
) -> str:
    """Score a run.

    Args:
        source: run, faces and landmarks.
        out: see the module.
        params: how.
        progress: is called with (faces done, faces in all, note).
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
        "params": params.model_dump(mode="json", exclude={"threads"}),
        "run": read_manifest(source.run)["sha256"],
        "faces": faces.digest,
        "landmarks": points.digest,
        "torch": torch.__version__,
    }
    if rebuild or not is_built(out, fingerprint):
        reading = (params.checkpoint, params.cam_method, params.geometry)
        setup, described = load_setup(source.run, *reading, source.device)
        with building(out, fingerprint, faces.metadata) as folder:
            subjects = _subjects(faces, params.split)
            measured, faith = _measured(setup, Inputs(faces, points, subjects), params, progress)
            scores = {
                **_card(described, faces, params, subjects),
                "caveat": setup.model.head.caveat,
                **scored(measured, subjects, params, setup.codebook),
                "chance": chance(subjects.labels_N, _training_labels(described, faces)),
                "faithfulness": faith,
            }
            atomic_write(folder / SCORES, canonical_json(scores))
            atomic_write(folder / METRICS, canonical_json(main_numbers(scores)))
            write_predictions(folder / PREDICTIONS, measured, subjects)
            write_npz(folder / MAPS, mean_maps(measured, subjects.labels_N))
            write_npz(folder / SHEET, sheet(measured, subjects, faces, params))
            if params.save_maps:
                write_maps(folder / EVERY_MAP, measured, subjects)
    return headline(json.loads((out / SCORES).read_bytes()))


def main_numbers(scores: Mapping[str, Any]) -> Json:
    """Return the few numbers by which experiments are compared."""
    attention, cam = scores["att_cos"][max(scores["att_cos"], key=int)], scores["cam_cos"]
    return {
        **{name: scores[name] for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        "att_cos": attention["overall"],
        "att_selectivity": attention["selectivity"]["overall"],
        "cam_cos": cam["overall"],
        "cam_selectivity": cam["selectivity"]["overall"],
        "coverage": scores["usable"] / scores["asked"],
    }


def headline(scores: Mapping[str, Any]) -> str:
    """Return the main numbers in a line."""
    deepest = max(scores["att_cos"], key=int)
    att, cam = scores["att_cos"][deepest], scores["cam_cos"]
    spread = (scores["intervals"] or {}).get("accuracy")
    between = f" [{spread[0]:.3f}, {spread[1]:.3f}]" if spread else ""
    caveat = f". Mind: {scores['caveat']}" if scores.get("caveat") else ""
    return (
        f"{scores['method']} {scores['supervision']}: accuracy {scores['accuracy']:.3f}{between}, "
        f"balanced {scores['balanced_accuracy']:.3f}, "
        f"ATT-COS {_number(att['overall'])}, CAM-COS {_number(cam['overall'])} "
        f"({att['n_valid']} of {att['n']} faces; protocol {scores['protocol']}){caveat}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _subjects(faces: Store, split: str) -> Subjects:
    table = faces.table()
    asked = np.full(len(table), True) if split == ALL else (table["split"] == split).to_numpy()
    rows = np.flatnonzero(asked & (faces.array("valid").load() == 1))
    if not len(rows):
        raise DataError(
            faces.path,
            f"no usable face in split {split}. Look at status.csv and at the splits in index.",
        )
    chosen = table[rows]
    return Subjects(rows, expression_ids(chosen), chosen, int(asked.sum()))


def _protocol(described: Mapping[str, Any], faces: Store, params: EvaluateParams) -> str:
    """Return `paper` where the very faces that are scored chose the checkpoint."""
    trained = TrainParams.model_validate(described["params"])
    chose = params.checkpoint == "best" and params.split == trained.chosen_on
    return "paper" if chose and described["faces"] == faces.digest else trained.protocol


def _training_labels(described: Mapping[str, Any], faces: Store) -> NDArray[np.int64] | None:
    """Return the labels that the run was trained on; None if these are not its faces."""
    if described["faces"] != faces.digest:
        return None
    usable = faces.array("valid").load() == 1
    table = faces.table(("expression", "split"))
    return expression_ids(table.filter(usable & (table["split"] == "train").to_numpy()))


@dataclass(frozen=True, slots=True)
class Inputs:
    """The faces that are scored, and where they are."""

    faces: Store
    points: Store
    subjects: Subjects

    def looks(self, setup: Setup, batch: int, threads: int) -> Iterator[Looks]:
        """Yield every batch, read and drawn ahead while the model works on the one before."""
        images, source_px = self.faces.array("image"), self.faces.array("image").shape[1]

        def at(start: int) -> Looks:
            rows = self.subjects.rows_N[start : start + batch]
            landmarks = rescale_points(read_points(self.points, rows), source_px, setup.canvas_px)
            labels = self.subjects.labels_N[start : start + batch]
            return look(setup, images.take(rows), labels, landmarks)

        waiting: deque[Future[Looks]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self.subjects.rows_N), batch):
                waiting.append(pool.submit(at, start))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def _measured(
    setup: Setup, inputs: Inputs, params: EvaluateParams, progress: ProgressCallback
) -> tuple[Measured, Json | None]:
    """Run every batch once; and once more, many times, if faithfulness is asked for."""
    rows_N = inputs.subjects.rows_N
    parts: list[Measured] = []
    areas: list[NDArray[np.float32]] = []
    for looks in inputs.looks(setup, params.batch, params.threads):
        start = len(parts) * params.batch
        parts.append(measure(setup, looks))
        if params.faithfulness_steps:
            rows_B = rows_N[start : start + params.batch]
            areas.append(faithfulness(setup, looks, parts[-1], rows_B, params.faithfulness_steps))
        progress(min(start + params.batch, len(rows_N)), len(rows_N), "")
    if not areas:
        return joined(parts), None
    labels = inputs.subjects.labels_N
    return joined(parts), faithful(np.concatenate(areas), labels, params.faithfulness_steps)


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
        "dataset": faces.metadata["dataset"],
        "notice": faces.metadata["notice"],
        "split": params.split,
        "checkpoint": params.checkpoint,
        "geometry": params.geometry,
        "cam_method": params.cam_method,
        "codebook": codebook_of(described),
        "protocol": _protocol(described, faces, params),
        "usable": len(subjects.rows_N),
        "asked": subjects.asked,
    }
