"""Which samples train, validate and test: the dataset's own splits, or ours."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from errors import DataError
from store.records import Sample


@dataclass(frozen=True, slots=True)
class Shares:
    """How much is taken out where a dataset names no split: val and test in [0, 1)."""

    val: float
    test: float
    seed: int


def with_splits(samples: Sequence[Sample], shares: Shares) -> list[Sample]:
    """Give every sample a split: the dataset's own where it has one; no person in two of ours.

    Where the dataset names no split at all, validation and test are taken out; where it names train
    and test only, validation is taken out of train. Stratified by expression; which persons go is
    decided by a hash of their name and the seed.
    """
    given = {sample.split for sample in samples}
    chosen: dict[str, str] = {}
    if given == {None}:
        chosen = _draw(samples, {"val": shares.val, "test": shares.test}, shares.seed)
        rest = "train"
        return [replace(sample, split=chosen.get(_group(sample), rest)) for sample in samples]
    if None in given:
        raise DataError(
            "split", "some rows name a split and some do not. Fill the column or remove it."
        )
    if "val" not in given:
        training = [sample for sample in samples if sample.split == "train"]
        chosen = _draw(training, {"val": shares.val}, shares.seed)
    return [
        replace(sample, split=chosen.get(_group(sample), "train"))
        if sample.split == "train"
        else sample
        for sample in samples
    ]


def _group(sample: Sample) -> str:
    return f"person {sample.person}" if sample.person is not None else f"sample {sample.id}"


def _draw(samples: Sequence[Sample], wanted: Mapping[str, float], seed: int) -> dict[str, str]:
    """Choose groups for each split, expression by expression.

    A group too large for what is missing stays out.
    """
    groups: dict[str, Counter[int]] = defaultdict(Counter)
    for sample in samples:
        groups[_group(sample)][sample.expression] += 1
    strata: dict[int, list[str]] = defaultdict(list)
    for name, counts in groups.items():
        strata[min(counts, key=lambda expression: (-counts[expression], expression))].append(name)
    chosen: dict[str, str] = {}
    for names in strata.values():
        names.sort(key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
        total = sum(groups[name].total() for name in names)
        missing = {split: round(share * total) for split, share in wanted.items()}
        for name in names:
            size = groups[name].total()
            split = next((split for split, left in missing.items() if size <= left), None)
            if split is not None:
                chosen[name] = split
                missing[split] -= size
    return chosen
