"""Command predict: a table of what a run predicts, without maps and pages.

    OUT.csv          one row per face; of a picture or frame without one, one row with the reason
    OUT-<name>.png   of a video: the probabilities over time

Shapes: B faces, N frames, V = 7 expressions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anatomy.expressions import EXPRESSIONS
from errors import UsageError
from explain.explainer import Explainer
from explain.explanation import F32, predict_faces
from explain.inputs import MediaFile, as_text, describe_statuses, gather, require_any_read
from explain.media import outline
from explain.output import output_names
from explain.video import VideoReader
from pipeline.faces.decode import UndecodableError
from progress import ProgressCallback, silent
from report.figures.drawing import png
from report.views.timeline import draw_timeline
from store.files import atomic_write
from store.records import Face, Status, U8Image
from store.tables import Row, write_table

COLUMNS = (
    *("file", "seconds", "face", "status", "detail", "expression", "probability"),
    *EXPRESSIONS,
    "box",
)
"""file: as it was found. seconds: of a frame. face: its number, in reading order. status: ok, or
why there is no face. box: x y width height around the aligned crop, px of the picture."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class PredictedFrame:
    """A picture, or a frame of a video, and what is predicted of its faces.

    Attributes:
        seconds: since the video began; None of a picture.
        faces: in reading order.
        probabilities_BV: softmax of the logits.
    """

    seconds: float | None
    faces: tuple[Face, ...]
    probabilities_BV: F32

    def of_largest(self) -> F32:
        """Return the probabilities (V,) of the largest face; NaN without one."""
        if not self.faces:
            return np.full(len(EXPRESSIONS), np.nan, np.float32)
        sides = [np.ptp(outline(face), axis=0).max() for face in self.faces]
        return np.asarray(self.probabilities_BV[int(np.argmax(sides))])


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
    out.parent.mkdir(parents=True, exist_ok=True)
    names = output_names([file.path for file in inputs.files])
    rows: list[Row] = []
    statuses = []
    for index, (name, file) in enumerate(zip(names, inputs.files, strict=True)):
        progress(index, len(names), file.path.name)
        try:
            frames = list(predict(explainer, file))
        except UndecodableError as error:
            problem = {"status": error.status, "detail": error.detail}
            rows.append({"file": _inert(as_text(file.path)), **problem})
            statuses.append(error.status)
            continue
        rows += [row for frame in frames for row in _rows(file.path, frame)]
        statuses.append(Status.OK if any(frame.faces for frame in frames) else Status.NO_FACE)
        if file.is_video:
            plot = _plot(explainer, file.path, frames)
            atomic_write(out.with_name(f"{out.stem}-{name}.png"), plot)
    write_table(out, COLUMNS, rows)
    require_any_read(out, statuses)
    faces = sum(row["status"] == Status.OK for row in rows)
    line = f"{out}: {faces} faces; files: {describe_statuses(statuses)}"
    return [line, *inputs.describe_left_out(), *filter(None, [explainer.notice])]


def predict(explainer: Explainer, file: MediaFile) -> Iterator[PredictedFrame]:
    """Yield what is predicted of a picture, or of the frames of a video.

    Raises:
        UndecodableError: if it cannot be read.
    """
    detector = explainer.detector
    if not file.is_video:
        yield _predicted(explainer, None, detector.decode(file.path))
        return
    video = VideoReader(file.path, detector.find.video_fps, detector.limits.max_pixels)
    empty = True
    for seconds, image_HW3 in video:
        empty = False
        yield _predicted(explainer, seconds, image_HW3)
    if empty:
        raise UndecodableError(Status.CORRUPT, "a video without a frame")


def _predicted(explainer: Explainer, seconds: float | None, image_HW3: U8Image) -> PredictedFrame:
    faces = explainer.detector.find_faces(image_HW3)
    if not faces:
        return PredictedFrame(seconds, (), np.zeros((0, len(EXPRESSIONS)), np.float32))
    images_BSS3 = np.stack([face.image_HW3 for face in faces])
    return PredictedFrame(seconds, faces, predict_faces(explainer.model, images_BSS3))


def _rows(path: Path, frame: PredictedFrame) -> list[Row]:
    """Return the rows of a picture or frame: one per face, or one that says there is none."""
    seconds = "" if frame.seconds is None else f"{frame.seconds:.3f}"
    start = {"file": _inert(as_text(path)), "seconds": seconds}
    if not frame.faces:
        return [{**start, "status": Status.NO_FACE}]
    rows = []
    for number, face in enumerate(frame.faces, 1):
        probabilities_V = frame.probabilities_BV[number - 1]
        top = int(probabilities_V.argmax())
        corners = outline(face) + 0.5  # the first pixel begins at 0, as in label files
        box = (*corners.min(axis=0), *np.ptp(corners, axis=0))
        rows.append(
            {
                **start,
                "face": str(number),
                "status": Status.OK,
                "detail": face.detail,
                "expression": EXPRESSIONS[top],
                "probability": f"{probabilities_V[top]:.4f}",
                **{
                    name: f"{value:.4f}"
                    for name, value in zip(EXPRESSIONS, probabilities_V, strict=True)
                },
                "box": " ".join(f"{value:.1f}" for value in box),
            }
        )
    return rows


def _inert(name: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _plot(explainer: Explainer, path: Path, frames: Sequence[PredictedFrame]) -> bytes:
    seconds_N = [frame.seconds or 0.0 for frame in frames]
    probabilities_NV = np.array([frame.of_largest() for frame in frames])
    return png(draw_timeline(str(path), seconds_N, probabilities_NV, explainer.notice))
