import numpy as np
import pytest

from pipeline.occlusion.textures import TEXTURES


@pytest.mark.parametrize("name", TEXTURES)
def test_a_texture_is_a_picture_that_the_seed_decides(name):
    first, again = (TEXTURES[name](48, np.random.default_rng(5)) for _ in range(2))
    assert first.shape == (48, 48, 3)
    assert first.dtype == np.float32
    assert 0 <= first.min() <= first.max() <= 255
    np.testing.assert_array_equal(first, again)
    assert (first != TEXTURES[name](48, np.random.default_rng(6))).any()
