"""Sentences about several methods on one dataset."""

from collections.abc import Sequence
from statistics import median

from report.reading.results import Comparison, Result
from report.tables.phrases import (
    Read,
    accuracy,
    among_baselines,
    att_cos,
    att_selectivity,
    baselines_sentence,
    cam_cos,
    cam_selectivity,
    joined,
    majority_sentence,
    sampling_error,
    sampling_error_sentence,
)
from report.tables.table import difference, format_number, format_signed

Pairs = Sequence[Sequence[Result]]
"""Per method its runs, the plain one first."""


def dataset_sentences(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Return the sentences about the range of accuracies and the effect of alignment."""
    runs = [run for one in comparisons for run in one.runs]
    pairs = [one.runs for one in comparisons if len(one.runs) > 1]
    last = runs[-1]
    extent = joined(f"{len(comparisons)} methods.", _range(runs), majority_sentence(last))
    if not pairs:
        return (
            f"{extent} No method has both a plain and an aligned run.",
            baselines_sentence(last.scores),
        )
    error = sampling_error(runs)
    changes = [difference([accuracy(run) for run in pair]) or 0.0 for pair in pairs]
    larger = sum(round(abs(change), 3) > error for change in changes)
    return (
        f"{extent} {_effect('accuracy', pairs, accuracy)} {sampling_error_sentence(runs)} "
        f"{larger} of {len(pairs)} changes are larger than that.",
        f"{_effect('ATT-COS', pairs, att_cos)} {_effect('CAM-COS', pairs, cam_cos)} "
        f"{baselines_sentence(last.scores)} {_ranks(pairs)}",
        f"{_effect('selectivity of the attention', pairs, att_selectivity)} "
        f"{_effect('selectivity of the CAM', pairs, cam_selectivity)} "
        "A map that ignores the expression scores about 0.",
    )


def _range(runs: Sequence[Result]) -> str:
    low, *_, high = sorted(runs, key=accuracy)
    return (
        f"Accuracy ranges from {format_number(accuracy(low))} ({_name(low)}) to "
        f"{format_number(accuracy(high))} ({_name(high)})."
    )


def _name(run: Result) -> str:
    return f"{run.scores.method} {run.variant}"


def _effect(score: str, pairs: Pairs, read: Read) -> str:
    """Say in how many methods a score rose with alignment, and by how much it changed."""
    changes = [difference([read(run) for run in runs]) for runs in pairs]
    known = sorted(one for one in changes if one is not None)
    if not known:
        return f"The change of {score} is undefined."
    rose = sum(round(one, 3) > 0 for one in known)  # as printed
    return (
        f"With alignment, {score} rose in {rose} of {len(known)} methods (median change "
        f"{format_signed(median(known))}, range {format_signed(known[0])} to "
        f"{format_signed(known[-1])})."
    )


def _ranks(pairs: Pairs) -> str:
    ranks = [among_baselines(att_cos(runs[-1]), runs[-1].scores) for runs in pairs]
    counts = ", ".join(f"{ranks.count(rank)} {rank}" for rank in dict.fromkeys(ranks))
    return f"ATT-COS of the aligned runs: {counts}."
