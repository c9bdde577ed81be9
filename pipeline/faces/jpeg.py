"""Finds damage within JPEGs that decoders accept without a word.

simplejpeg's strict mode turns libjpeg's warnings into errors. Only those about damaged
picture data count here: libjpeg also warns of odd headers and of padding, whose pixels are right.
Single flipped bits mostly give a wrong picture without a warning; only a digest from before could
tell. What was measured: docs/log.md, 2026-11-27.
"""

import re

import simplejpeg

from store.records import Status

_CUT = re.compile("premature end", re.IGNORECASE)
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_DAMAGED = "Corrupt JPEG data: "
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_END = 0xD9


def find_damage(payload: bytes) -> tuple[Status, str] | None:
    """Decode a JPEG strictly, at an eighth of its size.

    Returns:
        TRUNCATED or CORRUPT, and why; None if it is intact, or strict mode cannot read its header
        (then Pillow decides). What lies behind the picture, such as a second one, does not count.
    """
    try:
        simplejpeg.decode_jpeg(
            payload, "GRAY", fastdct=True, fastupsample=True, min_height=1, min_width=1
        )
    except ValueError as error:
        return _judged(payload, str(error))
    return None


def _judged(payload: bytes, warning: str) -> tuple[Status, str] | None:
    if _CUT.search(warning):
        if end_of_first(payload) >= 0:
            return Status.CORRUPT, "damaged within: its data end before its picture"
        return Status.TRUNCATED, "truncated: it has no end"
    if rest := _EXTRANEOUS.search(warning):
        end = end_of_first(payload)
        padded = not any(payload[max(0, end - int(rest[1])) : end])  # by zeros, as some writers do
        why = "damaged within: its picture ends before its data"
        return None if padded else (Status.CORRUPT, why)
    if warning.startswith(_DAMAGED):
        return Status.CORRUPT, f"damaged within: {warning.removeprefix(_DAMAGED)[:60]}"
    return None


def end_of_first(payload: bytes) -> int:
    """Return where the end marker of the first picture of a JPEG file is; -1 if it has none.

    Markers are followed from the front, so that neither a thumbnail in the header nor a second
    picture behind the first is mistaken for it.
    """
    place = 2
    while found := _NEXT_MARKER.search(payload, place):
        if payload[found.end() - 1] == _END:
            return found.start()
        length = int.from_bytes(payload[found.end() : found.end() + 2])
        place = found.end() + length
    return -1
