"""Command predict: a table of what a run predicts, without maps and pages.

    OUT.csv          one row per face; of a picture or frame without one, one row with the reason
    OUT-<name>.png   of a video: the probabilities over time

Shapes: B faces, N frames, V classes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.files import VALENCE_AROUSAL_COLUMNS
from errors import UsageError
from explain.explainer import Explainer
from explain.explanation import F32, predict_faces
from explain.inputs import (
    MediaFile,
    as_text,
    describe_statuses,
    gather,
    require_any_read,
    say_how_far,
)
from explain.media import outline
from explain.output import output_names
from explain.video import VideoReader
from pipeline.faces.decode import UndecodableError
from progress import ProgressCallback, silent
from report.figures.drawing import png
from report.views.timeline import draw_timeline
from store.files import atomic_write
from store.reading import VALENCE_AROUSAL
from store.records import Status, U8Image
from store.tables import Row, inert, write_table

COLUMNS = ("file", "seconds", "face", "status", "detail", "expression", "probability")
"""Before a probability per class, valence and arousal of a run that predicts them, and the box.

file: as it was found. seconds: of a frame. face: its number, in reading order. status: ok, or why
there is no face. box: x y width height around the aligned crop, px of the picture.
"""

_SHOWN = 10
"""So many problems are listed on the screen."""


@dataclass(frozen=True, slots=True)
class PredictedFrame:
    """A picture, or a frame of a video, and what is predicted of its faces, in reading order.

    Attributes:
        seconds: since the video began; None of a picture.
        boxes_B4: x, y, width, height around each aligned crop, px of the picture; the first pixel
            begins at 0, as in label files.
        details: how each was framed.
        probabilities_BV: softmax of the logits.
        classes: their names.
        values_BD: valence and arousal; D is 0 of a run that predicts neither.
    """

    seconds: float | None
    boxes_B4: NDArray[np.floating]
    details: tuple[str, ...]
    probabilities_BV: F32
    classes: tuple[str, ...]
    values_BD: F32

    def of_largest(self) -> F32:
        """Return the probabilities (V,) of the largest face; NaN without one."""
        if not len(self.boxes_B4):
            return np.full(len(self.classes), np.nan, np.float32)
        return np.asarray(self.probabilities_BV[self.boxes_B4[:, 2].argmax()])


def write_predictions(
    explainer: Explainer, pictures: Sequence[Path], out: Path, progress: ProgressCallback = silent
) -> list[str]:
    """Predict the expression of every face, and write OUT.

    Args:
        explainer: the run.
        pictures: files and folders.
        out: a .csv file; its folder is created if needed.
        progress: callback.

    Returns:
        Lines: how many faces of how many files, what was not read, and what was left out.

    Raises:
        UsageError: if OUT does not end in .csv.
        NoInputError: if the folders hold no picture and no video.
        DataError: if none of the files can be read; the reasons are in OUT.
    """
    if out.suffix.lower() != ".csv":
        raise UsageError(out, "is not the name of a table. Let --out end in .csv.")
    inputs = gather(pictures, None)
    folder = out.absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    beside = {one.path.stem for one in inputs.files if one.path.absolute().parent == folder}
    plots = [Path(f"{out.stem}-{file.path.name}") for file in inputs.files]
    names = output_names(plots, beside)
    rows: list[Row] = []
    reasons: dict[str, str] = {}
    with say_how_far(out, reasons, len(names)):
        try:
            for index, (name, file) in enumerate(zip(names, inputs.files, strict=True)):
                progress(index, len(names), file.path.name)
                found = _rows_of_file(explainer, file, out.with_name(f"{name}.png"))
                best = next((row for row in found if row["status"] == Status.OK), found[0])
                rows += found
                reasons[as_text(file.path)] = _reason(best)
        finally:
            columns = (*COLUMNS, *explainer.classes, *_value_columns(explainer), "box")
            write_table(out, columns, rows)
    require_any_read(out, reasons)
    lines = [*_problems(out, rows), f"{out}: {_counts(rows, reasons.values())}"]
    return [*lines, *inputs.describe_left_out(), *explainer.provenance]


def _value_columns(explainer: Explainer) -> tuple[str, ...]:
    """Return the columns of valence and arousal, if the run predicts them."""
    return VALENCE_AROUSAL_COLUMNS if VALENCE_AROUSAL in explainer.model.heads else ()


def _problems(out: Path, rows: Sequence[Row]) -> list[str]:
    """Return a line per file that could not be read to its end, of many the first."""
    problems = [f"{row['file']}: {_reason(row)}" for row in rows if _is_problem(row)]
    more = [f"and {len(problems) - _SHOWN} more, in {out}"] if len(problems) > _SHOWN else []
    return [*problems[:_SHOWN], *more]


def _counts(rows: Sequence[Row], reasons: Iterable[str]) -> str:
    """Return how many faces there are, and how many files of each status."""
    faces = sum(row["status"] == Status.OK for row in rows)
    return f"{faces} faces; files: {describe_statuses(why.split(':')[0] for why in reasons)}"


def _rows_of_file(explainer: Explainer, file: MediaFile, plot: Path) -> list[Row]:
    """Return the rows of one file; never raises for what is in it. A video also gets its plot."""
    frames: list[PredictedFrame] = []
    problem: list[Row] = []
    try:
        for frame in predict(explainer, file):
            frames.append(frame)
    except UndecodableError as error:
        problem = [{"status": error.status, "detail": error.detail}]
    if file.is_video and frames:
        atomic_write(plot, _plot(explainer, file.path, frames))
    rows = [row for frame in frames for row in _rows_of_frame(frame)]
    return [{"file": inert(as_text(file.path)), **row} for row in (*rows, *problem)]


def predict(explainer: Explainer, file: MediaFile) -> Iterator[PredictedFrame]:
    """Yield what is predicted of a picture, or of the frames of a video.

    Raises:
        UndecodableError: if it cannot be read, or at the end, if it ends too early.
    """
    detector = explainer.detector
    if not file.is_video:
        yield _predicted(explainer, None, detector.decode(file.path))
        return
    video = VideoReader(file.path, detector.find.video_fps, detector.limits.max_pixels)
    for seconds, image_HW3 in video:
        yield _predicted(explainer, seconds, image_HW3)


def _predicted(explainer: Explainer, seconds: float | None, image_HW3: U8Image) -> PredictedFrame:
    faces = explainer.detector.find_faces(image_HW3)
    classes = explainer.classes
    if not faces:
        empty_BV = np.zeros((0, len(classes)), np.float32)
        return PredictedFrame(seconds, np.zeros((0, 4)), (), empty_BV, classes, empty_BV[:, :0])
    images_BSS3 = np.stack([face.image_HW3 for face in faces])
    corners_B42 = np.stack([outline(face) for face in faces]) + 0.5
    boxes_B4 = np.hstack([corners_B42.min(axis=1), np.ptp(corners_B42, axis=1)])
    details = tuple(face.detail for face in faces)
    found = predict_faces(explainer.model, images_BSS3)
    return PredictedFrame(
        seconds, boxes_B4, details, found.probabilities_BV, classes, found.values_BD
    )


def _rows_of_frame(frame: PredictedFrame) -> list[Row]:
    """Return one row per face, or one that says that there is none."""
    seconds = "" if frame.seconds is None else f"{frame.seconds:.3f}"
    if not frame.details:
        return [{"seconds": seconds, "status": Status.NO_FACE, "detail": ""}]
    faces = zip(frame.boxes_B4, frame.details, frame.probabilities_BV, frame.values_BD, strict=True)
    return [
        {
            "seconds": seconds,
            "face": str(number),
            "status": Status.OK,
            "detail": detail,
            "expression": frame.classes[int(values_V.argmax())],
            "probability": f"{values_V.max():.4f}",
            **{name: f"{value:.4f}" for name, value in zip(frame.classes, values_V, strict=True)},
            **{
                name: f"{value:.4f}"
                for name, value in zip(VALENCE_AROUSAL_COLUMNS, values_D, strict=False)
            },
            "box": " ".join(f"{value:.1f}" for value in box),
        }
        for number, (box, detail, values_V, values_D) in enumerate(faces, 1)
    ]


def _is_problem(row: Row) -> bool:
    return row["status"] not in (Status.OK, Status.NO_FACE)


def _reason(row: Row) -> str:
    """Return the status of a row; with the reason, if something could not be read."""
    return f"{row['status']}: {row['detail']}" if _is_problem(row) else row["status"]


def _plot(explainer: Explainer, path: Path, frames: Sequence[PredictedFrame]) -> bytes:
    seconds_N = [frame.seconds or 0.0 for frame in frames]
    probabilities_NV = np.array([frame.of_largest() for frame in frames])
    about = explainer.origin, explainer.notice
    return png(
        draw_timeline(
            str(path), seconds_N, probabilities_NV, explainer.model.codebook.labels, *about
        )
    )
