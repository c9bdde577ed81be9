"""params.yaml: read once, strictly, one section a stage."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.representer import RoundTripRepresenter

from errors import NoInputError, UsageError, did_you_mean
from store.files import atomic_write

Model = TypeVar("Model", bound=BaseModel)

SECTIONS = (
    "matrix",
    "demo",
    "index",
    "align",
    "landmark",
    "survey",
    "heatmap",
    "train",
    "methods",
    "evaluate",
    "transfer",
    "report",
    "explain",
    "export",
)
_MOST_BYTES = 1 << 20
_REMEDIES = {"index": "Run: python cli.py use {name}"}


def load(
    file: Path, keys: tuple[str, ...], model: type[Model], overlay: tuple[str, ...] = ()
) -> Model:
    """Return one section of params.yaml as its stage's model.

    Args:
        file: params.yaml.
        keys: where the section is, such as ("index", "demo").
        model: what is legal in it.
        overlay: another section whose keys win, such as ("methods", "cam").

    Raises:
        NoInputError: if the file is not there.
        UsageError: naming the key, if one is missing, unknown, misspelt, doubled or has an illegal
            value.
    """
    whole = _read(file)
    merged: dict[str, Any] = {}
    for place in (keys, overlay) if overlay else (keys,):
        section = _section(file, whole, place)
        for key in section:
            if key not in model.model_fields:
                known = list(model.model_fields)
                raise UsageError(
                    f"{file}: {'.'.join(place)}.{key}",
                    f"no such key; known: {', '.join(known)}.{did_you_mean(str(key), known)}",
                )
        merged = _merged(merged, section)
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, (*keys, *first["loc"])))
        raise UsageError(
            f"{file}: {key}", f"{first['msg'].lower()}, got {first['input']!r:.60}."
        ) from error


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one section over another: where both have a section, key by key."""
    nested = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **nested}


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise NoInputError(
            file, "is not there. Run from the project's folder, or name it with --params."
        )
    if file.stat().st_size > _MOST_BYTES:
        raise UsageError(file, "is larger than 1 MB; that is no params file.")
    try:
        whole = _parsed(file)
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(file, "cannot be read: " + " ".join(str(error).split())) from error
    except RecursionError as error:
        raise UsageError(file, "is nested too deeply; sections hold keys and values.") from error
    if not isinstance(whole, dict):
        raise UsageError(file, f"needs sections, such as {', '.join(SECTIONS[2:5])}.")
    _refuse_odd_values(file, whole)
    for name in whole:
        if name not in SECTIONS:
            near = did_you_mean(str(name), list(SECTIONS))
            raise UsageError(
                f"{file}: {name}", f"no such section; known: {', '.join(SECTIONS)}.{near}"
            )
    return whole


def _parsed(file: Path) -> Any:  # noqa: ANN401 - whatever stands in it
    """Read YAML 1.2: `no` and 1:30 are words, keys stand once, tags make no objects.

    Raises:
        YAMLError, ValueError: if it is none, or repeats parts by `*name`, which can grow without
            bounds.
    """
    text = file.read_text(encoding="utf-8-sig")
    if "*" in text and "&" in text:
        events = YAML(typ="safe", pure=True).parse(text)
        alias = next((event for event in events if isinstance(event, AliasEvent)), None)
        if alias is not None:
            raise ValueError(
                f"line {alias.start_mark.line + 1} repeats a part with *; write it out."
            )
    return YAML(typ="safe", pure=True).load(text)


def _refuse_odd_values(file: Path, value: object, place: str = "") -> None:
    """Refuse values that are neither words nor finite numbers, such as dates, naming their key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_odd_values(file, inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for inner in value:
            _refuse_odd_values(file, inner, place)
    elif isinstance(value, float) and not isfinite(value):
        raise UsageError(f"{file}: {place}", f"needs a finite number, got {value}.")
    elif not isinstance(value, str | int | float | None):
        raise UsageError(
            f"{file}: {place}", f"needs a word or a number, got {value!s:.60}. Put it in quotes."
        )


def _section(file: Path, whole: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    section: Any = whole
    for depth, name in enumerate(place):
        if not isinstance(section, dict) or name not in section:
            where = ".".join(place[: depth + 1])
            known = ", ".join(map(str, section)) if isinstance(section, dict) else "nothing"
            remedy = _REMEDIES.get(place[0], "Add the section.").format(name=name)
            raise UsageError(f"{file}: {where}", f"is missing; there is {known}. {remedy}")
        section = section[name]
    if section is not None and not isinstance(section, dict):
        raise UsageError(
            f"{file}: {'.'.join(place)}", f"needs keys and values, got {section!r:.60}."
        )
    return section or {}


def use_dataset(file: Path, name: str, reader: str) -> None:
    """Make a dataset the one that `dvc repro` builds; the rest of the file keeps its comments.

    Args:
        file: params.yaml.
        name: of the folder under data/raw.
        reader: row of DATASETS.

    Raises:
        UsageError: if the name cannot be a folder's or a key.
    """
    if not name.replace("_", "").replace("-", "").isalnum():
        raise UsageError(
            "name", f"'{name}' is no name for a dataset; use letters, digits, _ and -."
        )
    with _rewriting(file) as whole:
        whole["index"].setdefault(name, {**whole["index"]["demo"], "options": {}})
        whole["index"][name]["reader"] = reader
        whole["matrix"]["datasets"] = _in_a_line([name])
        whole["matrix"]["made"] = _in_a_line(["demo"] if name == "demo" else [])


class _AsWritten(RoundTripRepresenter):
    """Writes nothing as null, which otherwise vanishes."""


_AsWritten.add_representer(
    type(None), lambda as_written, _: as_written.represent_scalar("tag:yaml.org,2002:null", "null")
)


@contextmanager
def _rewriting(file: Path) -> Iterator[Any]:
    """Give out what stands in a file to be changed; then write it, with its comments."""
    _read(file)
    yaml = YAML()
    yaml.Representer = _AsWritten
    yaml.preserve_quotes = True
    yaml.width = 4096
    whole = yaml.load(file)
    yield whole
    text = StringIO()
    yaml.dump(whole, text)
    atomic_write(file, text.getvalue().encode())


def _in_a_line(values: Sequence[str]) -> CommentedSeq:
    line = CommentedSeq(values)
    line.fa.set_flow_style()
    return line


def presets(folder: Path) -> dict[str, str]:
    """Return what presets there are, and the first line of what each says of itself."""
    return {
        file.stem: file.read_text().splitlines()[0].removeprefix("# ")
        for file in sorted(folder.glob("*.yaml"))
    }


def apply_preset(file: Path, preset: Path) -> list[str]:
    """Lay a preset over a params file, whose comments stay.

    Args:
        file: params.yaml.
        preset: the keys that change.

    Returns:
        What changed, such as "train.epochs: 10 -> 1".

    Raises:
        UsageError: if the preset has a key that the file does not; nothing is written then.
    """
    overlay = _read(preset)
    with _rewriting(file) as whole:
        return _laid_over(file, whole, overlay, ())


def _laid_over(file: Path, whole: Any, overlay: Any, place: tuple[str, ...]) -> list[str]:  # noqa: ANN401 - YAML
    changes: list[str] = []
    for key, value in overlay.items():
        path = ".".join((*place, key))
        if key not in whole:
            raise UsageError(f"{file}: {path}", "is missing; the preset changes it. Add it.")
        if isinstance(value, dict):
            changes += _laid_over(file, whole[key], value, (*place, key))
        elif whole[key] != value:
            changes.append(f"{path}: {_shown(whole[key])} -> {_shown(value)}")
            whole[key] = _in_a_line(value) if isinstance(value, list) else value
    return changes


def _shown(value: object) -> str:
    return str(list(value)) if isinstance(value, list) else str(value)
