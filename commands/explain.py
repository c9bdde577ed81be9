"""Why a run says what it says of a picture: pipeline finds the faces, train explains them.

Pipeline lays the maps back over the picture, report draws it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.options import DEVICE, PATH, echo, progress_bar, with_options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from explain.explanation import Explanation
    from explain.media import Finding, Shot
    from explain.params import ReadParams
    from report.params import DrawParams
    from train.evaluation.batch import EvalModel

SUMMARY = "explained.json"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explainer:
    """A run that explains pictures.

    Attributes:
        finding: how faces are found.
        model: of the run.
        read: how it is read.
        draw: how pages are drawn.
        metadata: which run, trained on what.
        expression: id of the expression to explain; None for the predicted one.
    """

    finding: "Finding"
    model: "EvalModel"
    read: "ReadParams"
    draw: "DrawParams"
    metadata: Json
    expression: int | None = None

    @classmethod
    def of(
        cls,
        run: Path | str,
        expression: str | None = None,
        params: Path | str = "params.yaml",
        device: str = "auto",
    ) -> "Explainer":
        """Open a run; expression is a name, such as Fear."""
        from anatomy.expressions import EXPRESSIONS, SYNONYMS
        from errors import pick
        from explain.media import Finding
        from params import load
        from train.device import select_device
        from train.evaluation.batch import load_eval_model

        whole, run = load(Path(params)), Path(run)
        finding = Finding(whole.explain.find, whole.align, whole.landmark)
        read = whole.explain.read
        ids = {name.lower(): number for number, name in enumerate(EXPRESSIONS)}
        word = expression.lower() if expression else None
        wanted = None if word is None else pick(ids, SYNONYMS.get(word, word), "expression")
        reading = (read.checkpoint, read.cam_method, read.geometry)
        model, card = load_eval_model(run, *reading, select_device(device))
        metadata = {
            "run": str(run),
            **{key: getattr(card, key) for key in ("method", "supervision")},
            **{key: getattr(card.about, key) for key in ("dataset", "notice")},
            "read": read.model_dump(mode="json"),
        }
        return cls(finding, model, read, whole.explain.draw, metadata, wanted)

    def picture(self, path: Path | str) -> tuple["Shot", list["Explanation"]]:
        """Find the faces of a picture and explain each.

        Raises:
            UndecodableError: if it is none.
        """
        from explain.media import picture

        shot = picture(Path(path), self.finding)
        return shot, self.explained(shot)

    def explained(self, shot: "Shot") -> list["Explanation"]:
        """Explain the faces of a shot."""
        from explain.explanation import explain

        if not shot.faces:
            return []
        return explain(self.model, shot.stacked(), shot.points_BL2, self.expression)

    def sentence(self, told: "Explanation") -> str:
        """Say in words what was predicted, and where attention lies."""
        from explain.explanation import sentence

        return sentence(told, self.read)

    def as_json(self, shot: "Shot", told: Sequence["Explanation"]) -> list[Json]:
        """Return the numbers of every face."""
        from explain.media import outline

        return [
            {
                "outline": outline(face).round(1).tolist(),
                "found_by": face.backend,
                "framing": face.detail,
                "inside_fraction": round(face.inside_fraction, 3),
                **one.as_json(),
                "sentence": self.sentence(one),
            }
            for face, one in zip(shot.faces, told, strict=True)
        ]

    def page(
        self, title: str, shot: "Shot", told: Sequence["Explanation"], room: int | None = None
    ) -> "Figure":
        """Draw the maps over the picture; room is for so many faces."""
        from explain.media import outline, sized
        from pipeline.faces.warp import paste_map
        from report.views.explanation_page import ExplainedFace, draw_page

        shown = sized(shot, self.draw.panel_px)
        shape = shown.image_HW3.shape[:2]
        faces = [
            ExplainedFace(
                outline(face),
                {
                    name: paste_map(one_ZZ, face.matrix_23, len(face.image_HW3), shape)
                    for name, one_ZZ in one.maps().items()
                },
                self.sentence(one),
                one.as_json()["probabilities"],
            )
            for face, one in zip(shown.faces, told, strict=True)
        ]
        return draw_page(title, shown.image_HW3, faces, room)


@click.command()
@click.argument("run", type=PATH)
@click.argument("pictures", type=PATH, nargs=-1, required=True, metavar="PICTURE...")
@click.option("--out", type=PATH, required=True, help="Folder to write to.")
@click.option("--expression", help="Explain this expression instead of the predicted one.")
@click.option(
    "--params",
    type=PATH,
    default="params.yaml",
    show_default=True,
    help="File with all parameters.",
)
@with_options(DEVICE)
def explain(
    run: Path,
    pictures: tuple[Path, ...],
    out: Path,
    expression: str | None,
    params: Path,
    device: str,
) -> None:
    """Explain what a run predicts for every face in PICTURE...

    PICTURE is an image, a video, or a folder. OUT gets a page and its numbers for each picture, and
    explained.json, which also lists the pictures that have no face or cannot be read.
    """
    from errors import NoInputError
    from explain.media import files
    from store.files import atomic_write, canonical_json

    named = _named(files(pictures))
    if not named:
        raise NoInputError(pictures[0], "holds no picture and no video.")
    explainer = Explainer.of(run, expression, params, device)
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    with progress_bar("explain", out) as progress:
        for place, (name, path) in enumerate(named.items()):
            progress(place, len(named), path.name)
            lines.append(_line(explainer, path, out / name))
    atomic_write(out / SUMMARY, canonical_json({**explainer.metadata, "pictures": lines}))
    for line in lines:
        echo(*_told(line))


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Give every file a name of its own for what is written of it."""
    named: dict[str, Path] = {}
    for path in paths:
        number = sum(known.split("~")[0] == path.stem for known in named)
        named[f"{path.stem}~{number + 1}" if number else path.stem] = path
    return named


def _line(explainer: Explainer, path: Path, out: Path) -> Json:
    """Explain one file and return its line of the summary; never raises for what is in it."""
    from explain.media import is_video
    from pipeline.faces.decode import UndecodableError

    try:
        return (_film if is_video(path) else _picture)(explainer, path, out)
    except UndecodableError as error:
        return {"picture": str(path), "problem": f"{error.status}: {error.detail}"}


def _picture(explainer: Explainer, path: Path, out: Path) -> Json:
    from report.figures.drawing import png
    from store.files import atomic_write, canonical_json

    shot, told = explainer.picture(path)
    line: Json = {"picture": str(path), "faces": explainer.as_json(shot, told)}
    if not told:
        return {**line, "problem": "no_face"}
    page = explainer.page(str(path), shot, told)
    atomic_write(out.with_name(f"{out.name}.png"), png(page))
    atomic_write(out.with_name(f"{out.name}.json"), canonical_json({**explainer.metadata, **line}))
    return {**line, "page": f"{out.name}.png"}


def _film(explainer: Explainer, path: Path, out: Path) -> Json:
    from explain.media import Reel, film, shot
    from report.views.explanation_page import figure_pixels
    from store.files import atomic_write, canonical_json

    opened = film(path, explainer.finding)
    reel, frames = Reel(out.with_name(f"{out.name}.mp4"), opened.fps), []
    for seconds, image_HW3 in opened.frames:
        seen = shot(image_HW3, explainer.finding)
        told = explainer.explained(seen)
        title = f"{path}, {seconds:.2f} s"
        reel.add(figure_pixels(explainer.page(title, seen, told, explainer.draw.video_faces)))
        frames.append({"seconds": round(seconds, 3), "faces": explainer.as_json(seen, told)})
    reel.close()
    whole = {**explainer.metadata, "video": str(path), "frames": frames}
    atomic_write(out.with_name(f"{out.name}.json"), canonical_json(whole))
    found = sum(bool(frame["faces"]) for frame in frames)
    line: Json = {"picture": str(path), "frames": len(frames), "frames_with_a_face": found}
    return {**line, "page": f"{out.name}.mp4"} if frames else {**line, "problem": "no frames"}


def _told(line: Json) -> list[str]:
    """Return a line of the summary as words, a line per face."""
    name = line["picture"]
    if "problem" in line:
        return [f"{name}: {line['problem']}"]
    if "frames" in line:
        return [f"{name}: {line['frames_with_a_face']} of {line['frames']} frames have a face"]
    return [f"{name}: {face['sentence']}" for face in line["faces"]]
