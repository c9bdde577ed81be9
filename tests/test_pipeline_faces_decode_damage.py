"""Whatever becomes of a file's bytes, it is a picture or has a status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.faces.decode import PictureLimits, UndecodableError, decode
from store.records import Status
from tests.pictures import JPEG, PICTURE, PNG, saved, with_orientation

DAMAGEABLE = {
    "JPEG": JPEG,
    "PNG": PNG,
    "WEBP": saved(PICTURE, "WEBP"),
    "BMP": saved(PICTURE, "BMP"),
    "TIFF": saved(PICTURE, "TIFF"),
    "TIFF-lzw": saved(PICTURE, "TIFF", compression="tiff_lzw"),
    "GIF": saved(PICTURE, "GIF"),
    "PNG-exif": with_orientation(PICTURE, "PNG", 6),
    "TIFF-exif": with_orientation(PICTURE, "TIFF", 6),
}


@pytest.mark.parametrize("kind", DAMAGEABLE)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 255) | st.integers(0, 9999), st.binary(min_size=1, max_size=4)),
        max_size=4,
    ),
    cut=st.none() | st.integers(0, 6000),
)
def test_a_damaged_file_is_a_picture_or_has_a_status(kind, changes, cut):
    payload = bytearray(DAMAGEABLE[kind])
    for place, junk in changes:
        start = place % len(payload)
        payload[start : start + len(junk)] = junk
    status, shape = outcome(bytes(payload[:cut]))
    assert (status == Status.OK) == (shape[2:] == (3,))


def outcome(payload):
    try:
        return Status.OK, decode(payload, PictureLimits(1_000_000, 16))[0].shape
    except UndecodableError as error:
        return error.status, ()
