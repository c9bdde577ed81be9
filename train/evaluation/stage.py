"""Stage `evaluate`: one pass over a split, and the scores that follow.

    OUT/scores.json        every score: contracts.scores.Scores
    OUT/metrics.json       the main ones, for `dvc metrics` and `dvc exp show`
    OUT/predictions.csv    one row per face
    OUT/faces.npz          the numbers per face that scores follow from: measures.faces.FaceScores
    OUT/curves.json        the learning curves of the run: contracts.scores.LearningCurves
    OUT/maps.npz           mean attention, CAM and AU map per expression (7, 64, 64), their counts
    OUT/sheet.npz          a few faces with their maps, for the report
    OUT/maps.h5            the maps of every face, if asked for

Shapes: N faces, V = 7 expressions.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from anatomy.landmarks import rescale_points
from contracts.files import (
    ALL_MAPS,
    CURVES,
    FACES,
    MEAN_MAPS,
    METRICS,
    PREDICTIONS,
    SCORES,
    SHEET,
    read_contract,
)
from contracts.repeats import Repeat
from contracts.runs import RunCard
from contracts.scores import LearningCurves, Scores
from errors import DataError
from measures.classification import chance_level
from measures.faces import FaceScores
from measures.scores import ScoreSettings, compute_scores
from progress import ProgressCallback
from store.building import building, is_built, read_manifest
from store.files import atomic_write, canonical_json, write_npz
from store.reading import Store, read_points
from train.data.splits import splits_of
from train.data.stores import expression_ids
from train.device import float32_precision
from train.evaluation.artifacts import mean_maps, sheet, write_maps, write_predictions
from train.evaluation.batch import (
    EvalBatch,
    EvalFaces,
    EvalModel,
    EvalOutputs,
    concatenate,
    evaluate_batch,
    load_eval_model,
    prepare_batch,
)
from train.evaluation.faithfulness import faithfulness
from train.evaluation.imported import caveat, other_agreements, other_cams
from train.evaluation.learning_curves import read_curves
from train.evaluation.metrics import face_scores
from train.params import EvaluateParams, TrainParams

VERSION = 13
ALL = "all"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """The run to score, the stores to score it on, and the device.

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
    inputs: EvaluationInputs,
    out: Path,
    params: EvaluateParams,
    progress: ProgressCallback,
    rebuild: bool = False,
) -> str:
    """Score a run.

    Args:
        inputs: run, faces and landmarks.
        out: see the module.
        params: [evaluate].
        progress: is called with (faces done, faces in all, note).
        rebuild: replace whatever is there.

    Returns:
        The main scores in one line.

    Raises:
        DataError: if the split has no usable face.
    """
    store, landmarks = Store(inputs.faces), Store(inputs.landmarks)
    fingerprint = {
        "stage": "evaluate",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"threads"}),
        "run": read_manifest(inputs.run)["sha256"],
        "faces": store.digest,
        "landmarks": landmarks.digest,
        "torch": torch.__version__,
    }
    if rebuild or not is_built(out, fingerprint):
        model, card = load_eval_model(inputs.run, params, inputs.device)
        model = replace(model, other_cams=other_cams(card, params))
        with building(out, fingerprint, store.metadata) as folder:
            split = SplitReader(
                store, landmarks, _split_faces(store, params.split, _fold(card, store))
            )
            with float32_precision(params.tf32):
                outputs, areas_NOC = _evaluate_split(model, split, params, progress)
            faces = split.faces
            others = len(model.other_cams)
            measured = face_scores(outputs.with_cam(others, others), faces, areas_NOC)
            _require_finite(inputs.run, measured)
            scores = Scores(
                **_conditions(card, store, params, faces),
                caveat=caveat(card, model.classifier.head.caveat),
                **compute_scores(measured, _settings(params, model.codebook)),
                other_cams=other_agreements(model, outputs, faces),
                chance_level=chance_level(faces.labels_N, _training_labels(card, store)),
            )
            _write(folder, scores, measured, outputs, split, params)
            curves = LearningCurves(metrics=read_curves(inputs.run))
            atomic_write(folder / CURVES, canonical_json(curves.model_dump(mode="json")))
    return headline(read_contract(Scores, out / SCORES, "Evaluate again with `--rebuild`."))


def _settings(params: EvaluateParams, codebook: str) -> ScoreSettings:
    keys = ("calibration_bins", "subgroup_min", "bootstrap", "seed", "faithfulness_steps")
    return ScoreSettings(codebook=codebook, **{key: getattr(params, key) for key in keys})


def _require_finite(run: Path, measured: FaceScores) -> None:
    finite_N = np.isfinite(measured.probabilities_NV).all(axis=1)
    lost = int((~finite_N).sum())
    if lost:
        raise DataError(
            run,
            f"predicts no finite probability for {lost} of {finite_N.size} faces: its training "
            "diverged. Train again with a lower learning rate.",
        )


def main_scores(scores: Scores) -> Json:
    """Return the few scores by which experiments are compared."""
    attention, cam = scores.attention, scores.cam_cos
    return {
        **{name: getattr(scores, name) for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        "att_cos": attention.overall,
        "att_selectivity": attention.selectivity.overall,
        "cam_cos": cam.overall,
        "cam_selectivity": cam.selectivity.overall,
        "coverage": scores.scored / scores.total,
        **{f"cam_cos_{name}": one.overall for name, one in scores.other_cams.items()},
    }


def headline(scores: Scores) -> str:
    """Return the main scores in one line."""
    att, cam = scores.attention, scores.cam_cos
    ends = scores.intervals.accuracy if scores.intervals else None
    between = f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else ""
    mind = f". Mind: {scores.caveat}" if scores.caveat else ""
    others = "".join(f" ({name} {_number(c.overall)})" for name, c in scores.other_cams.items())
    run = f"{scores.method} {scores.variant} {scores.repeat}"
    return (
        f"{run}: accuracy {scores.accuracy:.3f}{between}, "
        f"balanced {scores.balanced_accuracy:.3f}, "
        f"ATT-COS {_number(att.overall)}, CAM-COS {_number(cam.overall)}{others} "
        f"({att.n_valid} of {att.n} faces; protocol {scores.protocol}){mind}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _fold(card: RunCard, store: Store) -> int | None:
    """Return the fold that the run was not trained on; None on another dataset."""
    return Repeat.parse(card.repeat).fold if card.faces == store.digest else None


def _split_faces(store: Store, split: str, fold: int | None) -> EvalFaces:
    table = store.table()
    in_split = splits_of(store, fold) == split if split != ALL else np.full(len(table), True)
    rows = np.flatnonzero(in_split & (store.array("valid").load() == 1))
    if not len(rows):
        raise DataError(
            store.path,
            f"no usable face in split {split}. Look at status.csv and at the splits in index.",
        )
    chosen = table[rows]
    attributes = tuple(store.metadata.get("attributes", ()))  # none without an index
    return EvalFaces(rows, expression_ids(chosen), chosen, int(in_split.sum()), attributes)


def _protocol(card: RunCard, store: Store, params: EvaluateParams) -> str:
    """Return `paper` if the scored faces chose the checkpoint; `unknown` if nobody says."""
    if card.imported and "protocol" not in card.imported.stated:
        return "unknown"
    trained = TrainParams.model_validate(card.params)
    chose = params.checkpoint == "best" and params.split == trained.chosen_on
    return "paper" if chose and card.faces == store.digest else trained.protocol


def _training_labels(card: RunCard, store: Store) -> NDArray[np.int64] | None:
    """Return the labels that the run was trained on; None if these are not its faces."""
    if card.faces != store.digest:
        return None
    trained = splits_of(store, _fold(card, store)) == "train"
    usable = store.array("valid").load() == 1
    return expression_ids(store.table(("expression",)).filter(usable & trained))


@dataclass(frozen=True, slots=True)
class SplitReader:
    """The faces of a split, and where they are stored."""

    images: Store
    landmarks: Store
    faces: EvalFaces

    def batches(self, model: EvalModel, size: int, threads: int) -> Iterator[EvalBatch]:
        """Yield every batch; the next ones are read and drawn while the model works on one."""
        images, source_px = self.images.array("image"), self.images.array("image").shape[1]

        def prepare(start: int) -> EvalBatch:
            rows = self.faces.rows_N[start : start + size]
            points = rescale_points(read_points(self.landmarks, rows), source_px, model.canvas_px)
            labels = self.faces.labels_N[start : start + size]
            return prepare_batch(model, images.take(rows), labels, points)

        pending: deque[Future[EvalBatch]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self.faces.rows_N), size):
                pending.append(pool.submit(prepare, start))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()


def _evaluate_split(
    model: EvalModel, split: SplitReader, params: EvaluateParams, progress: ProgressCallback
) -> tuple[EvalOutputs, NDArray[np.float32] | None]:
    """Run every batch once; for faithfulness, many times more."""
    rows_N = split.faces.rows_N
    parts: list[EvalOutputs] = []
    areas: list[NDArray[np.float32]] = []
    for batch in split.batches(model, params.batch, params.threads):
        start = len(parts) * params.batch
        parts.append(evaluate_batch(model, batch))
        if params.faithfulness_steps:
            rows_B = rows_N[start : start + params.batch]
            areas.append(faithfulness(model, batch, parts[-1], rows_B, params.faithfulness_steps))
        progress(min(start + params.batch, len(rows_N)), len(rows_N), "")
    return concatenate(parts), np.concatenate(areas) if areas else None


def _conditions(card: RunCard, store: Store, params: EvaluateParams, faces: EvalFaces) -> Json:
    return {
        "method": card.method,
        "variant": card.variant,
        "repeat": card.repeat,
        "backbone": card.params["backbone"],
        "train": card.params,
        "trained_on": card.about.dataset,
        "dataset": store.metadata["dataset"],
        "notice": store.metadata["notice"],
        "split": params.split,
        "checkpoint": params.checkpoint,
        "geometry": params.geometry,
        "cam_method": params.cam_method,
        "codebook": params.codebook,
        "protocol": _protocol(card, store, params),
        "scored": len(faces.rows_N),
        "total": faces.total,
    }


def _write(
    folder: Path,
    scores: Scores,
    measured: FaceScores,
    outputs: EvalOutputs,
    split: SplitReader,
    params: EvaluateParams,
) -> None:
    """Write the files that the module's docstring lists, all but the curves."""
    faces = split.faces
    atomic_write(folder / SCORES, canonical_json(scores.model_dump(mode="json")))
    atomic_write(folder / METRICS, canonical_json(main_scores(scores)))
    write_predictions(folder / PREDICTIONS, measured, faces)
    write_npz(folder / FACES, measured.as_arrays())
    write_npz(folder / MEAN_MAPS, mean_maps(outputs, faces.labels_N))
    write_npz(folder / SHEET, sheet(outputs, faces, split.images, params))
    if params.save_maps:
        write_maps(folder / ALL_MAPS, outputs, faces)
