"""Action units that were coded on each face, by people or by a program, and how strongly.

Shapes: N faces, U coded units, R distinct regions of a codebook.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.codebooks import Codebook

F32 = NDArray[np.float32]

FACS_NUMBERS = frozenset({1, 2, *range(4, 40), *range(41, 47), *range(51, 59), *range(61, 70)})
"""Numbers that the Facial Action Coding System gives to units, descriptors, head and eyes.

Source: Ekman, Friesen and Hager, Facial Action Coding System, 2002; 41 and 42 of the 1978 edition.
"""

FACS_LETTERS = "ABCDE"
"""FACS's intensities, from a trace to the maximum; a fifth each."""

LEAST = 0.1
"""Weaker units are not drawn: half of FACS's trace, below what programs' numbers mean."""

LEAST_SHARE = 0.2
"""Smaller shares of a soft label are not drawn: one of FER+'s ten votes, which its authors count
as a slip, is no reason to look at a class's units."""


class AUCoding(NamedTuple):
    """How strongly each face shows each coded unit.

    Attributes:
        units: FACS numbers.
        intensities_NU: in [0, 1], 0 absent and 1 the maximum; NaN where it was not coded.
    """

    units: tuple[int, ...]
    intensities_NU: F32

    @property
    def is_coded(self) -> NDArray[np.bool_]:
        """Whether at least one unit of the face was coded, present or absent."""
        return np.asarray(np.isfinite(self.intensities_NU).any(axis=1))

    def take(self, rows_B: NDArray[np.integer]) -> "AUCoding":
        """Return the coding of some faces."""
        return AUCoding(self.units, self.intensities_NU[rows_B])


def uncoded(faces: int) -> AUCoding:
    """Return the coding of faces on which nobody coded anything."""
    return AUCoding((), np.zeros((faces, 0), np.float32))


def region_units(book: Codebook) -> tuple[int, ...]:
    """Return one unit per distinct region of a codebook: the first that has it; ascending."""
    return tuple(sorted(set(_first_with_region(book).values())))


def _first_with_region(book: Codebook) -> dict[int, int]:
    first: dict[object, int] = {}
    return {number: first.setdefault(unit.region, number) for number, unit in book.regions.items()}


def region_weights(coding: AUCoding, book: Codebook, least: float) -> F32:
    """Return how strongly each region acts on each face, (N, R), in the order of `region_units`.

    Units that share a region give it the strongest of their intensities. What was not coded, is
    weaker than `least`, or has no region in the codebook, counts as 0.
    """
    regions = region_units(book)
    weights_NR = np.zeros((len(coding.intensities_NU), len(regions)), np.float32)
    first = _first_with_region(book)
    for unit, seen_N in zip(coding.units, np.nan_to_num(coding.intensities_NU).T, strict=True):
        if unit in first:
            column_N = weights_NR[:, regions.index(first[unit])]
            np.maximum(column_N, np.where(seen_N >= least, seen_N, 0), out=column_N)
    return weights_NR
