"""Stage plan: what every run depends on, fixed before any of them starts."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.plans import PlannedHeatmaps
from contracts.repeats import Repeat
from errors import DataError, NoInputError, UsageError
from params import load
from store.building import write_in_place
from store.reading import Store
from train.params import TrainParams
from train.plan import check_warm_start, open_stores, plan, read_plan
from train.runs import warm_start_of

SCORED = {"test": "evaluate.split"}


@pytest.fixture(scope="module")
def params(checkout):
    return load(checkout / "params.yaml")


@pytest.fixture
def runs(params):
    return params.runs_of("demo")


@pytest.fixture
def made(tiny, runs, tmp_path):
    """The folder of the plans of a plain and an aligned run."""
    said = plan(tiny.faces, tiny.heatmaps.parent, tmp_path / "plans", runs, [Repeat(0)], SCORED)
    assert said == "tiny: 2 methods and variants; usable faces: train 28, val 7, test 7"
    return tmp_path / "plans"


def test_soft_targets_are_refused_before_any_run_where_faces_bring_no_shares(
    tiny, voted, runs, tmp_path
):
    soft = [replace(one, params=one.params.model_copy(update={"targets": "soft"})) for one in runs]
    rest = tmp_path / "plans", soft, [Repeat(0)], SCORED
    with pytest.raises(DataError, match=r"no shares of the classes, and cam plain has train\.tar"):
        plan(tiny.faces, tiny.heatmaps.parent, *rest)
    assert "2 methods" in plan(voted.faces, voted.heatmaps.parent, *rest)


def test_a_plan_holds_the_numbers_of_its_run_to_the_last_digit(made, runs):
    for run in runs:
        planned = read_plan(made / run.method / f"{run.variant}.yaml")
        assert TrainParams.model_validate(planned.params) == run.params
        assert (planned.dataset, planned.method, planned.variant) == ("tiny", "cam", run.variant)


def test_only_an_aligned_run_depends_on_heatmaps(made, tiny):
    assert read_plan(made / "cam/plain.yaml").heatmaps is None
    used = PlannedHeatmaps(kind="au", digest=Store(tiny.heatmaps).digest)
    assert read_plan(made / "cam/aligned.yaml").heatmaps == used


def test_a_new_number_of_the_alignment_changes_no_plain_plan(made, tiny, runs):
    before = {file: file.read_bytes() for file in made.rglob("*.yaml")}
    heavier = [
        run
        if run.params.alignment is None
        else run.__class__(
            run.method,
            run.variant,
            run.params.model_copy(
                update={"alignment": run.params.alignment.model_copy(update={"weight": 2.5})}
            ),
            run.kind,
        )
        for run in runs
    ]
    plan(tiny.faces, tiny.heatmaps.parent, made, heavier, [Repeat(0)], SCORED)
    changed = {file.name for file, text in before.items() if file.read_bytes() != text}
    assert changed == {"aligned.yaml"}


def test_plans_that_are_no_longer_listed_go(made, tiny, runs):
    plan(tiny.faces, tiny.heatmaps.parent, made, runs[:1], [Repeat(0)], SCORED)
    assert [file.name for file in made.rglob("*.yaml")] == ["plain.yaml"]


def test_a_split_without_a_usable_face_is_told_before_anything_is_trained(tiny, runs, tmp_path):
    scored = {"all": "evaluate.split", "tset": "matrix.transfers (a-on-b)"}
    with pytest.raises(DataError, match=r"0 usable faces in split tset, .*a-on-b\).*val 7"):
        plan(tiny.faces, tiny.heatmaps.parent, tmp_path / "plans", runs, [Repeat(0)], scored)
    assert not (tmp_path / "plans").exists()


def test_a_kind_with_several_maps_per_face_is_refused(tiny, runs, make_store, tmp_path):
    stacks = {"map": np.zeros((42, 7, 8, 8), np.uint8)}
    make_store(tmp_path / "maps" / "au", stacks, {"kind": "au"})
    with pytest.raises(UsageError, match="several maps per face"):
        plan(tiny.faces, tmp_path / "maps", tmp_path / "plans", runs, [Repeat(0)], SCORED)


def test_a_kind_that_was_not_drawn_is_told(tiny, runs, tmp_path):
    with pytest.raises(NoInputError, match=r"nothing/au: is not there or not finished"):
        plan(tiny.faces, tmp_path / "nothing", tmp_path / "plans", runs, [Repeat(0)], SCORED)


@pytest.mark.parametrize("text", ["", "a: b", "{", "method: 7", "\ud800"])
def test_a_file_that_is_no_plan_is_refused(tmp_path, text):
    file = tmp_path / "plan.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError, match="is no plan of this version"):
        read_plan(file)


def test_a_missing_plan_says_what_makes_it(tmp_path):
    with pytest.raises(NoInputError, match="dvc repro plan"):
        read_plan(tmp_path / "plan.yaml")


def test_a_plain_run_opens_no_heatmaps(made, tiny, tmp_path):
    planned = read_plan(made / "cam/plain.yaml")
    assert open_stores(planned, tiny.faces, tiny.landmarks, tmp_path / "nothing").heatmaps is None


def test_other_heatmaps_than_those_planned_with_are_refused(made, tiny, make_store, tmp_path):
    planned = read_plan(made / "cam/aligned.yaml")
    stores = open_stores(planned, tiny.faces, tiny.landmarks, tiny.heatmaps.parent)
    assert stores.heatmaps.digest == planned.heatmaps.digest
    store = Store(tiny.heatmaps)
    arrays = {name: store.array(name).load() for name in store.layout.arrays}
    arrays["map"] = arrays["map"] // 2
    make_store(tmp_path / "maps" / "au", arrays, store.metadata, store.rows())
    with pytest.raises(UsageError, match="is not the store that the run was planned with"):
        open_stores(planned, tiny.faces, tiny.landmarks, tmp_path / "maps")


def test_the_usable_faces_of_each_fold_are_counted(tiny, runs, tmp_path):
    repeats = [Repeat(0, 0), Repeat(0, 1), Repeat(1, 0)]
    said = plan(tiny.faces, tiny.heatmaps.parent, tmp_path, runs, repeats, SCORED)
    assert said.endswith("fold 0: train 14, val 14, test 14; fold 1: train 14, val 14, test 14")


def test_a_fold_that_is_not_there_is_refused_before_anything_is_trained(tiny, runs, tmp_path):
    with pytest.raises(DataError, match="has 3 folds, from 0; a repeat names fold 3"):
        plan(tiny.faces, tiny.heatmaps.parent, tmp_path, runs, [Repeat(0, 3)], SCORED)


def test_a_plan_holds_the_run_to_go_on_from_and_notices_another(made, tmp_path):
    planned = read_plan(made / "cam/plain.yaml")
    check_warm_start(planned)
    run = tmp_path / "run"
    for word in ("one", "two"):
        write_in_place(run, {"word": word}, {}, {"dataset": "elsewhere"})
        if word == "one":
            begun = planned.model_copy(update={"params": {**planned.params, "weights": str(run)}})
            params = TrainParams.model_validate(begun.params)
            begun = begun.model_copy(update={"warm_start": warm_start_of(params)})
            check_warm_start(begun)
    with pytest.raises(UsageError, match=r"not the run that was planned with.*plan@tiny"):
        check_warm_start(begun)


def test_only_a_method_that_reads_latents_depends_on_restored_faces(
    tiny, params, make_store, tmp_path
):
    heatmaps = tmp_path / "heatmaps"
    arrays = {"image": np.zeros((42, 8, 8, 3), np.uint8), "latents": np.zeros((42, 2, 3, 4), "f2")}
    make_store(heatmaps / "restored", arrays)
    runs = [params.training("demo", method, "plain") for method in ("cam", "ofer")]
    plan(tiny.faces, heatmaps, tmp_path / "plans", runs, [Repeat(0)], SCORED)
    plain, restored = (read_plan(tmp_path / f"plans/{one}/plain.yaml") for one in ("cam", "ofer"))
    assert plain.restored is None
    assert restored.restored == Store(heatmaps / "restored").digest
    stores = open_stores(restored, tiny.faces, tiny.landmarks, heatmaps)
    assert stores.shown.path == heatmaps / "restored"
    assert open_stores(plain, tiny.faces, tiny.landmarks, heatmaps).restored is None


def test_restored_faces_that_were_made_again_are_noticed(tiny, params, make_store, tmp_path):
    heatmaps = tmp_path / "heatmaps"
    arrays = {"image": np.zeros((42, 8, 8, 3), np.uint8), "latents": np.zeros((42, 2, 3, 4), "f2")}
    make_store(heatmaps / "restored", arrays)
    runs = [params.training("demo", "ofer", "plain")]
    plan(tiny.faces, heatmaps, tmp_path / "plans", runs, [Repeat(0)], SCORED)
    planned = read_plan(tmp_path / "plans/ofer/plain.yaml")
    make_store(heatmaps / "restored", {**arrays, "image": arrays["image"] + 1})
    with pytest.raises(UsageError, match="is not the store that the run was planned with"):
        open_stores(planned, tiny.faces, tiny.landmarks, heatmaps)


def test_a_method_that_reads_latents_waits_for_restored_faces(tiny, params, tmp_path):
    runs = [params.training("demo", "ofer", "plain")]
    with pytest.raises(NoInputError, match="restored"):
        plan(tiny.faces, tiny.heatmaps.parent, tmp_path / "plans", runs, [Repeat(0)], SCORED)
