"""The one way to turn a file into pixels: strict, bounded, and the same for every stage."""

import hashlib
import io
import os
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.faces.deep import to_8_bits
from pipeline.faces.jpeg import end_of_first, find_damage
from pipeline.faces.signatures import CONVERT, HEAD_BYTES, HEIC, picture_format
from pipeline.paths import leads_out, safe_path
from store.records import Status, U8Image

T = TypeVar("T")

MAX_BYTES = 256 << 20
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM")
_JPEGS = ("JPEG", "MPO")
"""MPO: a JPEG with further pictures behind it, as phones write."""
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"II*\x00", b"MM\x00*")
_GLANCE_PX = 64
_ORIENTATION, _SIDEWAYS = 0x0112, range(5, 9)
"""The tag of EXIF, and its values for pictures that lie on their side."""
_MID_GREY = (128, 128, 128)


class UndecodableError(Exception):
    """A picture that cannot be used, with the status that its row gets."""

    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(status, detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be.

    Attributes:
        max_pixels: more than this many pixels are not decoded.
        min_side_px: a shorter side below this is set aside.
    """

    max_pixels: int
    min_side_px: int


def read_picture(root: Path, name: str, follow_links: bool) -> bytes:
    """Read a picture of a dataset.

    Args:
        root: the dataset's folder, resolved: it may have been a link itself.
        name: of the picture, relative to it.
        follow_links: whether links inside the folder may leave it; DVC's own always may.

    Raises:
        UndecodableError: outside, missing, unreadable, not_file or empty.
        DataError: if the name is none; see `safe_path`.
    """
    path = safe_path(root, name, str(root))
    if not follow_links and leads_out(root, path):
        raise UndecodableError(
            Status.OUTSIDE, "a link out of the dataset's folder; index.follow_links allows it"
        )
    return read_bytes(path)


def read_bytes(path: Path) -> bytes:
    """Read a picture's file, which must be an ordinary one.

    Raises:
        UndecodableError: missing, unreadable, not_file or empty.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would block for ever
    except FileNotFoundError as error:
        raise UndecodableError(Status.MISSING, "no such file") from error
    except OSError as error:
        raise UndecodableError(Status.UNREADABLE, error.strerror or "cannot be opened") from error
    try:
        payload = _ordinary(descriptor)
    except OSError as error:
        raise UndecodableError(Status.UNREADABLE, error.strerror or "cannot be read") from error
    finally:
        os.close(descriptor)
    if not payload:
        raise UndecodableError(Status.EMPTY, "0 bytes")
    return payload


def _ordinary(descriptor: int) -> bytes:
    """Read an open file, unless it is a folder, a device, a pipe or enormous."""
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        raise UndecodableError(Status.NOT_FILE, "not an ordinary file")
    if info.st_size > MAX_BYTES:
        raise UndecodableError(Status.BOMB, f"{info.st_size >> 20} MiB; at most {MAX_BYTES >> 20}")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()


def content_digest(payload: bytes) -> str:
    """Return the digest by which a picture is known again: the first 32 digits of its SHA-256."""
    return hashlib.sha256(payload).hexdigest()[:32]


def decode(payload: bytes, limits: PictureLimits) -> tuple[U8Image, str]:
    """Decode a picture.

    Args:
        payload: a whole file; JPEG, PNG, WebP, BMP, TIFF, GIF (first frame), AVIF, JPEG 2000 or
            PGM and its relatives, whatever its name says.
        limits: what it may be.

    Returns:
        Upright RGB (H, W, 3), and notes on what was put right, separated by spaces.

    Raises:
        UndecodableError: with the status of its row.
    """
    return _guarded(_decode, payload, limits)


def glance(payload: bytes, limits: PictureLimits) -> U8Image:
    """Decode a picture as grey (h, w), upright, for a rough look.

    A large JPEG comes out smaller, at a quarter of the time, with sides of 64 px or more.

    Raises:
        UndecodableError: as `decode`.
    """
    return _guarded(_glance, payload, limits)


def upright_size(payload: bytes) -> tuple[int, int]:
    """Return width and height of a picture in px as it is decoded, by its header alone.

    Raises:
        UndecodableError: as `decode`.
    """
    return _guarded(_upright_size, payload, PictureLimits(max_pixels=1 << 62, min_side_px=1))


def _upright_size(payload: bytes, limits: PictureLimits) -> tuple[int, int]:
    image = Image.open(io.BytesIO(payload), formats=FORMATS)
    width, height = image.size
    sideways = image.getexif().get(_ORIENTATION) in _SIDEWAYS
    return (height, width) if sideways else (width, height)


def _guarded(read: Callable[[bytes, PictureLimits], T], payload: bytes, limits: PictureLimits) -> T:
    with warnings.catch_warnings(), _no_cap_but_ours():
        warnings.simplefilter("ignore")  # broken EXIF: harmless
        try:
            return read(payload, limits)
        except (UndecodableError, MemoryError):
            raise
        except UnidentifiedImageError as error:
            raise _unidentified(payload) from error
        except OSError as error:
            raise _damaged(payload, str(error)) from error
        except Exception as error:  # damage makes a decoder raise anything, struct.error too
            bomb = "too large" in str(error).lower()  # of a compressed text
            raise UndecodableError(
                Status.BOMB if bomb else Status.CORRUPT, str(error)[:80]
            ) from error


@contextmanager
def _no_cap_but_ours() -> Iterator[None]:
    """Keep Pillow from refusing what `max_pixels` allows; it is checked before pixels are read."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _damaged(payload: bytes, why: str) -> UndecodableError:
    """Tell a file that was cut off from one that has its end and misses something before it."""
    if "truncated" not in why.lower():
        return UndecodableError(Status.CORRUPT, why[:80])
    if payload.startswith(_MAGIC[0]) and end_of_first(payload) >= 0:
        return UndecodableError(Status.CORRUPT, "damaged within: its data end before its picture")
    return UndecodableError(Status.TRUNCATED, why[:80])


def _unidentified(payload: bytes) -> UndecodableError:
    if payload.startswith(_MAGIC):
        return UndecodableError(Status.TRUNCATED, "ends within its header")
    text = payload[:64].lstrip().lower()
    guess = "looks like HTML" if text.startswith((b"<!doc", b"<html")) else "unknown format"
    guess = CONVERT if picture_format(payload[:HEAD_BYTES]) == HEIC else guess
    return UndecodableError(Status.NOT_IMAGE, guess)


def _decode(payload: bytes, limits: PictureLimits) -> tuple[U8Image, str]:
    image = _opened(payload, limits)
    notes = ["frames"] if getattr(image, "n_frames", 1) > 1 else []
    image.load()
    rgb, note = _to_rgb(image, payload)
    return np.asarray(_upright(rgb, image)), " ".join([*notes, *note])


def _glance(payload: bytes, limits: PictureLimits) -> U8Image:
    image = _opened(payload, limits)
    image.draft("L", (_GLANCE_PX, _GLANCE_PX))
    image.load()
    return np.asarray(_upright(_to_rgb(image, payload)[0], image).convert("L"))


def _opened(payload: bytes, limits: PictureLimits) -> Image.Image:
    """Read the header and judge by it; check the data where the decoder is not strict."""
    image = Image.open(io.BytesIO(payload), formats=FORMATS)
    width, height = image.size
    if width * height > limits.max_pixels:
        raise UndecodableError(
            Status.BOMB, f"{width}x{height} px; at most {limits.max_pixels} pixels"
        )
    if min(width, height) < limits.min_side_px:
        raise UndecodableError(
            Status.SMALL, f"{width}x{height} px; at least {limits.min_side_px} a side"
        )
    if image.format == "PNG":
        image.verify()  # the picture must be opened anew afterwards
        image = Image.open(io.BytesIO(payload), formats=FORMATS)
    elif image.format in _JPEGS and (damage := find_damage(payload)):
        raise UndecodableError(*damage)
    return image


def _to_rgb(image: Image.Image, payload: bytes) -> tuple[Image.Image, list[str]]:
    """Convert without darkening 16-bit samples and without revealing what transparency hid."""
    image, depth = to_8_bits(image, payload)
    if image.mode in ("F", "I"):
        raise UndecodableError(Status.MODE, f"pixel format {image.mode} has no defined white")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*_MID_GREY, 255))
        return Image.alpha_composite(ground, layer).convert("RGB"), [*depth, "alpha"]
    note = [] if image.mode in ("RGB", "L") else [image.mode.lower()]
    return image.convert("RGB"), [*depth, *note]


def _upright(rgb: Image.Image, original: Image.Image) -> Image.Image:
    """Apply the EXIF orientation, once; a broken one is ignored."""
    try:
        rgb.info["exif"] = original.getexif().tobytes()
        return ImageOps.exif_transpose(rgb)
    except MemoryError:
        raise
    except Exception:  # as in decode
        return rgb
