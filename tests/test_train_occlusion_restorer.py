"""What frees a face of things before it."""

from typing import get_args

import pytest
import torch

from anatomy.patches import GRID, PATCHES
from contracts.occlusion import RESTORER_WEIGHTS, RestorerCard
from errors import CorruptError
from tests.occlusion import SMALL
from train.occlusion.detectors import PIXEL_NUMBERS, Mahalanobis
from train.occlusion.mae_model import MaskedAutoencoder
from train.occlusion.params import FillerName
from train.occlusion.restorer import FILLERS, Restorer, fill_coarsely, load_restorer

CARD = RestorerCard(
    mae=SMALL.model_dump(mode="json"), detector="pixels", radius=3.0, filler="mae", most_hidden=0.5
)


def restorer_of(**changes):
    """A restorer that calls a patch covered if it is brighter than three."""
    torch.manual_seed(0)
    detector = Mahalanobis(PIXEL_NUMBERS)
    detector.whitening_PDD += torch.eye(PIXEL_NUMBERS) * 4
    return Restorer(CARD.model_copy(update=changes), MaskedAutoencoder(SMALL).eval(), detector)


@pytest.fixture
def faces():
    """Two dark faces of 56 px, one with a bright patch."""
    images = torch.rand((2, 3, 56, 56), generator=torch.Generator().manual_seed(2)) * 0.3
    images[1, :, 8:12, 12:16] = 1
    return images


def test_the_family_is_what_may_be_named():
    assert set(FILLERS) == set(get_args(FillerName))


def test_a_face_may_be_left_as_it_is(faces):
    found = restorer_of(filler="none")(faces)
    assert found.hidden_BP.sum() == 1
    torch.testing.assert_close(found.images_B3SS, faces)


@pytest.mark.parametrize("filler", ["mae", "hybrid"])
def test_what_is_covered_is_filled_and_the_rest_stays(filler, faces):
    found = restorer_of(filler=filler)(faces)
    assert found.hidden_BP.nonzero().tolist() == [[1, 2 * GRID + 3]]
    torch.testing.assert_close(found.images_B3SS[0], faces[0])
    changed = (found.images_B3SS[1] != faces[1]).any(dim=0).nonzero()
    assert changed.amin(dim=0).tolist() == [8, 12]
    assert changed.amax(dim=0).tolist() == [11, 15]
    assert found.latents_BPD.shape == (2, PATCHES, 16)


def test_a_mirrored_face_is_filled_as_the_mirror_image(faces):
    model = restorer_of().model
    hidden = torch.zeros(2, PATCHES, dtype=torch.bool)
    hidden[:, [3, 60, 61]] = True
    mirrored = hidden.view(-1, GRID, GRID).flip(-1).flatten(1)
    small = faces[..., ::2, ::2]
    filled = fill_coarsely(model, small, hidden)
    torch.testing.assert_close(fill_coarsely(model, small.flip(-1), mirrored), filled.flip(-1))


def test_of_too_many_the_strangest_are_filled():
    bright = torch.linspace(0.1, 1, 196).view(14, 14)
    images = bright.repeat_interleave(4, 0).repeat_interleave(4, 1).expand(1, 3, 56, 56)
    found = restorer_of(most_hidden=0.1)(images.contiguous())
    assert found.hidden_BP.sum() == 19
    assert found.hidden_BP[0, -10:].all()


def test_latents_are_those_of_the_restored_face(faces):
    restorer = restorer_of()
    found = restorer(faces)
    torch.testing.assert_close(found.latents_BPD, restorer.latents(found.images_B3SS))


def test_a_restorer_is_read_back_as_it_was(faces, tmp_path):
    before = restorer_of()
    before.write(tmp_path)
    after = load_restorer(tmp_path)
    torch.testing.assert_close(after(faces).images_B3SS, before(faces).images_B3SS)
    assert after.card == before.card
    assert after.width == 16


def test_weights_of_another_detector_are_refused(tmp_path):
    restorer_of().write(tmp_path)
    other = restorer_of().card.model_copy(update={"detector": "svdd"})
    (tmp_path / "restorer.json").write_text(other.model_dump_json())
    with pytest.raises(CorruptError, match=RESTORER_WEIGHTS):
        load_restorer(tmp_path)
