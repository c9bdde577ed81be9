"""Stage `mae`: a masked autoencoder of a dataset's faces."""

import hashlib
import os
import signal

import pytest
import safetensors.torch
import timm
import torch

from contracts.occlusion import MAE, MAE_WEIGHTS, MAECard
from errors import DataError, DivergedError, NoInputError, UsageError
from store.building import read_manifest
from store.verify import find_problems
from tests.occlusion import CONTEXT, SMALL
from train.checkpoint import LAST
from train.occlusion.context import StageContext
from train.occlusion.mae import load_encoder, mae
from train.occlusion.mae_model import MaskedAutoencoder, load_mae


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("mae") / "tiny"
    mae(tiny.faces, out, SMALL.model_copy(update={"epochs": 6}), CONTEXT)
    return out


def test_the_loss_falls_and_is_recorded(trained):
    card = MAECard.model_validate_json((trained / MAE).read_bytes())
    assert (card.training_faces, card.validation_faces) == (28, 7)
    assert card.history[-1]["train"] < card.history[0]["train"]
    assert card.history[-1]["val"] < card.history[0]["val"]


def test_what_was_trained_is_loaded_and_intact(trained):
    model, digest = load_mae(trained, torch.device("cpu"))
    assert digest == read_manifest(trained)["sha256"]
    assert not model.training
    assert not any(one.requires_grad for one in model.parameters())
    assert list(find_problems(trained, deep=True)) == []
    assert not (trained / LAST).exists()


def test_a_training_that_was_stopped_ends_with_the_same_bits(tiny, tmp_path):
    mae(tiny.faces, tmp_path / "undisturbed", SMALL, CONTEXT)

    def interrupt(done, total, note):
        if done == 6:  # in the middle of the second epoch
            os.kill(os.getpid(), signal.SIGINT)

    stopped = StageContext(torch.device("cpu"), interrupt)
    with pytest.raises(KeyboardInterrupt):
        mae(tiny.faces, tmp_path / "stopped", SMALL, stopped)
    steps = []
    rest = StageContext(torch.device("cpu"), lambda done, total, note: steps.append(done))
    mae(tiny.faces, tmp_path / "stopped", SMALL, rest)
    assert steps == [7, 8]
    undisturbed, resumed = (
        (tmp_path / name / MAE_WEIGHTS).read_bytes() for name in ("undisturbed", "stopped")
    )
    assert undisturbed == resumed


def test_a_loss_that_is_not_finite_ends_it(tiny, tmp_path):
    with pytest.raises(DivergedError, match=r"Lower mae\.lr"):
        mae(tiny.faces, tmp_path / "out", SMALL.model_copy(update={"lr": 1e30}), CONTEXT)


def test_a_store_of_another_stage_is_no_input(tiny, tmp_path):
    with pytest.raises(NoInputError, match="no store of faces"):
        mae(tiny.landmarks, tmp_path / "out", SMALL, CONTEXT)


def test_an_encoder_of_another_size_is_refused_by_name(tmp_path):
    file = tmp_path / "vit.safetensors"
    tiny = timm.create_model("vit_tiny_patch16_224", num_classes=0, depth=1)
    safetensors.torch.save_file(tiny.state_dict(), file)
    params = SMALL.model_copy(update={"weights": str(file)})
    model = MaskedAutoencoder(SMALL)
    with pytest.raises(UsageError, match=r"mae\.weights_sha256: is not stated"):
        load_encoder(model, params)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=r"cls_token is \(1, 1, 192\), expected \(1, 1, 16\)"):
        load_encoder(model, params.model_copy(update={"weights_sha256": digest}))


def test_the_encoder_begins_with_the_weights_of_a_file(tmp_path):
    torch.manual_seed(1)
    other, model = MaskedAutoencoder(SMALL), MaskedAutoencoder(SMALL)
    file = tmp_path / "encoder.safetensors"
    safetensors.torch.save_file(other.encoder.state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    params = SMALL.model_copy(update={"weights": str(file), "weights_sha256": digest})
    load_encoder(model, params)
    for name, value in other.encoder.state_dict().items():
        assert torch.equal(model.encoder.state_dict()[name], value)
