"""CAM methods: where a model looked for a class, (model, forward, classes_B) -> raw maps (B, H, W).

A whole batch in one pass, with or without gradients being recorded. Normalising and resizing has
one home: train.evaluation.agreement.
Shapes: B batch, C channels, H W rows and columns of the deepest level, K expressions.
"""

import torch
from torch import Tensor

from errors import UsageError
from train.methods.base import Classifier, select_class
from train.records import CamMethod, Forward


def class_map(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight the deepest activations by the linear layer's weights for a class; no ReLU, no bias.

    Raises:
        UsageError: if the head is not linear in the pooled level.

    Source: Zhou et al., CVPR 2016.
    """
    weights_KC = model.head.class_weights()
    if weights_KC is None:
        raise _unfit("class_map", "a head that is linear in the pooled level")
    return torch.einsum("bc,bchw->bhw", weights_KC[classes_B], forward.features[-1])


def gradcam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight each channel by its mean gradient; ReLU.

    Source: Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return _weighted(gradient_BCHW.mean(dim=(2, 3)), forward.features[-1])


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
    return _weighted((alphas_BCHW * gradient_BCHW.relu()).sum(dim=(2, 3)), forward.features[-1])


def gradcam_pp_published(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight each channel by the sum of its positive gradients cubed; ReLU.

    What the published code computes: its alphas stay the squared gradient.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    # Cubes of small numbers underflow; a map's scale is free, so each face's largest becomes one.
    gradient_BCHW = gradient_BCHW / gradient_BCHW.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(
        min=torch.finfo(gradient_BCHW.dtype).tiny
    )
    return _weighted(gradient_BCHW.relu().pow(3).sum(dim=(2, 3)), forward.features[-1])


def layercam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Weight every activation by its own positive gradient; ReLU.

    Source: Jiang et al., LayerCAM, TIP 2021.
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return (gradient_BCHW.relu() * forward.features[-1]).sum(dim=1).relu()


def gradient_times_input(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Sum activations over channels, each times the size of its gradient.

    What PAL trains. Source: Bonnard et al., 2022 (arXiv 2203.12905).
    """
    gradient_BCHW = model.head.gradient(forward, classes_B)
    return (gradient_BCHW.abs() * forward.features[-1]).sum(dim=1)


def head_map(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Take the head's own map of the class.

    Raises:
        UsageError: if the head makes none.
    """
    if forward.maps_BKHW is None:
        raise _unfit("head_map", "a head that makes maps")
    return select_class(forward.maps_BKHW, classes_B)


def ts_cam(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Multiply the head's map of the class by the class token's attention.

    Raises:
        UsageError: if the backbone has no class token.

    Source: Gao et al., TS-CAM, ICCV 2021.
    """
    if "class_attention_BHW" not in forward.extra:
        raise _unfit("ts_cam", "a vision transformer with a class token in evaluation mode")
    return forward.extra["class_attention_BHW"] * head_map(model, forward, classes_B)


def token_importance(model: Classifier, forward: Forward, classes_B: Tensor) -> Tensor:
    """Show by what the head chose its tokens: the same for every class.

    Raises:
        UsageError: if the head chooses none.
    """
    if "importance_BHW" not in forward.extra:
        raise _unfit("token_importance", "the apvit head")
    return forward.extra["importance_BHW"]


def _weighted(weights_BC: Tensor, feature_BCHW: Tensor) -> Tensor:
    return torch.einsum("bc,bchw->bhw", weights_BC, feature_BCHW).relu()


def _unfit(cam_method: str, needs: str) -> UsageError:
    return UsageError("cam_method", f"{cam_method} needs {needs}. Choose another head or method.")


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
}

BY_GRADIENT = frozenset(
    {"gradcam", "gradcam_pp", "gradcam_pp_published", "gradient_times_input", "layercam"}
)
"""Those that ask the head for a gradient: exported only where it has a closed form."""
