import polars as pl

from store.tables import read_rows
from tests.basic7 import EXPRESSIONS
from train.fitting.face_lists import RELABELLED, SKIPPED, write_relabelled, write_skipped


def test_faces_of_skipped_steps_are_listed_and_the_list_goes_with_them(tmp_path):
    write_skipped(tmp_path, [{"epoch": 1, "step": 2, "id": "a"}])
    assert read_rows(tmp_path / SKIPPED) == [{"epoch": "1", "step": "2", "id": "a"}]
    write_skipped(tmp_path, [])
    assert not (tmp_path / SKIPPED).exists()


def test_a_changed_label_is_listed_by_name_beside_the_old_one(tmp_path):
    table = [{"id": "a", "expression": "Fear"}, {"id": "b", "expression": "Anger"}]
    write_relabelled(tmp_path, pl.DataFrame(table), [(1, 0)], EXPRESSIONS)
    listed = read_rows(tmp_path / RELABELLED)
    assert listed == [{"id": "b", "expression": "Anger", "now": "Neutral"}]
