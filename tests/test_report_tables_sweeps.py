"""Ablations are found among the variants by themselves."""

from benchmarks.made_results import put
from report.reading.results import load_studies
from report.reading.statistics import study_statistics
from report.tables.sweeps import find_sweeps, sweep_table


def settings(weight=9.0, layers=(2,), lr=0.001):
    return {"lr": lr, "alignment": {"weight": weight, "layers": list(layers)}}


def sweeps_of(results):
    return find_sweeps([study_statistics(one) for one in load_studies(results)])


def found(results):
    return {(sweep.setting, sweep.values) for sweep in sweeps_of(results)}


def test_variants_that_differ_in_one_setting_make_a_sweep_in_its_order(tmp_path):
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/aligned_l20", train=settings(weight=20.0))
    put(tmp_path, "demo/cam/aligned_l4", train=settings(weight=4.0))
    assert found(tmp_path) == {("alignment.weight", ("4.0", "9.0", "20.0"))}


def test_one_setting_varied_within_two_others_makes_two_with_names_of_their_own(tmp_path):
    for name, rate in (("aligned", 0.001), ("fast", 0.1)):
        put(tmp_path, f"demo/cam/{name}", train=settings(lr=rate))
        put(tmp_path, f"demo/cam/{name}_l4", train=settings(weight=4.0, lr=rate))
    headings = {one.heading for one in sweeps_of(tmp_path) if one.setting == "alignment.weight"}
    assert headings == {
        "demo · cam · alignment.weight (aligned_l4, aligned)",
        "demo · cam · alignment.weight (fast_l4, fast)",
    }


def test_variants_that_differ_in_two_settings_make_none(tmp_path):
    put(tmp_path, "demo/cam/aligned")
    put(tmp_path, "demo/cam/aligned_other", train=settings(weight=4.0, layers=(1,)))
    assert found(tmp_path) == set()


def test_plain_and_aligned_alone_make_none(tmp_path):
    put(tmp_path, "demo/cam/plain")
    put(tmp_path, "demo/cam/aligned")
    assert found(tmp_path) == set()


def test_layers_stand_single_ones_first(tmp_path):
    for name, layers in (("a", (2, 1)), ("b", (2,)), ("c", (1,))):
        put(tmp_path, f"demo/cam/aligned_{name}", train=settings(layers=layers))
    assert found(tmp_path) == {("alignment.layers", ("1", "2", "2+1"))}


def test_the_baseline_stands_beside_a_sweep_of_what_it_lacks(tmp_path):
    put(tmp_path, "demo/cam/plain", accuracy=0.5)
    put(tmp_path, "demo/cam/aligned")
    for seed, accuracy in enumerate((0.5, 1.0)):
        place = f"demo/cam/aligned_l4/seed{seed}"
        put(tmp_path, place, train=settings(weight=4.0), accuracy=accuracy)
    (sweep,) = sweeps_of(tmp_path)
    rows = sweep_table(sweep).rows
    assert [row[:3] for row in rows] == [
        *(("plain", "1", "0.500"), ("4.0", "2", "0.750 ± 0.354"), ("9.0", "1", "0.750")),
    ]
    assert sweep.remark.startswith("Published: agreement saturates")
