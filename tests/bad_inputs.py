"""Pictures as no dataset should hold them, written on demand, and a face finder for workers.

KINDS: what a user's folder may hold -> how to write it, what its row says. The numbers are those of
the list of bad inputs; those that are no pictures (label files, params.yaml) have tests of their
own.
"""

import io
import os
import resource
import socket
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage.data import astronaut

from pipeline import align as stage
from pipeline.execution.cluster import ClusterConfig
from pipeline.faces.backends import BACKENDS
from pipeline.index import index
from store.reading import Store
from store.tables import write_table
from tests.forking import forkserver
from tests.indexing import align_params, index_params

FORK = forkserver(__name__)

PIXELS = np.random.default_rng(0).integers(1, 256, (64, 64, 3), np.uint8)
PICTURE = Image.fromarray(PIXELS)
PHOTOGRAPH = Image.fromarray(astronaut()).resize((256, 256))
PARAMS = align_params(size_px=64, mode="resize", max_pixels=50_000_000)


def coded(image, form, **options):
    """Return an image file's bytes."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


JPEG, PNG = coded(PHOTOGRAPH, "JPEG", quality=50), coded(PICTURE, "PNG")


def chunk(name, content):
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def hollow(side):
    """Return a PNG of so many pixels a side that holds none."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def solid(side):
    """Return a tiny PNG file of so many black pixels a side."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side * 3)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def text_bomb():
    packed = chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(80 << 20), 9))
    return PNG[:33] + packed + PNG[33:]


def flipped(payload):
    changed = bytearray(payload)
    changed[len(payload) // 2] ^= 4
    return bytes(changed)


def blanked(payload):
    place = len(payload) // 3
    return payload[:place] + bytes(64) + payload[place + 64 :]


def deep_png(channels):
    deep = np.full((64, 64, channels), 128 * 257, np.uint16)
    return cv2.imencode(".png", deep.squeeze())[1].tobytes()


def frames(form):
    return coded(PICTURE, form, save_all=True, append_images=[PHOTOGRAPH.resize((64, 64))])


def turned(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return coded(PHOTOGRAPH, "JPEG", exif=exif)


def sock(path):
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's address must be short
    os.close(folder)


def out_of_the_folder(path):
    elsewhere = path.parents[1] / "elsewhere.png"
    elsewhere.write_bytes(PNG)
    path.symlink_to(elsewhere)


@dataclass(frozen=True)
class Kind:
    """One kind of bad input.

    Attributes:
        number: in the list.
        status: of its row.
        said: within the detail of its row.
        write: makes it at a path.
        later: what happens to it between the stages index and align.
    """

    number: int
    status: str
    said: str
    write: Callable[[Path], object]
    later: Callable[[Path], object] = lambda path: None


def kind(number, status, said, payload):
    return Kind(number, status, said, lambda path: path.write_bytes(payload))


KINDS = {
    "zero bytes": kind(1, "empty", "0 bytes", b""),
    "half a JPEG": kind(2, "truncated", "truncated", JPEG[: len(JPEG) // 2]),
    "cut JPEG header": kind(3, "truncated", "", JPEG[:100]),
    "blanked JPEG": kind(4, "corrupt", "damaged within", blanked(JPEG)),
    "JPEG and junk": kind(5, "ok", "", JPEG + b"junk" * 99),
    "flipped bit": replace(
        kind(6, "changed", "dvc repro index", JPEG),
        later=lambda path: path.write_bytes(flipped(JPEG)),
    ),
    "flipped PNG": kind(7, "corrupt", "", flipped(PNG)),
    "half a PNG": kind(8, "truncated", "", PNG[: len(PNG) // 2]),
    "HTML": kind(9, "not_image", "looks like HTML", b"<!DOCTYPE html><html>404</html>"),
    "JSON": kind(9, "not_image", "unknown format", b'{"error": 404}'),
    "PNG": kind(10, "ok", "", PNG),
    "WebP": kind(10, "ok", "", coded(PICTURE, "WEBP")),
    "EPS": kind(11, "not_image", "unknown", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    "PSD": kind(11, "not_image", "unknown", b"8BPS" + bytes(64)),
    "ICNS": kind(11, "not_image", "unknown", b"icns" + bytes(64)),
    "PDF": kind(11, "not_image", "unknown", b"%PDF-1.7\n"),
    "CMYK": kind(12, "ok", "cmyk", coded(PHOTOGRAPH.convert("CMYK"), "JPEG")),
    "16-bit grey": kind(13, "ok", "u16", deep_png(1)),
    "16-bit RGB": kind(14, "ok", "", deep_png(3)),
    "float TIFF": kind(15, "mode", "no defined white", coded(Image.new("F", (64, 64)), "TIFF")),
    "palette": kind(16, "ok", "p", coded(PICTURE.convert("P"), "PNG")),
    "RGBA": kind(16, "ok", "alpha", coded(PICTURE.convert("RGBA"), "PNG")),
    "LA": kind(16, "ok", "alpha", coded(PICTURE.convert("LA"), "PNG")),
    "1 bit": kind(16, "ok", "1", coded(PICTURE.convert("1"), "PNG")),
    "GIF of two": kind(17, "ok", "frames", frames("GIF")),
    "PNG of two": kind(17, "ok", "frames", frames("PNG")),
    "TIFF of two": kind(17, "ok", "frames", frames("TIFF")),
    **{f"turn {number}": kind(18, "ok", "", turned(number)) for number in range(2, 9)},
    "turn 99": kind(19, "ok", "", turned(99)),
    "broken EXIF": kind(19, "ok", "", coded(PICTURE, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\xff junk")),
    "2,500 Mpx": kind(20, "bomb", "50000x50000", hollow(50_000)),
    "144 Mpx": kind(21, "bomb", "12000x12000", solid(12_000)),
    "80 MB of text": kind(22, "bomb", "", text_bomb()),
    "one pixel": kind(23, "small", "1x1", coded(Image.new("RGB", (1, 1)), "PNG")),
    "a thin one": kind(23, "small", "400x1", coded(Image.new("RGB", (400, 1)), "PNG")),
    "a link to itself": Kind(24, "unreadable", "", lambda path: path.symlink_to(path)),
    "a link to nothing": Kind(25, "missing", "", lambda path: path.symlink_to("gone.png")),
    "nothing": Kind(25, "missing", "no such file", lambda path: None),
    "a folder": Kind(26, "not_file", "", lambda path: path.mkdir()),
    "a FIFO": Kind(26, "not_file", "", os.mkfifo),
    "a socket": Kind(26, "unreadable", "", sock),
    "an endless link": Kind(27, "outside", "", lambda path: path.symlink_to("/dev/zero")),
    "a link outside": Kind(28, "outside", "follow_links", out_of_the_folder),
    "no rights": Kind(29, "unreadable", "", lambda path: (path.touch(), path.chmod(0))),
    "a zip": kind(40, "not_image", "", b"PK\x03\x04" + bytes(64)),
}
if os.geteuid() == 0:
    del KINDS["no rights"]  # root may read everything


def write_all(folder, names):
    """Write a label file, and what it names: name -> kind; None for a good picture."""
    folder.mkdir(parents=True)
    for name, bad in names.items():
        (KINDS[bad].write if bad else lambda path: path.write_bytes(PNG))(folder / name)
    rows = [{"file": name, "expression": "fear", "split": "train"} for name in names]
    write_table(folder / "labels.csv", ("file", "expression", "split"), rows)


def faces_of(folder, names, cluster):
    """Index and align the folder that holds these; return the store of faces."""
    write_all(folder, names)
    found, out = folder.parent / "index", folder.parent / "faces"
    index(folder, found, index_params(look_alikes="report"), cluster.progress)
    for name, bad in names.items():
        (KINDS[bad].later if bad else lambda path: None)(folder / name)
    stage.align(found, out, PARAMS, cluster)
    return Store(out)


def between_neighbours(folder, bad):
    """Do it in this process, with the kind between two good pictures; return how that went.

    Returns:
        The three rows of the table, whether the neighbours are as they were, seconds of the
        processor, peak bytes.
    """
    BACKENDS["fake"] = everywhere
    start = time.process_time()
    names = {"a good one.png": None, "bad.jpg": bad, "z good one.png": None}
    faces = faces_of(folder, names, ClusterConfig(lambda done, total, note: None, workers=0))
    images = faces.array("image").load()
    unhurt = bool((images[0] == PIXELS).all() and (images[2] == PIXELS).all())
    took, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return faces.rows(), unhurt, took, peak << 10


def reported(pipe, folder, bad):
    """Send what `between_neighbours` returns."""
    pipe.send(between_neighbours(folder, bad))


def everywhere(image_HW3):
    """See one face that fills the picture."""
    height, width = image_HW3.shape[:2]
    face = np.zeros((68, 2))
    face[:17] = np.column_stack([np.linspace(0.1, 0.9, 17), np.full(17, 0.5)])
    face[17:36], face[36:42], face[42:48] = (0.5, 0.5), (0.3, 0.4), (0.7, 0.4)
    face[48:] = np.column_stack([np.linspace(0.3, 0.7, 20), np.full(20, 0.8)])
    return (face * (width, height))[None]


def rows_with_everywhere(source, params):
    """As `align_rows`, with the backend `fake` in whatever process this is."""
    BACKENDS["fake"] = everywhere
    return stage.align_rows(source, params)
