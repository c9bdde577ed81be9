from contracts.files import INDEX_COLUMNS
from pipeline.indexing.sample_rows import attribute_columns, sample_row
from store.records import Sample
from tests.basic7 import BASIC7


def test_a_row_has_every_column_of_the_index_and_the_attributes():
    row = sample_row(Sample("a", "a.jpg", 3, attributes={"age": "3", "aus": "x"}), (), "d", BASIC7)
    assert {*row} == {*INDEX_COLUMNS, "age", "dataset_aus"}
    assert attribute_columns([row]) == ["age", "dataset_aus"]


def test_intensities_stand_in_the_order_of_the_units():
    coded = Sample("a", "a.jpg", 3, aus={12: 0.2, 1: 0})
    assert sample_row(coded, (1, 4, 12), "d", BASIC7)["aus"] == "0 nan 0.2"
    assert sample_row(Sample("a", "a.jpg", 3), (1, 4, 12), "d", BASIC7)["aus"] == ""
