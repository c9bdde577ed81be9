"""Latents as rows of bytes, and as a face is shown."""

import numpy as np
import pytest
import torch

from store.reading import Store
from train.data.latents import LatentRows, latents_as_shown


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_bytes_become_what_was_stored(make_store, tmp_path, dtype):
    stored = np.random.default_rng(0).normal(size=(6, 2, 5, 3)).astype(dtype)
    rows = LatentRows(Store(make_store(tmp_path / "s", {"latents": stored})).array("latents"))
    out = np.empty((3, rows.row_bytes), np.uint8)
    rows.gather(np.array([0, 2, 5]), out)
    fetched = torch.from_numpy(out)[:, : rows.shape[1]]
    assert rows.shape == (6, 30 * np.dtype(dtype).itemsize)
    np.testing.assert_array_equal(rows.as_latents(fetched).numpy(), stored[[0, 2, 5]])


def test_a_mirrored_face_has_the_latents_of_its_mirror_image():
    both = torch.arange(2 * 2 * 3.0).reshape(2, 2, 3, 1)
    affine = torch.eye(2, 3).repeat(2, 1, 1)
    affine[1, 0, 0] = -1
    shown = latents_as_shown(both, affine)
    torch.testing.assert_close(shown[0], both[0, 0])
    torch.testing.assert_close(shown[1], both[1, 1])
