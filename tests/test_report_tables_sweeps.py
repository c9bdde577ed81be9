"""Ablations are found among the results by themselves."""

from benchmarks.made_results import put
from report.page import write_report
from report.params import ReportParams
from report.reading.results import load_comparisons
from report.tables.sweeps import find_sweeps, sweep_table


def settings(weight=9.0, layers=(2,)):
    return {"lr": 0.001, "alignment": {"weight": weight, "layers": list(layers)}}


def found(results):
    return {(sweep.setting, sweep.values) for sweep in find_sweeps(load_comparisons(results))}


def test_runs_that_differ_in_one_setting_make_a_sweep_in_its_order(tmp_path):
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/aligned-lambda20", train=settings(weight=20.0))
    put(tmp_path, "demo/cam/aligned-lambda4", train=settings(weight=4.0))
    assert found(tmp_path) == {("alignment.weight", ("4.0", "9.0", "20.0"))}


def test_runs_that_differ_in_two_settings_make_none(tmp_path):
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/aligned-other", train=settings(weight=4.0, layers=(1,)))
    assert found(tmp_path) == set()


def test_layers_stand_single_ones_first(tmp_path):
    for name, layers in (("a", (2, 1)), ("b", (2,)), ("c", (1,))):
        put(tmp_path, f"demo/cam/aligned-{name}", train=settings(layers=layers))
    assert found(tmp_path) == {("alignment.layers", ("1", "2", "2+1"))}


def test_the_plain_run_stands_beside_a_sweep_of_the_alignment(tmp_path):
    put(tmp_path, "demo/cam/plain", accuracy=0.5)
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/aligned-4", train=settings(weight=4.0), accuracy=1.0)
    (sweep,) = find_sweeps(load_comparisons(tmp_path))
    rows = sweep_table(sweep).rows
    assert [row[:2] for row in rows] == [("plain", "0.500"), ("4.0", "1.000"), ("9.0", "0.750")]


def test_seeds_are_told_with_their_spread(tmp_path):
    for seed, accuracy in ((0, 0.5), (1, 0.75), (2, 1.0)):
        put(tmp_path, f"demo/cam/plain/seed{seed}", accuracy=accuracy)
    (sweep,) = find_sweeps(load_comparisons(tmp_path))
    assert sweep.remark.startswith("Mean and standard deviation of 3 seeds: accuracy 0.750 ± 0.250")


def test_the_first_run_without_and_the_first_with_alignment_are_compared(tmp_path):
    put(tmp_path, "demo/cam/aligned-4", train=settings(weight=4.0))
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/plain-a")
    (comparison,) = load_comparisons(tmp_path)
    assert [run.name for run in comparison.runs] == ["plain-a", "aligned"]
    assert [run.name for run in comparison.others] == ["aligned-4"]


def test_a_copied_result_makes_a_curve_on_the_page(tmp_path):
    put(tmp_path / "results", "demo/cam/aligned")
    put(tmp_path / "results", "demo/cam/aligned-lambda4", train=settings(weight=4.0))
    page = write_report(
        tmp_path / "results", tmp_path / "out", ReportParams(title="x", sheet_faces=1)
    )
    assert "agreement saturates at a weight of about 8" in page.read_text()
    stem = "demo__cam__sweep_aligned_alignment_weight"
    for score in ("accuracy", "cosine"):
        assert (tmp_path / f"out/figures/{stem}_{score}.png").exists()
