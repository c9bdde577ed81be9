"""JPEGs, which decoders like to accept when they are damaged, and the quick look at one."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from pipeline.faces.decode import PictureLimits, UndecodableError, decode, glance
from pipeline.faces.jpeg import end_of_first, find_damage
from store.records import Status
from tests.pictures import JPEG, PICTURE, saved

LIMITS = PictureLimits(max_pixels=50_000_000, min_side_px=16)


def zeroed(payload, share, count=64):
    """Return a JPEG with a stretch of its picture data blanked."""
    start = payload.rfind(b"\xff\xda") + 20
    place = start + int(share * (len(payload) - 2 - count - start))
    return payload[:place] + bytes(count) + payload[place + count :]


@pytest.mark.parametrize(
    ("quality", "share", "why"),
    [(50, 0.2, "data end before its picture"), (95, 0.5, "picture ends before its data")],
)
def test_a_jpeg_with_a_blanked_stretch_is_corrupt(quality, share, why):
    photograph = saved(Image.fromarray(astronaut()), "JPEG", quality=quality)
    with pytest.raises(UndecodableError, match=why) as caught:
        decode(zeroed(photograph, share), LIMITS)
    assert caught.value.status == Status.CORRUPT


def test_a_cut_jpeg_is_truncated_whatever_its_thumbnail_ends_with():
    exif = b"Exif\0\0" + JPEG[:200] + b"\xff\xda\xff\xd9"
    payload = saved(PICTURE.resize((240, 200)), "JPEG", exif=exif)
    with pytest.raises(UndecodableError) as caught:
        decode(payload[: len(payload) * 3 // 4], LIMITS)
    assert caught.value.status == Status.TRUNCATED


def test_a_progressive_jpeg_with_a_blanked_stretch_is_corrupt():
    photograph = saved(Image.fromarray(astronaut()), "JPEG", quality=75, progressive=True)
    with pytest.raises(UndecodableError, match="damaged within") as caught:
        decode(zeroed(photograph, 0.5), LIMITS)
    assert caught.value.status == Status.CORRUPT


@pytest.mark.parametrize(
    "behind",
    [JPEG, JPEG[: len(JPEG) // 2], b"junk" * 999, b"\xff\xda" * 99],
    ids=["a second picture", "half of one", "junk", "markers"],
)
def test_what_lies_behind_an_intact_picture_is_no_damage(behind):
    np.testing.assert_array_equal(decode(JPEG + behind, LIMITS)[0], decode(JPEG, LIMITS)[0])


FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + np.random.default_rng(3).bytes(200_000)
SECOND = saved(PICTURE, "JPEG", quality=80)


@pytest.mark.parametrize(
    "behind",
    [FILM, FILM + b"\xff\xd9", FILM + b"SEFHe\0\0\0SEFT", bytes(5000) + SECOND, SECOND * 2],
    ids=["film", "film that ends as a picture", "film and trailer", "zeros and picture", "two"],
)
@pytest.mark.parametrize(
    "options",
    [
        {"progressive": True},
        {"restart_marker_rows": 2},
        {"exif": b"Exif\0\0" + SECOND},
        {"icc_profile": FILM[:3000]},
        {"comment": b"\xff\xd9\xff\xd8"},
    ],
    ids=["progressive", "restarts", "thumbnail", "profile", "markers in a comment"],
)
def test_what_phones_write_behind_a_photograph_is_no_damage(options, behind):
    photograph = saved(Image.fromarray(astronaut()), "JPEG", quality=90, **options)
    alone, both = decode(photograph, LIMITS)[0], decode(photograph + behind, LIMITS)[0]
    np.testing.assert_array_equal(both, alone)
    assert glance(photograph + behind, LIMITS).shape == glance(photograph, LIMITS).shape


@pytest.mark.parametrize("behind", [FILM, SECOND], ids=["film", "second picture"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_photograph_with_something_behind_it_is_noticed(share, behind):
    photograph = saved(Image.fromarray(astronaut()), "JPEG", quality=90)
    with pytest.raises(UndecodableError):
        decode(photograph[: int(len(photograph) * share)] + behind, LIMITS)


def test_a_file_of_two_pictures_gives_its_first():
    with_two = saved(PICTURE, "MPO", save_all=True, append_images=[PICTURE])
    plain = np.asarray(Image.open(io.BytesIO(with_two)).convert("RGB"))
    np.testing.assert_array_equal(decode(with_two, LIMITS)[0], plain)


def test_the_first_picture_of_two_is_looked_at_for_damage():
    photograph = Image.fromarray(astronaut())
    with_two = saved(photograph, "MPO", save_all=True, append_images=[PICTURE])
    middle = end_of_first(with_two) // 2
    damaged = with_two[:middle] + bytes(64) + with_two[middle + 64 :]
    assert find_damage(with_two) is None
    assert find_damage(damaged)[0] == Status.CORRUPT


@pytest.mark.parametrize(
    ("before_the_end", "intact"),
    [(bytes(20), True), (bytes(999), True), (b"picture data!" * 2, False)],
)
def test_only_zeros_before_the_end_are_padding(before_the_end, intact):
    padded = JPEG[:-2] + before_the_end + JPEG[-2:]
    assert (find_damage(padded) is None) == intact


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_every_colour_mode_is_looked_at(mode):
    payload = saved(PICTURE.convert(mode), "JPEG")
    assert find_damage(payload) is None
    assert find_damage(payload[: len(payload) * 3 // 4])[0] == Status.TRUNCATED


def test_the_end_is_that_of_the_first_picture():
    assert end_of_first(JPEG) == len(JPEG) - 2
    assert end_of_first(JPEG + JPEG[:200]) == len(JPEG) - 2
    assert end_of_first(JPEG[:-2]) == -1
    assert end_of_first(JPEG[:-2] + b"\xff\x00") == -1


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("restart", [0, 1])
@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("grey", [False, True])
def test_an_intact_jpeg_is_read_to_its_last_pixel(progressive, optimize, restart, sampling, grey):
    options = {"progressive": progressive, "optimize": optimize, "subsampling": sampling}
    for source in (PICTURE, PICTURE.resize((95, 33)), Image.new("RGB", (64, 64), "teal")):
        picture = source.convert("L") if grey else source
        payload = saved(picture, "JPEG", restart_marker_rows=restart, **options)
        plain = np.asarray(Image.open(io.BytesIO(payload)).convert("RGB"))
        np.testing.assert_array_equal(decode(payload, LIMITS)[0], plain)


def test_a_glance_is_grey_upright_and_small():
    file = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    Image.new("RGB", (800, 400), (200, 200, 200)).save(file, "JPEG", exif=exif)
    seen = glance(file.getvalue(), LIMITS)
    assert seen.shape == (200, 100)
    np.testing.assert_allclose(seen, 200, atol=2)


def test_a_glance_refuses_what_decoding_refuses():
    with pytest.raises(UndecodableError) as caught:
        glance(JPEG[: len(JPEG) // 2], LIMITS)
    assert caught.value.status == Status.TRUNCATED
