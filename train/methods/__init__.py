"""What a model is: a backbone, a head, a training strategy, a CAM method, losses.

The backbone gives features, the head scores them, the training strategy changes training, and the
CAM method explains.
"""

from dataclasses import dataclass

LEVELS = 5
"""Levels of activations that every backbone gives, shallow to deep."""


@dataclass(frozen=True, slots=True)
class Method:
    """A published method, as a choice of one row from each family.

    Attributes:
        head: row of HEADS.
        training_strategy: row of STRATEGIES.
        cam_method: row of CAM_METHODS.
        losses: rows of LOSSES, summed.
        compiles: whether its training step may be compiled by torch.compile. A loss that
            differentiates a model's outputs by its features gets no gradient from a compiled model.
    """

    head: str
    training_strategy: str
    cam_method: str
    losses: tuple[str, ...]
    compiles: bool = True


_CE = ("cross_entropy",)

METHODS: dict[str, Method] = {
    "cam": Method("gap", "plain", "class_map", _CE),
    "wildcat": Method("wildcat", "plain", "head_map", _CE),
    "gradcam": Method("gap", "plain", "gradcam", _CE),
    "gradcam_pp": Method("gap", "plain", "gradcam_pp", _CE),
    "acol": Method("acol", "plain", "head_map", (*_CE, "erased_cross_entropy")),
    "prm": Method("prm", "plain", "head_map", _CE),
    "adl": Method("gap", "adl", "class_map", _CE),
    "cutmix": Method("gap", "cutmix", "class_map", _CE),
    "layercam": Method("gap", "plain", "layercam", _CE),
    "ts_cam": Method("ts_cam", "plain", "ts_cam", _CE),
    "apvit": Method("apvit", "plain", "token_importance", _CE),
    "pal": Method(
        "gap", "second_order", "gradient_times_input", (*_CE, "attribution"), compiles=False
    ),
    "pal_fc": Method(
        "fully_connected",
        "second_order",
        "gradient_times_input",
        (*_CE, "attribution"),
        compiles=False,
    ),
    "cafe": Method("cafe", "plain", "gradcam", (*_CE, "separation", "diversity")),
    "scn": Method("scn", "relabel", "class_map", (*_CE, "importance_ranking")),
    "rul": Method("rul", "uncertain_mixup", "gradcam", ("mixed_cross_entropy",)),
    "eac": Method("gap", "mirrored", "class_map", (*_CE, "mirror_consistency")),
}
"""Published methods: head, training strategy, CAM method, losses.

The backbone, and whether AU alignment is added, are choices of the run."""
