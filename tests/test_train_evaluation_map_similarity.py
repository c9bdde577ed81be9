import numpy as np
import pytest
import torch
import torch.nn.functional as F

from train.evaluation.map_similarity import GEOMETRIES, TargetMaps, resample, shrink_matrix
from train.images import minmax_normalize

TORCH = {
    "exact": {"align_corners": False, "antialias": False},
    "published": {"align_corners": True, "antialias": True},
}
"""The geometries as torch spells them."""


def enlarged(maps, geometry, size):
    """Enlarge maps the plain way, lifted so that nothing is negative."""
    big = F.interpolate(maps[:, None], [size, size], mode="bilinear", **TORCH[geometry])[:, 0]
    return big - maps.amin(dim=(1, 2), keepdim=True).clamp(max=0)


def similarity(canvas, maps, geometry):
    return canvas.similarities([maps], [geometry])[0]


def test_the_cosine_of_two_small_maps_is_that_by_hand():
    canvas = TargetMaps(torch.tensor([[[[1.0, 0], [0, 0]]]]))
    for corner, cosine in (([[1.0, 0], [0, 0]], 1), ([[1.0, 1], [0, 0]], 0.5**0.5)):
        found = similarity(canvas, torch.tensor([corner]), "exact").cosine_BT
        assert found.item() == pytest.approx(cosine)


@pytest.mark.parametrize("side", [2, 4, 7, 28, 64])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_maps_are_compared_as_if_they_were_enlarged(geometry, side):
    random = torch.Generator().manual_seed(side)
    maps = torch.rand(3, side, side, generator=random) - torch.tensor([0.0, 0.5, 2])[:, None, None]
    targets = torch.rand(3, 2, 64, 64, generator=random) ** 4
    found = similarity(TargetMaps(targets), maps, geometry)
    big, flat = enlarged(maps, geometry, 64).flatten(1)[:, None], targets.flatten(2)
    torch.testing.assert_close(
        found.cosine_BT, F.cosine_similarity(big, flat, dim=2), atol=1e-5, rtol=0
    )
    pearson = F.cosine_similarity(
        big - big.mean(dim=2, keepdim=True), flat - flat.mean(dim=2, keepdim=True), dim=2
    )
    torch.testing.assert_close(found.centred_BT, pearson, atol=1e-5, rtol=0)


def test_maps_need_not_be_square():
    maps, targets = torch.rand(1, 3, 5), torch.rand(1, 1, 16, 16)
    big = enlarged(maps, "exact", 16)
    expected = F.cosine_similarity(big.flatten(1), targets[:, 0].flatten(1))
    torch.testing.assert_close(
        similarity(TargetMaps(targets), maps, "exact").cosine_BT[:, 0], expected, atol=1e-6, rtol=0
    )


def test_a_zero_map_has_cosine_zero_and_not_nan():
    lit, dark = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    assert similarity(TargetMaps(lit), torch.zeros(1, 2, 2), "exact").cosine_BT.item() == 0
    assert similarity(TargetMaps(dark), torch.rand(1, 2, 2), "exact") == (0, 0)


def test_a_uniform_map_scores_high_until_it_is_centred():
    canvas = TargetMaps(torch.tensor([[[[0.9, 1.0], [0.8, 1.0]]]]))
    flat = similarity(canvas, torch.full((1, 7, 7), 0.3), "exact")
    assert flat.cosine_BT.item() == pytest.approx(canvas.uniform_cosine().item())
    assert flat.cosine_BT.item() > 0.99
    assert flat.centred_BT.item() == 0


def test_maps_of_several_sizes_and_geometries_do_not_mix():
    canvas = TargetMaps(torch.rand(2, 3, 32, 32))
    maps = [torch.rand(2, 4, 4), torch.rand(2, 8, 8), torch.rand(2, 4, 4), torch.rand(2, 8, 8)]
    geometries = ["exact", "published", "published", "published"]
    together = canvas.similarities(maps, geometries)
    for one, geometry, found in zip(maps, geometries, together, strict=True):
        torch.testing.assert_close(tuple(found), tuple(similarity(canvas, one, geometry)))


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_small_map_is_the_canvas_shrunk(geometry):
    maps = torch.rand(2, 7, 7)
    big = F.interpolate(maps[:, None], [224, 224], mode="bilinear", **TORCH[geometry])
    expected = F.interpolate(big, [64, 64], mode="bilinear", antialias=True)[:, 0]
    torch.testing.assert_close(resample(maps, geometry, 224, 64), expected, atol=1e-5, rtol=0)


def test_shrinking_keeps_the_mean():
    torch.testing.assert_close(shrink_matrix(8, 4, torch.device("cpu")).sum(dim=1), torch.ones(4))


def test_a_constant_map_becomes_zero():
    assert not minmax_normalize(torch.full((1, 2, 2), 3.0)).any()


def test_scaling_a_map_spans_zero_to_one():
    torch.testing.assert_close(
        minmax_normalize(torch.tensor([[[2.0, 4.0], [3.0, 2.0]]])),
        torch.tensor([[[0.0, 1], [0.5, 0]]]),
    )


def test_a_map_of_tiny_numbers_spans_zero_to_one_too():
    assert minmax_normalize(torch.tensor([[0.0, 1e-20]])).tolist() == [[0, 1]]


def test_the_published_geometry_gives_the_published_cosines(golden_folder):
    golden = np.load(golden_folder / "alignment_loss.npz")
    canvas = TargetMaps(torch.from_numpy(golden["real_heatmap"]).reshape(-1, 1, 224, 224))
    for shift, name in ((0, "real_eval_att_cos"), (0.2, "real_eval_att_cos_shifted")):
        attention = torch.from_numpy(golden["real_att"])[:, 0] - shift
        found = similarity(canvas, attention, "published").cosine_BT[:, 0]
        np.testing.assert_allclose(found, golden[name], atol=1e-5)
