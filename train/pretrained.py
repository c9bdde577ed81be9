"""Named weights: which backbone has which, where they come from, what they may be used for.

No torch here: params.yaml is checked against it. Every backbone takes images normalised with the
mean and deviation of ImageNet (train/images.py), whatever its weights were trained with.
"""

from collections.abc import Mapping

from errors import UsageError

_IMAGENET = "downloaded by timm; ImageNet's pictures are for non-commercial research"
_FACE = (
    "in the package face_recognition_models; dlib's face-recognition network, trained on 3 million "
    "faces of 7,485 persons; public domain (CC0)"
)

BACKBONE_WEIGHTS: dict[str, Mapping[str, str]] = {
    "resnet18": {"imagenet": _IMAGENET},
    "resnet50": {"imagenet": _IMAGENET},
    "vgg16": {"imagenet": _IMAGENET},
    "efficientnet_b0": {"imagenet": _IMAGENET},
    "mobilenetv3_small": {"imagenet": _IMAGENET},
    "convnext_atto": {"imagenet": _IMAGENET},
    "swin_tiny": {"imagenet": _IMAGENET},
    "vit_tiny": {"imagenet": _IMAGENET},
    "deit_small": {"imagenet": _IMAGENET},
    "deit_tiny": {"imagenet": _IMAGENET},
    "deit_mini": {},
    "ir50": {},
    "ir18": {},
    "dlib21": {"face": _FACE},
    "dlib27": {"face": _FACE},
}
"""Row of BACKBONES -> what `train.weights` may name -> origin and licence."""

NAMED_WEIGHTS = ("none", "face", "imagenet")
"""What `train.weights` may say instead of a path."""


def check_named_weights(backbone: str, weights: str) -> None:
    """Refuse named weights that a backbone does not have.

    Raises:
        UsageError: naming those that have them.
    """
    own = BACKBONE_WEIGHTS.get(backbone, {})
    if weights in NAMED_WEIGHTS[1:] and weights not in own:
        having = [name for name, named in BACKBONE_WEIGHTS.items() if weights in named]
        raise UsageError(
            "train.weights",
            f"there are no {weights} weights for {backbone}. Use none or a path, or one of "
            f"{', '.join(having)}.",
        )
