"""What is legal in [train] of params.yaml and in its overlays, and in [evaluate] and [export].

A named choice is a Literal; a test holds it to its functions.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_core import PydanticCustomError

from contracts.occlusion import OccludedParams
from train.options import (
    ADDED_HEAD_NAMES,
    BLACK_BOX_NAMES,
    CAM_METHOD_NAMES,
    BlackBoxOptions,
    InputName,
)
from validation import NameOf

AUTO = "auto"
"""Of --device and train.amp: what suits the machine."""
OWN = "method"
"""Instead of a CAM method: the one of the run's own method."""
SplitName = Literal["train", "val", "test", "all"]
MAP_NAMES = (OWN, *CAM_METHOD_NAMES, *BLACK_BOX_NAMES)
CamMethodName = Annotated[str, NameOf(dict.fromkeys(MAP_NAMES), "CAM method")]


AddedHeadName = Annotated[str, NameOf(dict.fromkeys(ADDED_HEAD_NAMES), "added head")]


class AugmentParams(BaseModel, frozen=True, extra="forbid"):
    """[train.augment]: probabilities and ranges of what is done to a training picture."""

    resize_ratio: float = Field(ge=1)
    rotate_p: float = Field(ge=0, le=1)
    rotate_deg: float = Field(ge=0, le=180)
    crop_area_min: float = Field(gt=0, le=1)
    flip_p: float = Field(ge=0, le=1)
    grey_p: float = Field(ge=0, le=1)
    jitter_p: float = Field(ge=0, le=1)
    brightness: float = Field(ge=0, le=1)
    contrast: float = Field(ge=0, le=1)
    saturation: float = Field(ge=0, le=1)
    hue: float = Field(ge=0, le=0.5)
    noise_p: float = Field(ge=0, le=1)
    noise_std: float = Field(ge=0)
    erase_p: float = Field(ge=0, le=1)
    erase_area_max: float = Field(ge=0.02, le=1)
    erase_fill: Literal["noise", "mean"]


class FeedParams(BaseModel, frozen=True, extra="forbid"):
    """[train.feed]: where batches come from, and which faces an epoch shows."""

    source: Literal["mapped", "resident", "auto"]
    resident_share: float = Field(ge=0, le=1)
    threads: int = Field(ge=1, le=64)
    sampler: Literal["shuffled", "balanced", "inverse_frequency"]
    heatmaps: Literal["stored", "drawn"]


class ClassificationParams(BaseModel, frozen=True, extra="forbid"):
    """[train.classification]: the loss that learns the expressions, in every method."""

    loss: Literal["cross_entropy", "focal", "logit_adjusted"]
    focal_gamma: float = Field(ge=0)
    logit_tau: float = Field(ge=0)
    class_weights: Literal["none", "inverse", "effective_number"]
    effective_beta: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    mixup_alpha: float = Field(ge=0)


LrFactor = Annotated[float, Field(gt=0)]


class FineTuningParams(BaseModel, frozen=True, extra="forbid"):
    """[train.fine_tuning]: how fast the levels of the backbone learn, and which rest at first."""

    lr_factor: LrFactor | tuple[LrFactor, LrFactor, LrFactor, LrFactor, LrFactor]
    frozen_levels: int = Field(ge=0, le=5)
    frozen_epochs: int = Field(ge=0)


class ValenceArousalParams(BaseModel, frozen=True, extra="forbid"):
    """[train.valence_arousal]: the loss of the added head of this name."""

    weight: float = Field(gt=0)


class AlignmentParams(BaseModel, frozen=True, extra="forbid"):
    """[train.alignment]: the AU alignment loss, for variants with the key `alignment`."""

    heatmap: str
    layers: tuple[int, ...] = Field(min_length=1)
    weight: float = Field(ge=0)
    attention: Literal["mean", "left_half", "right_half", "fixed_share", "random_share"]
    share: float = Field(gt=0, le=1)
    normalise: Literal["none", "softmax"]
    similarity: Literal["cosine", "standardised_cosine", "l1", "l2", "kl", "log_barrier"]
    sharpness: float = Field(ge=1, le=10)
    sharpness_growth: float = Field(ge=1)
    resize: Literal["half_pixel", "published"]


class TrainParams(BaseModel, frozen=True, extra="forbid"):
    """[train], with its overlays over it.

    `alignment`: in params.yaml the numbers of the AU alignment loss; of a run, None if it goes
    without.
    """

    protocol: Literal["holdout", "paper"]
    choose_by: Literal["accuracy", "balanced_accuracy", "macro_f1", "loss", "att_cos"]
    validate_every: float = Field(gt=0)
    patience: int = Field(ge=0)
    loggers: tuple[Literal["tensorboard", "wandb", "mlflow"], ...]
    backbone: str
    weights: str
    weights_sha256: str | None
    large_maps: bool
    token_px: int = Field(ge=1)
    input: InputName
    head: dict[str, bool | int | float | str | None]
    training_strategy: dict[str, bool | int | float | str | None]
    losses: dict[str, dict[str, bool | int | float | str | None]]
    heads: tuple[AddedHeadName, ...]
    valence_arousal: ValenceArousalParams
    head_dropout: float = Field(ge=0, lt=1)
    targets: Literal["hard", "soft"]
    classification: ClassificationParams
    image_px: int = Field(ge=32, le=1024)
    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    accumulate: int = Field(ge=1)
    optimiser: Literal["sgd", "adamw", "adam"]
    lr: float = Field(gt=0)
    momentum: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    clip_norm: float = Field(ge=0)
    ema: float = Field(ge=0, lt=1)
    schedule: Literal["step", "cosine"]
    warmup_epochs: float = Field(ge=0)
    lr_step_epochs: int = Field(ge=1)
    lr_gamma: float = Field(gt=0, le=1)
    amp: Literal["auto", "none", "bf16", "fp16"]
    feed: FeedParams
    compile: Literal["none", "default", "reduce-overhead"]
    sync_batch_norm: bool
    deterministic: bool
    checkpoint_steps: int = Field(ge=0)
    checkpoint_minutes: float = Field(ge=0)
    augment: AugmentParams
    fine_tuning: FineTuningParams
    alignment: AlignmentParams | None

    @property
    def chosen_on(self) -> str:
        """Split on which the best epoch is chosen: the published habit is to take the test."""
        return {"holdout": "val", "paper": "test"}[self.protocol]

    @property
    def soft_targets(self) -> bool:
        """Whether targets are the shares of several people's labels, where these are known."""
        return self.targets == "soft"

    @property
    def validates_untrained(self) -> bool:
        """Whether the untrained model is one of the candidates: the published habit."""
        return {"holdout": False, "paper": True}[self.protocol]

    @field_validator("heads", mode="before")
    @classmethod
    def _as_list(cls, heads: object) -> object:
        """Refuse a name that is no list of names."""
        if isinstance(heads, str):
            raise PydanticCustomError("no_list", f"needs a list, such as [{ADDED_HEAD_NAMES[0]}]")
        return heads

    @field_validator("heads")
    @classmethod
    def _each_once(cls, heads: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a head twice."""
        if len(set(heads)) != len(heads):
            raise PydanticCustomError("twice", "a head stands there twice")
        return heads

    @field_validator("validate_every")
    @classmethod
    def _whole_epochs(cls, every: float) -> float:
        """Refuse one and a half epochs."""
        if every > 1 and every != int(every):
            raise PydanticCustomError(
                "whole_epochs", "from 1 on it has to be a whole number of epochs"
            )
        return every


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """The numbers of one method and variant on one dataset.

    Attributes:
        method, variant: words of the matrix.
        params: [train] with all overlays.
        kind: of the heatmaps that the run reads; None if it reads none.
    """

    method: str
    variant: str
    params: TrainParams
    kind: str | None


class HidingParams(BaseModel, frozen=True, extra="forbid"):
    """[evaluate.hiding]: what hiding parts of the picture does, measured on a few faces."""

    per_class: int = Field(ge=0)
    steps: int = Field(ge=1)
    fill: Literal["blur", "mean_face"]


class OwnUnitParams(BaseModel, frozen=True, extra="forbid"):
    """[evaluate.own_units]: what is scored against the action units coded on each face."""

    least: float = Field(ge=0, le=1)
    seed: int = Field(ge=0)


class ReadingParams(BaseModel, frozen=True, extra="forbid"):
    """How a trained model is read: which state, which maps, and what they are compared with."""

    checkpoint: Literal["last", "best"]
    cam_method: CamMethodName
    geometry: Literal["exact", "published"]
    codebook: Literal["published", "corrected"]
    canvas_px: int = Field(ge=28, le=1024)


class EvaluateParams(ReadingParams, frozen=True):
    """[evaluate] in params.yaml."""

    split: SplitName
    tf32: bool
    batch: int = Field(ge=1)
    threads: int = Field(ge=1)
    calibration_bins: int = Field(ge=1)
    bootstrap: int = Field(ge=0)
    seed: int = Field(ge=0)
    subgroup_min: int = Field(ge=1)
    occluded: OccludedParams
    black_box: BlackBoxOptions
    hiding: HidingParams
    own_units: OwnUnitParams
    save_maps: bool
    sheet_per_class: int = Field(ge=0)
    sheet_px: int = Field(ge=16, le=512)


class DegradationParams(BaseModel, frozen=True, extra="forbid"):
    """[examine.degradations]: amounts of each; none leaves it out."""

    blur: tuple[Annotated[float, Field(gt=0, le=20)], ...]
    noise: tuple[Annotated[float, Field(ge=0, le=255)], ...]
    darkness: tuple[Annotated[float, Field(ge=0, le=1)], ...]
    rotation: tuple[Annotated[float, Field(ge=0, le=180)], ...]
    eyes_hidden: tuple[Annotated[float, Field(gt=0, le=5)], ...]
    mouth_hidden: tuple[Annotated[float, Field(gt=0, le=5)], ...]
    jpeg: tuple[Annotated[int, Field(ge=1, le=100)], ...]


class ExamineParams(BaseModel, frozen=True, extra="forbid"):
    """[examine] in params.yaml."""

    mapped_per_class: int = Field(ge=1)
    maps: tuple[Annotated[str, NameOf(dict.fromkeys(BLACK_BOX_NAMES), "black-box method")], ...]
    checked_faces: int = Field(ge=1)
    degraded_per_class: int = Field(ge=0)
    degraded_mapped_per_class: int = Field(ge=0)
    degradations: DegradationParams
    max_passes: int = Field(ge=1)


class ExportParams(BaseModel, frozen=True, extra="forbid"):
    """[export] in params.yaml."""

    checkpoint: Literal["last", "best"]
    opset: int = Field(ge=18, le=23)
    tolerance: float = Field(gt=0)
