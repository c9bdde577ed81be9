"""What a model is: a backbone, a head, a training strategy, a CAM method, losses.

The backbone gives features, the head scores them, the training strategy changes training, and the
CAM method explains.

Files:
    acol.py             ACoL: a second branch, trained on what the first one did not use
    added_heads.py      the family ADDED_HEADS: outputs beside the expressions
    adl.py              ADL: hides the most active places at random
    apvit.py            APViT: a transformer that drops places
    array_pickles.py    reads pickles of arrays without running code
    au_alignment.py     the AU alignment loss
    backbones/          the family BACKBONES
    base.py             Head and Classifier: what every method is made of
    black_box.py        the family BLACK_BOX_METHODS: maps from pictures and probabilities alone
    cafe.py             CAFE: a mask on frozen CLIP features
    cam_methods.py      the family CAM_METHODS
    classification_loss.py  the loss that learns the expressions: kind, class weights
    clip.py             the frozen image tower of CLIP ViT-B/32
    cutmix.py           CutMix: pastes a box of another face
    dense.py            hidden layers before the classifier
    eac.py              EAC: attention must agree between a face and its mirror image
    fully_connected.py  VGG's fully connected classifier, the head of PAL
    gap.py              global average pooling and a linear layer
    heads.py            the family HEADS
    losses.py           the family of losses
    mixup.py            mixup: blends two faces, their labels and maps
    model.py            builds a network from a row of METHODS
    ofer.py             OFER: heads over the restored face, and latents of its patches
    pal.py              PAL: contributions must lie on landmarks or AUs
    prm.py              PRM: peak response mapping
    published_cams.py   CAM methods where published code differs from its paper
    rul.py              RUL: mixes faces by their uncertainty
    scn.py              SCN: weights faces by trust in their label, and relabels
    script_archive.py   reads the tensors of TorchScript archives without running code
    strategies.py       the family of training strategies
    torchvision_names.py  names that timm and torchvision do not share
    ts_cam.py           TS-CAM: class maps from tokens and attention
    valence_arousal.py  valence and arousal: an added head and its loss
    weight_files.py     reads files of weights without running code
    weight_names.py     names of weights elsewhere, and ours
    weights.py          loads pretrained weights into a network
    wildcat.py          WILDCAT: several maps per expression
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
        reads_latents: whether it learns from restored faces and their latents, see train.occlusion.
        compiles: whether its training step may be compiled by torch.compile. A loss that
            differentiates a model's outputs by its features gets no gradient from a compiled model.
    """

    head: str
    training_strategy: str
    cam_method: str
    losses: tuple[str, ...]
    compiles: bool = True
    reads_latents: bool = False


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
    "gradcam_dense": Method("dense", "plain", "gradcam", _CE),
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
    "ofer": Method("ofer", "with_latents", "gradcam", _CE, reads_latents=True),
}
"""Published methods: head, training strategy, CAM method, losses.

The backbone, and whether AU alignment is added, are choices of the run."""
