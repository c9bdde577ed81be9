"""Parquet tables as on Hugging Face."""

import json

import polars as pl
import pytest

from errors import DataError
from pipeline.datasets.csv_table import read_csv
from pipeline.unpack import unpack
from pipeline.unpacking.parquet import PARQUET
from tests.basic7 import BASIC7, EXPRESSIONS

JPEG = b"\xff\xd8\xff\xe0 and so on"
NAMES = {"info": {"features": {"label": {"names": ["sad", "happy"], "_type": "ClassLabel"}}}}


def quiet(done, total, note):
    pass


def table(root, name="train-00000-of-00001.parquet", names=NAMES, **columns):
    (root / "data").mkdir(parents=True, exist_ok=True)
    images = [{"bytes": JPEG, "path": "ann_1.jpg"}, {"bytes": b"\x89PNG\r\n\x1a\n", "path": None}]
    given = {"image": images, "label": [1, 0], **columns}
    kept = {"huggingface": json.dumps(names)} if names else None
    pl.DataFrame(given).write_parquet(root / "data" / name, metadata=kept)
    return root


def test_words_of_labels_come_from_the_tables_own_description(tmp_path):
    raw, out = table(tmp_path / "raw", age=[30, 31]), tmp_path / "out"
    assert unpack(raw, out, quiet)
    first, second = read_csv(out, {}, BASIC7)
    assert (first.path, EXPRESSIONS[first.expression]) == ("images/0000/0000000.jpg", "Happiness")
    assert (second.path, second.split) == ("images/0000/0000001.png", "train")
    assert first.attributes == {"age": "30", "source": "ann_1.jpg"}
    assert (out / first.path).read_bytes() == JPEG


def test_numbers_without_words_stay_and_need_a_label_map(tmp_path):
    raw, out = table(tmp_path / "raw", names=None), tmp_path / "out"
    unpack(raw, out, quiet)
    with pytest.raises(DataError, match="label_map"):
        list(read_csv(out, {}, BASIC7))
    first, _ = read_csv(out, {"label_map": {"1": "fear", "0": "sad"}}, BASIC7)
    assert EXPRESSIONS[first.expression] == "Fear"


def test_every_table_is_read_and_their_splits_are_told_apart(tmp_path):
    raw = table(table(tmp_path / "raw"), "validation-00000-of-00001.parquet")
    unpack(raw, tmp_path / "out", quiet)
    assert [one.split for one in read_csv(tmp_path / "out", {}, BASIC7)] == [
        *("train", "train", "val", "val"),
    ]


def test_more_rows_than_are_read_at_once_come_out(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.unpacking.parquet._ROWS", 1)
    assert len([*PARQUET.pictures(PARQUET.inputs(table(tmp_path)))]) == 2


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": [1, 2], "label": [0, 1]}, "holds no picture"),
        ({"image": [JPEG, JPEG], "mood": [0, 1]}, "has no column label"),
    ],
)
def test_a_table_that_lacks_a_column_is_named(tmp_path, columns, message):
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=rf"a\.parquet.*{message}"):
        list(PARQUET.pictures(PARQUET.inputs(tmp_path)))


def test_a_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not at all")
    with pytest.raises(DataError, match=r"a\.parquet.*no Parquet table"):
        list(PARQUET.pictures(PARQUET.inputs(tmp_path)))
