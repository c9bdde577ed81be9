"""The csv dataset, and what all readers share."""

import pytest

from errors import DataError, NoInputError, UsageError
from pipeline.datasets import DATASETS
from pipeline.datasets.csv_table import CSVOptions, read_csv
from store.records import Sample
from tests.basic7 import BASIC7, EXPRESSIONS
from validation import checked

FEAR = EXPRESSIONS.index("Fear")


def csv(folder, text, options=None):
    table = folder / "labels.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_csv(folder, options or {}, BASIC7))


@pytest.mark.parametrize("name", DATASETS)
def test_every_reader_and_its_published_counts_are_in_the_docs(checkout, name):
    (row,) = [
        line
        for line in (checkout / "docs" / "datasets.md").read_text().splitlines()
        if line.startswith(f"| `{name}` |")
    ]
    assert [f"{number:,}" in row for number in DATASETS[name].listed.values()].count(False) == 0


@pytest.mark.parametrize("name", ["demo", "csv", "folder"])
def test_a_misspelt_option_is_guessed(name):
    with pytest.raises(UsageError, match="Did you mean 'label_map'"):
        checked(DATASETS[name].options, {"labelmap": {}}, "options")


@pytest.mark.parametrize("name", ["demo", "csv", "folder"])
def test_a_label_map_that_maps_nothing_is_refused(name):
    with pytest.raises(UsageError, match="label_map"):
        checked(DATASETS[name].options, {"label_map": ["fear"]}, "options")


def test_a_row_becomes_a_sample(tmp_path):
    assert csv(tmp_path, "file,expression\na/1.jpg,fear\n") == [
        Sample(id="a/1.jpg", path="a/1.jpg", expression=FEAR)
    ]


def test_columns_may_come_in_any_order_and_others_are_kept(tmp_path):
    numbers = " ".join(str(number) for number in range(136))
    text = (
        f"age,landmarks,split,Person,LABEL,box,image\n31,{numbers},Train,p7,fear,1;2;3.5;4,a.jpg\n"
    )
    assert csv(tmp_path, text) == [
        Sample(
            id="a.jpg",
            path="a.jpg",
            expression=FEAR,
            split="train",
            person="p7",
            box=(1, 2, 3.5, 4),
            landmarks=tuple(range(136)),
            attributes={"age": "31"},
        )
    ]


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (sample,) = csv(tmp_path, b"\xef\xbb\xbffile,expression\na.jpg,fear\n")
    assert sample.path == "a.jpg"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
def test_any_line_end_is_read(tmp_path, end):
    samples = csv(tmp_path, end.join(["file,expression", "a.jpg,fear", "b.jpg,anger"]))
    assert [sample.path for sample in samples] == ["a.jpg", "b.jpg"]


def test_empty_lines_are_passed_over(tmp_path):
    assert len(csv(tmp_path, "file,expression\n\na.jpg,fear\n\n")) == 1


@pytest.mark.parametrize("word", BASIC7.words)
def test_every_published_word_is_an_expression(tmp_path, word):
    name = BASIC7.named(word)
    (sample,) = csv(tmp_path, f"file,expression\na.jpg, {word.upper()} \n")
    assert EXPRESSIONS[sample.expression] == name


@pytest.mark.parametrize("key", ["4", 4], ids=["text", "number"])
def test_a_label_map_names_what_digits_mean(tmp_path, key):
    options = checked(CSVOptions, {"label_map": {key: "fear"}}).model_dump(exclude_unset=True)
    (sample,) = csv(tmp_path, "file,label\na.jpg,4\n", options)
    assert sample.expression == FEAR


def test_a_label_map_needs_no_entry_for_known_words(tmp_path):
    samples = csv(
        tmp_path, "file,label\na.jpg,Angst\nb.jpg,fear\n", {"label_map": {"Angst": "fear"}}
    )
    assert [sample.expression for sample in samples] == [FEAR, FEAR]


def test_another_table_can_be_named(tmp_path):
    (tmp_path / "mine.csv").write_text("path,emotion\na.jpg,fear\n")
    assert len(list(read_csv(tmp_path, {"table": "mine.csv"}, BASIC7))) == 1


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoInputError, match=r"labels\.csv") as caught:
        list(read_csv(tmp_path, {}, BASIC7))
    assert caught.value.exit_code == 66


def test_a_header_alone_holds_no_samples(tmp_path):
    assert csv(tmp_path, "file,expression\n") == []


def test_empty_split_person_and_box_are_absent(tmp_path):
    (sample,) = csv(tmp_path, "file,expression,split,person,box\na.jpg,fear,,,\n")
    assert (sample.split, sample.person, sample.box) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("valid", "val"),
        ("validation", "val"),
        ("TEST", "test"),
        ("dev", "val"),
        ("PublicTest", "val"),
        ("PrivateTest", "test"),
    ],
)
def test_published_names_of_splits_are_known(tmp_path, word, split):
    (sample,) = csv(tmp_path, f"file,expression,split\na.jpg,fear,{word}\n")
    assert sample.split == split


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b.jpg", "1 fields, the header has 5"),
        ("b.jpg,fear,train,1 2 3 4,,", "6 fields, the header has 5"),
        ("b.jpg,4,train,,", "label '4'.*Digits.*label_map"),
        ("b.jpg,fera,train,,", "label 'fera'.*Did you mean 'fear'"),
        ("b.jpg,,train,,", "has no label: column expression is empty"),
        ("a.jpg,fear,train,,", "'a.jpg' stands in line 2 too"),
        ("./a.jpg,fear,train,,", "'a.jpg' stands in line 2 too"),
        ("../b.jpg,fear,train,,", r"'\.\./b\.jpg' does not stay inside"),
        ("/etc/passwd,fear,train,,", "'/etc/passwd' is absolute and lies outside"),
        (",fear,train,,", "names no picture: the field is empty"),
        ("b.jpg,fear,eval,,", "split 'eval' is none of train, val, test"),
        ("b.jpg,fear,train,1 2 3,", "box needs 4 finite numbers"),
        ('b.jpg,fear,train,"1,5 2 3 4",', "box needs 4 finite numbers"),
        ("b.jpg,fear,train,1 2 nan 4,", "box needs 4 finite numbers"),
        ("b.jpg,fear,train,1 2 1e309 4,", "box needs 4 finite numbers"),
        ("b.jpg,fear,train,,1 2 3", "landmarks needs 136 finite numbers"),
        ("b\0.jpg,fear,train,,", "is not UTF-8 text"),
        ('b.jpg,fear,train,,"', ""),
        ('"b.jpg"x,fear,train,,', ""),
        ("file,expression,split,box,landmarks", "label 'expression'"),
        ("x" * 140_000 + ",fear,train,,", "field larger than field limit"),
        ("b.jpg,fear,train,1 2 3 4;5,", "box needs 4 finite numbers"),
        ("C:\\b.jpg,fear,train,,", "has backslashes"),
        ("\\\\host\\b.jpg,fear,train,,", "has backslashes"),
    ],
)
def test_a_row_that_cannot_be_accepted_is_refused_with_its_line(tmp_path, row, message):
    text = f"file,expression,split,box,landmarks\na.jpg,fear,train,,\n{row}\n"
    with pytest.raises(DataError, match=rf"labels\.csv, line 3.*{message}") as caught:
        csv(tmp_path, text)
    assert caught.value.exit_code == 65


def test_an_id_with_leading_zeros_stays_as_it_is(tmp_path):
    (sample,) = csv(tmp_path, "file,expression\n007,fear\n")
    assert sample.id == "007"


def test_landmarks_that_are_no_text_are_refused_with_their_line(tmp_path):
    (tmp_path / "points.txt").write_bytes(b"a.jpg" + b",1" * 136 + b"\n\xff\n")
    with pytest.raises(DataError, match="line 2: is not UTF-8"):
        csv(tmp_path, "file,expression\na.jpg,fear\n", {"landmarks": "points.txt"})


def test_a_nul_in_any_column_is_refused_with_its_line(tmp_path):
    with pytest.raises(DataError, match="line 2"):
        csv(tmp_path, "file,expression,note\na.jpg,fear,x\0y\n")


def test_an_open_quote_that_swallows_the_rest_is_refused_where_it_opens(tmp_path):
    with pytest.raises(DataError, match="line 3"):
        csv(tmp_path, 'file,expression\na.jpg,fear\n"b.jpg,fear\nc.jpg,fear\nd.jpg,fear\n')


def test_a_file_name_cannot_forge_a_line_of_the_message(tmp_path):
    with pytest.raises(DataError) as caught:
        csv(tmp_path, 'file,expression\n"a\nerror[OK] all is well.jpg",fear\n')
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "header",
    ["", "file", "expression", "file,file,expression", "name,mood"],
    ids=["nothing", "no label", "no file", "twice", "others"],
)
def test_a_header_without_its_columns_is_refused(tmp_path, header):
    with pytest.raises(DataError, match=r"line 1: needs the columns file or image or path"):
        csv(tmp_path, header + "\na.jpg,fear\n")


def test_a_table_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(DataError, match="UTF-8"):
        csv(tmp_path, "file,expression\né.jpg,fear\n".encode("utf-16"))
