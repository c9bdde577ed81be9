"""What the page is made of."""

from benchmarks.made_results import an_examination, optional_scores, put
from report.content import build_content
from report.reading.results import load_studies


def names(pairs):
    return [name for name, *_ in pairs]


def test_names_of_tables_and_of_figures_are_unique(tmp_path):
    for place in ("demo/cam/plain", "demo/cam/aligned", "demo/prm/plain", "mine/cam/plain"):
        put(tmp_path, place, **optional_scores())
    content = build_content(load_studies(tmp_path), 3)
    tables, figures = [one.name for one in content.tables()], names(content.figures())
    assert len(tables) == len({*tables})
    assert len(figures) == len({*figures})


def test_transfers_stand_after_the_datasets_of_their_own(tmp_path):
    put(tmp_path, "a-on-b/cam/plain", trained_on="a", dataset="b")
    put(tmp_path, "c/cam/plain")
    content = build_content(load_studies(tmp_path), 1)
    assert [one.name for one in content.datasets] == ["c", "a → b"]


def test_one_caveat_of_several_methods_is_said_once(tmp_path):
    for method in ("cam", "prm"):
        put(tmp_path, f"demo/{method}/plain", caveat="imported", notice=None)
    put(tmp_path, "demo/scn/plain", notice=None)
    assert build_content(load_studies(tmp_path), 1).notices == ("cam, prm: imported.",)


def test_an_examined_model_has_its_tables_and_its_chart(tmp_path):
    put(tmp_path, "demo/smiles/examined", examination=an_examination())
    content = build_content(load_studies(tmp_path), 1)
    assert {"demo__smiles__black_box", "demo__smiles__robustness"} <= {
        one.name for one in content.tables()
    }
    assert "demo__smiles__degraded" in names(content.figures())


def test_a_caveat_of_a_method_joins_the_notices(tmp_path):
    put(tmp_path, caveat="its tower is random", notice=None)
    assert build_content(load_studies(tmp_path), 1).notices == ("cam: its tower is random.",)
