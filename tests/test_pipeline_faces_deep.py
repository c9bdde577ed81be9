"""Samples of 16 bits that hold 8, 10, 12, 14 or 16: white is white, and a guess is said."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from pipeline.faces.decode import PictureLimits, decode, glance
from pipeline.faces.deep import BITS, holding
from tests.pictures import saved

LIMITS = PictureLimits(max_pixels=50_000_000, min_side_px=16)
RAMP = np.linspace(0, 255, 40 * 48).reshape(40, 48).round().astype(np.uint8)
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=-1)


def deep(eight, bits):
    """The same picture with so many bits in 16."""
    return (eight.astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)


def written(samples, ending):
    """RGB(A) or grey of 16 bits as a file."""
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
    stored = samples if samples.ndim == 2 else samples[..., order[samples.shape[2]]]
    return cv2.imencode(ending, np.ascontiguousarray(stored))[1].tobytes()


def significant(png, *bits):
    """The PNG with a chunk that says how many bits count."""
    body = b"sBIT" + bytes(bits)
    chunk = struct.pack(">I", len(bits)) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]


def word(bits):
    return f"u{bits}" if bits == 16 else f"u{bits}-guessed"


@pytest.mark.parametrize("picture", [RAMP, COLOURS], ids=["grey", "colour"])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("bits", BITS)
def test_white_is_white_however_many_of_16_bits_are_used(picture, ending, bits):
    image, notes = decode(written(deep(picture, bits), ending), LIMITS)
    expected = picture if picture.ndim == 3 else np.dstack([picture] * 3)
    np.testing.assert_allclose(image, expected, atol=1)
    assert notes == word(bits)


@pytest.mark.parametrize("bits", BITS)
def test_the_quick_look_is_as_bright(bits):
    seen = glance(written(deep(RAMP, bits), ".png"), LIMITS)
    np.testing.assert_allclose(seen, RAMP, atol=1)


@pytest.mark.parametrize(("brightest", "bits"), [(0, 8), (255, 8), (256, 10), (5000, 14)])
def test_the_fewest_usual_bits_that_hold_the_brightest_sample_count(brightest, bits):
    assert holding(brightest) == bits


def test_a_png_that_states_its_bits_is_believed():
    dark = deep(RAMP // 4, 12)
    image, notes = decode(significant(written(dark, ".png"), 12), LIMITS)
    np.testing.assert_allclose(image[..., 0], RAMP // 4, atol=1)
    assert notes == "u12"


def test_a_dark_png_of_16_bits_stays_dark_if_it_says_so():
    image, notes = decode(significant(written(deep(RAMP // 4, 16), ".png"), 16), LIMITS)
    assert image.max() == 63
    assert notes == "u16"


def test_a_png_whose_bits_were_moved_up_is_one_of_16():
    moved = deep(RAMP // 4, 10) << 6
    image, notes = decode(significant(written(moved, ".png"), 10), LIMITS)
    assert image.max() == 63
    assert notes == "u16"


@pytest.mark.parametrize("bits", [0, 17, 255])
def test_bits_that_cannot_be_are_not_believed(bits):
    payload = significant(written(deep(RAMP, 10), ".png"), bits)
    assert decode(payload, LIMITS)[1] == "u10-guessed"


@pytest.mark.parametrize(
    ("white", "note"), [(4095, "u12"), (65535, "u10-guessed"), (1, "u10-guessed")]
)
def test_a_tiff_that_states_its_white_is_believed_if_it_can_be(white, note):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[281] = white
    payload = saved(Image.fromarray(deep(RAMP, 10)), "TIFF", tiffinfo=tags)
    image, notes = decode(payload, LIMITS)
    assert notes == note
    assert image.max() == (64 if white == 4095 else 255)


@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_opacity_has_a_white_of_its_own(ending):
    picture = np.dstack([deep(COLOURS, 10), np.full((40, 48), 65535, np.uint16)])
    picture[:20, :, 3] = 0
    image, notes = decode(written(picture, ending), LIMITS)
    np.testing.assert_array_equal(image[:20], 128)
    np.testing.assert_allclose(image[20:], COLOURS[20:], atol=1)
    assert notes == "u10-guessed alpha"


def test_a_turned_picture_is_turned_once():
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(deep(RAMP, 10)).save(file, "TIFF", exif=exif)
    image, _ = decode(file.getvalue(), LIMITS)
    np.testing.assert_allclose(image[..., 0], np.rot90(RAMP, -1), atol=1)


def test_colours_that_opencv_cannot_read_are_taken_as_16_bits_and_that_is_said(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *args: None)
    image, notes = decode(written(deep(COLOURS, 16), ".png"), LIMITS)
    np.testing.assert_allclose(image, COLOURS, atol=1)
    assert notes == "u16-guessed"


def test_black_stays_black():
    assert not decode(written(np.zeros((40, 48), np.uint16), ".png"), LIMITS)[0].any()
