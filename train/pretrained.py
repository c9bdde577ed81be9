"""Named weights: which backbone has which, where they come from, what they may be used for.

No torch here: params.yaml is checked against it. Networks get images normalised with the mean and
deviation of ImageNet (train/images.py). Where weights were trained with others, the first layer is
changed so that it computes the same; `trained_with` says with which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errors import UsageError


@dataclass(frozen=True, slots=True)
class WeightsOrigin:
    """Weights that `train.weights` may name.

    Attributes:
        origin: who trained them on what, and where they are.
        licence: of the weights and of what they were trained on.
        trained_with: normalisation of their input.
    """

    origin: str
    licence: str
    trained_with: str


_MEANS = "mean and deviation of ImageNet"


def _imagenet(licence: str, trained_with: str = _MEANS) -> Mapping[str, WeightsOrigin]:
    whole = f"{licence}; ImageNet's pictures are for non-commercial research"
    return {"imagenet": WeightsOrigin("ImageNet, downloaded by timm", whole, trained_with)}


_FACE = {
    "face": WeightsOrigin(
        "dlib's face-recognition network, 3 million faces of 7,485 persons, in the package "
        "face_recognition_models",
        "public domain (CC0)",
        "mean colour subtracted, divided by 256",
    )
}

BACKBONE_WEIGHTS: dict[str, Mapping[str, WeightsOrigin]] = {
    "resnet18": _imagenet("BSD-3-Clause"),
    "resnet50": _imagenet("BSD-3-Clause"),
    "resnet50_caffe": {},
    "vgg16": _imagenet("BSD-3-Clause"),
    "efficientnet_b0": _imagenet("Apache-2.0"),
    "mobilenetv3_small": _imagenet("Apache-2.0"),
    "convnext_atto": _imagenet("Apache-2.0"),
    "swin_tiny": _imagenet("MIT"),
    "vit_tiny": _imagenet("Apache-2.0", "mean and deviation of 0.5"),
    "deit_small": _imagenet("Apache-2.0"),
    "deit_tiny": _imagenet("Apache-2.0"),
    "deit_mini": {},
    "ir50": {},
    "ir18": {},
    "dlib21": _FACE,
    "dlib27": _FACE,
}
"""Row of BACKBONES -> what `train.weights` may name."""

NAMED_WEIGHTS = ("none", "face", "imagenet")
"""What `train.weights` may say instead of a run or a path."""


def names_a_run(weights: str) -> bool:
    """Say whether `train.weights` is a folder: a run, which train.fitting.warm_start loads."""
    return weights not in NAMED_WEIGHTS and Path(weights).is_dir()


def check_named_weights(backbone: str, weights: str, normalisation: str) -> None:
    """Refuse named weights that a backbone does not have, and another input than they get here.

    Raises:
        UsageError: naming those that have them.
    """
    own = BACKBONE_WEIGHTS.get(backbone, {})
    if weights in NAMED_WEIGHTS[1:] and weights not in own:
        having = [name for name, named in BACKBONE_WEIGHTS.items() if weights in named]
        raise UsageError(
            "train.weights",
            f"there are no {weights} weights for {backbone}. Use none, a run or a path, or one of "
            f"{', '.join(having)}.",
        )
    if weights in own and normalisation != "imagenet":
        raise UsageError(
            "train.input",
            f"is {normalisation}, but {weights} weights are loaded so that they take imagenet, "
            "whatever they were trained with. Set it to imagenet.",
        )
