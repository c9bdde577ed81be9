"""Restored faces, planned by `train` and built by `pipeline`: kills, workers, damage."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from commands.restoring import repairable, restore_on
from contracts.occlusion import MAE_WEIGHTS, RESTORER_WEIGHTS
from errors import CorruptError
from pipeline.execution.cluster import ClusterConfig
from pipeline.repair import STAGES, repair_store
from progress import silent
from store.building import COMMITS
from store.reading import Store
from store.verify import find_problems
from tests.forking import forkserver
from tests.occlusion import CONTEXT, HERE, PATCH_PARAMS, SMALL, occluded_tiny
from train.occlusion.context import StageContext
from train.occlusion.mae import mae
from train.occlusion.params import RestoreParams
from train.occlusion.patches import PatchInputs, patches
from train.occlusion.restore import RestoreInputs

FORK = forkserver(__name__, "zarr")
PARAMS = RestoreParams(filler="mae", most_hidden=0.75, latents="half")
ROWS, BLACK, FAILED = 130, 3, 70


def die(done, total, note):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_six(done, total, note):
    if done == 6:
        die(done, total, note)


def restore_and_die(inputs, out):
    restore_on(ClusterConfig(die, workers=0), inputs, out, PARAMS, CONTEXT)


def train_and_die(faces, out):
    mae(faces, out, SMALL, StageContext(torch.device("cpu"), die_at_six))


def killed(function, *given):
    child = FORK.Process(target=function, args=given)
    child.start()
    child.join(120)
    return child.exitcode == -signal.SIGKILL


@pytest.fixture(scope="module")
def root(tiny, tmp_path_factory, make_store):
    """Outputs of mae and patches, and three shards of faces: one black, one not found."""
    root = tmp_path_factory.mktemp("restoring") / "data"
    small, numbers = Store(tiny.faces), np.arange(ROWS) % 42
    images, valid = small.array("image").load()[numbers], np.ones(ROWS, np.uint8)
    images[[BLACK, FAILED]], valid[FAILED] = 0, 0
    rows = list(small.rows())
    table = [{**rows[number], "id": str(at)} for at, number in enumerate(numbers)]
    table[FAILED]["status"] = "no_face"
    arrays = {"image": images, "valid": valid}
    faces = make_store(root / "faces", arrays, small.metadata, table, 64)
    mae(faces, root / "mae", SMALL, CONTEXT)
    occluded = occluded_tiny(faces, root / "occluded", make_store)
    patches(PatchInputs(faces, occluded, root / "mae"), root / "patches", PATCH_PARAMS, CONTEXT)
    restore_on(HERE, inputs_in(root), root / "restored", PARAMS, CONTEXT)
    return root


def inputs_in(root):
    return RestoreInputs(root / "faces", root / "mae", root / "patches")


def test_a_black_face_is_restored_and_one_that_was_not_found_stays_empty(root):
    store = Store(root / "restored")
    assert store.array("valid").load()[[BLACK, FAILED]].tolist() == [1, 0]
    assert np.isfinite(store.array("latents").load()).all()
    assert not store.array("latents").load()[FAILED].any()
    assert store.table()["status"][FAILED] == "no_face"


@pytest.mark.slow
def test_a_build_that_was_killed_goes_on_after_the_shards_it_has(root, tmp_path):
    assert killed(restore_and_die, inputs_in(root), tmp_path / "out")
    (left,) = tmp_path.glob(f".building-*/{COMMITS}")
    assert [file.name for file in left.iterdir()] == ["000000.json"]
    done = []
    rest = ClusterConfig(lambda *told: done.append(told[:2]), workers=0)
    restore_on(rest, inputs_in(root), tmp_path / "out", PARAMS, CONTEXT)
    assert done == [(64, 66), (66, 66)]
    assert Store(tmp_path / "out").digest == Store(root / "restored").digest


@pytest.mark.slow
def test_an_autoencoder_whose_training_was_killed_ends_with_the_same_bits(root, tmp_path):
    assert killed(train_and_die, root / "faces", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    mae(root / "faces", tmp_path / "out", SMALL, CONTEXT)
    first, again = (
        (folder / MAE_WEIGHTS).read_bytes() for folder in (root / "mae", tmp_path / "out")
    )
    assert first == again


@pytest.mark.slow
def test_workers_make_the_same_bits(root, tmp_path):
    restore_on(ClusterConfig(silent, workers=2), inputs_in(root), tmp_path / "out", PARAMS, CONTEXT)
    assert Store(tmp_path / "out").digest == Store(root / "restored").digest


def test_what_is_damaged_is_made_again(root, tmp_path):
    out = root / "damaged"
    restore_on(HERE, inputs_in(root), out, PARAMS, CONTEXT)
    before = (out / "MANIFEST.json").read_bytes()
    next((out / "data.zarr" / "mask").glob("c.*")).unlink()
    latents = next((out / "data.zarr" / "latents").glob("c.1.*"))
    for file in (latents, out / RESTORER_WEIGHTS):
        file.chmod(0o644)
        file.write_bytes(bytes(64) + file.read_bytes()[64:])
    lines = list(repair_store(out, [root], HERE, repairable()))
    assert lines[-1] == f"{out}: repaired, 3 files"
    assert (out / "MANIFEST.json").read_bytes() == before
    assert list(find_problems(out, deep=True)) == []


def test_all_stages_that_make_shards_can_be_repaired():
    assert set(repairable()) == {*STAGES, "restore"}


def test_it_is_not_mended_with_another_version_of_torch(root, monkeypatch):
    out = root / "older"
    with monkeypatch.context() as patch:
        patch.setattr(torch, "__version__", "1.0")
        restore_on(HERE, inputs_in(root), out, PARAMS, CONTEXT)
    next((out / "data.zarr" / "mask").glob("c.*")).unlink()
    with pytest.raises(CorruptError, match=r"inputs or tools differ now.*torch"):
        list(repair_store(out, [root], HERE, repairable()))


@pytest.mark.parametrize(
    ("device", "workers", "expected"), [("cpu", None, None), ("meta", None, 0), ("meta", 3, 3)]
)
def test_on_a_gpu_this_process_works_unless_workers_are_asked_for(
    device, workers, expected, root, tmp_path, monkeypatch
):
    given = []
    monkeypatch.setattr(
        "pipeline.execution.sharded_build.build",
        lambda plan, work, cluster, rebuild: given.append(cluster.workers),
    )
    context = replace(CONTEXT, device=torch.device(device))
    cluster = ClusterConfig(silent, workers=workers)
    restore_on(cluster, inputs_in(root), tmp_path / "out", PARAMS, context)
    assert given == [expected]
