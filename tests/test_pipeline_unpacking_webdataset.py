"""WebDataset's shards."""

import io
import tarfile

import pytest

from errors import DataError
from pipeline.datasets.csv_table import read_csv
from pipeline.unpack import unpack
from pipeline.unpacking.webdataset import WEBDATASET
from tests.basic7 import BASIC7, EXPRESSIONS


def quiet(done, total, note):
    pass


def shard(file, **members):
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as tar:
        for name, payload in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(payload)
            tar.addfile(info, io.BytesIO(payload))
    return file.parent


def read(folder):
    return [*WEBDATASET.pictures(WEBDATASET.inputs(folder))]


def test_members_with_equal_stems_are_one_picture(tmp_path):
    members = {"a/1.jpg": b"one", "a/1.cls": b"sad\n", "2.png": b"two"}
    json = {"2.json": b'{"Emotion": "happy", "age": 31, "face": [1, 2]}'}
    shard(tmp_path / "raw/train-000.tar", **members, **json)
    assert unpack(tmp_path / "raw", tmp_path / "out", quiet)
    first, second = read_csv(tmp_path / "out", {}, BASIC7)
    assert (first.path, EXPRESSIONS[first.expression]) == ("images/0000/0000000.jpg", "Sadness")
    assert (second.split, EXPRESSIONS[second.expression]) == ("train", "Happiness")
    assert second.attributes == {"age": "31", "key": "2"}
    assert (tmp_path / "out" / second.path).read_bytes() == b"two"


def test_names_in_a_shard_cannot_leave_the_output(tmp_path):
    folder = shard(tmp_path / "raw/0.tar", **{"../../evil.jpg": b"x", "../../evil.cls": b"sad"})
    unpack(folder, tmp_path / "out", quiet)
    assert not (tmp_path / "evil.jpg").exists()
    assert (tmp_path / "out/images/0000/0000000.jpg").exists()


def test_links_in_a_shard_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        info = tarfile.TarInfo("a.jpg")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.cls": b"sad"}, "a: has no picture"),
        ({"a.jpg": b"x"}, "a: has no label"),
        ({"a.jpg": b"x", "a.json": b"{"}, "a: its json cannot be read"),
        ({"a.jpg": b"x", "a.json": b"[1]"}, "a: its json cannot be read"),
    ],
)
def test_a_picture_that_cannot_be_accepted_is_named_by_its_key(tmp_path, members, message):
    with pytest.raises(DataError, match=rf"0\.tar, {message}"):
        read(shard(tmp_path / "0.tar", **members))


def test_a_file_that_is_no_shard_is_named(tmp_path):
    (tmp_path / "0.tar").write_bytes(b"no tar at all" * 99)
    with pytest.raises(DataError, match=r"0\.tar: is no tar file"):
        read(tmp_path)
