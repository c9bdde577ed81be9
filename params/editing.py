"""Changing params.yaml from the command line; its comments stay."""

import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.representer import RoundTripRepresenter

from errors import UsageError, did_you_mean, printable
from params.matrix import is_plain_name
from params.root import DatasetParams, validate
from pipeline.datasets import DATASETS
from store.building import differences
from store.files import atomic_write
from yaml_files import parse_yaml, read_yaml

_FOR_READERS = "# For readers:"
_DATASET = "dataset"
"""Section of a preset that goes to the section of one dataset in `datasets`."""
_ADDING = (("datasets",), ("methods",), ("variants",))
"""Sections whose parts hold only keys that differ: a preset may add some."""
_DATASET_AXES = ("datasets", "made", "transfers")
"""Keys of [matrix] that say which datasets are built."""


def use_dataset(file: Path, name: str, reader: str, labels: str | None = None) -> None:
    """Make a dataset the one that `dvc repro` builds; the rest of the file keeps its comments.

    Args:
        file: params.yaml.
        name: of the folder under data/raw.
        reader: row of DATASETS.
        labels: label set; None: as it is or, of a dataset that is new, that of its reader.

    Raises:
        UsageError: if the name cannot be a folder's or a key.
    """
    if not is_plain_name(name):
        raise UsageError(
            "name", f"'{name}' is no name for a dataset; use letters, digits, _ and -."
        )
    with _rewriting(file) as whole:
        own = {"options": {}, "labels": DATASETS[reader].labels}
        whole["index"].setdefault(name, {**whole["index"]["demo"], **own})
        whole["index"][name]["reader"] = reader
        whole["index"][name]["labels"] = labels or whole["index"][name]["labels"]
        whole["datasets"].setdefault(name, _no_differences())
        whole["matrix"]["datasets"] = _in_a_line([name])
        whole["matrix"]["made"] = _in_a_line(["demo"] if name == "demo" else [])


def _no_differences() -> CommentedMap:
    """Return an empty section of [datasets]."""
    section = CommentedMap((key, _no_keys()) for key in DatasetParams.model_fields)
    section.fa.set_flow_style()
    return section


def _no_keys() -> CommentedMap:
    empty = CommentedMap()
    empty.fa.set_flow_style()
    return empty


class _AsWritten(RoundTripRepresenter):
    """Writes None as `null`; by default ruamel.yaml leaves the value empty."""


_AsWritten.add_representer(
    type(None), lambda as_written, _: as_written.represent_scalar("tag:yaml.org,2002:null", "null")
)


@contextmanager
def _rewriting(file: Path) -> Iterator[Any]:
    """Yield a file's content to be changed, then write it back with its comments.

    Raises:
        UsageError: if it would not be legal; nothing is written then.
    """
    read_yaml(file)  # the round trip is not as strict
    whole = _round_trip().load(file)
    yield whole
    _write(file, whole)


def _round_trip() -> YAML:
    yaml = YAML()
    yaml.Representer = _AsWritten
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _write(file: Path, whole: Any) -> None:  # noqa: ANN401 - YAML
    """Write a params file if it is legal; its permissions stay, and a link to it stays one."""
    text = StringIO()
    _round_trip().dump(whole, text)
    validate(parse_yaml(text.getvalue(), file), file)
    target = file.resolve()
    atomic_write(target, text.getvalue().encode(), stat.S_IMODE(target.stat().st_mode))


def _in_a_line(values: Sequence[str]) -> CommentedSeq:
    line = CommentedSeq(values)
    line.fa.set_flow_style()
    return line


def presets(folder: Path) -> dict[str, str]:
    """Return the presets by name, each with the first line of its description."""
    return {
        file.stem: file.read_text().splitlines()[0].removeprefix("# ")
        for file in sorted(folder.glob("*.yaml"))
    }


def preset_for(folder: Path, reader: str) -> str | None:
    """Return the preset that names a reader in its line `# For readers:`; None if none does."""
    for file in sorted(folder.glob("*.yaml")):
        if reader in _readers_of(file):
            return file.stem
    return None


def _readers_of(preset: Path) -> list[str]:
    lines = preset.read_text().splitlines()
    named = [line.removeprefix(_FOR_READERS) for line in lines if line.startswith(_FOR_READERS)]
    return [name for line in named for name in line.replace(",", " ").split()]


def apply_preset(file: Path, preset: Path, dataset: str | None = None) -> list[str]:
    """Lay a preset over a params file, whose comments stay.

    Args:
        file: params.yaml.
        preset: the keys that change; its section `dataset` goes to that of one dataset.
        dataset: which one; None for the only one that the preset's readers read, or, if it names
            none, the only one of [matrix].

    Returns:
        What changed, such as "train.epochs: 10 -> 1".

    Raises:
        UsageError: if the preset has a key that the file does not, or does not know its dataset;
            nothing is written then.
    """
    overlay = read_yaml(preset)
    with _rewriting(file) as whole:
        if _DATASET in overlay:
            name = _dataset_of(file, whole, preset, dataset)
            whole["datasets"].setdefault(name, _no_differences())
            overlay["datasets"] = {name: overlay.pop(_DATASET)}
        elif dataset is not None:
            raise UsageError("--dataset", f"preset {preset.stem} is not about one dataset.")
        return _laid_over(file, whole, overlay, ())


def _dataset_of(file: Path, whole: Any, preset: Path, wanted: str | None) -> str:  # noqa: ANN401 - YAML
    """Return the name of the dataset that a preset is for: the one that its readers read."""
    known = list(whole["index"])
    if wanted is not None:
        if wanted not in known:
            raise UsageError(
                "--dataset",
                f"there is no index.{wanted}. Run: python cli.py use {wanted}"
                f"{did_you_mean(wanted, known)}",
            )
        return wanted
    readers, built = _readers_of(preset), list(whole["matrix"]["datasets"])
    found = [name for name in known if whole["index"][name]["reader"] in readers]
    listed = [name for name in found if name in built] if readers else built
    fitting = listed if len(listed) == 1 or not readers else found
    if len(fitting) == 1:
        return str(fitting[0])
    call = f"python cli.py preset {preset.stem} --dataset NAME"
    if fitting:
        raise UsageError(
            f"{file}: index",
            f"preset {preset.stem} fits {', '.join(fitting)}. Say which: {call}",
        )
    raise UsageError(
        f"{file}: index",
        f"preset {preset.stem} is for a dataset that {' or '.join(readers)} reads; there is none. "
        f"First run: python cli.py use NAME. For another one: {call}",
    )


def restore_numbers(file: Path) -> list[str]:
    """Put back the numbers of the last commit; the datasets, and which are built, stay.

    So does what differs for a dataset that the commit does not have.

    Args:
        file: params.yaml, inside a git checkout.

    Returns:
        What changed, such as "train.epochs: 3 -> 10".

    Raises:
        UsageError: if git has no such file, or the result would not be legal; nothing is written
            then.
    """
    before = read_yaml(file)
    text = _committed(file)
    parse_yaml(text, file)
    mine, whole = _round_trip().load(file), _round_trip().load(text)
    whole["index"] = mine["index"]
    before_it = whole.setdefault("datasets", CommentedMap())  # of a commit before there were any
    for name, section in mine["datasets"].items():
        before_it.setdefault(name, section)
    for key in _DATASET_AXES:
        if key in mine["matrix"]:
            whole["matrix"][key] = mine["matrix"][key]
    _write(file, whole)
    return differences(before, read_yaml(file))


def _committed(file: Path) -> str:
    """Return what the last commit has of a file."""
    target = file.resolve()
    command = ["git", "show", f"HEAD:./{target.name}"]
    try:
        done = subprocess.run(command, cwd=target.parent, capture_output=True, check=True)
        return done.stdout.decode("utf-8-sig")
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        reason = " ".join(said.decode(errors="replace").split())
        raise UsageError(
            file,
            f"git has no earlier version of it ({printable(reason)}). "
            "It is untouched. Set the numbers back by hand.",
        ) from error


def _laid_over(file: Path, whole: Any, overlay: Any, section: tuple[str, ...]) -> list[str]:  # noqa: ANN401 - YAML
    changes: list[str] = []
    for key, value in overlay.items():
        path = ".".join((*section, key))
        if key not in whole and section[:1] not in _ADDING:
            raise UsageError(f"{file}: {path}", "is missing; the preset changes it. Add it.")
        if isinstance(value, dict):
            if key not in whole or whole[key] is None:
                changes += [] if value else [f"{path}: not set -> {{}}"]
                whole[key] = CommentedMap()
            changes += _laid_over(file, whole[key], value, (*section, key))
        elif key not in whole or whole[key] != value:
            before = _shown(whole[key]) if key in whole else "not set"
            changes.append(f"{path}: {before} -> {_shown(value)}")
            whole[key] = _in_a_line(value) if isinstance(value, list) else value
    if section[:1] in _ADDING and overlay:
        whole.fa.set_block_style()
    return changes


def _shown(value: object) -> str:
    return str(list(value)) if isinstance(value, list) else str(value)
