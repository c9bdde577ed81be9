"""Method `ofer` from restored faces to scores: what a run takes along, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from contracts.occlusion import RESTORER, RESTORER_WEIGHTS
from contracts.repeats import Repeat
from contracts.runs import RunCard
from errors import NoInputError, UsageError
from params import load as load_params
from progress import silent
from store.reading import Store
from tests.networks import scratch
from tests.occlusion import CONTEXT, PATCH_PARAMS, SMALL, occluded_tiny
from tests.occlusion import restored as restored_by
from train.data.batch_loader import BatchLoader, Placement
from train.data.stores import Stores
from train.evaluation.stage import EvaluationInputs, evaluate
from train.export import export
from train.fitting.stage import train
from train.images import eval_images
from train.loading import load_run
from train.methods.base import HIDDEN, LATENTS, RESTORED
from train.occlusion.mae import mae
from train.occlusion.params import RestoreParams
from train.occlusion.patches import PatchInputs, patches
from train.runs import Run, read_card

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def restored(tiny, tmp_path_factory, make_store):
    root = tmp_path_factory.mktemp("line")
    mae(tiny.faces, root / "mae", SMALL.model_copy(update={"epochs": 1}), CONTEXT)
    occluded = occluded_tiny(tiny.faces, root / "occluded", make_store)
    pixels = PATCH_PARAMS.model_copy(update={"detector": "pixels", "epochs": 1})
    patches(PatchInputs(tiny.faces, occluded, root / "mae"), root / "patches", pixels, CONTEXT)
    params = RestoreParams(filler="mae", most_hidden=0.75, latents="half")
    restored_by(tiny.faces, root / "mae", root / "patches", root / "restored", params)
    return root


@pytest.fixture(scope="module")
def quick():
    shipped = scratch().train_of("demo", "ofer")
    head = {"latents": "chosen", "latent_width": 16, "mlp": "attention"}
    return shipped.model_copy(update={"image_px": 32, "epochs": 1, "batch": 14, "head": head})


@pytest.fixture(scope="module")
def stores(tiny, restored):
    return Stores.open(tiny.faces, tiny.landmarks, tiny.heatmaps, restored / "restored")


@pytest.fixture(scope="module")
def trained(stores, quick, restored):
    train(stores, restored / "run", Run("ofer", "aligned", Repeat(0), quick, CPU), silent)
    return restored / "run"


def test_batches_carry_restored_faces_and_latents_of_both_views(stores, quick):
    loader = BatchLoader(stores, "train", 8, quick.feed, Placement(CPU))
    raw = next(iter(loader.sequential_batches()))
    expected = stores.restored.array("image").take(raw.rows_B)
    np.testing.assert_array_equal(raw.images_BSS3.numpy(), expected)
    latents = stores.restored.array("latents").take(raw.rows_B)
    np.testing.assert_array_equal(raw.latents_BVPD.numpy(), latents)


def test_a_run_takes_its_restorer_along(trained, restored):
    for name in (RESTORER, RESTORER_WEIGHTS):
        assert (trained / name).read_bytes() == (restored / "restored" / name).read_bytes()
    assert read_card(trained).restored == Store(restored / "restored").digest
    assert RunCard.model_validate_json((trained / "run.json").read_bytes()).method == "ofer"


def test_a_run_restores_plain_faces_by_itself(trained, tiny, stores):
    model, _, _ = load_run(trained, "last", CPU)
    rows = np.arange(6)
    faces = torch.from_numpy(Store(tiny.faces).array("image").take(rows))
    with torch.no_grad():
        found = model(eval_images(faces, 32))
        stored = torch.from_numpy(stores.restored.array("image").take(rows))
        latents = torch.from_numpy(stores.restored.array("latents").take(rows))[:, 0].float()
        expected = model(eval_images(stored, 32), None, {LATENTS: latents})
    torch.testing.assert_close(found.logits_BK, expected.logits_BK, atol=0.05, rtol=0.05)
    assert found.extra[HIDDEN].shape == (6, 196)
    assert found.extra[RESTORED].shape == (6, 3, 32, 32)


def test_a_run_is_scored_on_plain_faces(trained, tiny, checkout, tmp_path):
    shipped = load_params(checkout / "params.yaml").evaluate
    numbers = shipped.model_copy(update={"sheet_px": 16, "sheet_per_class": 1, "bootstrap": 0})
    numbers = numbers.model_copy(
        update={"hiding": shipped.hiding.model_copy(update={"per_class": 0})}
    )
    inputs = EvaluationInputs(trained, tiny.faces, tiny.landmarks, CPU)
    said = evaluate(inputs, tmp_path / "scores", numbers, silent)
    assert said.startswith("ofer aligned seed0: accuracy")


def test_a_method_that_reads_no_latents_refuses_them(stores, quick, tmp_path):
    plain = quick.model_copy(update={"head": {}})
    with pytest.raises(UsageError, match="cam does not read restored faces"):
        train(stores, tmp_path / "run", Run("cam", "plain", Repeat(0), plain, CPU), silent)


def test_without_restored_faces_it_is_refused(stores, quick, tmp_path):
    run = Run("ofer", "plain", Repeat(0), quick, CPU)
    with pytest.raises(UsageError, match="ofer needs restored faces"):
        train(replace(stores, restored=None), tmp_path / "run", run, silent)


def test_latents_of_another_width_are_refused(stores, quick, tmp_path):
    head = {**quick.head, "latent_width": 17}
    other = quick.model_copy(update={"head": head})
    with pytest.raises(UsageError, match=r"is 17, the latents in .* have 16"):
        train(stores, tmp_path / "run", Run("ofer", "plain", Repeat(0), other, CPU), silent)


@pytest.mark.parametrize(("key", "value"), [("rotate_p", 0.5), ("crop_area_min", 0.8)])
def test_turning_and_cropping_are_refused(stores, quick, tmp_path, key, value):
    augment = quick.augment.model_copy(update={key: value})
    moved = quick.model_copy(update={"augment": augment})
    with pytest.raises(UsageError, match=rf"augment\.{key}"):
        train(stores, tmp_path / "run", Run("ofer", "plain", Repeat(0), moved, CPU), silent)


def test_faces_are_no_restored_faces(tiny):
    with pytest.raises(NoInputError, match="holds no latents"):
        Stores.open(tiny.faces, tiny.landmarks, None, tiny.faces)


def test_a_graph_of_the_classifier_alone_is_refused(trained, checkout, tmp_path):
    numbers = load_params(checkout / "params.yaml").export
    with pytest.raises(UsageError, match="trained by ofer on restored faces"):
        export(trained, tmp_path / "out", numbers)
