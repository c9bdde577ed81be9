"""Summarises what a reader took and left out, beside the published counts."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from contracts.surveys import DatasetSummary
from errors import printable
from pipeline.datasets import DATASETS
from pipeline.datasets.reader import LeftOut, Listed
from pipeline.indexing.reader_detection import ReaderChoice
from store.records import Sample

NO_SPLIT = "all"
"""Stands for the split of pictures without one."""


def partition(listed: Sequence[Listed]) -> tuple[list[Sample], list[LeftOut]]:
    """Return what was taken and what was left out."""
    samples = [one for one in listed if isinstance(one, Sample)]
    return samples, [one for one in listed if isinstance(one, LeftOut)]


def summarize_dataset(listed: Sequence[Listed], chosen: ReaderChoice) -> DatasetSummary:
    """Count what a dataset lists.

    Args:
        listed: as the reader gave it, with the dataset's own splits.
        chosen: the reader.
    """
    _, left_out = partition(listed)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for one in left_out:
        reasons[one.reason][one.split or NO_SPLIT] += 1
    return DatasetSummary(
        reader=chosen.name,
        saw=chosen.saw,
        listed=dict(Counter(one.split or NO_SPLIT for one in listed)),
        published=dict(DATASETS[chosen.name].listed),
        left_out={reason: dict(counts) for reason, counts in reasons.items()},
        note=DATASETS[chosen.name].note,
    )


def summary_lines(counted: DatasetSummary) -> str:
    """Return a summary as lines of text."""
    why = f", for it has {counted.saw}" if counted.saw else ""
    lines = [f"reader {counted.reader}{printable(why)}"]
    published = counted.published
    for split, number in counted.listed.items():
        lines.append(f"listed {split}: {number:,}{_beside(number, published.get(split))}")
    for split in published.keys() - counted.listed.keys():
        lines.append(f"listed {split}: none{_beside(0, published[split])}")
    for reason, counts in sorted(counted.left_out.items()):
        of = ", ".join(f"{split} {number:,}" for split, number in counts.items())
        lines.append(printable(f"left out, {reason}: {of}"))
    return "\n".join([*lines, f"note: {counted.note}"] if counted.note else lines)


def _beside(number: int, published: int | None) -> str:
    if published is None:
        return ""
    return ", as published" if number == published else f" (published: {published:,})"
