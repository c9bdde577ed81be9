"""Tables about one method and dataset."""

from benchmarks.made_results import an_agreement, optional_scores, put
from report.reading.results import load_studies
from report.tables.detail_tables import cam_table, class_table, subgroup_tables, unit_table
from tests.basic7 import EXPRESSIONS


def test_a_class_without_faces_prints_a_dash(tmp_path):
    put(tmp_path)
    put(tmp_path, "demo/cam/aligned")
    fear = class_table(load_studies(tmp_path)[0]).rows[EXPRESSIONS.index("Fear")]
    assert fear == ("Fear", "0", *"–––––––––")


def test_action_units_stand_in_their_order_with_share_and_area(tmp_path):
    put(tmp_path, **optional_scores())
    table = unit_table(load_studies(tmp_path)[0])
    assert table.rows == (
        ("AU4", "brow lowerer", "1", "0.125", "0.062", "0.500"),
        ("AU12", "lip corner puller", "2", "0.125", "0.250", "2.000"),
    )


def test_a_group_too_small_to_score_is_counted(tmp_path):
    put(tmp_path, **optional_scores())
    (table,) = subgroup_tables(load_studies(tmp_path)[0])
    assert table.rows == (("female", "3", "1.000", "0.625"), ("male", "1", "–", "–"))


def test_the_published_cam_stands_above_the_methods_own(tmp_path):
    put(tmp_path, other_cams={"gradcam_pp": an_agreement(0.375)})
    published, own = cam_table(load_studies(tmp_path)[0]).rows
    assert published[:3] == ("plain", "as published", "0.500")
    assert own[:3] == ("plain", "gradcam_pp", "0.375")


def test_runs_with_one_cam_have_no_table_of_two(tmp_path):
    put(tmp_path)
    assert cam_table(load_studies(tmp_path)[0]) is None
