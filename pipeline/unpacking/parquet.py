"""Parquet tables as on Hugging Face: a column of pictures, a column of labels."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from errors import DataError, printable
from pipeline.faces.signatures import HEAD_BYTES, picture_format
from pipeline.unpacking.packing import LABELS, PackedPicture, Packing, split_of_file

_PICTURES = ("image", "img", "picture", "pixel_values", "jpg", "png")
_ROWS = 512
_FETCH = "Fetch it again, or move it elsewhere."


def _inputs(raw: Path) -> list[Path]:
    return sorted(file for file in raw.rglob("*.parquet") if file.is_file())


def _pictures(files: Sequence[Path]) -> Iterator[PackedPicture]:
    """Yield every picture of every table, in order.

    The words of numbered labels come from the table's own description of its features; without one
    the numbers stay, and reader csv asks for a label_map.

    Raises:
        DataError: naming the table that cannot be read, or lacks a column.
    """
    for place, file in enumerate(files):
        names = _label_names(file)
        for number, row in enumerate(_rows(file)):
            payload, columns = _split_columns(row, f"{file}, row {number}")
            name = f"images/{place:04d}/{number:07d}{_ending(payload)}"
            labels = [key for key in columns if key.lower() in LABELS]
            if not labels:
                found = printable(", ".join(row))[:200]
                raise DataError(file, f"has no column {', '.join(LABELS)}; it has {found}.")
            label = columns.pop(labels[0])
            word = names.get(labels[0], {}).get(label, label)
            known = {"file": name, "expression": word, "split": split_of_file(file)}
            yield PackedPicture(name, payload, {**_attributes(columns), **known})


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows, of which a bounded number are in memory.

    Raises:
        DataError: if it is no table.
    """
    import polars as pl

    start = 0
    while True:
        try:
            table = pl.scan_parquet(file).slice(start, _ROWS).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(file, f"is no Parquet table, or is damaged. {_FETCH}") from error
        yield from table.iter_rows(named=True)
        start += _ROWS
        if len(table) < _ROWS:
            return


def _split_columns(row: Mapping[str, Any], where: str) -> tuple[bytes, dict[str, str]]:
    """Return the picture's bytes, and the plain columns as text.

    Raises:
        DataError: if no column is a picture.
    """
    payloads: dict[str, bytes] = {}
    columns: dict[str, str] = {}
    for name, value in row.items():
        inner = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(inner, bytes):
            payloads[name] = inner
            if isinstance(value, dict) and value.get("path"):
                columns["source"] = str(value["path"])
        elif isinstance(value, str | int | float | bool):
            columns[name] = str(value)
    chosen = next((name for name in _PICTURES if name in payloads), next(iter(payloads), None))
    if chosen is None:
        raise DataError(where, f"holds no picture (a column such as image with bytes). {_FETCH}")
    return payloads[chosen], columns


def _attributes(columns: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in columns.items()}


def _ending(payload: bytes) -> str:
    form = picture_format(payload[:HEAD_BYTES]) or "bin"
    return {"JPEG": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2"}.get(form, f".{form.lower()}")


def _label_names(file: Path) -> dict[str, dict[str, str]]:
    """Return column -> number, as text -> word, as the table describes itself.

    Raises:
        DataError: if it is no table.
    """
    import polars as pl

    try:
        described = pl.read_parquet_metadata(file).get("huggingface", "{}")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(file, f"is no Parquet table, or is damaged. {_FETCH}") from error
    try:
        features = json.loads(described)["info"]["features"]
        return {
            name: {str(number): str(word) for number, word in enumerate(feature["names"])}
            for name, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


PARQUET = Packing(_inputs, _pictures)
