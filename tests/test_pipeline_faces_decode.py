"""The one way to turn a file into pixels: strict, bounded, and the same for every stage."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.faces.decode import (
    PictureLimits,
    UndecodableError,
    content_digest,
    decode,
    read_bytes,
)
from store.records import Status
from tests.pictures import JPEG, NOISE, PICTURE, PNG, saved, with_orientation

LIMITS = PictureLimits(max_pixels=50_000_000, min_side_px=16)
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"


def png(width, height, depth=8, colour=2, data=b""):
    """A PNG that promises more than it holds."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    body = [
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def flipped(payload, place):
    changed = bytearray(payload)
    changed[place] ^= 4
    return bytes(changed)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_their_pixels(kind):
    image, notes = decode(saved(PICTURE, kind), LIMITS)
    np.testing.assert_array_equal(image, NOISE)
    assert image.dtype == np.uint8
    assert notes == ""


def test_lossless_webp_gives_its_pixels():
    np.testing.assert_array_equal(decode(saved(PICTURE, "WEBP", lossless=True), LIMITS)[0], NOISE)


def test_a_jpeg_gives_its_picture():
    image, _ = decode(saved(Image.new("RGB", (48, 40), (200, 100, 50)), "JPEG"), LIMITS)
    assert image.shape == (40, 48, 3)
    np.testing.assert_allclose(image, np.full((40, 48, 3), (200, 100, 50)), atol=3)


@pytest.mark.parametrize(
    ("payload", "status", "detail"),
    [
        (JPEG[: len(JPEG) // 2], Status.TRUNCATED, "truncated"),
        (JPEG[:100], Status.TRUNCATED, ""),
        (JPEG[:4], Status.TRUNCATED, "header"),
        (PNG[: len(PNG) // 2], Status.TRUNCATED, ""),
        (PNG[:20], Status.TRUNCATED, ""),
        (flipped(PNG, len(PNG) // 2), Status.CORRUPT, ""),
        (flipped(PNG, 45), Status.CORRUPT, ""),
        (HTML, Status.NOT_IMAGE, "looks like HTML"),
        (b'{"error": 404}', Status.NOT_IMAGE, "unknown format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Status.NOT_IMAGE, "unknown"),
        (b"8BPS" + bytes(64), Status.NOT_IMAGE, "unknown"),
        (bytes(64), Status.NOT_IMAGE, "unknown"),
        (saved(Image.new("F", (48, 40), 0.5), "TIFF"), Status.MODE, "F"),
        (saved(Image.new("I", (48, 40), 9), "TIFF"), Status.MODE, "I"),
        (png(50_000, 50_000), Status.BOMB, "pixels"),
        (png(12_000, 12_000), Status.BOMB, "pixels"),
        (png(8_000, 8_000), Status.BOMB, "8000x8000"),
        (saved(Image.new("RGB", (1, 1)), "PNG"), Status.SMALL, "1x1"),
        (saved(Image.new("RGB", (400, 15)), "PNG"), Status.SMALL, "400x15"),
    ],
    ids=[
        *("half a JPEG", "cut JPEG header", "JPEG magic alone", "half a PNG", "cut PNG header"),
        *("flipped IDAT", "flipped early", "HTML", "JSON", "EPS", "PSD", "zeros", "float", "int32"),
        *("50k bomb", "12k bomb", "64 Mpx", "one pixel", "one side short"),
    ],
)
def test_a_bad_picture_gets_its_status(payload, status, detail):
    with pytest.raises(UndecodableError) as caught:
        decode(payload, LIMITS)
    assert caught.value.status == status
    assert detail in caught.value.detail


def test_a_bomb_is_refused_from_its_header_without_its_pixels(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("was decoded"))
    with pytest.raises(UndecodableError, match="12000x12000"):
        decode(png(12_000, 12_000), PictureLimits(50_000_000, 16))


def test_the_cap_is_the_one_that_was_set():
    small_cap = PictureLimits(max_pixels=40 * 48 - 1, min_side_px=16)
    with pytest.raises(UndecodableError, match="48x40 px; at most 1919 pixels"):
        decode(PNG, small_cap)
    assert decode(PNG, PictureLimits(40 * 48, 16))[0].shape == (40, 48, 3)


@pytest.mark.parametrize("side", [8_000, 12_000, 15_000])
def test_a_cap_above_that_of_the_decoder_counts(side):
    with pytest.raises(UndecodableError) as caught:
        decode(png(side, side), PictureLimits(side * side, 16))
    assert caught.value.status != Status.BOMB  # it holds no pixels, but it is not too large
    assert Image.MAX_IMAGE_PIXELS


def test_a_text_bomb_is_refused():
    text = zlib.compress(bytes(80 << 20), 9)
    content = b"comment\0\0" + text
    chunk = struct.pack(">I", len(content)) + b"zTXt" + content
    payload = PNG[:33] + chunk + struct.pack(">I", zlib.crc32(b"zTXt" + content)) + PNG[33:]
    with pytest.raises(UndecodableError):
        decode(payload, LIMITS)


def test_the_content_counts_whatever_the_name_says(tmp_path):
    (tmp_path / "face.jpg").write_bytes(PNG)
    np.testing.assert_array_equal(decode(read_bytes(tmp_path / "face.jpg"), LIMITS)[0], NOISE)


def test_junk_after_the_picture_is_let_pass():
    np.testing.assert_array_equal(decode(JPEG + b"junk" * 9, LIMITS)[0], decode(JPEG, LIMITS)[0])


def test_cmyk_is_converted_and_noted():
    image, notes = decode(saved(PICTURE.convert("CMYK"), "JPEG", quality=95), LIMITS)
    assert notes == "cmyk"
    assert np.abs(image.astype(int) - NOISE).mean() < 30


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize(("alpha", "expected"), [(0, 128), (255, 200), (128, 164)])
def test_transparency_shows_mid_grey(mode, alpha, expected):
    colour = (200, 200, 200, alpha) if mode == "RGBA" else (200, alpha)
    image, notes = decode(saved(Image.new(mode, (20, 20), colour), "PNG"), LIMITS)
    np.testing.assert_allclose(image, expected, atol=1)
    assert notes == "alpha"


def test_a_transparent_palette_colour_shows_mid_grey():
    indexed = Image.new("P", (20, 20), 1)
    indexed.putpalette([0, 0, 0, 250, 250, 250])
    image, notes = decode(saved(indexed, "PNG", transparency=1), LIMITS)
    assert np.unique(image).tolist() == [128]
    assert notes == "alpha"


def test_a_transparent_grey_shows_mid_grey():
    image, _ = decode(saved(Image.new("L", (20, 20), 7), "PNG", transparency=7), LIMITS)
    assert np.unique(image).tolist() == [128]


def test_a_palette_gives_its_colours():
    indexed = Image.new("P", (20, 20), 1)
    indexed.putpalette([0, 0, 0, 250, 10, 30])
    image, notes = decode(saved(indexed, "PNG"), LIMITS)
    np.testing.assert_array_equal(image, np.full((20, 20, 3), (250, 10, 30)))
    assert notes == "p"


def test_one_bit_becomes_black_and_white():
    image, notes = decode(saved(Image.fromarray(NOISE[..., 0] > 99), "PNG"), LIMITS)
    np.testing.assert_array_equal(image[..., 1], (NOISE[..., 0] > 99) * 255)
    assert notes == "1"


@pytest.mark.parametrize(("kind", "suffix"), [("GIF", "p"), ("TIFF", ""), ("PNG", "")])
def test_the_first_of_several_frames_counts(kind, suffix):
    first, second = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    payload = saved(first, kind, save_all=True, append_images=[second])
    image, notes = decode(payload, LIMITS)
    np.testing.assert_array_equal(image, np.full((20, 20, 3), (255, 0, 0)))
    assert notes.split()[0] == "frames"


UPRIGHT = {
    1: NOISE,
    2: NOISE[:, ::-1],
    3: NOISE[::-1, ::-1],
    4: NOISE[::-1],
    5: NOISE.transpose(1, 0, 2),
    6: np.rot90(NOISE),
    7: NOISE[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(NOISE, -1),
}
"""EXIF orientation -> how the camera stored NOISE."""


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("number", UPRIGHT)
def test_every_orientation_gives_the_same_upright_picture(kind, number):
    stored = Image.fromarray(np.ascontiguousarray(UPRIGHT[number]))
    np.testing.assert_array_equal(decode(with_orientation(stored, kind, number), LIMITS)[0], NOISE)


@pytest.mark.parametrize("number", UPRIGHT)
def test_every_orientation_of_a_jpeg_gives_the_same_upright_picture(number):
    smooth = np.add.outer(np.arange(40), 2 * np.arange(48)).astype(np.uint8)
    plain = decode(with_orientation(Image.fromarray(smooth), "JPEG", 1), LIMITS)[0]
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that undoes the camera's
    stored = Image.fromarray(smooth)
    stored = stored if number == 1 else stored.transpose(Image.Transpose(turn[number]))
    found = decode(with_orientation(stored, "JPEG", number), LIMITS)[0]
    np.testing.assert_allclose(found, plain, atol=4)


@pytest.mark.parametrize("number", [0, 9, 99])
def test_an_orientation_that_does_not_exist_is_ignored(number):
    np.testing.assert_array_equal(
        decode(with_orientation(PICTURE, "PNG", number), LIMITS)[0], NOISE
    )


def test_broken_exif_is_ignored():
    payload = saved(PICTURE, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\xff garbage")
    np.testing.assert_array_equal(decode(payload, LIMITS)[0], NOISE)


def test_a_picture_is_known_again_by_its_content():
    assert content_digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223"
