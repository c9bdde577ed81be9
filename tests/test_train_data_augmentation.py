import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from anatomy.landmarks import FLIP
from errors import UsageError
from train.data.augmentation import (
    augment_batch,
    change_images,
    random_affine,
    warp_images,
    warp_maps,
    warp_points,
)
from train.data.batch_loader import RawBatch
from train.images import eval_images
from train.params import AugmentParams

NO_EXTRA = AugmentParams(
    resize_ratio=1,
    rotate_p=0,
    rotate_deg=0,
    crop_area_min=1,
    flip_p=0,
    grey_p=0,
    jitter_p=0,
    brightness=0,
    contrast=0,
    saturation=0,
    hue=0,
    noise_p=0,
    noise_std=5.5,
    erase_p=0,
    erase_area_max=0.33,
    erase_fill="noise",
)
PUBLISHED = AugmentParams(
    resize_ratio=256 / 224,
    rotate_p=0.5,
    rotate_deg=6,
    crop_area_min=0.8,
    flip_p=0.5,
    grey_p=0.2,
    jitter_p=0.8,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.1,
    noise_p=0,
    noise_std=5.5,
    erase_p=0.5,
    erase_area_max=0.33,
    erase_fill="noise",
)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def augment_images(images, image_px, affine, params, rng):
    return change_images(warp_images(images, image_px, affine, params), params, rng)


def blob(count=1, size=64, x=20, y=40):
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    map_ss = (255 * torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 50)).to(torch.uint8)
    return map_ss.expand(count, size, size)


def changed(**values):
    return NO_EXTRA.model_copy(update=values)


def test_nothing_asked_is_nothing_done():
    images = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8, generator=chance())
    affine = random_affine(2, NO_EXTRA, chance())
    torch.testing.assert_close(
        augment_images(images, 32, affine, NO_EXTRA, chance()),
        eval_images(images, 32),
        atol=1e-5,
        rtol=0,
    )


def test_a_map_that_is_not_moved_reads_back_as_stored():
    maps = blob(size=128)
    read = warp_maps(maps, (128, 128))[:, 0]
    torch.testing.assert_close(read, maps.float() / 255, atol=1e-5, rtol=0)


def test_a_flip_mirrors_picture_and_map_alike():
    affine = random_affine(1, changed(flip_p=1), chance())
    images = blob()[..., None].expand(1, 64, 64, 3)
    moved = augment_images(images, 64, affine, NO_EXTRA, chance())
    torch.testing.assert_close(moved, eval_images(images.flip(2), 64), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        warp_maps(blob(), (64, 64), affine),
        warp_maps(blob().flip(2), (64, 64)),
        atol=1e-4,
        rtol=0,
    )


@pytest.mark.parametrize("seed", range(5))
def test_picture_and_map_move_together(seed):
    params = PUBLISHED.model_copy(update={"grey_p": 0, "jitter_p": 0, "erase_p": 0})
    affine = random_affine(4, params, chance(seed))
    images = blob(4)[..., None].expand(4, 64, 64, 3)
    moved = augment_images(images, 56, affine, params, chance(seed))[:, :1]
    picture = moved - moved.amin(dim=(1, 2, 3), keepdim=True)
    target = warp_maps(blob(4), (56, 56), affine)
    cosine = torch.nn.functional.cosine_similarity(picture.flatten(1), target.flatten(1))
    assert cosine.min() > 0.995


def test_a_rotation_turns_by_the_drawn_angle_about_the_middle():
    affine = random_affine(1, changed(rotate_p=1, rotate_deg=6), chance(3))[0]
    angle = math.atan2(affine[1, 0], affine[0, 0])
    assert 0 < abs(math.degrees(angle)) <= 6
    torch.testing.assert_close(affine[:, 2], torch.zeros(2))


def test_crops_stay_inside_the_picture():
    affine = random_affine(500, changed(crop_area_min=0.8), chance())
    corners = affine[:, :, :2].abs().sum(dim=2) + affine[:, :, 2].abs()
    assert corners.max() <= 1 + 1e-6


def test_a_coarse_target_is_averaged_and_not_picked():
    fine = warp_maps(blob(), (64, 64))
    coarse = warp_maps(blob(), (8, 8))
    assert coarse.mean().item() == pytest.approx(fine.mean().item(), rel=0.02)


def test_all_chance_comes_from_the_generator():
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8, generator=chance())
    twice = [
        augment_images(images, 32, random_affine(4, PUBLISHED, rng), PUBLISHED, rng)
        for rng in (chance(7), chance(7))
    ]
    torch.testing.assert_close(*twice, atol=0, rtol=0)


def test_hue_saturation_and_grey_leave_a_grey_picture_grey():
    images = torch.full((3, 8, 8, 3), 90, dtype=torch.uint8)
    params = changed(grey_p=0.5, jitter_p=1, saturation=0.4, hue=0.5)
    moved = augment_images(images, 8, random_affine(3, params, chance()), params, chance())
    torch.testing.assert_close(moved, eval_images(images, 8), atol=1e-5, rtol=0)


def test_erasing_fills_one_rectangle_of_about_half_the_pictures():
    images = torch.zeros(200, 32, 32, 3, dtype=torch.uint8)
    params = changed(erase_p=0.5)
    moved = augment_images(images, 32, random_affine(200, params, chance()), params, chance())
    touched = (moved != eval_images(images, 32)).any(dim=1)
    share = touched.float().mean(dim=(1, 2))
    assert 70 < (share > 0).sum() < 130
    assert share.max() <= 0.4
    rows, columns = touched.any(dim=2).sum(dim=1), touched.any(dim=1).sum(dim=1)
    torch.testing.assert_close(touched.sum(dim=(1, 2)), rows * columns)


def test_an_erased_rectangle_may_have_the_mean_colour_which_is_zero_once_normalised():
    images = torch.full((50, 32, 32, 3), 255, dtype=torch.uint8)
    params = changed(erase_p=1, erase_area_max=0.25, erase_fill="mean")
    moved = augment_images(images, 32, random_affine(50, params, chance()), params, chance())
    touched = (moved != eval_images(images, 32)).any(dim=1)
    assert touched.float().mean(dim=(1, 2)).max() <= 0.3
    torch.testing.assert_close(
        moved.permute(0, 2, 3, 1)[touched], torch.zeros(int(touched.sum()), 3), atol=1e-6, rtol=0
    )


def test_an_unknown_filling_names_the_known_ones():
    images, params = (
        torch.zeros(1, 8, 8, 3, dtype=torch.uint8),
        changed(erase_p=1, erase_fill="nose"),
    )
    with pytest.raises(UsageError, match="known: mean, noise"):
        augment_images(images, 8, random_affine(1, params, chance()), params, chance())


def test_noise_has_its_spread_and_comes_to_its_share_of_the_pictures():
    images = torch.full((200, 16, 16, 3), 128, dtype=torch.uint8)
    params = changed(noise_p=0.5, noise_std=5.5)
    moved = augment_images(images, 16, random_affine(200, params, chance()), params, chance())
    added = (moved - eval_images(images, 16))[:, 0] * 0.229 * 255
    noisy = added.abs().amax(dim=(1, 2)) > 0.01
    assert 70 < noisy.sum() < 130
    assert added[noisy].std() == pytest.approx(5.5, rel=0.02)


def test_landmarks_move_as_their_pictures_do():
    """A bright pixel on a dark picture is where the moved point says."""
    images = torch.zeros(20, 64, 64, 3, dtype=torch.uint8)
    images[:, 40:43, 20:23] = 255
    points = torch.zeros(20, 68, 2)
    points[:, FLIP[0]] = points[:, 0] = torch.tensor([(21.5 / 64) * 2 - 1, (41.5 / 64) * 2 - 1])
    params = changed(rotate_p=1, rotate_deg=20, crop_area_min=0.8, flip_p=0.5)
    affine = random_affine(20, params, chance())
    moved = warp_points(points, affine)[:, 0]
    bright = augment_images(images, 64, affine, params, chance())[:, 0] + 0.485 / 0.229
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    for axis, place in enumerate((columns, rows)):
        middle = (bright * place).sum(dim=(1, 2)) / bright.sum(dim=(1, 2))
        torch.testing.assert_close(((middle + 0.5) / 64) * 2 - 1, moved[:, axis], atol=0.05, rtol=0)


def test_points_of_a_mirrored_face_are_renamed():
    flip = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    points = torch.rand(1, 68, 2, generator=chance())
    moved = warp_points(points, flip)
    torch.testing.assert_close(moved[0, 0], points[0, 16] * torch.tensor([-1.0, 1.0]))


def test_a_batch_carries_a_map_for_every_size_and_its_chance():
    rng = chance()
    images = torch.zeros(2, 64, 64, 3, dtype=torch.uint8)
    raw = RawBatch(
        np.arange(2),
        images,
        blob(2),
        torch.ones(2, dtype=torch.bool),
        torch.zeros(2),
        torch.arange(2),
    )
    params = SimpleNamespace(image_px=56, augment=NO_EXTRA)
    batch = augment_batch(raw, [(28, 28), (7, 7)], params, rng)
    assert batch.second_B3HW is None
    assert batch.images_B3HW.shape == (2, 3, 56, 56)
    assert [tuple(one.shape) for one in batch.maps] == [(2, 1, 28, 28), (2, 1, 7, 7)]
    assert batch.rng is rng


def test_a_second_view_lies_as_the_first_without_its_noise_and_is_erased_by_itself():
    images = torch.randint(0, 256, (30, 64, 64, 3), dtype=torch.uint8, generator=chance())
    faces = torch.arange(30)
    raw = RawBatch(np.arange(30), images, None, faces >= 0, faces, faces)

    def augmented(**values):
        params = SimpleNamespace(
            image_px=32, augment=PUBLISHED.model_copy(update={"grey_p": 0, "jitter_p": 0, **values})
        )
        return augment_batch(raw, [], params, chance(), second_view=True)

    unchanged = augmented(erase_p=0)
    torch.testing.assert_close(unchanged.second_B3HW, unchanged.images_B3HW)
    noisy = augmented(erase_p=0, noise_p=1)
    torch.testing.assert_close(noisy.second_B3HW, unchanged.images_B3HW)
    assert not torch.equal(noisy.images_B3HW, unchanged.images_B3HW)
    erased = augmented(erase_p=1)
    first, second = (
        (view != unchanged.images_B3HW).any(dim=1)
        for view in (erased.images_B3HW, erased.second_B3HW)
    )
    assert first.any(dim=(1, 2)).all()
    assert second.any(dim=(1, 2)).all()
    assert not torch.equal(first, second)
