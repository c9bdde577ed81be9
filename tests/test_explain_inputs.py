"""Which files are taken of what a user names."""

import os

import pytest

from errors import DataError, NoInputError, UsageError
from explain.inputs import MediaFile, as_text, gather, is_video_head, require_any_read
from tests.pictures import JPEG, PNG

MP4 = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2"


@pytest.fixture
def put(tmp_path):
    """A function (name, content) that writes a file below in/."""

    def write(name, content=b""):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)

    return write


def taken(tmp_path):
    inputs = gather([tmp_path / "in"], tmp_path / "out")
    return [one.path.relative_to(tmp_path / "in").as_posix() for one in inputs.files]


def test_a_folder_stands_for_its_pictures_and_videos_at_any_depth(put, tmp_path):
    for name in ("b.JPG", "a.png", "deep/c.mp4"):
        put(name)
    assert taken(tmp_path) == ["a.png", "b.JPG", "deep/c.mp4"]


def test_content_decides_where_an_ending_says_nothing(put, tmp_path):
    put("film.dat", MP4)
    put("face.jfif", JPEG)
    put("face", PNG)
    put("notes.bin", b"nothing")
    inputs = gather([tmp_path / "in"], tmp_path / "out")
    assert {(one.path.name, one.is_video) for one in inputs.files} == {
        ("film.dat", True),
        ("face.jfif", False),
        ("face", False),
    }
    assert inputs.left_out == {"no picture, .bin": 1}


def test_what_is_left_out_is_counted_and_said(put, tmp_path):
    put("a.png")
    put("b.bin")
    put("c.bin")
    (line,) = gather([tmp_path / "in"], tmp_path / "out").describe_left_out()
    assert line == "Left out of the folders: 2 (no picture, .bin: 2)."


def test_a_folder_without_pictures_says_what_it_holds(put, tmp_path):
    put("b.bin")
    with pytest.raises(NoInputError, match=r"holds no picture.*\.bin: 1"):
        gather([tmp_path / "in"], tmp_path / "out")


def test_links_to_folders_are_entered_once_and_litter_is_not(put, tmp_path):
    put("a.png")
    put("._a.png")
    put("@eaDir/a.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.png").touch()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "circle").symlink_to(tmp_path / "in")
    inputs = gather([tmp_path / "in"], tmp_path / "out")
    assert [one.path.name for one in inputs.files] == ["a.png", "b.png"]
    assert inputs.left_out == {
        "litter ._*": 1,
        "litter @eaDir": 1,
        "link to a folder that was read already": 1,
    }


def test_a_format_that_cannot_be_read_says_what_to_do(put, tmp_path):
    put("a.png")
    put("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    inputs = gather([tmp_path / "in"], tmp_path / "out")
    assert inputs.left_out == {"HEIC, convert it to JPEG or PNG": 1}


def test_content_goes_before_the_ending(put, tmp_path):
    put("damaged.mp4", b"no film")
    put("picture.mp4", JPEG)
    put("film.jpg", MP4)
    inputs = gather([tmp_path / "in"], tmp_path / "out")
    assert {one.path.name: one.is_video for one in inputs.files} == {
        "damaged.mp4": True,
        "film.jpg": True,
        "picture.mp4": False,
    }


def test_a_named_file_is_taken_whatever_its_name_and_once(tmp_path):
    odd, gone, long = tmp_path / "odd.dat", tmp_path / "gone.jpg", tmp_path / ("x" * 300)
    odd.touch()
    files = gather([odd, gone, long, odd], tmp_path / "out").files
    assert files == tuple(MediaFile(path, False) for path in (odd, gone, long))


def test_a_pipe_does_not_block(put, tmp_path):
    put("a.png")
    os.mkfifo(tmp_path / "in" / "pipe")
    assert taken(tmp_path) == ["a.png"]


def test_pages_of_an_earlier_call_are_no_pictures(put, tmp_path):
    put("a.png")
    put("pages/a.png")
    inputs = gather([tmp_path / "in"], tmp_path / "in" / "pages")
    assert [one.path.name for one in inputs.files] == ["a.png"]
    assert inputs.left_out == {"written by an earlier call": 1}


def test_pages_do_not_go_among_the_pictures(put, tmp_path):
    put("a.png")
    with pytest.raises(UsageError, match=r"holds the picture a.png. Name another folder"):
        gather([tmp_path / "in" / "a.png"], tmp_path / "in")


@pytest.mark.parametrize(
    "head",
    [
        MP4,
        b"\0\0\0\x14ftypqt  ",
        b"\0\0\0\x08wide",
        b"RIFF\0\0\0\0AVI LIST",
        b"\x1aE\xdf\xa3",
        b"\0\0\1\xba",
        b"G" + bytes(187) + b"G",
        bytes(4) + b"G" + bytes(191) + b"G",
        b"FLV\1",
    ],
)
def test_videos_are_known_by_their_first_bytes(head):
    assert is_video_head(head)


@pytest.mark.parametrize(
    "head",
    [b"", JPEG[:256], PNG[:256], b"\0\0\0\x18ftypheic", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"G" * 40],
)
def test_what_is_no_video_is_not_taken_for_one(head):
    assert not is_video_head(head)


def test_if_nothing_could_be_read_that_is_an_error(tmp_path):
    reasons = {"a.jpg": "truncated: cut", "b.jpg": "missing: no such file"}
    with pytest.raises(DataError, match=r"a.jpg: truncated: cut. Of 2 files none could be read"):
        require_any_read(tmp_path, reasons)


def test_a_picture_without_a_face_has_been_read(tmp_path):
    require_any_read(tmp_path, {"a.jpg": "no_face", "b.jpg": "missing: no such file"})


def test_a_name_that_is_no_utf_8_is_escaped():
    assert as_text(os.fsdecode(b"a\xff.jpg")) == r"a\udcff.jpg"
