"""Paths that label files name, kept inside the dataset's root."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import DataError
from pipeline.paths import leads_out, safe_path

ROOT = Path("/data/set")
PIECES = st.sampled_from(["..", ".", "", "/", "a", "~", "C:", "\\", "\n", "etc", "é", "...", " "])


@given(name=st.one_of(st.text(), st.lists(PIECES).map("/".join), st.lists(PIECES).map("".join)))
def test_no_name_leaves_the_folder(name):
    try:
        path = safe_path(ROOT, name, "labels.csv, line 2")
    except DataError:
        return
    assert path.resolve().is_relative_to(ROOT)
    assert path != ROOT


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "sub/a b.jpg", "é漢😀.png", "-rf.jpg", "..a.jpg", "a..b/c.jpg", "a,b'\"c.jpg"),
        *("3.04\u202fPM.jpg", "\u200f\u05d0.jpg", "👩\u200d🔬.jpg", "x" * 251 + ".jpg"),
    ],
    ids=ascii,
)
def test_ordinary_and_odd_names_are_kept(name):
    assert safe_path(ROOT, name, "labels.csv, line 2") == ROOT / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/etc/passwd",
        "../../etc/passwd",
        "a/../../b.jpg",
        "a/..",
        "C:/x.jpg",
        "C:\\x.jpg",
        "sub\\x.jpg",
        "\\\\host\\share",
        "a\nb.jpg",
        "a\tb.jpg",
        "\x1b[2J.jpg",
        "a\0.jpg",
        "\udcff.jpg",
    ],
    ids=ascii,
)
def test_hostile_and_broken_names_are_refused_with_their_line(name):
    with pytest.raises(DataError, match=r"labels\.csv, line 2") as caught:
        safe_path(ROOT, name, "labels.csv, line 2")
    assert caught.value.exit_code == 65
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("target", "leaves"),
    [
        ("elsewhere", True),
        ("set/picture", False),
        ("cache/files/md5/0a/" + "b" * 30, False),
        (".dvc/cache/0a/" + "b" * 30, False),
        ("0a/" + "b" * 30, True),
        ("files/md5/0a/" + "b" * 30 + "/passwd", True),
        ("/etc/passwd", True),
    ],
)
def test_a_link_leads_out_unless_dvc_made_it(tmp_path, target, leaves):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "link").symlink_to(tmp_path / target)
    assert leads_out((tmp_path / "set").resolve(), tmp_path / "set" / "link") is leaves


def test_a_root_that_is_a_link_itself_holds_its_pictures(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.png").write_bytes(b"1")
    (tmp_path / "set").symlink_to("theirs")
    assert not leads_out((tmp_path / "set").resolve(), tmp_path / "set" / "a.png")
