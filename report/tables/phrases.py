"""Phrases that sentences and tables share."""

from collections.abc import Mapping, Sequence

from contracts.scores import Scores
from measures.repeats import DIGITS, PairedDifference
from report.tables.table import format_number

HIGHER, LOWER, SAME, OPEN, ONE_PAIR = "higher", "lower", "the same", "not settled", "one seed"


def verdict(found: PairedDifference) -> str:
    """Say what may be claimed of a difference: a sign only if the interval excludes zero."""
    if found.n == 1:
        return ONE_PAIR
    if found.interval is not None and not any(round(end, DIGITS) for end in found.interval):
        return SAME
    if not found.is_settled:
        return OPEN
    return HIGHER if found.mean > 0 else LOWER


def majority_sentence(scores: Scores) -> str:
    """Say what always giving the same answer would score."""
    on_test, on_train = scores.chance_level.majority, scores.chance_level.train_majority
    occurring = sum(recall is not None for recall in scores.recall.values())
    text = (
        f"Always answering {on_test.expression} would score {format_number(on_test.share)}, and a "
        f"balanced accuracy of {format_number(1 / occurring)}"
    )
    if on_train and on_train.expression != on_test.expression:
        text += f"; always answering {on_train.expression}, the most frequent expression in "
        text += f"training, {format_number(on_train.accuracy)}"
    return f"{text}."


def baselines_sentence(baselines: Mapping[str, float]) -> str:
    """Say what maps score that know nothing of the classifier, by the names of BASELINES."""
    if not baselines:
        return "No face has an AU map: no cosine is known."
    values = ", ".join(f"{name} {format_number(value)}" for name, value in baselines.items())
    return f"Baselines, maps that need no classifier, on the same faces: {values}."


def among_baselines(value: float | None, baselines: Mapping[str, float]) -> str:
    """Say between which baselines a cosine lies, as printed: between 'uniform' and 'all AUs'."""
    if value is None or not baselines:
        return "undefined"
    printed = {f"'{name}'": round(one, DIGITS) for name, one in baselines.items()}
    mine = round(value, DIGITS)
    equal = [name for name, one in printed.items() if one == mine]
    if equal:
        return f"equal to {joined_words(equal)}"
    below = [name for name, one in printed.items() if one < mine]
    above = [name for name, one in printed.items() if one > mine]
    if not below:
        return f"below {above[0]}"
    return f"between {below[-1]} and {above[0]}" if above else f"above {below[-1]}"


def joined_words(words: Sequence[str]) -> str:
    """Join words: 'a', 'a and b', 'a, b and c'."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def joined(*sentences: str) -> str:
    """Join the sentences that are not empty."""
    return " ".join(one for one in sentences if one)
