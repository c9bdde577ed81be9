import pytest

from anatomy.patches import GRID
from errors import UsageError
from params import load
from tests.occlusion import SMALL
from train.occlusion.params import MAEParams
from validation import checked


def test_a_picture_is_14_patches_wide(checkout):
    shipped = load(checkout / "params.yaml").mae
    assert shipped.image_px == GRID * shipped.patch_px


@pytest.mark.parametrize("key", ["width", "decoder_width"])
def test_a_width_is_divided_among_the_heads(key):
    heads = {"width": "heads", "decoder_width": "decoder_heads"}[key]
    with pytest.raises(UsageError, match=f"{key} cannot be divided"):
        checked(MAEParams, {**SMALL.model_dump(), heads: 3}, "mae")
