"""run.json, the card of an exported run, and the metadata of the stores behind a run."""

from pathlib import Path
from typing import Any, Literal

from contracts.files import Contract
from contracts.labels import LabelSet

_BEGINNINGS = {
    "none": "random weights",
    "face": "weights of a face-recognition network",
    "imagenet": "ImageNet weights",
}
"""What `train.weights` may name -> words."""


class DatasetMetadata(Contract):
    """Metadata of a landmark store: the dataset's, then what each stage added.

    Attributes:
        dataset: its name.
        notice: text that the dataset asks for beside its scores.
        labels: its classes.
        reader, root, follow_links: how stage index read it; None without an index.
        attributes: columns of the status table that came with the dataset; none without an index.
        units: FACS numbers of the action units that were coded on its faces.
        valence_arousal: whether it says how pleasant and how excited any face looks.
        size_px: side of the stored faces, in whose px the landmarks are.
    """

    dataset: str
    notice: str | None
    labels: LabelSet
    reader: str | None = None
    root: str | None = None
    follow_links: bool | None = None
    attributes: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    valence_arousal: bool = False
    size_px: int


class UsedHeatmaps(Contract):
    """The heatmaps that a run was trained with.

    Attributes:
        digest: of their store.
        kind: of heatmap.
        canvas_px: side of the canvas on which they are drawn.
        options: of the kind.
    """

    digest: str
    kind: str
    canvas_px: int
    options: dict[str, Any]


class WarmStart(Contract):
    """The run whose weights a run began with: its folder, its manifest's digest, its dataset."""

    run: str
    digest: str
    dataset: str


class ImportedFrom(Contract):
    """Where a run comes from whose weights AULens did not train.

    Attributes:
        kind: a checkpoint of the published code, or a file of the user's.
        files: name -> SHA-256.
        cam_method: row of CAM_METHODS that `method` means for this run: the published arithmetic.
        stated: keys of params that the files or the user stated; the others are those of
            params.yaml at that time, and say nothing about the weights.
        remarks: what was left out or filled in.
    """

    kind: Literal["published_checkpoint", "own_file"]
    files: dict[str, str]
    cam_method: str
    stated: list[str]
    remarks: list[str]


class Framing(Contract):
    """How the training faces of a run lie in their crops.

    Attributes:
        aligned: faces that were turned upright onto the template.
        resized: faces whose pictures were crops already, and were used as a whole.
        points: where eyes, nose and mouth corners lie on average, (x, y) as shares of the crop's
            side, in the order of anatomy.templates.
    """

    aligned: int
    resized: int
    points: list[tuple[float, float]]

    @property
    def is_of_template(self) -> bool:
        """Whether most faces lie on the template of [align]."""
        return self.aligned >= self.resized


class RunCard(Contract):
    """run.json: what a run is and was made from.

    Attributes:
        stage, version: `train`, or `import-run`, and its version.
        method: row of METHODS.
        variant: row of `variants` in params.yaml.
        repeat: seed0, ...: see contracts.repeats.
        params: [train] with its overlays; `alignment` is None for a run without AU alignment.
        ranks: processes that trained it.
        device: cpu or cuda: equal bits are promised on one device only; None if it is not known.
        precision: of its products: none (single), bf16 or fp16; None if it is not known.
        faces, landmarks: digests of the stores; None if they are not known.
        heatmaps: None if the run reads none.
        restored: digest of the restored faces that it learnt from; None if it read plain ones.
        torch: its version.
        warm_start: the run that it began with; None if there was none.
        training_faces: number of faces that it was trained on; None if it is not known.
        soft_faces: how many of them had soft targets, the shares of several people's labels; None
            of a run whose targets were the labels.
        about: metadata of the landmarks; its labels are in the order of the logits.
        imported: None if AULens trained the run.
        framing: None if it is not known.
    """

    stage: str
    version: int
    method: str
    variant: str
    repeat: str
    params: dict[str, Any]
    ranks: int
    device: str | None
    precision: str | None
    faces: str | None
    landmarks: str | None
    heatmaps: UsedHeatmaps | None
    restored: str | None = None
    torch: str
    warm_start: WarmStart | None
    training_faces: int | None
    soft_faces: int | None = None
    about: DatasetMetadata
    imported: ImportedFrom | None = None
    framing: Framing | None = None

    @property
    def labels(self) -> LabelSet:
        """What it tells apart, in the order of the logits."""
        return self.about.labels

    def cam_method(self, own: str) -> str:
        """Return the row of CAM_METHODS that `method` means for this run.

        Args:
            own: that of its method.
        """
        return self.imported.cam_method if self.imported else own

    @property
    def origin(self) -> str:
        """Say in a sentence what the run was trained on, and what it began with."""
        if self.imported:
            files = ", ".join(self.imported.files)
            return (
                f"Imported from {files}, not trained by AULens; trained on {self.about.dataset}; "
                f"{self.params['backbone']}."
            )
        weights = str(self.params["weights"])
        begun = _BEGINNINGS.get(weights, f"weights from {Path(weights).name}")
        if self.warm_start:
            begun = f"the weights of {weights}, which was trained on {self.warm_start.dataset}"
        faces = f"{self.training_faces} faces of {self.about.dataset}"
        soft = "" if self.soft_faces is None else f", {self.soft_faces} of them with soft labels"
        return f"Trained on {faces}{soft}; {self.params['backbone']}, begun with {begun}."


class GraphTensor(Contract):
    """One input or output of an exported graph; `done_inside` says what the graph does first."""

    name: str | None = None
    type: str
    shape: list[str | int]
    what: str
    done_inside: dict[str, Any] | None = None


class OnnxCheck(Contract):
    """Opset, and the largest difference from torch per output; None without onnxruntime."""

    opset: int
    differences: dict[str, float] | None


class ExportCard(Contract):
    """model.json of export-model: the graph's inputs and outputs, and what it was made from.

    Attributes:
        input, outputs: of the graph.
        onnx: how it was made and checked.
        method, variant, repeat, params, labels, torch: as in run.json; of files only names.
        expressions: names of the classes, in the order of the logits.
        checkpoint, epoch: which state of the run. accuracy: split -> of that state.
        protocol: how the checkpoint was chosen.
        trained_on, notice, licence, revision: dataset, its notice, terms, commit of AULens.
        digests: store -> digest.
        files: name -> SHA-256.
    """

    input: GraphTensor
    outputs: dict[str, GraphTensor]
    onnx: OnnxCheck
    method: str
    variant: str
    repeat: str
    params: dict[str, Any]
    expressions: list[str]
    labels: LabelSet
    torch: str
    checkpoint: str
    epoch: int
    accuracy: dict[str, float]
    protocol: str
    trained_on: str
    notice: str | None
    licence: str
    revision: str
    digests: dict[str, str]
    files: dict[str, str]
