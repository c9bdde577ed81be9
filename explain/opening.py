"""What explains: a run, or a model that AULens did not train."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from contracts.files import EXPORT_CARD, RUN, read_contract
from contracts.labels import LabelSet
from contracts.runs import ExportCard, RunCard
from errors import UsageError
from labels.reading import PUBLISHED, read_labels
from params.root import Params
from pipeline.params import AlignParams, LandmarkParams
from store.records import Points
from train.evaluation.networks import EvalModel, load_eval_model
from train.examination.models import ScoredFaces, open_outside
from train.examination.outside_reading import outside_eval_model
from train.examination.stage import OUTSIDE

Json = dict[str, Any]

_LIKE_TRAINING = (
    "Faces are framed so that eyes, nose and mouth lie where those of its training faces lie."
)


class Opened(NamedTuple):
    """A model, and how faces are prepared for it.

    Attributes:
        model: answers faces.
        metadata: which one, trained on what.
        align, landmark: of the dataset that it was trained on, or the shared ones.
        like_52: see explain.media.FaceDetector.
    """

    model: EvalModel
    metadata: Json
    align: AlignParams
    landmark: LandmarkParams
    like_52: Points | None


def open_model(model: str, card: str | None, settings: Params, device: torch.device) -> Opened:
    """Open what is to explain pictures.

    Args:
        model: a run, the output of export-model, an .onnx file, or package.module:function.
        card: of an .onnx file; else None.
        settings: params.yaml.
        device: where it runs.

    Raises:
        NoInputError, UsageError: if there is no such model.
    """
    if not (Path(model) / RUN).is_file():
        return _open_outside(model, card, settings, device)
    if card is not None:
        raise UsageError("--card", "is of an .onnx file; a run says everything itself.")
    read, black_box = settings.explain.read, settings.evaluate.black_box
    loaded, run = load_eval_model(Path(model), read, black_box, device)
    dataset = run.about.dataset
    like_52 = _training_points(run)
    metadata = {
        "run": model,
        **{key: getattr(run, key) for key in ("method", "variant", "repeat")},
        **{key: getattr(run.about, key) for key in ("dataset", "notice")},
        "origin": run.origin,
        "framing": "" if like_52 is None else _LIKE_TRAINING,
    }
    return Opened(
        loaded, metadata, settings.align_of(dataset), settings.landmark_of(dataset), like_52
    )


def _training_points(run: RunCard) -> Points | None:
    """Return where points of the training faces lie, if most were used as given."""
    follows = run.framing is not None and not run.framing.is_of_template
    return np.array(run.framing.points) if run.framing and follows else None


def _labels(model: Path) -> LabelSet:
    """Return what an exported run tells apart; of other models, the published set."""
    if (model / EXPORT_CARD).is_file():
        return read_contract(ExportCard, model / EXPORT_CARD, "Export it again.").labels
    return read_labels(PUBLISHED)


def _open_outside(model: str, card: str | None, settings: Params, device: torch.device) -> Opened:
    """Open a model from outside; faces are framed by the shared [align]."""
    outside = open_outside(
        model, card, ScoredFaces(settings.align.size_px, _labels(Path(model))), device
    )
    loaded = outside_eval_model(outside, settings.explain.read, settings.evaluate.black_box, device)
    metadata = {
        **{"run": model, "method": outside.name, "variant": OUTSIDE, "repeat": None},
        **{"dataset": outside.trained_on, "notice": None, "framing": ""},
        "origin": f"{outside.title}: not trained by AULens; trained on {outside.trained_on}.",
    }
    return Opened(loaded, metadata, settings.align, settings.landmark, None)
