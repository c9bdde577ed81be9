"""YAML files, read strictly: YAML 1.2, every key once, no objects, no repeated parts."""

from math import isfinite
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from errors import DataError, NoInputError, UsageError, printable

_MOST_BYTES = 128 << 10
"""A longer one would be parsed for seconds; the shipped one has 15 kB."""
_MOST_NUMBER = 2**63


def read_yaml(file: Path) -> dict[str, Any]:
    """Return the sections of a params file or a preset.

    Raises:
        NoInputError: if the file is not there.
        UsageError: if it cannot be read, is too large, or parse_yaml refuses it.
    """
    if not file.is_file():
        raise NoInputError(
            file, "is not there. Run from the project's folder, or name it with --params."
        )
    if file.stat().st_size > _MOST_BYTES:
        raise UsageError(file, "is larger than 128 KiB; that is no params file.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(file, f"cannot be read: {error}") from error
    return parse_yaml(text, file)


def read_description(file: Path, example: str) -> dict[str, Any]:
    """Return the keys of a file that somebody else may have written: a label set, a model card.

    Args:
        file: it.
        example: a sentence that says where such a file is shown.

    Raises:
        NoInputError: if it is not there.
        DataError: if read_yaml refuses it.
    """
    if not file.is_file():
        raise NoInputError(file, f"is not there. {example}")
    try:
        return read_yaml(file)
    except UsageError as error:
        raise DataError(
            error.where, f"is not YAML as it should be: {error.what} {example}"
        ) from error


def parse_yaml(text: str, file: Path) -> dict[str, Any]:
    """Return the sections of a text; their values are words, finite numbers, lists and sections.

    Args:
        text: YAML 1.2: `no` and 1:30 are words, every key stands once, tags make no objects.
        file: where it comes from, for messages.

    Raises:
        UsageError: if it is no such text, is nested too deeply, repeats parts by `*name`, which can
            grow without bounds, has a directive, or another kind of value, such as a date.
    """
    try:
        whole = _parsed(text)
    except (YAMLError, ValueError) as error:
        raise UsageError(file, "cannot be read: " + " ".join(str(error).split())) from error
    except RecursionError as error:
        raise UsageError(file, "is nested too deeply; sections hold keys and values.") from error
    if not isinstance(whole, dict):
        raise UsageError(file, "needs sections: a key, a colon, and what belongs to it.")
    _refuse_odd_values(file, whole)
    return whole


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever stands in it
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("%"):  # %YAML 1.1 would make `no` a boolean, %TAG an object
            raise ValueError(f"line {number} is a directive, {printable(line):.40}. Remove it.")
    if "*" in text and "&" in text:
        events = YAML(typ="safe", pure=True).parse(text)
        alias = next((event for event in events if isinstance(event, AliasEvent)), None)
        if alias is not None:
            raise ValueError(
                f"line {alias.start_mark.line + 1} repeats a part with *; write it out."
            )
    return YAML(typ="safe", pure=True).load(text)


def _refuse_odd_values(file: Path, value: object, dotted_key: str = "") -> None:
    """Refuse values that are neither words nor finite numbers, such as dates, naming their key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_odd_values(file, inner, f"{dotted_key}.{key}" if dotted_key else str(key))
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_values(file, inner, dotted_key)
    elif isinstance(value, int) and abs(value) >= _MOST_NUMBER:
        raise UsageError(f"{file}: {dotted_key}", "needs a number with fewer digits.")
    elif isinstance(value, float) and not isfinite(value):
        raise UsageError(f"{file}: {dotted_key}", f"needs a finite number, got {value}.")
    elif not isinstance(value, str | int | float | None):
        raise UsageError(
            f"{file}: {dotted_key}",
            f"needs a word or a number, got {value!s:.60}. Put it in quotes.",
        )
