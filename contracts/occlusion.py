"""What stages about occlusion hand on: occluders, mae.json, patches.json, restorer.json.

A store of occluded faces has an array `mask` (14, 14), and a column `occluder` with these names.
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.files import Contract

OccluderName = Literal["hand", "mask", "glasses", "bar", "scarf"]
"""Row of OCCLUDERS."""
BARE = "none"
"""Instead of an occluder: the face was left as it is."""

MAE, MAE_WEIGHTS = "mae.json", "mae.safetensors"
"""Of stage mae: MAECard, and the weights of both transformers."""
DETECTOR, DETECTOR_WEIGHTS = "patches.json", "patches.safetensors"
"""Of stage patches: DetectorCard, and the numbers of the chosen detector."""

RESTORER, RESTORER_WEIGHTS = "restorer.json", "restorer.safetensors"
"""Of stage restore, and in every run that learnt from it: RestorerCard, and its weights."""


class OccludedParams(BaseModel, frozen=True, extra="forbid"):
    """[evaluate.occluded] and [survey.occluded]: which faces count as occluded.

    `quantile`: this share of the patches of training faces is usual. `share`: a face counts as
    occluded if more of its patches are not.
    """

    quantile: float = Field(gt=0, lt=1)
    share: float = Field(ge=0, lt=1)


class RestorerCard(Contract):
    """restorer.json: what frees faces of things before them.

    Attributes:
        mae: [mae] of params.yaml, by which the autoencoder is built.
        detector: row of DETECTORS. radius: scores above it are covered patches.
        filler: row of FILLERS.
        most_hidden: at most this share of the patches is filled, the strangest.
    """

    mae: dict[str, Any]
    detector: str
    radius: float
    filler: str
    most_hidden: float


class MAECard(Contract):
    """mae.json.

    Attributes:
        version: of the stage.
        params: [mae] of params.yaml.
        faces: digest of their store. training_faces: how many were learnt from.
        validation_faces: usable faces of split val; 0: nothing was validated.
        history: per epoch train loss, and validation loss if there was one.
        torch: its version.
    """

    version: int
    params: dict[str, Any]
    faces: str
    training_faces: int
    validation_faces: int
    history: list[dict[str, float]]
    torch: str


class DetectorScores(Contract):
    """How well a detector finds covered patches of test faces.

    Attributes:
        auroc_unseen: on kinds of occluders that no detector learnt from; None without such faces.
        auroc_kinds: kind -> on its faces, seen kinds too.
        accuracy, precision, recall: at the radius, on unseen kinds.
        flagged_bare: share of patches that it calls occluded on bare test faces.
    """

    auroc_unseen: float | None
    auroc_kinds: dict[str, float]
    accuracy: float | None
    precision: float | None
    recall: float | None
    flagged_bare: float


class DetectorCard(Contract):
    """patches.json.

    Attributes:
        version: of the stage.
        params: [patches] of params.yaml.
        detector: row of DETECTORS, the one that is kept.
        radius: scores above it are occluded.
        faces, occluded, mae: digests of the inputs.
        fitted, held_out, tested: faces that each was made of.
        scores: detector -> how well it does; `pixels` is the floor.
    """

    version: int
    params: dict[str, Any]
    detector: str
    radius: float
    faces: str
    occluded: str
    mae: str
    fitted: int
    held_out: int
    tested: int
    scores: dict[str, DetectorScores]
