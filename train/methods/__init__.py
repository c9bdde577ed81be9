"""What a model is: a backbone, a head, a training strategy, a CAM method, losses.

The backbone gives features, the head scores them, the training strategy changes training, and the
CAM method explains.
"""

from train.records import Method

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
    "ts_cam": Method("token_conv", "plain", "ts_cam", _CE),
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
    "scn": Method("weighted", "relabel", "class_map", (*_CE, "importance_ranking")),
    "rul": Method("uncertain", "uncertain_mixup", "gradcam", ("mixed_cross_entropy",)),
    "eac": Method("gap", "mirrored", "class_map", (*_CE, "mirror_consistency")),
}
"""Published methods: head, training strategy, CAM method, losses.

The backbone, and whether AU alignment is added, are choices of the run."""
