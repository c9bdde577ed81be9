"""Recognises a picture's format by its first bytes; its name may say anything."""

HEAD_BYTES = 32
"""So many bytes of a file are enough."""

HEIC = "HEIC"
"""The format of phones that nothing installed here decodes."""

CONVERT = "HEIC, convert it to JPEG or PNG"

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"\x00\x00\x00\x0cjP  ": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
}
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Bytes that the second header of a BMP says it has; `BM` alone begins many a text."""


def picture_format(head: bytes) -> str | None:
    """Return Pillow's name of a picture's format, or HEIC; None if it is no picture.

    Args:
        head: the first HEAD_BYTES of a file, or all if it is shorter.
    """
    for start, name in _STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return None


def _brand(head: bytes) -> str | None:
    """Return the format of an ISO container: its own brand, else one that it is compatible with."""
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, len(head) - 3, 4))]
    exact = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    return "AVIF" if "AVIF" in exact else next(iter(exact), None)
