"""The format of a picture, by its first bytes."""

import io

import pytest
from PIL import Image

from pipeline.faces.decode import FORMATS, PictureLimits, UndecodableError, decode
from pipeline.faces.signatures import CONVERT, HEAD_BYTES, HEIC, picture_format

HEIC_HEAD = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
LIMITS = PictureLimits(max_pixels=1_000_000, min_side_px=16)


def coded(form):
    stream = io.BytesIO()
    Image.effect_noise((40, 32), 60).convert("RGB").save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_that_is_decoded_is_known_by_its_first_bytes(form):
    assert picture_format(coded(form)[:HEAD_BYTES]) == form
    assert decode(coded(form), LIMITS)[0].shape == (32, 40, 3)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_pictures_of_phones_are_known(brand):
    assert picture_format(HEIC_HEAD.replace(b"ftypheic", b"ftyp" + brand)) == HEIC


def test_a_container_that_is_compatible_with_avif_is_one():
    assert picture_format(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf") == "AVIF"


@pytest.mark.parametrize(
    "head", [b"", b"P", b"BMW is a car, and this is text", b"<html>", b"RIFF1234WAVE", b"PK\3\4"]
)
def test_other_files_are_no_pictures(head):
    assert picture_format(head) is None


def test_a_picture_of_a_phone_is_refused_with_the_remedy():
    with pytest.raises(UndecodableError, match=CONVERT) as caught:
        decode(HEIC_HEAD, LIMITS)
    assert caught.value.status == "not_image"
