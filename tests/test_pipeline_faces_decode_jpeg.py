"""JPEG, which decoders like to accept when it is damaged, and the quick look at one."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from pipeline.faces.decode import Limits, UndecodableError, decode, glance
from store.records import Status

LIMITS = Limits(max_pixels=50_000_000, min_side_px=16)
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8))


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


JPEG = saved(PICTURE, "JPEG", quality=95)


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
