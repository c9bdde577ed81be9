"""[matrix] of params.yaml: the words of which `dvc repro` builds every combination.

dvc.yaml puts them into lines that a shell runs, so they are checked wherever they are read.
"""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from contracts.repeats import Repeat
from errors import UsageError, printable
from pipeline.params import HeatmapOptions
from train.methods import METHODS
from train.params import SplitName
from validation import NameOf

T = TypeVar("T")
_MOST_NAME_BYTES = 100


def is_plain_name(name: str) -> bool:
    """Say whether a word can name a folder, a key, and be a word of a shell's line."""
    plain = name.replace("_", "").replace("-", "").isalnum()
    return plain and len(name.encode()) <= _MOST_NAME_BYTES


def _refusal(what: str) -> PydanticCustomError:
    return PydanticCustomError("unknown_name", "{what}", {"what": what})


def _plain_name(what: str) -> AfterValidator:
    def check(name: str) -> str:
        if not is_plain_name(name):
            shown = f"{printable(name):.60}"
            raise _refusal(f"'{shown}' is no name for a {what}; use letters, digits, _ and -.")
        return name

    return AfterValidator(check)


DatasetName = Annotated[str, _plain_name("dataset")]
VariantName = Annotated[str, _plain_name("variant")]


def _repeat_word(word: str) -> str:
    try:
        Repeat.parse(word)
    except UsageError as error:
        raise _refusal(error.what) from error
    return word


RepeatWord = Annotated[str, AfterValidator(_repeat_word)]
"""seed0, seed1-fold3, ...: see contracts.repeats."""


def _each_once(values: tuple[T, ...]) -> tuple[T, ...]:
    for value in values:
        if values.count(value) > 1:
            raise _refusal(f"{value!s:.60} is listed twice; list it once.")
    return values


Axis = Annotated[tuple[T, ...], AfterValidator(_each_once)]
Kind = Annotated[str, NameOf(HeatmapOptions.model_fields, "heatmap kind")]
MethodName = Annotated[str, NameOf(METHODS, "method")]


class Transfer(BaseModel, frozen=True, extra="forbid"):
    """An item of matrix.transfers: runs trained on one dataset are scored on a split of another."""

    train: DatasetName
    test: DatasetName
    split: SplitName

    def __str__(self) -> str:
        """Return its folder in results."""
        return f"{self.train}-on-{self.test}"


def _one_split_per_pair(transfers: tuple[Transfer, ...]) -> tuple[Transfer, ...]:
    _each_once(tuple(map(str, transfers)))
    return transfers


class MatrixParams(BaseModel, frozen=True, extra="forbid"):
    """[matrix] in params.yaml."""

    datasets: Axis[DatasetName] = Field(min_length=1)
    made: Axis[DatasetName]
    kinds: Axis[Kind] = Field(min_length=1)
    methods: Axis[MethodName] = Field(min_length=1)
    variants: Axis[VariantName] = Field(min_length=1)
    repeats: Axis[RepeatWord] = Field(min_length=1)
    restored: Axis[DatasetName]
    transfers: Annotated[tuple[Transfer, ...], AfterValidator(_one_split_per_pair)]
