import os

import pytest

from errors import DataError
from pipeline.indexing.notice import read_notice


@pytest.fixture
def root(tmp_path):
    (tmp_path / "set").mkdir()
    return (tmp_path / "set").resolve()


def read(root, follow_links=False):
    return read_notice(root, follow_links, "index.mine.follow_links")


def test_without_a_file_there_is_no_notice(root):
    assert read(root) is None


@pytest.mark.parametrize("payload", ["Nur für Forschung.\n", "\ufeffNur für Forschung.\r\n"])
def test_a_notice_is_its_text(root, payload):
    (root / "NOTICE.txt").write_bytes(payload.encode())
    assert read(root) == "Nur für Forschung."


def test_a_link_out_of_the_folder_is_refused_unless_it_is_allowed(root, tmp_path):
    (tmp_path / "elsewhere").write_text("secret")
    (root / "NOTICE.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"set index\.mine\.follow_links: true") as caught:
        read(root)
    assert "secret" not in str(caught.value)
    assert read(root, follow_links=True) == "secret"


def test_a_link_within_the_folder_and_one_of_dvc_are_read(root, tmp_path):
    kept = tmp_path / "cache" / "files" / "md5" / "0a" / ("b" * 30)
    kept.parent.mkdir(parents=True)
    kept.write_text("of DVC")
    (root / "NOTICE.txt").symlink_to(kept)
    assert read(root) == "of DVC"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"a\nf\xfcr", "line 2 is not UTF-8 .byte 0xfc.. Save it as UTF-8"),
        (b"x" * 70_000, "has 70,000 bytes, at most 65,536"),
        (b"a\n\x1b[31mb", "line 2 has control characters"),
    ],
)
def test_what_is_no_text_for_a_page_is_refused(root, payload, said):
    (root / "NOTICE.txt").write_bytes(payload)
    with pytest.raises(DataError, match=said):
        read(root)


def test_a_pipe_a_folder_and_a_dangling_link_are_refused_at_once(root, tmp_path):
    notice = root / "NOTICE.txt"
    for make in (os.mkfifo, os.mkdir, lambda path: path.symlink_to("gone")):
        make(notice)
        with pytest.raises(DataError, match="Remove or replace it"):
            read(root)
        notice.rename(tmp_path / f"old{len(list(tmp_path.iterdir()))}")
