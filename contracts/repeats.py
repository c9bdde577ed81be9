"""The words of the axis `repeats`: which seed, and in cross-validation which fold."""

import re
from dataclasses import dataclass

from errors import UsageError

_WORD = re.compile(r"seed(0|[1-9]\d{0,8})(?:-fold(0|[1-9]\d{0,8}))?")


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repetition of a training.

    Attributes:
        seed: of weights, order and augmentation.
        fold: which part of the persons is kept for scoring, from 0; None without
            cross-validation.
    """

    seed: int
    fold: int | None = None

    @classmethod
    def parse(cls, word: str) -> "Repeat":
        """Read seed0, or seed0-fold3.

        Raises:
            UsageError: if the word is neither.
        """
        found = _WORD.fullmatch(word)
        if not found:
            raise UsageError("repeat", f"'{word:.40}' is none; write seed0 or seed0-fold3.")
        seed, fold = found.groups()
        return cls(int(seed), None if fold is None else int(fold))

    def __str__(self) -> str:
        """Return the word."""
        return f"seed{self.seed}" + ("" if self.fold is None else f"-fold{self.fold}")
