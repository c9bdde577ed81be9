"""What may happen to a run: nonsense in a loss, too little memory, signals, damage."""

import signal

import pytest
import torch

from errors import CorruptError, DivergedError, ResourceError, StorageError
from store.building import read_manifest
from store.tables import read_rows
from tests.networks import scratch
from tests.planned import planned
from tests.resuming import CPU, codes, command, fit, small_world
from train.checkpoint import load
from train.fitting.optimisers import OPTIMISERS
from train.fitting.train_state import TrainState
from train.loading import load_run
from train.methods.losses import LOSSES
from train.records import Loss

EXITS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75}


@pytest.fixture(scope="module")
def speck():
    shipped = scratch().train
    deepest = shipped.alignment.model_copy(update={"layers": (5,)})
    small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 8, "alignment": deepest}
    return shipped.model_copy(update=small)


def half_built(out):
    return next(out.parent.glob(".building-*"))


def failing(steps):
    """Return a loss that is not a number in some of its calls, counted from 1."""
    count = iter(range(1, 1000))

    def make(options, classify):
        def loss(forward, batch):
            whole = classify(forward.logits_BK, batch.target)
            return whole * (torch.nan if next(count) in steps else 1)

        return Loss(loss)

    return make


def test_a_step_that_is_no_number_is_skipped_and_its_faces_listed(
    tiny, speck, tmp_path, monkeypatch, caplog
):
    monkeypatch.setitem(LOSSES, "cross_entropy", failing({2, 3, 6}))
    fit(tiny, tmp_path / "run", speck)
    listed = read_rows(tmp_path / "run" / "skipped.csv")
    assert {(row["epoch"], row["step"]) for row in listed} == {("1", "2"), ("1", "3"), ("2", "2")}
    assert len(listed) == 24
    assert "-" in listed[0]["id"]
    assert "epoch 1, step 2" in caplog.text
    curve = (tmp_path / "run/curves/plots/metrics/train/cross_entropy.tsv").read_text()
    assert "nan" not in curve


def test_a_loss_finds_heatmaps_at_the_size_of_its_level(tiny, speck, tmp_path, monkeypatch):
    seen = []

    def loss(forward, batch):
        sizes = [tuple(maps.shape[-2:]) for maps in batch.maps]
        seen.append((tuple(forward.features[0].shape[-2:]), sizes))
        return forward.logits_BK.square().mean()

    monkeypatch.setitem(LOSSES, "cross_entropy", lambda *parts: Loss(loss, level=1))
    fit(tiny, tmp_path / "run", speck)
    size, sizes = seen[0]
    assert len(sizes) == 2
    assert size == sizes[1]


def test_three_such_steps_in_a_row_stop_the_run(tiny, speck, tmp_path, monkeypatch):
    monkeypatch.setitem(LOSSES, "cross_entropy", failing({5, 6, 7}))
    with pytest.raises(DivergedError, match=r"cross_entropy is nan.* in epoch 2, step 3"):
        fit(tiny, tmp_path / "run", speck)
    folder = half_built(tmp_path / "run")
    assert len(read_rows(folder / "skipped.csv")) == 24
    assert '"epoch": 1, "step": 0' in load(folder / "last.ckpt")["position"]


def test_a_run_leaves_no_list_if_nothing_was_skipped(tiny, speck, tmp_path):
    fit(tiny, tmp_path / "run", speck)
    files = read_manifest(tmp_path / "run")["files"]
    assert not {"skipped.csv", "prev.ckpt", "progress.json"} & set(files)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    ],
)
def test_too_little_memory_is_told_with_a_remedy(tiny, speck, tmp_path, monkeypatch, error):
    def full(self, *arguments):
        raise error

    monkeypatch.setattr(TrainState, "step", full)
    with pytest.raises(ResourceError, match=r"train\.batch 8 at train\.image_px 32.*accumulate"):
        fit(tiny, tmp_path / "run", speck)


def test_both_the_weights_and_their_average_are_kept_and_the_average_is_judged(
    tiny, speck, tmp_path
):
    out = tmp_path / "run"
    fit(tiny, out, speck.model_copy(update={"ema": 0.9}))
    state = load(out / "best.ckpt")
    with small_world():
        model, _, _ = load_run(out, "best", CPU)
    name = "head.linear.weight"
    assert torch.equal(model.state_dict()[name], state["average"][name])
    assert not torch.equal(model.state_dict()[name], state["model"][name])


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_checkpoints_are_about_as_large_as_was_counted_before_the_first_step(
    optimiser, tiny, speck, tmp_path, monkeypatch
):
    counted = []
    monkeypatch.setattr(
        "train.fitting.trainer.require_space_for_checkpoints",
        lambda folder, size: counted.append(size),
    )
    params = speck.model_copy(update={"optimiser": optimiser, "ema": 0.9})
    fit(tiny, tmp_path / "run", params)
    size = (tmp_path / "run" / "last.ckpt").stat().st_size
    assert counted[0] < size < 1.2 * counted[0] + 60_000


def test_a_disk_too_small_for_the_checkpoints_is_said_before_the_first_epoch(
    tiny, speck, tmp_path, monkeypatch
):
    monkeypatch.setattr("store.files.free_bytes", lambda path: 1000)
    with pytest.raises(StorageError, match=r"1\.0 kB are free\. Nothing was started.*checkpoints"):
        fit(tiny, tmp_path / "run", speck)
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_checkpoint_says_what_it_is_of(tiny, speck, tmp_path):
    fit(tiny, tmp_path / "run", speck)
    about = load(tmp_path / "run" / "last.ckpt")["about"]
    assert about["expressions"][1] == "Happiness"
    assert about["method"] == "cam"
    assert about["faces"] == read_manifest(tiny.faces)["sha256"]
    assert len(about["revision"]) in (40, len("unknown"))


def stopped(tiny, out, speck, at, **options):
    """Leave a run after a step."""

    def progress(done, total, note):
        if done == at and note:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(tiny, out, speck, progress=progress, **options)


def steps(tiny, out, speck, **options):
    """Return the steps that a run is told of."""
    seen = []
    fit(tiny, out, speck, progress=lambda done, total, note: seen.append(done), **options)
    return seen


def test_rebuild_starts_a_half_done_run_over(tiny, speck, tmp_path):
    every = speck.model_copy(update={"checkpoint_steps": 1})
    stopped(tiny, tmp_path / "run", every, at=6)
    assert steps(tiny, tmp_path / "run", every, rebuild=True)[0] == 0


@pytest.mark.parametrize("change", [{"lr": 0.5}, {"epochs": 3}, {"ema": 0.5}])
def test_other_parameters_never_continue_a_run(change, tiny, speck, tmp_path):
    every = speck.model_copy(update={"checkpoint_steps": 1})
    stopped(tiny, tmp_path / "run", every, at=6)
    assert steps(tiny, tmp_path / "run", every.model_copy(update=change))[0] == 0
    assert half_built(tmp_path / "run")


def test_a_damaged_checkpoint_costs_a_step_and_nothing_else(tiny, speck, tmp_path, caplog):
    every = speck.model_copy(update={"checkpoint_steps": 1})
    fit(tiny, tmp_path / "gold", every)
    stopped(tiny, tmp_path / "run", every, at=6)
    last = half_built(tmp_path / "run") / "last.ckpt"
    last.write_bytes(last.read_bytes()[:-1])
    assert steps(tiny, tmp_path / "run", every)[:2] == [4, 5]
    assert "prev.ckpt" in caplog.text
    digests = {read_manifest(tmp_path / name)["sha256"] for name in ("gold", "run")}
    assert len(digests) == 1


def test_a_run_without_a_whole_checkpoint_is_refused(tiny, speck, tmp_path):
    every = speck.model_copy(update={"checkpoint_steps": 1})
    stopped(tiny, tmp_path / "run", every, at=6)
    for name in ("last.ckpt", "prev.ckpt"):
        (half_built(tmp_path / "run") / name).write_bytes(b"")
    with pytest.raises(CorruptError, match=r"prev\.ckpt"):
        fit(tiny, tmp_path / "run", every)


def test_an_interrupted_run_says_how_far_it_is(tiny, speck, tmp_path):
    from store.outputs import describe_unfinished

    stopped(tiny, tmp_path / "run", speck.model_copy(update={"checkpoint_steps": 3}), at=4)
    assert "half-built, step 3 of 8, " in describe_unfinished(half_built(tmp_path / "run")).state


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("amp", ["none", "bf16", "fp16"])
def test_on_a_gpu_a_deterministic_run_goes_on_to_the_same_bits(amp, tiny, speck, tmp_path):
    exact = {"amp": amp, "deterministic": True, "checkpoint_steps": 1}
    params, gpu = speck.model_copy(update=exact), torch.device("cuda:0")
    fit(tiny, tmp_path / "gold", params, device=gpu)
    for at in (1, 4, 6):
        stopped(tiny, tmp_path / "run", params, at, device=gpu)
    fit(tiny, tmp_path / "run", params, device=gpu)
    assert len({read_manifest(tmp_path / name)["sha256"] for name in ("gold", "run")}) == 1


def arguments(tiny, speck, folder):
    plan = planned(folder / "plan.yaml", speck, tiny.heatmaps)
    given = ["train", tiny.faces, tiny.landmarks, tiny.heatmaps.parent, plan, folder / "run"]
    return [*given, "--repeat", "seed0", "--device", "cpu"]  # as the run it is compared with


@pytest.mark.slow
@pytest.mark.parametrize("number", EXITS, ids=lambda number: number.name)
def test_a_signal_finishes_the_step_saves_and_leaves_with_its_code(number, tiny, speck, tmp_path):
    given = arguments(tiny, speck, tmp_path)
    assert codes([(command, (given, 6, number))]) == [EXITS[number]]
    position = load(half_built(tmp_path / "run") / "last.ckpt")["position"]
    assert '"epoch": 1, "step": 3' in position  # the step after the sixth was in hand
    assert codes([(command, (given,))]) == [0]
    fit(tiny, tmp_path / "gold", speck)
    assert len({read_manifest(tmp_path / name)["sha256"] for name in ("gold", "run")}) == 1


@pytest.mark.slow
def test_a_second_signal_stops_at_once(tiny, speck, tmp_path):
    given = arguments(tiny, speck, tmp_path)
    assert codes([(command, (given, 1, signal.SIGINT, 2))]) == [130]
    assert not list(half_built(tmp_path / "run").glob("*.ckpt"))
