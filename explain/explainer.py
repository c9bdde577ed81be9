"""A run that explains pictures: finds their faces, computes the maps, draws the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from anatomy.au_coding import AUCoding
from errors import UsageError
from explain.explanation import Explanation, explain_faces, sentence
from explain.media import DetectedImage, FaceDetector, outline, resized
from explain.opening import Json, open_model
from explain.params import ReadParams
from params import load
from pipeline.datasets.au_cells import parse_units
from pipeline.faces.warp import paste_map
from report.params import DrawParams
from report.views.explanation_page import ExplainedFace, draw_page
from store.records import Face, U8Image
from train.device import select_device
from train.evaluation.networks import EvalModel


@dataclass(frozen=True, slots=True)
class Explainer:
    """A run that explains pictures.

    Attributes:
        detector: how faces are found.
        model: of the run.
        read: how it is read.
        draw: how pages are drawn.
        metadata: which run, trained on what.
        expression: id of the expression to explain; None for the predicted one.
        aus: FACS number -> intensity of the units that were coded on the one face to explain.
    """

    detector: FaceDetector
    model: EvalModel
    read: ReadParams
    draw: DrawParams
    metadata: Json
    expression: int | None = None
    aus: Mapping[int, float] | None = None

    @classmethod
    def load(
        cls,
        model: Path | str,
        expression: str | None = None,
        params: Path | str = "params.yaml",
        device: str = "auto",
        card: str | None = None,
    ) -> "Explainer":
        """Load a run, or another model.

        Args:
            model: output of stage train; or what command examine takes.
            expression: name of the expression to explain, such as Fear; None for the predicted one.
            params: file with all parameters.
            device: cpu, cuda, cuda:1, ...; auto: a GPU if there is one.
            card: of an .onnx file; else None.

        Raises:
            UsageError: if the expression is unknown.
            NoInputError: if there is no such model.
        """
        settings = load(Path(params))
        opened = open_model(str(model), card, settings, select_device(device))
        labels = opened.model.codebook.labels
        wanted = labels.ids([labels.named(expression)])[0] if expression else None
        found = settings.explain.find, opened.align, opened.landmark, opened.like_52
        read = settings.explain.read
        metadata = {**opened.metadata, "read": read.model_dump(mode="json")}
        return cls(
            FaceDetector(*found), opened.model, read, settings.explain.draw, metadata, wanted
        )

    def with_units(self, aus: str) -> "Explainer":
        """Return one that shows the action units coded on a face, written as in column aus.

        Raises:
            DataError: if they cannot be read.
        """
        return replace(self, aus=parse_units(aus, "--aus"))

    def explain_picture(self, path: Path | str) -> tuple[DetectedImage, list[Explanation]]:
        """Find the faces of a picture and explain each.

        Raises:
            UndecodableError: if it cannot be read as a picture.
        """
        detected = self.detector.read(Path(path))
        return detected, self.explain(detected)

    def explain(self, detected: DetectedImage) -> list[Explanation]:
        """Explain the faces that were found in a picture.

        Raises:
            UsageError: if action units were given, which are of one face, and there are several.
        """
        if not detected.faces:
            return []
        images, points = detected.stacked(), detected.points_BL2
        return explain_faces(self.model, images, points, self.expression, self._coding(detected))

    def _coding(self, detected: DetectedImage) -> AUCoding | None:
        if self.aus is None:
            return None
        if len(detected.faces) > 1:
            raise UsageError(
                "--aus", f"is of one face; there are {len(detected.faces)}. Crop the picture."
            )
        return AUCoding(tuple(self.aus), np.array([[*self.aus.values()]], np.float32))

    def sentence(self, explanation: Explanation) -> str:
        """Say in words what was predicted, and where attention lies."""
        return sentence(explanation, self.read)

    def as_json(self, detected: DetectedImage, explanations: Sequence[Explanation]) -> list[Json]:
        """Return the numbers of every face, in the order of their numbers on the page."""
        return [
            {
                "number": number,
                "outline": outline(face).round(1).tolist(),
                "found_by": face.backend,
                "framing": face.detail,
                "inside_fraction": round(face.inside_fraction, 3),
                **explanation.as_json(),
                "sentence": self.sentence(explanation),
            }
            for number, (face, explanation) in enumerate(
                zip(detected.faces, explanations, strict=True), 1
            )
        ]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the run tells apart."""
        return self.model.codebook.labels.names

    @property
    def origin(self) -> str:
        """What the run was trained on, to print beside every result."""
        return str(self.metadata["origin"])

    @property
    def notice(self) -> str:
        """A warning that its dataset asks for; empty if there is none."""
        notice = self.metadata["notice"]
        return f"WARNING: {notice}" if notice else ""

    @property
    def provenance(self) -> list[str]:
        """Both, and how faces are framed if that follows the training faces, as lines."""
        return [self.origin, *filter(None, [self.notice, self.metadata["framing"]])]

    def draw_page(
        self,
        title: str,
        detected: DetectedImage,
        explanations: Sequence[Explanation],
        max_faces: int | None = None,
    ) -> Figure:
        """Draw the maps over the picture; max_faces: see report.views.explanation_page."""
        shown = resized(detected, self.draw.panel_px)
        pairs = zip(shown.faces, explanations, strict=True)
        faces = [self._explained(shown.image_HW3, *pair, whole=not max_faces) for pair in pairs]
        return draw_page(
            title, shown.image_HW3, faces, max_faces, origin=self.origin, notice=self.notice
        )

    def _explained(
        self, image_HW3: U8Image, face: Face, explanation: Explanation, whole: bool
    ) -> ExplainedFace:
        """Lay what is known of a face over its picture.

        Args:
            image_HW3: the picture.
            face: in it.
            explanation: of the face.
            whole: also how it was restored; frames of a video have no room for it.
        """
        shape = image_HW3.shape[:2]
        maps = explanation.maps() if whole else explanation.read_maps()
        seen = explanation.restored_SS3 if whole else None
        return ExplainedFace(
            outline(face),
            {
                name: paste_map(map_ZZ, face.matrix_23, len(face.image_HW3), shape)
                for name, map_ZZ in maps.items()
            },
            self.sentence(explanation),
            explanation.as_json()["probabilities"],
            None if seen is None else _pasted(image_HW3, face, seen),
        )


def _pasted(image_HW3: U8Image, face: Face, restored_SS3: NDArray[np.float32]) -> U8Image:
    """Lay a restored face over its picture."""
    side, shape = len(face.image_HW3), image_HW3.shape[:2]
    layers = [
        paste_map(np.ascontiguousarray(one), face.matrix_23, side, shape)
        for one in (*restored_SS3.transpose(2, 0, 1), np.ones_like(restored_SS3[..., 0]))
    ]
    *colours, area_HW = layers
    laid = np.rint(np.stack(colours, axis=2) * 255).astype(np.uint8)
    pasted: U8Image = np.where(area_HW[..., None] > 0.999, laid, image_HW3)
    return pasted
