"""Command explain: what OUT gets.

<name>.png, <name>.json   of a picture: the page, and its numbers
<name>.mp4, <name>.json   of a video: the same per frame
explained.json            all pictures, also those without a face and those that cannot be read
"""

from collections.abc import Sequence
from pathlib import Path

from errors import NoInputError
from explain.explainer import Explainer, Json
from explain.media import is_video, list_files
from explain.video import VideoReader, VideoWriter
from pipeline.faces.decode import UndecodableError
from progress import ProgressCallback, silent
from report.figures.drawing import png
from report.views.explanation_page import figure_pixels
from store.files import atomic_write, canonical_json

SUMMARY = "explained.json"


def write_explanations(
    explainer: Explainer, pictures: Sequence[Path], out: Path, progress: ProgressCallback = silent
) -> list[str]:
    """Explain every picture and video, and write OUT.

    Args:
        explainer: the run.
        pictures: files and folders.
        out: folder to write to; created if needed.
        progress: callback.

    Returns:
        Lines: what to say of each face, or of a picture without one.

    Raises:
        NoInputError: if the folders hold no picture and no video.
    """
    named = output_names(list_files(pictures))
    if not named:
        raise NoInputError(pictures[0], "holds no picture and no video.")
    out.mkdir(parents=True, exist_ok=True)
    records = []
    for index, (name, path) in enumerate(named.items()):
        progress(index, len(named), path.name)
        records.append(_write_one(explainer, path, out / name))
    atomic_write(out / SUMMARY, canonical_json({**explainer.metadata, "pictures": records}))
    return [line for record in records for line in _summarize(record)]


def output_names(paths: Sequence[Path]) -> dict[str, Path]:
    """Give every file a name of its own for what is written of it."""
    named: dict[str, Path] = {}
    for path in paths:
        number = sum(known.split("~")[0] == path.stem for known in named)
        named[f"{path.stem}~{number + 1}" if number else path.stem] = path
    return named


def _write_one(explainer: Explainer, path: Path, out: Path) -> Json:
    """Explain one file and return its record in the summary; never raises for what is in it."""
    try:
        return (_write_video if is_video(path) else _write_picture)(explainer, path, out)
    except UndecodableError as error:
        return {"picture": str(path), "problem": f"{error.status}: {error.detail}"}


def _write_picture(explainer: Explainer, path: Path, out: Path) -> Json:
    detected, explanations = explainer.explain_picture(path)
    record: Json = {"picture": str(path), "faces": explainer.as_json(detected, explanations)}
    if not explanations:
        return {**record, "problem": "no_face"}
    page = explainer.draw_page(str(path), detected, explanations)
    atomic_write(out.with_name(f"{out.name}.png"), png(page))
    numbers = canonical_json({**explainer.metadata, **record})
    atomic_write(out.with_name(f"{out.name}.json"), numbers)
    return {**record, "page": f"{out.name}.png"}


def _write_video(explainer: Explainer, path: Path, out: Path) -> Json:
    detector, max_faces = explainer.detector, explainer.draw.video_faces
    video = VideoReader(path, detector.find.video_fps, detector.limits.max_pixels)
    writer, frames = VideoWriter(out.with_name(f"{out.name}.mp4"), video.fps), []
    for seconds, image_HW3 in video:
        detected = detector.detect(image_HW3)
        explanations = explainer.explain(detected)
        page = explainer.draw_page(f"{path}, {seconds:.2f} s", detected, explanations, max_faces)
        writer.add(figure_pixels(page))
        faces = explainer.as_json(detected, explanations)
        frames.append({"seconds": round(seconds, 3), "faces": faces})
    writer.close()
    numbers = {**explainer.metadata, "video": str(path), "frames": frames}
    atomic_write(out.with_name(f"{out.name}.json"), canonical_json(numbers))
    found = sum(bool(frame["faces"]) for frame in frames)
    record: Json = {"picture": str(path), "frames": len(frames), "frames_with_a_face": found}
    return {**record, "page": f"{out.name}.mp4"} if frames else {**record, "problem": "no frames"}


def _summarize(record: Json) -> list[str]:
    """Return a record of the summary as lines."""
    name = record["picture"]
    if "problem" in record:
        return [f"{name}: {record['problem']}"]
    if "frames" in record:
        return [f"{name}: {record['frames_with_a_face']} of {record['frames']} frames have a face"]
    return [f"{name}: {face['sentence']}" for face in record["faces"]]
