import pytest

from contracts.files import VALENCE_AROUSAL_COLUMNS
from errors import DataError
from pipeline.datasets.csv_table import read_csv
from pipeline.datasets.valence_arousal import mean_values, parse_value
from tests.basic7 import BASIC7


def attributes(folder, text, columns=None):
    (folder / "labels.csv").write_text(text)
    options = {"columns": columns} if columns else {}
    return [one.attributes for one in read_csv(folder, options, BASIC7)]


def test_a_number_is_kept_and_a_word_for_unknown_is_empty():
    values = [parse_value(text, "valence", "x") for text in ("-1", " 0.50 ", "0", "NA", "")]
    assert values == ["-1", "0.5", "0", "", ""]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("7", "valence 7 is not within -1 and 1.*1 to 9"),
        ("-2", "leave the field empty"),
        ("happy", "needs a number from -1 to 1 .* another name"),
        ("0.5 0.5", "valence needs a number"),
        ("inf", "valence needs a number"),
    ],
)
def test_what_is_no_number_from_minus_1_to_1_is_refused(text, words):
    with pytest.raises(DataError, match=words):
        parse_value(text, "valence", "labels.csv, line 2")


def test_columns_of_these_names_are_read(tmp_path):
    text = "file,expression,Valence,arousal\na.jpg,fear,-.5,0.750\nb.jpg,fear,,\n"
    assert attributes(tmp_path, text) == [
        {"valence": "-0.5", "arousal": "0.75"},
        {"valence": "", "arousal": ""},
    ]


def test_columns_of_other_names_are_read_where_an_option_names_them(tmp_path):
    text = "file,expression,v,valence\na.jpg,fear,-.5,low\n"
    (found,) = attributes(tmp_path, text, {"valence": "V"})
    assert found == {"valence": "-0.5", "dataset_valence": "low"}


def test_the_line_is_named(tmp_path):
    with pytest.raises(DataError, match=r"labels.csv, line 3: arousal 5 is not within"):
        attributes(tmp_path, "file,expression,arousal\na.jpg,fear,1\nb.jpg,fear,5\n")


def test_a_table_without_them_has_no_such_attributes(tmp_path):
    (found,) = attributes(tmp_path, "file,expression,age\na.jpg,fear,5\n")
    assert not {*found} & {*VALENCE_AROUSAL_COLUMNS}


def test_what_several_people_say_of_a_face_is_averaged(tmp_path):
    rows = ["a.jpg,fear,0.5,-1", "a.jpg,anger,-0.25,0", "a.jpg,fear,,0", "b.jpg,fear,,"]
    text = "\n".join(["file,expression,valence,arousal", *rows])
    (tmp_path / "labels.csv").write_text(text)
    found = read_csv(tmp_path, {"shares": "rows"}, BASIC7)
    assert [one.attributes for one in found] == [
        {"valence": "0.125", "arousal": "-0.3333333333"},
        {"valence": "", "arousal": ""},
    ]


def test_a_column_that_is_not_there_has_no_mean():
    assert mean_values([{"age": "5"}, {}]) == {}
    assert mean_values([{"valence": "1"}, {"valence": "0"}]) == {"valence": "0.5"}
