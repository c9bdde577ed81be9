"""From the falls of single faces to the table: regions by expressions, with intervals.

Shapes: N faces, U distinct regions, K expressions.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import CODEBOOKS
from anatomy.expressions import EXPRESSIONS
from anatomy.heatmaps import comparison_sets
from contracts.examinations import Estimate, HiddenRegion, RegionCell, RegionImportance
from measures.agreement import macro_average
from measures.bootstrap import Score, number_persons, percentile_interval, redraw

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
F32 = NDArray[np.float32]


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


def region_set(codebook: str) -> RegionSet:
    """Return the distinct regions of a codebook, in the order of their first AU."""
    book, places = CODEBOOKS[codebook], comparison_sets(codebook).regions
    sharing: dict[int, list[int]] = {}
    for index, place in enumerate(places):
        sharing.setdefault(place, []).append(index)
    numbers = tuple(book.units)
    units = tuple(tuple(numbers[index] for index in shared) for shared in sharing.values())
    own = [
        [not set(book.expressions[name]).isdisjoint(one) for one in units] for name in EXPRESSIONS
    ]
    return RegionSet(units, tuple(shared[0] for shared in sharing.values()), np.array(own))


class RegionDrops(NamedTuple):
    """How much the probability of the face's expression falls.

    Attributes:
        drop_NU: when the region is hidden; NaN where the face has none.
        elsewhere_NU: when its shape is hidden at a random place.
        area_NU: share of the picture that is hidden.
    """

    drop_NU: F32
    elsewhere_NU: F32
    area_NU: F32


def region_importance(
    drops: RegionDrops,
    labels_N: Ints,
    persons: Sequence[str],
    resamples: tuple[int, int],
    names: tuple[str, str],
) -> RegionImportance:
    """Put the table together.

    Args:
        drops: of the sampled faces.
        labels_N: their expression ids.
        persons: see bootstrap.groups.
        resamples: how many, and their seed.
        names: rows of CODEBOOKS and FILLS.
    """
    codebook, fill = names
    regions = region_set(codebook)
    faces = face_summaries(drops, labels_N, regions)
    scores = {
        name: Score(np.nan_to_num(values_N), np.isfinite(values_N), macro=True)
        for name, values_N in faces.items()
    }
    person_N, _ = number_persons(persons)
    draws = redraw([scores], labels_N, person_N, *resamples) if resamples[0] else {}
    ends = {name: percentile_interval(values_1R[0]) for name, values_1R in draws.items()}
    return RegionImportance(
        fill=fill,
        faces=len(labels_N),
        regions=[
            _row(place, units, drops, labels_N, regions, codebook)
            for place, units in enumerate(regions.units)
        ],
        **{name: estimate(values_N, labels_N, ends.get(name)) for name, values_N in faces.items()},
    )


def estimate(values_N: Floats, labels_N: Ints, interval: tuple[float, float] | None) -> Estimate:
    """Average what is finite per expression, then over expressions."""
    average = macro_average(values_N, labels_N, np.isfinite(values_N))
    return Estimate(value=average.overall, interval=interval, n=average.n_valid)


def face_summaries(drops: RegionDrops, labels_N: Ints, regions: RegionSet) -> dict[str, Floats]:
    """Return own, others, selectivity and ranking of every face; NaN where there is none."""
    excess_NU = drops.drop_NU - drops.elsewhere_NU
    there_NU, own_NU = np.isfinite(excess_NU), regions.own_KU[labels_N]
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


def _row(
    place: int,
    units: tuple[int, ...],
    drops: RegionDrops,
    labels_N: Ints,
    regions: RegionSet,
    codebook: str,
) -> HiddenRegion:
    there_N = np.isfinite(drops.drop_NU[:, place])
    areas_N = drops.area_NU[there_N, place]
    return HiddenRegion(
        units=units,
        name=CODEBOOKS[codebook].units[units[0]].name,
        area=float(areas_N.mean()) if len(areas_N) else 0.0,
        cells={
            name: _cell(
                drops, there_N & (labels_N == label), place, bool(regions.own_KU[label, place])
            )
            for label, name in enumerate(EXPRESSIONS)
        },
    )


def _cell(
    drops: RegionDrops, chosen_N: NDArray[np.bool_], place: int, own: bool
) -> RegionCell | None:
    drop, elsewhere = drops.drop_NU[chosen_N, place], drops.elsewhere_NU[chosen_N, place]
    count = len(drop)
    if not count:
        return None
    difference = drop - elsewhere
    error = float(difference.std(ddof=1) / np.sqrt(count)) if count > 1 else None
    return RegionCell(
        drop=float(drop.mean()), elsewhere=float(elsewhere.mean()), error=error, n=count, own=own
    )
