"""What lies below a dataset's folder: pictures by content, links, litter, locked folders."""

import os

import pytest

from errors import NoPermissionError
from pipeline.datasets.reader import LeftOut
from pipeline.datasets.walking import LITTER, SUFFIXES, Contents, litter, pictures, walk
from tests.miniatures import put

JPEG, HEIC = b"\xff\xd8\xff\xe0 and so on", b"\x00\x00\x00\x18ftypheic"


def kinds(root):
    return {one.path: one.reason for one in walk(root).others}


def test_an_empty_folder_holds_nothing(tmp_path):
    assert walk(tmp_path) == Contents((), (), (), ())


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert pictures(tmp_path / "nowhere") == []


@pytest.mark.parametrize("ending", sorted(SUFFIXES))
def test_every_ending_of_pictures_is_taken_in_any_case(tmp_path, ending):
    put(tmp_path, f"fear/a{ending}", f"fear/B{ending.upper()}")
    assert walk(tmp_path).pictures == (f"fear/B{ending.upper()}", f"fear/a{ending}")


@pytest.mark.parametrize("name", ["a", "a.jpg_large", "a.xyz", "a.heic", "photo.jpg.bak"])
def test_a_picture_with_another_ending_is_known_by_its_content(tmp_path, name):
    put(tmp_path, f"fear/{name}", text=JPEG)
    assert walk(tmp_path).pictures == (f"fear/{name}",)


def test_what_is_no_picture_is_counted_by_ending(tmp_path):
    put(tmp_path, "fear/film.MP4", "fear/noise", "old.zip", text=b"no picture")
    put(tmp_path, "fear/phone.heic", text=HEIC)
    assert kinds(tmp_path) == {
        "fear/film.MP4": "no picture, .mp4",
        "fear/noise": "no picture, no ending",
        "fear/phone.heic": "HEIC, convert it to JPEG or PNG",
        "old.zip": "no picture, .zip",
    }


def test_documents_are_neither_pictures_nor_missed(tmp_path):
    put(tmp_path, "labels.csv", "README.md", "annotations/1_exp.npy")
    assert walk(tmp_path) == Contents((), (), (), ())


def test_linked_folders_and_files_are_entered(tmp_path):
    put(tmp_path / "pool", "fear/a.jpg", "one.jpg")
    put(tmp_path / "raw", "anger/b.jpg")
    (tmp_path / "raw/fear").symlink_to(tmp_path / "pool/fear")
    (tmp_path / "raw/anger/c.jpg").symlink_to(tmp_path / "pool/one.jpg")
    assert walk(tmp_path / "raw").pictures == ("anger/b.jpg", "anger/c.jpg", "fear/a.jpg")


def test_circles_of_links_end(tmp_path):
    put(tmp_path, "fear/a.jpg")
    for name in ("fear/up", "fear/up2"):
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / "fear/itself").symlink_to("itself")
    found = walk(tmp_path)
    assert found.pictures == ("fear/a.jpg",)
    assert kinds(tmp_path)["fear/up"] == "link to a folder that was read already"
    assert found.dead_links == ("fear/itself",)


def test_a_folder_goes_before_a_link_to_it(tmp_path):
    put(tmp_path, "fear/a.jpg")
    (tmp_path / "alias").symlink_to(tmp_path / "fear")
    found = walk(tmp_path)
    assert found.pictures == ("fear/a.jpg",)
    assert found.others == (LeftOut("alias", "link to a folder that was read already"),)


def test_a_dead_link_with_a_pictures_name_keeps_its_row_and_is_named(tmp_path):
    for name in ("a.jpg", "b"):
        (tmp_path / name).symlink_to("gone")
    found = walk(tmp_path)
    assert found.pictures == ("a.jpg",)
    assert found.dead_links == ("a.jpg", "b")
    assert kinds(tmp_path) == {"b": "link that leads nowhere"}


@pytest.mark.parametrize("pattern", LITTER)
def test_litter_is_never_data(tmp_path, pattern):
    name = pattern.replace("*", "x.jpg")
    put(tmp_path, f"fear/{name}/a.jpg", f"fear/deep/{name.upper()}", text=JPEG)
    assert litter(name) == pattern
    assert walk(tmp_path).pictures == ()
    assert set(kinds(tmp_path).values()) == {f"litter {pattern}"}


def test_hidden_files_are_counted_as_litter(tmp_path):
    put(tmp_path, "fear/.a.jpg", ".cache/b.jpg", "fear/c.jpg")
    assert walk(tmp_path).pictures == ("fear/c.jpg",)
    assert kinds(tmp_path) == {".cache": "litter .*", "fear/.a.jpg": "litter .*"}


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert kinds(tmp_path) == {"pipe": "no picture, no ending"}


def test_a_class_folder_that_cannot_be_listed_stops_the_run(tmp_path, monkeypatch):
    put(tmp_path, "fear/a.jpg", "anger/b.jpg")
    listed = os.scandir

    def refusing(folder):
        if str(folder).endswith("anger"):
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refusing)  # root may list everything
    assert walk(tmp_path).locked == ("anger",)
    with pytest.raises(NoPermissionError, match=r"anger: cannot be listed.*chmod u\+rx"):
        pictures(tmp_path)


@pytest.mark.parametrize("target", ["..", "../..", "/", "/proc", "/sys/kernel", "/dev"])
def test_a_link_that_would_lead_to_the_whole_machine_is_not_entered(tmp_path, target):
    raw = put(tmp_path / "deep" / "raw", "a.jpg")
    put(tmp_path, "deep/other.jpg")
    (raw / "out").symlink_to(target)
    found = walk(raw)
    assert found.pictures == ("a.jpg",)
    assert [one.path for one in found.others] == ["out"]


def test_a_root_that_is_a_link_is_walked(tmp_path):
    put(tmp_path / "pool", "fear/a.jpg")
    (tmp_path / "raw").symlink_to("pool")
    assert walk(tmp_path / "raw").pictures == ("fear/a.jpg",)
