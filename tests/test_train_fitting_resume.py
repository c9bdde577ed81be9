"""A killed run goes on as if nothing had happened: every file of it, to the bit."""

import random

import pytest

from store.building import read_manifest
from store.tables import read_rows
from tests.crashing import FULL, LOG, SEED
from tests.networks import scratch
from tests.resuming import run
from train.params import FineTuningParams

pytestmark = pytest.mark.slow

STEPS = 8
"""Of the run: two epochs of four."""

CREDULOUS = {"share": 0.7, "from_epoch": 1, "margin": 0.0, "scope": "batch"}
"""SCN that believes itself from the first step on."""

KINDS = {
    "plain": ("cam", "plain", {}),
    "aligned": ("cam", "aligned", {}),
    "bf16": ("cam", "aligned", {"amp": "bf16", "optimiser": "sgd"}),
    "pal": ("pal", "aligned", {}),
    "pal_fc": ("pal_fc", "aligned", {"amp": "bf16", "backbone": "speck"}),
    "cafe": ("cafe", "aligned", {"backbone": "wide", "ema": 0.9}),
    "scn": ("scn", "aligned", {"training_strategy": CREDULOUS}),
    "rul": ("rul", "aligned", {"optimiser": "adam"}),
    "eac": ("eac", "aligned", {"accumulate": 2, "batch": 4}),
    "frozen": (
        "pal",
        "aligned",
        {"fine_tuning": FineTuningParams(lr_factor=0.5, frozen_levels=4, frozen_epochs=1)},
    ),
    "rated": ("cutmix", "aligned", {"heads": ("valence_arousal",), "ema": 0.9}),
    "soft": ("cutmix", "aligned", {"targets": "soft"}),
    "all at once": (
        "cam",
        "aligned",
        {
            "ema": 0.9,
            "accumulate": 2,
            "batch": 4,
            "clip_norm": 1.0,
            "schedule": "cosine",
            "warmup_epochs": 0.5,
            "deterministic": True,
        },
    ),
}


@pytest.fixture(scope="module")
def job(tiny, voted, rated):
    """A function (kind, out) -> what to train."""

    def make(kind, out):
        method, variant, changes = KINDS[kind]
        shipped = scratch().training("demo", method, variant).params
        small = {"backbone": "speck", "image_px": 32, "epochs": 2, "batch": 8}
        params = shipped.model_copy(update={**small, "checkpoint_steps": 1, **changes})
        stores = voted if params.soft_targets else rated if params.heads else tiny
        return stores, out, params, variant, method

    return make


@pytest.fixture(scope="module")
def gold(job, tmp_path_factory):
    """A function (kind, ranks) -> digest of an undisturbed run; each is run once."""
    known = {}

    def digest(kind, ranks):
        if (kind, ranks) not in known:
            out = tmp_path_factory.mktemp("gold") / "run"
            assert set(run(job(kind, out), ranks)) == {0}
            known[kind, ranks] = read_manifest(out)["sha256"]
        return known[kind, ranks]

    return digest


def kills(kind, ranks, count):
    """Seeded kills, at steps and, in the first rank, around calls to the disk."""
    chance = random.Random(f"{SEED} {kind} {ranks}")
    for number in range(count * 5 if FULL else count):
        if number % 2:
            yield (chance.choice(("before", "after")), chance.randint(1, 180)), 0
        else:
            yield ("step", chance.randint(1, STEPS)), chance.randrange(max(ranks, 1))


@pytest.mark.parametrize(
    ("kind", "ranks", "count"),
    [
        ("plain", 0, 4),
        ("aligned", 0, 5),
        ("bf16", 0, 3),
        ("all at once", 0, 2),
        ("plain", 2, 2),
        ("aligned", 2, 2),
        ("bf16", 2, 2),
        *((kind, 0, 1) for kind in ("pal", "pal_fc", "cafe", "rul", "eac")),
        ("scn", 0, 2),
        ("scn", 2, 1),
        ("rul", 2, 1),
        ("pal", 2, 1),
        ("soft", 0, 1),
        ("soft", 2, 1),
        ("rated", 0, 1),
        ("rated", 2, 1),
    ],
)
def test_a_killed_run_ends_with_the_files_of_an_undisturbed_one(
    kind, ranks, count, job, gold, tmp_path
):
    for number, (fatal, victim) in enumerate(kills(kind, ranks, count)):
        out = tmp_path / str(number) / "run"
        work = job(kind, out)
        assert -9 in run(work, ranks, fatal, victim), f"seed {SEED}: {fatal} did not land"
        assert not out.exists() or read_manifest(out)["sha256"] == gold(kind, ranks)
        assert set(run(work, ranks)) == {0}
        assert read_manifest(out)["sha256"] == gold(kind, ranks), f"seed {SEED}: {fatal}"
        assert list(out.parent.iterdir()) == [out]
    LOG.info("%s, %d ranks, seed %d: %d kills landed", kind, ranks, SEED, number + 1)


def test_a_run_that_changes_labels_lists_them(job, tmp_path):
    out = tmp_path / "run"
    assert run(job("scn", out)) == [0]
    listed = read_rows(out / "relabelled.csv")
    assert listed
    assert all(row["now"] != row["expression"] for row in listed)
    assert len({row["id"] for row in listed}) == len(listed)
