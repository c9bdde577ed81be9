"""AffectNet's copy on Kaggle: the table counts, not its folders."""

from pipeline.datasets.affectnet_kaggle import read_affectnet_kaggle
from pipeline.datasets.reader import LeftOut
from pipeline.indexing.reader_detection import detect
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import affectnet_kaggle, csv, folder


def test_the_label_is_the_tables_and_contempt_is_left_out(tmp_path):
    first, second, third = read_affectnet_kaggle(affectnet_kaggle(tmp_path), {}, BASIC7)
    assert (first.path, EXPRESSIONS[first.expression]) == ("anger/image0.jpg", "Surprise")
    assert second.attributes == {"relfcs": "0.85"}
    assert third == LeftOut("contempt/image2.jpg", "contempt")


def test_another_table_of_that_name_is_a_csv_set(tmp_path):
    assert detect(csv(tmp_path)).name == "csv"


def test_folders_beside_the_table_make_no_doubt(tmp_path):
    assert detect(affectnet_kaggle(folder(tmp_path))).name == "affectnet_kaggle"
