"""What command `explain` writes into its folder OUT.

<name>.png, <name>.json   of a picture: the page, and its numbers
<name>.mp4, <name>.json   of a video: the same per frame
explained.json            all pictures, also those without a face and those that cannot be read
"""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from explain.explainer import Explainer
from explain.explanation import Explanation
from explain.inputs import MediaFile, as_text, gather, require_any_read, say_how_far
from explain.opening import Json
from explain.video import VideoReader, VideoWriter
from pipeline.faces.decode import UndecodableError
from progress import ProgressCallback, silent
from report.figures.drawing import png
from report.views.explanation_page import MOST_TEXTS, figure_pixels
from store.files import atomic_write, canonical_json
from store.records import Status, U8Image

SUMMARY = "explained.json"
LONGEST_NAME = 180
"""Bytes of a name in OUT. Endings and the marks of a partial file are added; disks allow 255."""


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
        DataError: if none of the files can be read; the reasons are in the summary.
        UsageError: if OUT is a folder of pictures: a page could replace a picture.
    """
    inputs = gather(pictures, out)
    out.mkdir(parents=True, exist_ok=True)
    names = output_names([file.path for file in inputs.files], {Path(SUMMARY).stem})
    records: list[Json] = []
    with say_how_far(out, records, len(names)):
        try:
            for index, (name, file) in enumerate(zip(names, inputs.files, strict=True)):
                progress(index, len(names), file.path.name)
                records.append(_write_one(explainer, file, out / name))
        finally:
            summary = {"pictures": records, "left_out": dict(inputs.left_out)}
            atomic_write(out / SUMMARY, canonical_json({**explainer.metadata, **summary}))
    require_any_read(out / SUMMARY, {record["picture"]: _reason(record) for record in records})
    lines = [line for record in records for line in _summarize(record)]
    return [*lines, *inputs.describe_left_out(), *explainer.provenance]


def output_names(paths: Sequence[Path], reserved: Collection[str] = ()) -> list[str]:
    """Return the name of each file's outputs: its stem, numbered if that is taken.

    A long stem is cut. Reserved names are taken from the start. Names that differ in case alone
    count as equal, as some disks hold them so.
    """
    taken = {name.casefold() for name in reserved}
    last_number: dict[str, int] = {}
    names = []
    for path in paths:
        stem = name = _cut(path.stem)
        while name.casefold() in taken:
            last_number[stem] = last_number.get(stem, 1) + 1
            name = f"{stem}~{last_number[stem]}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _cut(stem: str) -> str:
    while len(os.fsencode(stem)) > LONGEST_NAME:
        stem = stem[:-1]
    return stem


def _write_one(explainer: Explainer, file: MediaFile, out: Path) -> Json:
    """Explain one file and return its record in the summary; never raises for what is in it."""
    write = _write_video if file.is_video else _write_picture
    try:
        record = write(explainer, file.path, out)
    except UndecodableError as error:
        record = {"status": error.status, "detail": error.detail}
    return {"picture": as_text(file.path), **record}


def _write_picture(explainer: Explainer, path: Path, out: Path) -> Json:
    detected, explanations = explainer.explain_picture(path)
    if not explanations:
        return {"status": Status.NO_FACE}
    page = explainer.draw_page(_title(str(path), explanations, MOST_TEXTS), detected, explanations)
    atomic_write(_with_ending(out, "png"), png(page))
    faces = explainer.as_json(detected, explanations)
    numbers = {**explainer.metadata, "picture": as_text(path), "faces": faces}
    atomic_write(_with_ending(out, "json"), canonical_json(numbers))
    return {"status": Status.OK, "faces": faces, "page": f"{as_text(out.name)}.png"}


def _write_video(explainer: Explainer, path: Path, out: Path) -> Json:
    detector = explainer.detector
    video = VideoReader(path, detector.find.video_fps, detector.limits.max_pixels)
    writer, frames, detail = VideoWriter(_with_ending(out, "mp4"), video.fps), [], ""
    try:
        for seconds, image_HW3 in video:
            page, faces = _explain_frame(explainer, f"{path}, {seconds:.2f} s", image_HW3)
            writer.add(page, seconds)
            frames.append({"seconds": round(seconds, 3), "faces": faces})
    except UndecodableError as error:
        if not frames:
            raise
        detail = f"{error.status}: {error.detail}"
    finally:
        writer.close()
    numbers = {**explainer.metadata, "video": as_text(path), "frames": frames, "detail": detail}
    atomic_write(_with_ending(out, "json"), canonical_json(numbers))
    with_face = sum(bool(frame["faces"]) for frame in frames)
    return {
        "status": Status.OK if with_face else Status.NO_FACE,
        "detail": detail,
        "frames": len(frames),
        "frames_with_a_face": with_face,
        "page": f"{as_text(out.name)}.mp4",
    }


def _explain_frame(
    explainer: Explainer, title: str, image_HW3: U8Image
) -> tuple[U8Image, list[Json]]:
    """Return the page of a frame, and the numbers of its faces."""
    detected = explainer.detector.detect(image_HW3)
    explanations, max_faces = explainer.explain(detected), explainer.draw.video_faces
    title = _title(title, explanations, max_faces)
    page = explainer.draw_page(title, detected, explanations, max_faces)
    return figure_pixels(page), explainer.as_json(detected, explanations)


def _title(name: str, explanations: Sequence[Explanation], texts: int) -> str:
    """Return the title of a page; it says if not every face has a text."""
    faces = len(explanations)
    return f"{name}, the {texts} largest of {faces} faces" if faces > texts else name


def _with_ending(out: Path, ending: str) -> Path:
    return out.with_name(f"{out.name}.{ending}")


def _reason(record: Json) -> str:
    """Return the status of a file; with the reason, if it could not be read."""
    unread = record["status"] not in (Status.OK, Status.NO_FACE)
    return f"{record['status']}: {record['detail']}" if unread else str(record["status"])


def _summarize(record: Json) -> list[str]:
    """Return a record of the summary as lines."""
    name = record["picture"]
    if "frames" in record:
        count = f"{record['frames_with_a_face']} of {record['frames']} frames have a face"
        return [f"{name}: {'; '.join(filter(None, [count, record['detail']]))}"]
    if record["status"] != Status.OK:
        return [f"{name}: {_reason(record)}"]
    faces = record["faces"]
    if len(faces) == 1:
        return [f"{name}: {faces[0]['sentence']}"]
    return [f"{name}, face {one['number']} of {len(faces)}: {one['sentence']}" for one in faces]
