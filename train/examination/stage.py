"""Command examine: scores of any classifier, and what it answers to changed pictures.

    OUT/examination.json    contracts.examinations.Examination
    OUT/...                 all that stage evaluate writes, so that the report takes it as a method

Shapes: N faces, V expressions.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from contracts.examinations import BlackBoxScores, Estimate, Examination, Robustness
from contracts.files import EXAMINATION, RUN, SCORES, read_contract
from contracts.scores import Scores
from progress import ProgressCallback
from store.building import building, is_built, read_manifest
from store.reading import Store
from train.evaluation.finished import headline
from train.evaluation.results import ScoredModel
from train.evaluation.split import SplitReader
from train.evaluation.stage import open_run
from train.examination.lens import Lens, Subject
from train.examination.models import ScoredFaces, open_outside
from train.examination.outside_reading import outside_eval_model, outside_map_name
from train.params import EvaluateParams, ExamineParams

VERSION = 2
OUTSIDE = "examined"
"""Variant of a model that AULens did not train."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExaminationInputs:
    """What to examine, on which faces, and where.

    Attributes:
        model: a run, the output of export-model, an .onnx file, or package.module:function.
        card: of an .onnx file: a shipped card or a file; else None.
        name: of the method in tables; None: that of the file or function.
        faces, landmarks: stores of stages align and landmark.
        device: where.
    """

    model: str
    card: str | None
    name: str | None
    faces: Path
    landmarks: Path
    device: torch.device


def examine(
    inputs: ExaminationInputs,
    out: Path,
    params: tuple[EvaluateParams, ExamineParams],
    progress: ProgressCallback,
    rebuild: bool = False,
) -> list[str]:
    """Examine a classifier.

    Args:
        inputs: model, faces, landmarks.
        out: see the module.
        params: [evaluate] and [examine].
        progress: is called with (passes done, passes in all, note).
        rebuild: replace whatever is there.

    Returns:
        The main findings, a line each.

    Raises:
        UsageError: if the model is of no known kind, or it would take more than examine.max_passes.
        DataError: if its answers are not what its card says.
    """
    evaluation, examination = params
    store, landmarks = Store(inputs.faces), Store(inputs.landmarks)
    subject = _open(inputs, store, evaluation)
    fingerprint = {
        "stage": "examine",
        "version": VERSION,
        "params": evaluation.model_dump(mode="json", exclude={"threads"}),
        "examine": examination.model_dump(mode="json", exclude={"max_passes"}),
        "model": subject.identity,
        "name": inputs.name,
        "faces": store.digest,
        "landmarks": landmarks.digest,
        "torch": torch.__version__,
    }
    if rebuild or not is_built(out, fingerprint):
        split = SplitReader.open(
            store,
            landmarks,
            evaluation,
            subject.scored.fold,
            subject.scored.model.codebook.labels,
        )
        lens = Lens(subject, split, evaluation, examination)
        lens.require_passes()
        with building(out, fingerprint, store.metadata) as folder:
            lens.examine(folder, progress)
    scores = read_contract(Scores, out / SCORES, "Examine again with `--rebuild`.")
    found = read_contract(Examination, out / EXAMINATION, "Examine again with `--rebuild`.")
    return [headline(scores), *findings(found, scores)]


def _open(inputs: ExaminationInputs, store: Store, params: EvaluateParams) -> Subject:
    run = Path(inputs.model)
    if (run / RUN).is_file():
        scored = open_run(run, params, store, inputs.device)
        return Subject(scored, {"run": read_manifest(run)["sha256"]}, None)
    faces = ScoredFaces(store.array("image").shape[1], store.labels)
    outside = open_outside(inputs.model, inputs.card, faces, inputs.device)
    model = outside_eval_model(outside, params, params.black_box, inputs.device)
    conditions = {
        "method": inputs.name or outside.name,
        "variant": OUTSIDE,
        "repeat": "seed0",
        "backbone": outside.title,
        "train": {"alignment": None},
        "trained_on": outside.trained_on,
        "checkpoint": "best",
        "cam_method": outside_map_name(params.cam_method, outside),
        "protocol": "unknown",
    }
    scored = ScoredModel(inputs.model, model, conditions, None, {}, None)
    return Subject(scored, outside.identity, outside)


def findings(found: Examination, scores: Scores) -> list[str]:
    """Return what an examination found beside the scores, a line each."""
    lines = [f"asked {found.passes:,} times, {found.ms_per_pass:.1f} ms per face"]
    if found.unscored_share:
        lines.append(
            f"classes without an expression take {found.unscored_share:.1%} of its answers"
        )
    lines += [
        f"suspicious: accuracy {one.accuracy:.3f} would be {one.accuracy_then:.3f} {one.what} "
        f"({one.faces} faces, {one.standard_errors:.1f} standard errors)"
        for one in found.suspicions
    ]
    lines += [_map_line(one) for one in found.maps]
    regions = scores.regions
    if regions:
        lines.append(
            f"hidden AUs: own regions {_signed(regions.own)}, others {_signed(regions.others)}, "
            f"an own region costs more {_plain(regions.ranking)} ({regions.faces} faces)"
        )
    if found.robustness:
        lines.append(_robustness_line(found.robustness))
    return lines


def _map_line(one: BlackBoxScores) -> str:
    masks = "" if one.cosine_error is None else f", standard error {one.cosine_error:.3f} by masks"
    uniform = "-" if one.uniform is None else f"{one.uniform:.3f}"
    counted = f"uniform {uniform} ({one.cosine.n} faces)"
    return f"{one.method}: cosine {_plain(one.cosine)}{masks}; {counted}"


def _robustness_line(found: Robustness) -> str:
    worst = {curve.name: curve.points[-1].accuracy for curve in found.curves if curve.points}
    listed = ", ".join(f"{name} {accuracy:.3f}" for name, accuracy in worst.items())
    return f"accuracy {found.whole.accuracy:.3f} on {found.whole.n} faces; at the worst {listed}"


def _plain(one: Estimate) -> str:
    return _ended(one, "{:.3f}")


def _signed(one: Estimate) -> str:
    return _ended(one, "{:+.3f}")


def _ended(one: Estimate, form: str) -> str:
    if one.value is None:
        return "-"
    ends = ", ".join(map(form.format, one.interval or ()))
    return form.format(one.value) + (f" [{ends}]" if ends else "")
