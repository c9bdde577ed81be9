"""WebDataset's shards: tar files in which members with equal stems belong together."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from errors import DataError, printable
from pipeline.unpacking.packing import LABELS, PackedPicture, Packing, split_of_file

_PICTURES = ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff")
_WORDS = ("cls", "txt", "label", "emotion", "expression")
_MOST_BYTES = 256 << 20
_MOST_TEXT = 1 << 20


def _inputs(raw: Path) -> list[Path]:
    return sorted(file for file in raw.rglob("*.tar") if file.is_file())


def _pictures(files: Sequence[Path]) -> Iterator[PackedPicture]:
    """Yield every picture of every shard, in order; its key is kept as an attribute.

    Names in the shards are never used as names of files.

    Raises:
        DataError: naming the shard and the key that cannot be accepted.
    """
    for place, file in enumerate(files):
        groups = groupby(_members(file), key=lambda member: member[0])
        for number, (key, members) in enumerate(groups):
            parts = {extension: payload for _, extension, payload in members}
            where = f"{file}, {printable(key)}"
            form = next((one for one in _PICTURES if one in parts), None)
            if form is None:
                raise DataError(where, f"has no picture: {', '.join(_PICTURES)}.")
            name = f"images/{place:04d}/{number:07d}.{form}"
            row = _described(parts, where)
            known = {"file": name, "split": split_of_file(file), "key": printable(key)}
            yield PackedPicture(name, parts[form], {**row, **known})


def _members(file: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (key, extension, bytes) of ordinary members.

    Raises:
        DataError: if it is no tar file, or a member is enormous.
    """
    try:
        with tarfile.open(file, "r:*") as shard:
            for member in shard:
                if not member.isfile():
                    continue
                if member.size > _MOST_BYTES:
                    raise DataError(file, f"'{printable(member.name)}' has over 256 MiB.")
                stream = shard.extractfile(member)
                folder, _, name = member.name.rpartition("/")
                stem, _, extension = name.partition(".")
                payload = stream.read() if stream else b""
                yield f"{folder}/{stem}" if folder else stem, extension.lower(), payload
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(
            file, f"is no tar file, or is damaged ({error}). Fetch it again."
        ) from error


def _described(parts: dict[str, bytes], where: str) -> dict[str, str]:
    """Return the label as column expression, and what else a json says of a picture.

    Raises:
        DataError: if there is no label.
    """
    values: dict[str, str] = {}
    if "json" in parts:
        try:
            found = json.loads(parts["json"][:_MOST_TEXT])
            values = {
                str(name).lower(): str(value)
                for name, value in found.items()
                if isinstance(value, str | int | float)
            }
        except (ValueError, AttributeError, RecursionError) as error:
            raise DataError(where, "its json cannot be read.") from error
    for name in _WORDS:
        if name in parts:
            word = parts[name][:_MOST_TEXT].decode("utf-8", "replace").strip()
            return {**values, "expression": word}
    label = next((name for name in LABELS if name in values), None)
    if label is None:
        raise DataError(where, f"has no label: {', '.join(_WORDS)}, or json with label.")
    word = values.pop(label)
    return {**values, "expression": word}


WEBDATASET = Packing(_inputs, _pictures)
