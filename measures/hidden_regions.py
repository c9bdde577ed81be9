"""From the falls of single faces to the table: regions by expressions, with intervals.

Shapes: N faces, U distinct regions, K expressions.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.codebooks import Codebook
from anatomy.heatmaps import comparison_sets
from contracts.examinations import Estimate, HiddenRegion, RegionCell, RegionImportance
from measures.agreement import macro_average
from measures.bootstrap import Score, number_persons, percentile_interval, redraw
from measures.faces import FaceScores

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


class RegionSet(NamedTuple):
    """The distinct regions of a codebook.

    Attributes:
        units: FACS numbers that share each region.
        first: place of each region's first AU among the AUs of the codebook.
        own_KU: whether a region belongs to an expression.
    """

    units: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]
    own_KU: Bools


@cache
def region_set(book: Codebook) -> RegionSet:
    """Return the distinct regions of a codebook, in the order of their first AU."""
    places = comparison_sets(book).regions
    sharing: dict[int, list[int]] = {}
    for index, place in enumerate(places):
        sharing.setdefault(place, []).append(index)
    numbers = tuple(book.units)
    units = tuple(tuple(numbers[index] for index in shared) for shared in sharing.values())
    own = [
        [not set(numbers).isdisjoint(one) for one in units] for numbers in book.expressions.values()
    ]
    return RegionSet(units, tuple(shared[0] for shared in sharing.values()), np.array(own))


def region_importance(
    faces: FaceScores, resamples: tuple[int, int], book: Codebook, fill: str
) -> RegionImportance | None:
    """Put the table together; None if nothing was measured.

    Args:
        faces: with the falls of their probability.
        resamples: how many, and their seed.
        book: which action units belong to which class.
        fill: what was seen instead of a hidden region.
    """
    measured_N = np.isfinite(faces.drop_NR).any(axis=1)
    if not measured_N.any():
        return None
    regions = region_set(book)
    return RegionImportance(
        fill=fill,
        faces=int(measured_N.sum()),
        regions=[_row(place, faces, regions, book) for place in range(len(regions.units))],
        **estimates(
            faces.labels_N,
            faces.persons_N.tolist(),
            face_summaries(faces, regions),
            resamples,
            faces.classes,
        ),
    )


def estimates(
    labels_N: NDArray[np.integer],
    persons: Sequence[str],
    values: Mapping[str, Floats],
    resamples: tuple[int, int],
    classes: Sequence[str],
) -> dict[str, Estimate]:
    """Average per expression, then over expressions, with intervals over persons.

    Args:
        labels_N: expression ids.
        persons: see bootstrap.number_persons.
        values: name -> one number per face; what is not finite does not count.
        resamples: how many, and their seed.
        classes: names, by id.
    """
    scores = {
        name: Score(np.nan_to_num(values_N), np.isfinite(values_N), macro=True)
        for name, values_N in values.items()
    }
    person_N, _ = number_persons(persons)
    draws = redraw([scores], labels_N, person_N, *resamples) if resamples[0] else {}
    averages = {
        name: macro_average(values_N, labels_N, np.isfinite(values_N), classes)
        for name, values_N in values.items()
    }
    return {
        name: Estimate(
            value=one.overall,
            interval=percentile_interval(draws[name][0]) if name in draws else None,
            n=one.n_valid,
        )
        for name, one in averages.items()
    }


def face_summaries(faces: FaceScores, regions: RegionSet) -> dict[str, Floats]:
    """Return own, others, selectivity and ranking of every face; NaN where there is none."""
    excess_NU = faces.drop_NR - faces.elsewhere_NR
    there_NU, own_NU = np.isfinite(excess_NU), regions.own_KU[faces.labels_N]
    own_N, others_N = (
        _masked_mean(excess_NU, there_NU & which_NU) for which_NU in (own_NU, ~own_NU)
    )
    higher_NUU = np.sign(excess_NU[:, :, None] - excess_NU[:, None, :])
    pairs_NUU = (there_NU & own_NU)[:, :, None] & (there_NU & ~own_NU)[:, None, :]
    wins_N = _masked_mean(*(one.reshape(len(own_N), -1) for one in (higher_NUU, pairs_NUU)))
    return {
        "own": own_N,
        "others": np.where(np.isfinite(own_N), others_N, np.nan),  # the same faces as `own`
        "selectivity": own_N - others_N,
        "ranking": (wins_N + 1) / 2,
    }


def _masked_mean(values_NM: Floats, counted_NM: NDArray[np.bool_]) -> Floats:
    count_N = counted_NM.sum(axis=1)
    sums_N = np.where(counted_NM, values_NM, 0).sum(axis=1)
    blank_N = np.full(len(sums_N), np.nan)
    return np.asarray(np.divide(sums_N, count_N, out=blank_N, where=count_N > 0))


def _row(place: int, faces: FaceScores, regions: RegionSet, book: Codebook) -> HiddenRegion:
    units = regions.units[place]
    there_N = np.isfinite(faces.drop_NR[:, place])
    areas_N = faces.hidden_NR[there_N, place]
    own_K = regions.own_KU[:, place].tolist()
    return HiddenRegion(
        units=units,
        name=book.units[units[0]].name,
        area=float(areas_N.mean()) if len(areas_N) else 0.0,
        cells={
            name: _cell(faces, there_N & (faces.labels_N == label), place, own_K[label])
            for label, name in enumerate(faces.classes)
        },
    )


def _cell(faces: FaceScores, chosen_N: Bools, place: int, own: bool) -> RegionCell | None:
    drop, elsewhere = faces.drop_NR[chosen_N, place], faces.elsewhere_NR[chosen_N, place]
    count = len(drop)
    if not count:
        return None
    error = float((drop - elsewhere).std(ddof=1) / np.sqrt(count)) if count > 1 else None
    return RegionCell(
        drop=float(drop.mean()), elsewhere=float(elsewhere.mean()), error=error, n=count, own=own
    )
