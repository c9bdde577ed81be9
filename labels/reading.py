"""Reads a label set by its name, or by the path of a file."""

from functools import cache
from pathlib import Path

from pydantic import ValidationError

from contracts.labels import LabelSet
from errors import DataError, NoInputError, did_you_mean, printable
from yaml_files import read_description

_FOLDER = Path(__file__).parent
_SUFFIX = ".yaml"
_EXAMPLE = "labels/basic7.yaml shows what a label set holds."

PUBLISHED = "basic7"
"""The set of the published systems whose weights and codebook AULens reads."""


def shipped() -> dict[str, Path]:
    """Return the sets that come with AULens: name -> file."""
    return {file.stem: file for file in sorted(_FOLDER.glob(f"*{_SUFFIX}"))}


@cache
def read_labels(name: str) -> LabelSet:
    """Read a label set.

    Args:
        name: of a set that comes with AULens, or the path of a file that ends in .yaml.

    Raises:
        NoInputError: if there is no such set.
        DataError: naming the file and the first key that is not legal.
    """
    known = shipped()
    file = known.get(name, Path(name))
    if not file.is_file() or file.suffix != _SUFFIX:
        raise NoInputError(
            printable(name),
            f"is no label set; known: {', '.join(known)}.{did_you_mean(name, [*known])} "
            f"Name one of them, or a file that ends in {_SUFFIX}.",
        )
    try:
        return LabelSet.model_validate({"name": file.stem, **read_description(file, _EXAMPLE)})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "classes"
        raise DataError(
            file, f"{key}: {first['msg'].removeprefix('Value error, ')}. {_EXAMPLE}"
        ) from error


@cache
def known_words() -> frozenset[str]:
    """Return every word that a set which comes with AULens knows, in lower case."""
    sets = [read_labels(name) for name in shipped()]
    return frozenset(word for one in sets for word in (*one.words, *one.left_out))
