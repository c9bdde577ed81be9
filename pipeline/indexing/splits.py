"""Assigns samples to train, val and test: by the dataset's own splits, or by ours."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from errors import DataError
from pipeline.indexing.perceptual_hash import linked_sets
from store.records import Sample


@dataclass(frozen=True, slots=True)
class Shares:
    """How much is taken out where a dataset names no split: val and test in [0, 1)."""

    val: float
    test: float
    seed: int


def with_splits(
    samples: Sequence[Sample], shares: Shares, twins: Iterable[tuple[int, int]] = ()
) -> list[Sample]:
    """Give every sample a split: the dataset's own where it has one; no person in two of ours.

    Where the dataset names no split at all, validation and test are taken out; where it names train
    and test only, validation is taken out of train. Stratified by expression; which persons go is
    decided by a hash of their name and the seed.

    Args:
        samples: of the whole dataset.
        shares: how much is taken out.
        twins: rows of samples that stay together as those of one person do.
    """
    given = {sample.split for sample in samples}
    if None in given and given != {None}:
        raise DataError(
            "split", "some rows name a split and some do not. Fill the column or remove it."
        )
    if "val" in given:
        return list(samples)
    ours = {"val": shares.val, "test": shares.test} if given == {None} else {"val": shares.val}
    members = list(zip(samples, groups_of(samples, twins), strict=True))
    free = [(sample, group) for sample, group in members if sample.split in (None, "train")]
    chosen = _draw(free, ours, shares.seed)
    return [
        sample if sample.split == "test" else replace(sample, split=chosen.get(group, "train"))
        for sample, group in members
    ]


def groups_of(samples: Sequence[Sample], twins: Iterable[tuple[int, int]]) -> list[str]:
    """Return the group of each sample; samples of one group stay in one split, and in one fold."""
    names = [
        f"person {sample.person}" if sample.person is not None else f"sample {sample.id}"
        for sample in samples
    ]
    first: dict[str, int] = {}
    persons = [(first.setdefault(name, row), row) for row, name in enumerate(names)]
    for rows in linked_sets(len(samples), [*persons, *twins]):
        for row in rows:
            names[row] = names[rows[0]]
    return names


def drawn(group: str, seed: int) -> bytes:
    """Return what groups are sorted by for an order that depends on their names and the seed."""
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()


def _draw(
    members: Iterable[tuple[Sample, str]], wanted: Mapping[str, float], seed: int
) -> dict[str, str]:
    """Choose groups for each split, expression by expression.

    A group too large for what is missing stays out.
    """
    groups: dict[str, Counter[int]] = defaultdict(Counter)
    for sample, group in members:
        groups[group][sample.expression] += 1
    strata: dict[int, list[str]] = defaultdict(list)
    for name, counts in groups.items():
        strata[min(counts, key=lambda expression: (-counts[expression], expression))].append(name)
    chosen: dict[str, str] = {}
    for names in strata.values():
        names.sort(key=lambda name: drawn(name, seed))
        total = sum(groups[name].total() for name in names)
        missing = {split: round(share * total) for split, share in wanted.items()}
        for name in names:
            size = groups[name].total()
            split = next((split for split, left in missing.items() if size <= left), None)
            if split is not None:
                chosen[name] = split
                missing[split] -= size
    return chosen
