"""Reads model cards: shipped ones by name, others from YAML files.

Shapes: K classes of the model, V expressions.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.labels import LabelSet
from contracts.model_cards import ModelCard
from errors import DataError, UsageError, pick
from validation import checked
from yaml_files import read_description

CARDS = Path(__file__).parent / "cards"


def shipped_cards() -> dict[str, Path]:
    """Return the cards of public models: name -> file."""
    return {file.stem: file for file in sorted(CARDS.glob("*.yaml"))}


def read_card(name: str) -> ModelCard:
    """Read a shipped card by its name, or a file.

    Raises:
        UsageError: if there is no such card, or a key of it is not legal.
        NoInputError: if the file is not there.
        DataError: if it is not YAML.
    """
    file = Path(name)
    if file.suffix not in (".yaml", ".yml"):
        file = pick(shipped_cards(), name, "card")
    values = read_description(file, "docs/examining.md shows a card.")
    try:
        return checked(ModelCard, values)
    except UsageError as error:
        raise UsageError(f"{file}: {error.where}", error.what) from error


class ClassColumns(NamedTuple):
    """Which output is which expression.

    Attributes:
        columns_V: column of each expression; -1 for one that the model does not know.
        unscored: columns that are of no expression.
        names: of the expressions.
    """

    columns_V: NDArray[np.int64]
    unscored: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Expressions that the model never answers."""
        return tuple(self.names[number] for number in np.flatnonzero(self.columns_V < 0))


def class_columns(
    classes: tuple[str, ...], unscored: tuple[str, ...], labels: LabelSet, where: str
) -> ClassColumns:
    """Match a model's class names with the expressions.

    Args:
        classes: in the order of the outputs.
        unscored: those that are left out on purpose.
        labels: of the faces that are scored.
        where: for messages.

    Raises:
        DataError: if a name is unknown or stands for an expression twice, or fewer than two are
            known.
    """
    found = {index: labels.find(name) for index, name in enumerate(classes)}
    strange = [
        classes[index]
        for index, number in found.items()
        if number is None and classes[index] not in unscored
    ]
    columns_V = np.full(len(labels), -1)
    for index, number in found.items():
        if number is None:
            continue
        if columns_V[number] >= 0:
            raise DataError(where, f"classes {classes} name {labels.names[number]} twice.")
        columns_V[number] = index
    known = ", ".join(labels.names)
    if strange:
        raise DataError(
            where,
            f"classes {', '.join(strange)} are none of {known}. Correct the names, or list them "
            "under `unscored`: what a model gives them is then left out.",
        )
    if (columns_V >= 0).sum() < 2:
        raise DataError(where, f"classes {', '.join(classes)} have hardly any of {known}.")
    others = tuple(index for index, one in found.items() if one is None)
    return ClassColumns(columns_V, others, labels.names)
