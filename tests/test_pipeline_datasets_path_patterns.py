"""What paths tell: options `person` and `expression`, and patterns that are suggested."""

import pytest

from errors import DataError, UsageError
from pipeline.datasets.csv_table import read_csv
from pipeline.datasets.folder import read_folder
from pipeline.datasets.path_patterns import PathOptions, part_of_path, suggested_pattern
from store.records import Sample
from tests.basic7 import BASIC7
from tests.miniatures import put
from validation import checked


@pytest.mark.parametrize(
    ("pattern", "path", "part"),
    [
        (r"([^/]+)_\d+\.", "fear/Ada_Lace_0001.jpg", "Ada_Lace"),
        (r"[AB]([FM]\d\d)", "BF01AFS.JPG", "F01"),
        (r"S\d+", "S005_001_00000011.png", "S005"),
        (r"([a-z]+)_\d+(\.|$)", "ann_1.jpg", "ann"),
        (r"S(\d+)|P(\d+)", "P12.jpg", "12"),
        (r"(x)?a", "a.jpg", ""),
        (r"S\d+", "b.jpg", None),
    ],
)
def test_a_pattern_takes_its_first_group_or_all_that_it_fits(pattern, path, part):
    assert part_of_path(pattern, path) == part


def test_a_pattern_that_is_none_is_refused_by_its_key():
    with pytest.raises(UsageError, match=r"options\.person: is no regular expression"):
        checked(PathOptions, {"person": "(["}, "options")


def test_persons_of_a_folder_come_from_its_names(tmp_path):
    put(tmp_path, "fear/ann_1.jpg", "anger/ann_2.jpg", "fear/odd.jpg")
    found = read_folder(tmp_path, {"person": r"([a-z]+)_\d+\."}, BASIC7)
    assert [one.person for one in found] == ["ann", "ann", None]


def test_a_pattern_for_persons_that_fits_nothing_is_refused(tmp_path):
    put(tmp_path, "fear/a.jpg")
    with pytest.raises(DataError, match=r"fits no path, such as 'fear/a\.jpg'"):
        list(read_folder(tmp_path, {"person": "S[0-9]+"}, BASIC7))


def test_a_person_in_the_table_goes_before_the_name(tmp_path):
    put(tmp_path, "labels.csv", text="file,label,person\na_1.jpg,fear,p\nb_1.jpg,fear,NA\n")
    found = read_csv(tmp_path, {"person": r"([a-z]+)_\d"}, BASIC7)
    assert [one.person for one in found] == ["p", "b"]


KDEF = {"AF": "fear", "AN": "anger"}


def test_expressions_come_from_names_without_class_folders(tmp_path):
    put(tmp_path, "AF01/AF01AFS.JPG", "BM02/BM02ANS.JPG")
    options = {
        "expression": r"[AB][FM]\d\d([A-Z]{2})",
        "person": r"[AB]([FM]\d\d)",
        "label_map": KDEF,
    }
    found = [(one.expression, one.person) for one in read_folder(tmp_path, options, BASIC7)]
    assert found == [(3, "F01"), (4, "M02")]


def test_a_table_without_labels_may_have_them_in_its_names(tmp_path):
    put(tmp_path, "labels.csv", text="file\nAF01AFS.JPG\n")
    (one,) = read_csv(tmp_path, {"expression": r"[AB][FM]\d\d(..)", "label_map": KDEF}, BASIC7)
    assert one.expression == 3


def test_a_name_in_which_no_expression_is_found_is_named(tmp_path):
    put(tmp_path, "fear/odd.jpg")
    with pytest.raises(DataError, match=r"finds no label in 'fear/odd\.jpg'"):
        list(read_folder(tmp_path, {"expression": r"[AB][FM]\d\d(..)"}, BASIC7))


def samples(*paths):
    return [Sample(path, path, number % 2) for number, path in enumerate(paths)]


@pytest.mark.parametrize(
    ("names", "persons"),
    [
        ("ann_{}.jpg bob_{} cy_x_{}.jfif", {"ann", "bob", "cy_x"}),
        ("S010_004_{}.png S010_001_{}.png S5_1_{}.png P7_2_{}.png", {"S010", "S5", "P7"}),
        ("S1-x{}.jpg S2-y{}.jpg S3-z{}.jpg", {"S1", "S2", "S3"}),
        ("AF{}.jpg BM{}.jpg CX{}.jpg", {"AF", "BM", "CX"}),
        ("c1/frame{}.jpg c2/frame{}.jpg c3/frame{}.jpg", {"c1", "c2", "c3"}),
    ],
)
def test_prefixes_that_names_share_are_suggested(names, persons):
    paths = [f"fear/{name.format(10 + n)}" for name in names.split() for n in range(4)]
    pattern = suggested_pattern(samples(*paths))
    assert {part_of_path(pattern, path) for path in paths} == persons


@pytest.mark.parametrize(
    "paths",
    [
        [f"fear/img_{number}.jpg" for number in range(20)],
        [f"{number}.jpg" for number in range(20)],
        [f"fear/{number:02}a.jpg" for number in range(20)],
        [f"x/{word}_{number}.jpg" for word in ("happy", "sad", "fear") for number in range(9)],
    ],
    ids=["one prefix", "numbers", "all different", "expressions"],
)
def test_names_that_tell_no_person_suggest_nothing(paths):
    assert suggested_pattern(samples(*paths)) is None
