"""Assigns samples to the folds of a cross-validation; all pictures of a person go into one fold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from errors import DataError, printable
from pipeline.indexing.splits import drawn, groups_of
from pipeline.params import BY_PERSON, FEWEST_FOLDS, NO_FOLDS
from store.records import Sample


def with_folds(
    samples: Sequence[Sample],
    folds: int | str,
    seed: int,
    key: str,
    twins: Iterable[tuple[int, int]] = (),
) -> list[Sample]:
    """Give every sample a fold, from 0; none if there are to be none.

    Args:
        samples: of the whole dataset.
        folds: how many; BY_PERSON or NO_FOLDS.
        seed: decides between persons that fit equally well.
        key: of the setting in params.yaml, for messages.
        twins: rows of samples that stay together as those of one person do.

    Raises:
        DataError: if BY_PERSON meets a picture of an unknown person, or there are too few persons.
    """
    if folds == NO_FOLDS:
        return list(samples)
    groups = groups_of(samples, twins)
    if folds == BY_PERSON:
        _refuse_unknown_persons(samples, key)
        numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    else:
        numbers = _stratified(samples, groups, int(folds), seed)
    found = len(set(numbers.values()))
    wanted = FEWEST_FOLDS if folds == BY_PERSON else int(folds)
    if found < wanted:
        raise DataError(
            key,
            f"wants {wanted} folds, but only {found} persons (or pictures of unknown persons) can "
            f"be told apart. Set it to {NO_FOLDS} or to fewer.",
        )
    return [replace(one, fold=numbers[group]) for one, group in zip(samples, groups, strict=True)]


def fold_remarks(samples: Sequence[Sample], repeats: str) -> list[str]:
    """Return sentences on how large the folds are, and on what to list to train them all.

    Args:
        samples: with their folds.
        repeats: the key in params.yaml that lists them.
    """
    sizes = Counter(one.fold for one in samples if one.fold is not None)
    if not sizes:
        return []
    persons = {one.person for one in samples if one.person is not None}
    words = ", ".join(f"seed0-fold{fold}" for fold in sorted(sizes))
    return [
        f"folds: {len(sizes)} of {min(sizes.values())} to {max(sizes.values())} pictures, "
        f"{len(persons):,} persons, none in two folds; to train them all, set {repeats}: [{words}]"
    ]


def _refuse_unknown_persons(samples: Sequence[Sample], key: str) -> None:
    unknown = [one.id for one in samples if one.person is None]
    if unknown:
        raise DataError(
            key,
            f"is {BY_PERSON}, but the person is unknown for {len(unknown):,} of {len(samples):,} "
            f"pictures; the first is '{printable(unknown[0])}'. Name the persons, or give a number "
            "of folds.",
        )


def _stratified(
    samples: Sequence[Sample], groups: Sequence[str], folds: int, seed: int
) -> dict[str, int]:
    """Give each group the fold that makes the shares of every expression most even.

    The largest groups choose first, as in scikit-learn's StratifiedGroupKFold.
    """
    expressions = sorted({one.expression for one in samples})
    counts = {group: np.zeros(len(expressions)) for group in groups}
    for one, group in zip(samples, groups, strict=True):
        counts[group][expressions.index(one.expression)] += 1
    whole = sum(counts.values())
    filled = np.zeros((folds, len(expressions)))
    chosen = {}
    for group in sorted(counts, key=lambda name: (-counts[name].max(), drawn(name, seed))):
        grown = ((filled + counts[group]) / whole) ** 2 - (filled / whole) ** 2
        fold = int(np.lexsort((np.arange(folds), filled.sum(1), grown.sum(1).round(12)))[0])
        filled[fold] += counts[group]
        chosen[group] = fold
    return chosen
