"""A label set: the classes of a dataset, their words, and the action units of each.

Its files are in labels/. Stage index writes the set into its manifest, and every later stage reads
it from there.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from errors import DataError, UsageError, did_you_mean, pick, printable

Side = Literal["both", "left", "right", "active"]
"""Of a face, for the viewer; `active`: the more active one by its landmarks."""

Word = Annotated[str, Field(pattern=r"^[^\W_](?:[\w -]{0,38}\w)?$")]
"""A name or a word: letters, digits, spaces, `_` and `-`."""

_NEAR = 0.7
"""How near a misspelt word must be: at 0.6, `angst`, which is German for fear, suggests anger."""


class LabelPart(BaseModel):
    """A part of a label set; hashable."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LabelUnit(LabelPart):
    """An action unit of a class; in files, its number alone, or these.

    Attributes:
        au: FACS number.
        side: on which it is drawn.
        weight: height of its region in the class's map.
    """

    au: int = Field(ge=1, le=99)
    side: Side = "both"
    weight: float = Field(default=1.0, gt=0, le=1)


class LabelClass(LabelPart):
    """A class.

    Attributes:
        name: as it stands in tables and on pages.
        abbreviation: for narrow columns.
        colour: of its lines, #rrggbb.
        synonyms: other words for it in label files, in lower case.
        aus: its action units; none for a class such as neutral, which has no AU map.
        published_aus: what the codebook `published` draws instead; None if that is the same.
    """

    name: Word
    abbreviation: Annotated[str, Field(min_length=1, max_length=4)]
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    synonyms: tuple[str, ...] = ()
    aus: tuple[LabelUnit, ...] = ()
    published_aus: tuple[LabelUnit, ...] | None = None

    @field_validator("aus", "published_aus", mode="before")
    @classmethod
    def _numbers(cls, units: Any) -> Any:  # noqa: ANN401 - as it stands in the file
        """Take a bare number as an AU on both sides."""
        if not isinstance(units, list | tuple):
            return units
        return tuple({"au": unit} if isinstance(unit, int) else unit for unit in units)

    @field_validator("aus", "published_aus")
    @classmethod
    def _once(cls, units: tuple[LabelUnit, ...] | None) -> tuple[LabelUnit, ...] | None:
        numbers = [unit.au for unit in units or ()]
        if len({*numbers}) < len(numbers):
            raise ValueError("names an action unit twice")
        return units

    def units_in(self, codebook: str) -> tuple[LabelUnit, ...]:
        """Return the AUs that a codebook draws for the class."""
        own = self.published_aus if codebook == "published" else None
        return self.aus if own is None else own


class LabelSet(LabelPart):
    """Classes in the order of their ids.

    Attributes:
        name: of the set.
        source: where its classes and action units come from.
        classes: at least two.
        left_out: words whose pictures a dataset has and the set has no class for, in lower case.
    """

    name: Word
    source: str = ""
    classes: Annotated[tuple[LabelClass, ...], Field(min_length=2)]
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "LabelSet":
        words = [word for one in self.classes for word in (one.name.lower(), *one.synonyms)]
        words += self.left_out
        twice = sorted({word for word in words if words.count(word) > 1})
        wrong = sorted({word for word in words if word != word.strip().lower() or not word})
        if twice or wrong:
            fault = "stands for two classes" if twice else "is not in lower case"
            raise ValueError(f"the word '{(twice or wrong)[0]}' {fault}")
        return self

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names, in the order of their ids."""
        return tuple(one.name for one in self.classes)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {
            word: number
            for number, one in enumerate(self.classes)
            for word in (one.name.lower(), *one.synonyms)
        }

    @property
    def words(self) -> tuple[str, ...]:
        """Names and synonyms, in lower case."""
        return tuple(self._ids)

    def find(self, word: str) -> int | None:
        """Return the id of a class by its name or a synonym, in any case; None for another word."""
        return self._ids.get(word.strip().lower())

    def place(self, name: str) -> int | None:
        """Return the id of the class of this name, in any case; None if there is none."""
        names = [one.lower() for one in self.names]
        return names.index(name.lower()) if name.lower() in names else None

    def named(self, word: str) -> str:
        """Return the name of the class that a user names.

        Raises:
            UsageError: if there is none, with the known names.
        """
        return self.names[pick(self._ids, word.strip().lower(), "class")]

    def id_or_reason(self, word: str, where: str) -> int | str:
        """Return the id of a class that a label file names; or why its picture is left out.

        Args:
            word: as it stands there.
            where: file and row, for the message.

        Raises:
            DataError: if it is none of the set's. Bare digits are refused too: every dataset counts
                differently.
        """
        number = self.find(word)
        if number is not None:
            return number
        key = word.strip().lower()
        if key in self.left_out:
            return key
        hint = (
            "Digits mean something else in every dataset: "
            "name them in `label_map` of this dataset in params.yaml."
            if key.isdigit()
            else "Correct the label file, "
            "or map the word with `label_map` of this dataset in params.yaml."
        )
        known = ", ".join(name.lower() for name in self.names)
        near = did_you_mean(key, [*self._ids], _NEAR)
        raise DataError(where, f"label '{printable(word)}' is none of {known}.{near} {hint}")

    def common(self, other: "LabelSet") -> "LabelSet":
        """Return the set of its classes that another set has, too, by name.

        Synonyms do not count: one class may go by words that are classes of the other.

        Raises:
            UsageError: if these are fewer than two.
        """
        shared = tuple(one for one in self.classes if other.place(one.name) is not None)
        if len(shared) == len(self):
            return self
        if len(shared) < 2:
            raise UsageError(
                f"label set {self.name}",
                f"({', '.join(self.names)}) has fewer than two classes in common with "
                f"{other.name} ({', '.join(other.names)}): nothing can be told apart.",
            )
        return self.keeping(shared)

    def keeping(self, classes: tuple[LabelClass, ...]) -> "LabelSet":
        """Return a set of some of its classes, in this order."""
        name = f"{self.name[:33]}-common"
        return LabelSet(name=name, source=self.source, classes=classes, left_out=self.left_out)

    def ids(self, names: Sequence[str]) -> list[int]:
        """Return the ids of names as AULens writes them.

        Raises:
            KeyError: if one is none of the set's.
        """
        places = {name: number for number, name in enumerate(self.names)}
        return [places[name] for name in names]

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest holds."""
        return self.model_dump(mode="json", exclude_defaults=True)
