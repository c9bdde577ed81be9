"""CAM methods: where a model looked for a class, (model, forward, classes_B) -> raw maps (B, H, W).

They work from the activations and gradients of the head, so there are no hooks. A whole batch takes
one pass, whether or not gradients are recorded. Maps are normalised and resized in
train.evaluation.metrics only. TS-CAM's and APViT's maps are in the files of their methods, those
that published code computes otherwise than its paper says in published_cams.
Shapes: B batch, C channels, H W rows and columns of the deepest level, K expressions.
"""

import torch
from torch import Tensor

from train.methods.apvit import token_importance
from train.methods.base import Classifier, head_map, unsuitable
from train.methods.published_cams import acol_published, adl_published
from train.methods.ts_cam import ts_cam
from train.records import CamMethod, Forward


def class_map(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight the deepest activations by the linear layer's weights for a class; no ReLU, no bias.

    Raises:
        UsageError: if the head is not linear in the pooled level.

    Source: Zhou et al., CVPR 2016.
    """
    weights_KC = model.head.class_weights()
    if weights_KC is None:
        raise unsuitable("class_map", "a head that is linear in the pooled level")
    return torch.einsum("bc,bchw->bhw", weights_KC[classes_B], forward.features[-1])


def gradcam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight each channel by its mean gradient; ReLU.

    Source: Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return _weighted_relu(gradient_BCHW.mean(dim=(2, 3)), forward.features[-1])


def gradcam_pp(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight each channel by its positive gradients, each by its alpha; ReLU.

    Source: Chattopadhay et al., Grad-CAM++, WACV 2018, equation 19.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    sums_BC11 = forward.features[-1].sum(dim=(2, 3), keepdim=True)
    below_BCHW = 2 + sums_BC11 * gradient_BCHW  # both parts of the fraction over the square
    alphas_BCHW = torch.where(
        (gradient_BCHW != 0) & (below_BCHW != 0), 1 / below_BCHW, torch.zeros_like(below_BCHW)
    )
    return _weighted_relu(
        (alphas_BCHW * gradient_BCHW.relu()).sum(dim=(2, 3)), forward.features[-1]
    )


def gradcam_pp_published(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight each channel by the sum of its positive gradients cubed; ReLU.

    What the published code computes: its alphas stay the squared gradient.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    # Cubes of small numbers underflow; a map's scale is free, so each face's largest becomes one.
    gradient_BCHW = gradient_BCHW / gradient_BCHW.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(
        min=torch.finfo(gradient_BCHW.dtype).tiny
    )
    return _weighted_relu(gradient_BCHW.relu().pow(3).sum(dim=(2, 3)), forward.features[-1])


def layercam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight every activation by its own positive gradient; ReLU.

    Source: Jiang et al., LayerCAM, TIP 2021.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return (gradient_BCHW.relu() * forward.features[-1]).sum(dim=1).relu()


def gradient_times_input(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Sum activations over channels, each times the size of its gradient.

    PAL trains this map. Source: Bonnard et al., 2022 (arXiv 2203.12905).
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return (gradient_BCHW.abs() * forward.features[-1]).sum(dim=1)


def _weighted_relu(weights_BC: Tensor, feature_BCHW: Tensor) -> Tensor:
    return torch.einsum("bc,bchw->bhw", weights_BC, feature_BCHW).relu()


CAM_METHODS: dict[str, CamMethod] = {
    "class_map": class_map,
    "gradcam": gradcam,
    "gradcam_pp": gradcam_pp,
    "gradcam_pp_published": gradcam_pp_published,
    "layercam": layercam,
    "gradient_times_input": gradient_times_input,
    "head_map": head_map,
    "ts_cam": ts_cam,
    "token_importance": token_importance,
    "acol_published": acol_published,
    "adl_published": adl_published,
}

GRADIENT_CAM_METHODS = frozenset(
    {"gradcam", "gradcam_pp", "gradcam_pp_published", "gradient_times_input", "layercam"}
)
"""CAM methods that need the head's gradient: exported to ONNX only if it has a closed form."""
