"""Tool `unpack`: pictures that are numbers in a table become files."""

import cv2
import numpy as np
import pytest

from errors import DataError, NoInputError, OutputExistsError
from pipeline.datasets.csv_table import read_csv
from pipeline.datasets.ferplus import read_ferplus
from pipeline.indexing.reader_detection import detect
from pipeline.unpack import unpack
from tests.basic7 import BASIC7, EXPRESSIONS
from tests.miniatures import fer_pixels, fer_votes, ferplus, put


def quiet(done, total, note):
    pass


def test_unpacked_pictures_are_read(tmp_path):
    raw, out = fer_votes(fer_pixels(tmp_path / "raw")), tmp_path / "out"
    assert unpack(raw, out, quiet)
    assert not unpack(raw, out, quiet)
    assert list(read_ferplus(out, {}, BASIC7)) == list(
        read_ferplus(ferplus(tmp_path / "mini"), {}, BASIC7)
    )
    grey = cv2.imread(str(out / "FER2013Test/fer0000004.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(grey, np.full((48, 48), 4))
    assert not (out / "FER2013Train/fer0000002.png").exists()


def test_other_tables_do_not_overwrite(tmp_path):
    raw, out = fer_votes(fer_pixels(tmp_path / "raw")), tmp_path / "out"
    unpack(raw, out, quiet)
    table = raw / "fer2013new.csv"
    table.write_text(table.read_text().replace("8,1,0", "9,0,0"))
    with pytest.raises(OutputExistsError, match=r"fer2013new\.csv"):
        unpack(raw, out, quiet)
    assert unpack(raw, out, quiet, rebuild=True)


def test_a_folder_with_nothing_packed_is_told_what_is_known(tmp_path):
    fer_votes(tmp_path)
    with pytest.raises(NoInputError, match=r"fer2013\.csv.*\*\.parquet.*\*\.tar"):
        unpack(tmp_path, tmp_path / "out", quiet)


def test_fer2013_alone_keeps_its_own_labels(tmp_path):
    raw, out = fer_pixels(tmp_path / "raw"), tmp_path / "out"
    assert unpack(raw, out, quiet)
    samples = list(read_csv(out, {}, BASIC7))
    assert detect(out).name == "csv"
    assert [one.split for one in samples] == ["train", "train", "train", "val", "test", "test"]
    assert {EXPRESSIONS[one.expression] for one in samples} == {"Anger"}
    assert cv2.imread(str(out / samples[4].path), cv2.IMREAD_UNCHANGED)[0, 0] == 4


@pytest.mark.parametrize("table", ["fer2013.csv", "fer2013new.csv"])
def test_tables_of_another_length_do_not_belong_together(tmp_path, table):
    fer_votes(fer_pixels(tmp_path))
    file = tmp_path / table
    file.write_text(file.read_text().rpartition("PrivateTest")[0].rpartition("\n")[0] + "\n")
    with pytest.raises(DataError, match=r"not as many rows.*Fetch both again"):
        unpack(tmp_path, tmp_path / "out", quiet)


def test_rows_of_another_split_do_not_belong_together(tmp_path):
    fer_votes(fer_pixels(tmp_path))
    table = tmp_path / "fer2013new.csv"
    table.write_text(table.read_text().replace("Training,fer0000001", "PublicTest,fer0000001"))
    with pytest.raises(DataError, match=r"new\.csv, line 3: is PublicTest.*line 3 is not"):
        unpack(tmp_path, tmp_path / "out", quiet)


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "sub/fer0000001.png", "fer1.png"])
def test_a_picture_cannot_be_unpacked_elsewhere(tmp_path, name):
    fer_votes(fer_pixels(tmp_path))
    table = tmp_path / "fer2013new.csv"
    table.write_text(table.read_text().replace("fer0000001.png", name))
    with pytest.raises(DataError, match="is not named as"):
        unpack(tmp_path, tmp_path / "out", quiet)


@pytest.mark.parametrize("pixels", ["", "1 2 3", "256 " * 2304, "x " * 2304, "-1 " * 2304])
def test_a_picture_of_other_numbers_is_named(tmp_path, pixels):
    fer_votes(tmp_path)
    put(tmp_path, "fer2013.csv", text=f"emotion,pixels,Usage\n0,{pixels},Training\n")
    with pytest.raises(DataError, match=r"fer2013\.csv, line 2: needs 48 x 48"):
        unpack(tmp_path, tmp_path / "out", quiet)
