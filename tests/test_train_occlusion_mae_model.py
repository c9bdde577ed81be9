"""The masked autoencoder: patches, what is hidden, what is drawn."""

import numpy as np
import pytest
import timm
import torch

from anatomy.patches import GRID, PATCHES
from errors import CorruptError, NoInputError
from tests.occlusion import SMALL
from train.occlusion.mae_model import (
    MaskedAutoencoder,
    build_mae,
    cut_patches,
    join_patches,
    load_mae,
    normalised_patches,
    sine_positions,
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return MaskedAutoencoder(SMALL).eval()


@pytest.fixture
def images():
    return torch.randn(3, 3, 28, 28, generator=torch.Generator().manual_seed(1))


def test_patches_are_cut_in_rows_and_joined_again(images):
    patches = cut_patches(images)
    assert patches.shape == (3, PATCHES, 12)
    torch.testing.assert_close(patches[0, GRID + 1, :3], images[0, :, 2, 2])
    torch.testing.assert_close(join_patches(patches), images)


def test_a_normalised_patch_has_mean_zero_and_its_statistics_behind(images):
    patches = cut_patches(images)
    normalised = normalised_patches(patches)
    pixels, mean, deviation = torch.split(normalised, [12, 1, 1], dim=2)
    assert pixels.mean(dim=2).abs().max() < 1e-5
    torch.testing.assert_close(pixels * deviation + mean, patches)


def test_no_two_places_have_the_same_position():
    positions = sine_positions(16)
    distances = torch.cdist(positions, positions) + torch.eye(PATCHES)
    assert distances.min() > 0.01


def test_what_is_hidden_does_not_matter(model, images):
    hidden = torch.zeros(3, PATCHES, dtype=torch.bool)
    hidden[0, :40] = True
    hidden[1, 7] = True
    patches = cut_patches(images)
    other = join_patches(torch.where(hidden[..., None], patches + 9, patches))
    torch.testing.assert_close(model.fill(images, hidden), model.fill(other, hidden))


def test_latents_of_seen_patches_are_the_same_whichever_way_the_others_are_left_out(model, images):
    hidden = torch.zeros(3, PATCHES, dtype=torch.bool)
    hidden[:, 100:] = True
    seen = torch.arange(100).expand(3, -1)
    torch.testing.assert_close(
        model.encode(images, seen), model.encode_unhidden(images, hidden)[:, :100]
    )


def test_patches_that_are_not_hidden_stay_as_they_are(model, images):
    hidden = torch.zeros(3, PATCHES, dtype=torch.bool)
    hidden[:, 5] = True
    same = (cut_patches(model.fill(images, hidden)) == cut_patches(images)).all(dim=2)
    assert (~same).nonzero()[:, 1].tolist() == [5, 5, 5]


def test_the_loss_is_of_hidden_patches_and_repeats(model, images):
    losses = [model.loss(images, torch.Generator().manual_seed(n), 0.75) for n in (3, 3, 4)]
    assert losses[0] == losses[1] != losses[2]


def test_the_statistics_of_a_patch_count_as_much_as_all_its_pixels(model, images, monkeypatch):
    def off_by(pixels, statistics):
        def decode(tokens):
            target = normalised_patches(cut_patches(images))
            return target + torch.tensor([*[pixels] * 12, *[statistics] * 2])

        monkeypatch.setattr(model, "decode", decode)
        return float(model.loss(images, torch.Generator().manual_seed(0), 0.75))

    assert off_by(2.0, 0.0) == pytest.approx(4.0, rel=1e-4)
    assert off_by(0.0, 2.0) == pytest.approx(4.0, rel=1e-4)


def test_timms_encoder_gives_the_same_latents():
    params = SMALL.model_copy(
        update={"patch_px": 16, "width": 768, "depth": 2, "heads": 12, "decoder_depth": 1}
    )
    reference = timm.create_model("vit_base_patch16_224.mae", pretrained=False, num_classes=0)
    reference.blocks = reference.blocks[:2]
    model = MaskedAutoencoder(params)
    model.encoder.load_state_dict(reference.state_dict())
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = reference.eval().forward_features(images)[:, 1:]
        torch.testing.assert_close(model.eval().encode(images), expected)


def test_weights_of_another_model_are_refused(model, tmp_path):
    weights = dict(model.state_dict())
    del weights["hidden"]
    with pytest.raises(CorruptError, match="hidden is absent"):
        build_mae(SMALL.model_dump(), weights, tmp_path)


def test_another_output_is_no_autoencoder(make_store, tmp_path):
    store = make_store(tmp_path / "faces", {"image": np.zeros((2, 4), np.uint8)})
    with pytest.raises(NoInputError, match="no masked autoencoder"):
        load_mae(store, torch.device("cpu"))
