"""FER2013's numbers in a table, with its own labels."""

import pytest

from errors import DataError
from pipeline.unpacking import find_packing
from pipeline.unpacking.fer2013 import FER2013
from tests.miniatures import fer_pixels, fer_votes, put

GREY = " ".join(["7"] * 2304)


def unpacked(root, text, name="fer2013.csv"):
    put(root, name, text=text)
    return [*FER2013.pictures(FER2013.inputs(root))]


def test_ids_are_fer2013s_own(tmp_path):
    rows = "".join(f"{number},{GREY},Training\n" for number in range(7))
    found = unpacked(tmp_path, f"emotion,pixels,Usage\n{rows}")
    assert [one.row["expression"] for one in found] == [
        *("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
    ]
    assert found[6].path == "FER2013Train/fer0000006.png"


@pytest.mark.parametrize(
    ("name", "header"),
    [("icml_face_data.csv", "emotion, Usage, pixels"), ("train.csv", "emotion,pixels")],
)
def test_other_published_tables_are_known(tmp_path, name, header):
    usage = "PublicTest," if "Usage" in header else ""
    (one,) = unpacked(tmp_path, f"{header}\n3,{usage}{GREY}\n", name)
    assert (one.row["expression"], one.row["split"]) == ("happiness", "val" if usage else "")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"7,{GREY},Training", "class 7 is none of 0 to 6"),
        (f"x,{GREY},Training", "whole number"),
        ("3,1 2 3,Training", "48 x 48 numbers"),
        (f"3,{GREY},Test", "Usage 'Test' is none of"),
    ],
)
def test_a_row_that_cannot_be_accepted_is_named(tmp_path, row, message):
    with pytest.raises(DataError, match=f"line 2.*{message}"):
        unpacked(tmp_path, f"emotion,pixels,Usage\n{row}\n")


def test_another_table_called_train_is_not_fer2013(tmp_path):
    assert find_packing(put(tmp_path, "train.csv", text="file,label\n")) is None


def test_votes_go_before_its_own_labels(tmp_path):
    assert find_packing(fer_votes(fer_pixels(tmp_path))) == "fer2013.csv with fer2013new.csv"
