"""Random greyscale and colour jitter, as one affine map of RGB per image.

Shapes: B images, 4 steps: brightness, contrast, saturation, hue.
"""

import math

import torch
from torch import Tensor

from train.device import constant

_LUMA = (0.299, 0.587, 0.114)


def jitter_colours(
    images_B3HW: Tensor, grey_B: Tensor, factors_B4: Tensor, order_B4: Tensor
) -> Tensor:
    """Make some images grey, then jitter each in an order of its own.

    Every step maps a colour to a matrix times it, and contrast adds a matrix times the image's
    mean colour, which every step maps as it maps colours. So all
    steps together are one such map, applied in one pass; values are clipped once, where the
    published steps clip after each. Hue turns RGB about the grey axis; the published one turns it
    in HSV.

    Args:
        images_B3HW: RGB in [0, 1].
        grey_B: 1 makes an image grey, 0 leaves it.
        factors_B4: of brightness, contrast and saturation, 1 for none; share of the colour circle
            by which hue turns, 0 for none.
        order_B4: which step comes first, second, ...

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    eye = torch.eye(3, device=images_B3HW.device)
    grey = constant(_LUMA, images_B3HW.device, images_B3HW.dtype).expand(3, 3)
    brightness, contrast, saturation, turns = (one[:, None, None] for one in factors_B4.unbind(1))
    none = torch.zeros_like(contrast * grey)
    of_colour = (
        brightness * eye,
        contrast * eye,
        torch.lerp(grey, eye, saturation),
        _rotation(turns[:, 0, 0]),
    )
    of_mean = (none, (1 - contrast) * grey, none, none)
    steps_B433, lifts_B433 = torch.stack(of_colour, 1), torch.stack(of_mean, 1)
    everyone_B = torch.arange(len(images_B3HW), device=images_B3HW.device)
    matrix_B33, lift_B33 = torch.lerp(eye, grey, grey_B[:, None, None]), none
    for which_B in order_B4.unbind(1):
        step_B33 = steps_B433[everyone_B, which_B]
        lift_B33 = step_B33 @ lift_B33 + lifts_B433[everyone_B, which_B] @ (matrix_B33 + lift_B33)
        matrix_B33 = step_B33 @ matrix_B33
    mean_B31 = images_B3HW.mean(dim=(2, 3))[..., None]
    moved_B3P = torch.baddbmm(lift_B33 @ mean_B31, matrix_B33, images_B3HW.flatten(2))
    return moved_B3P.view_as(images_B3HW).clamp(0, 1)


def _rotation(turns_B: Tensor) -> Tensor:
    """Turn RGB about the grey axis by shares of the circle: (B, 3, 3)."""
    angle = turns_B * (2 * math.pi)
    cos, sin = angle.cos(), angle.sin() / math.sqrt(3)
    third = (1 - cos) / 3
    diagonal, up, down = cos + third, third - sin, third + sin
    rows = ((diagonal, up, down), (down, diagonal, up), (up, down, diagonal))
    return torch.stack([torch.stack(row, 1) for row in rows], 1)
