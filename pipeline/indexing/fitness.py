"""Warns of what makes training or scores pointless, before hours are spent on it."""

from collections import Counter
from collections.abc import Sequence

from contracts.labels import LabelSet
from errors import printable
from pipeline.datasets.path_patterns import suggested_pattern
from store.records import SPLITS, Sample

_SHOWN = 3
_NEEDED_FOR = {
    "train": "nothing can be trained",
    "val": "no epoch can be chosen by it",
    "test": "nothing can be scored",
}


def fitness_warnings(samples: Sequence[Sample], labels: LabelSet) -> list[str]:
    """Return sentences on what a dataset lacks for training and honest scores.

    Args:
        samples: with their splits.
        labels: their classes.
    """
    return [*_empty_splits(samples), *_expressions(samples, labels), *_persons(samples)]


def _empty_splits(samples: Sequence[Sample]) -> list[str]:
    counts = Counter(sample.split for sample in samples)
    return [
        f"Split {split} is empty: {_NEEDED_FOR[split]}." for split in SPLITS if not counts[split]
    ]


def _expressions(samples: Sequence[Sample], labels: LabelSet) -> list[str]:
    shown = {sample.expression for sample in samples}
    if len(shown) == 1:
        return [f"All pictures show one expression, {labels.names[min(shown)]}: nothing to learn."]
    trained = {sample.expression for sample in samples if sample.split == "train"}
    lacking = [labels.names[number] for number in sorted(shown - trained)]
    return [f"No training picture shows {', '.join(lacking)}."] if lacking and trained else []


def _persons(samples: Sequence[Sample]) -> list[str]:
    unknown = sum(sample.person is None for sample in samples)
    if unknown:
        return [
            f"The person is unknown for {unknown:,} of {len(samples):,} pictures: "
            "the same person may be in several splits, which makes scores too good, and intervals "
            "of scores are by picture there, not by person."
        ]
    if len({sample.person for sample in samples}) == 1:
        return ["All pictures show one person: scores say nothing about other people."]
    return []


def person_suggestion(samples: Sequence[Sample], key: str) -> list[str]:
    """Return a sentence with a pattern that may take the persons out of the paths.

    Args:
        samples: of the whole dataset.
        key: of the dataset's options in params.yaml.
    """
    pattern = suggested_pattern(samples) if all(one.person is None for one in samples) else None
    if pattern is None:
        return []
    return [
        f"names share prefixes; if these are persons or clips, set {key}.person: '{pattern}' "
        "(then no split shares one)"
    ]


def split_remedies(samples: Sequence[Sample], key: str) -> list[str]:
    """Return a sentence per split that is empty and could be drawn: which number to raise.

    Args:
        samples: with their splits.
        key: of the dataset's section in params.yaml.
    """
    there = {sample.split for sample in samples}
    return [
        f"to fill split {split}, raise {key}.{split} (persons and copies are taken whole, and the "
        "share of an expression must hold one), or name the splits"
        for split in ("val", "test")
        if split not in there
    ]


def landmark_coverage(samples: Sequence[Sample]) -> list[str]:
    """Say how many pictures a dataset that brings landmarks brings none for."""
    missing = sum(sample.landmarks is None for sample in samples)
    if missing in (0, len(samples)):
        return []
    return [
        f"{missing:,} of {len(samples):,} pictures bring no landmarks; with landmark.backend: "
        "given they have no AU map"
    ]


def persons_found(samples: Sequence[Sample]) -> list[str]:
    """Return a sentence on how many persons there are, with some names, for a look at a pattern."""
    names = sorted({sample.person for sample in samples if sample.person is not None})
    shown = ", ".join(f"'{printable(name)}'" for name in names[:_SHOWN])
    return [f"persons: {len(names):,}, such as {shown}"]
