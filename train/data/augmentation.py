"""Augments stored pictures and maps into the input of a step, on the device, per batch.

One affine per sample warps the image and its heatmap alike; the heatmap is sampled directly at the
size at which the loss reads it. Differences from the published recipe: one bilinear sampling
instead of three, crops whose offsets and sides are not whole px, and colours as in
train.data.colour_jitter.
Shapes: B batch, S side of the stored image, s side of the stored heatmap.

Source: Belharbi et al., FG 2024, and its code.
"""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from anatomy.landmarks import FLIP
from errors import pick
from train.data.batch_loader import RawBatch
from train.data.colour_jitter import jitter_colours
from train.data.latents import latents_as_shown
from train.device import constant
from train.images import MEAN, normalize_images, resize_images
from train.params import AugmentParams, TrainParams
from train.records import Batch

_ERASE_AREA_MIN, _ERASE_RATIO = 0.02, (0.3, 3.3)
_SAMPLES = 112
"""Stored maps are read at least at this density before they are averaged down to a target: with it,
64 x 64 bytes give the same 28 x 28 target as the exact map (cosine .9999,
benchmarks/store_size.py)."""


def augment_batch(
    raw: RawBatch,
    sizes: Sequence[tuple[int, int]],
    params: TrainParams,
    rng: torch.Generator,
    second_view: bool = False,
) -> Batch:
    """Augment a stored batch on its device.

    Args:
        raw: on the generator's device.
        sizes: of the heatmaps, see methods.au_alignment.target_sizes.
        params: image_px and augment.
        rng: source of all random numbers; the batch carries it on.
        second_view: whether the batch gets `second_B3HW`.
    """
    affine, augment = random_affine(len(raw.rows_B), params.augment, rng), params.augment
    warped = warp_images(raw.images_BSS3, params.image_px, affine, augment)
    images = change_images(warped, augment, rng)
    stored = raw.maps_Bss
    maps = () if stored is None else tuple(warp_maps(stored, size, affine) for size in sizes)
    points = None if raw.points_B682 is None else warp_points(raw.points_B682, affine)
    both = raw.latents_BVPD
    return Batch(
        images,
        raw.labels_B,
        maps,
        raw.valid_B,
        rng,
        shares_BK=raw.shares_BK,
        rows_B=raw.device_rows_B,
        points_B682=points,
        latents_BPD=None if both is None else latents_as_shown(both, affine),
        valence_arousal_B2=raw.valence_arousal_B2,
        second_B3HW=erase_and_normalize(warped, augment, rng) if second_view else None,
    )


def warp_images(
    images_BSS3: Tensor, image_px: int, affine_B23: Tensor, params: AugmentParams
) -> Tensor:
    """Resize and warp a batch of stored images.

    Args:
        images_BSS3: uint8 RGB.
        image_px: side of the result.
        affine_B23: from `random_affine`.
        params: the ratio of sizes.

    Returns:
        (B, 3, image_px, image_px) float in [0, 1].
    """
    images = resize_images(images_BSS3, round(image_px * params.resize_ratio))
    grid = F.affine_grid(affine_B23, [len(images), 3, image_px, image_px], align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def change_images(images: Tensor, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Jitter colours, add noise, erase and normalise a batch of warped images (B, 3, H, W)."""
    images = _colour_jitter(images, params, rng) if params.grey_p or params.jitter_p else images
    images = _add_noise(images, params, rng) if params.noise_p else images
    return erase_and_normalize(images, params, rng)


def erase_and_normalize(images: Tensor, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Erase a rectangle of some warped images, and normalise all."""
    return normalize_images(_random_erase(images, params, rng) if params.erase_p else images)


def warp_maps(maps_Bss: Tensor, size: tuple[int, int], affine_B23: Tensor | None = None) -> Tensor:
    """Sample stored heatmaps at the size at which they are needed, warped as their images were.

    Args:
        maps_Bss: uint8, 255 = 1.
        size: rows and columns of the result.
        affine_B23: from `random_affine`; None does not warp them.

    Returns:
        (B, 1, rows, columns) float in [0, 1].
    """
    maps = maps_Bss[:, None].float() / 255
    if affine_B23 is None:
        affine_B23 = torch.eye(2, 3, device=maps.device).expand(len(maps), 2, 3)
    finer = math.ceil(_SAMPLES / min(size))
    dense = [len(maps), 1, size[0] * finer, size[1] * finer]
    grid = F.affine_grid(affine_B23, dense, align_corners=False)
    sampled = F.grid_sample(maps, grid, mode="bicubic", align_corners=False).clamp(0, 1)
    if finer == 1:
        return sampled
    return F.interpolate(sampled, size, mode="bilinear", align_corners=False, antialias=True)


def warp_points(points_B682: Tensor, affine_B23: Tensor) -> Tensor:
    """Warp landmarks as their images were; those of a mirrored face are renamed.

    Args:
        points_B682: (x, y), the image's edges at -1 and 1.
        affine_B23: from `random_affine`: from output to input, so it is inverted here.
    """
    a_B, b_B, c_B, d_B = affine_B23[:, :, :2].flatten(1).unbind(1)
    determinant_B = a_B * d_B - b_B * c_B
    mirrored_B682 = points_B682[:, constant(FLIP, points_B682.device, torch.int64)]
    named = torch.where((determinant_B < 0)[:, None, None], mirrored_B682, points_B682)
    adjugate_B4 = torch.stack([d_B, -b_B, -c_B, a_B], dim=1)  # torch's inverse waits for the GPU
    inverse_B22 = (adjugate_B4 / determinant_B[:, None]).view(-1, 2, 2)
    return (named - affine_B23[:, None, :, 2]) @ inverse_B22.mT


def random_affine(count: int, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Draw rotation, square crop and flip for a batch: (B, 2, 3).

    From normalised output to normalised input.
    """
    angle = torch.deg2rad(_uniform(count, -params.rotate_deg, params.rotate_deg, rng)) * _bernoulli(
        count, params.rotate_p, rng
    )
    side = _uniform(count, params.crop_area_min, 1, rng).sqrt()
    x, y = ((1 - side) * _uniform(count, -1, 1, rng) for _ in range(2))
    flip = 1 - 2 * _bernoulli(count, params.flip_p, rng)
    zero = torch.zeros_like(side)
    crop = torch.stack([torch.stack([flip * side, zero, x], 1), torch.stack([zero, side, y], 1)], 1)
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    return rotation @ crop


def _uniform(count: int, low: float, high: float, rng: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=rng, device=rng.device)


def _bernoulli(count: int, probability: float, rng: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=rng, device=rng.device) < probability).float()


def _factor(spread: float, chosen_B: Tensor, rng: torch.Generator) -> Tensor:
    """One factor per sample around 1, exactly 1 where the sample was not chosen: (B,)."""
    return 1 + chosen_B * _uniform(len(chosen_B), -spread, spread, rng)


def _colour_jitter(images: Tensor, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Make some images grey; jitter colours of some, in an order drawn for each."""
    count = len(images)
    grey, chosen = _bernoulli(count, params.grey_p, rng), _bernoulli(count, params.jitter_p, rng)
    spreads = (params.brightness, params.contrast, params.saturation, params.hue)
    factors = torch.stack([_factor(spread, chosen, rng) for spread in spreads], dim=1)
    factors[:, 3] -= 1  # hue turns by a share of the circle: 0 is none
    order = torch.rand((count, 4), generator=rng, device=rng.device).argsort(dim=1)
    return jitter_colours(images, grey, factors, order)


def _add_noise(images: Tensor, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Add Gaussian noise to some images, at the size that the model sees."""
    chosen = _bernoulli(len(images), params.noise_p, rng).view(-1, 1, 1, 1)
    noise = torch.randn(images.shape, generator=rng, device=images.device)
    return (images + chosen * (params.noise_std / 255) * noise).clamp(0, 1)


def _white_noise(images: Tensor, erased: Tensor, rng: torch.Generator) -> Tensor:
    if images.device.type == "cuda":  # how much is erased is known there only by waiting for it
        noise = torch.randn(images.shape, generator=rng, device=images.device)
        return torch.where(erased, noise, images)
    everywhere = erased.expand_as(images)
    noise = torch.randn(int(everywhere.sum()), generator=rng)
    return images.masked_scatter(everywhere, noise.to(images.dtype))


def _mean_colour(images: Tensor, erased: Tensor, rng: torch.Generator) -> Tensor:
    mean = constant(MEAN, images.device, images.dtype).view(1, 3, 1, 1)
    return torch.where(erased, mean, images)


FILLS: dict[str, Callable[[Tensor, Tensor, torch.Generator], Tensor]] = {
    "noise": _white_noise,
    "mean": _mean_colour,
}
"""Name -> (images, where they are erased (B, 1, H, W), rng) -> images with erased rectangles."""


def _random_erase(images: Tensor, params: AugmentParams, rng: torch.Generator) -> Tensor:
    """Fill a random rectangle of some images; the heatmap is not changed."""
    fill = pick(FILLS, params.erase_fill, "filling")
    count, _, height, width = images.shape
    area = _uniform(count, _ERASE_AREA_MIN, params.erase_area_max, rng) * _bernoulli(
        count, params.erase_p, rng
    )
    ratio = _uniform(count, math.log(_ERASE_RATIO[0]), math.log(_ERASE_RATIO[1]), rng).exp()
    inside = torch.ones(count, 1, 1, 1, dtype=torch.bool, device=images.device)
    for axis, extent, share in (
        (2, height, (area * ratio).sqrt()),
        (3, width, (area / ratio).sqrt()),
    ):
        length = (share * extent).round().clamp(max=extent - 1)
        start = (_uniform(count, 0, 1, rng) * (extent - length + 1)).floor()
        shape = [1, 1, 1, 1]
        shape[axis] = extent
        place = torch.arange(extent, device=images.device).view(shape)
        begin, end = start.view(-1, 1, 1, 1), (start + length).view(-1, 1, 1, 1)
        inside = inside & (place >= begin) & (place < end)
    return fill(images, inside, rng)
