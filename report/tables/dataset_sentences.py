"""Sentences about several methods on one dataset: no more than the tables show."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.phrases import (
    HIGHER,
    LOWER,
    OPEN,
    SAME,
    among_baselines,
    baselines_sentence,
    joined,
    majority_sentence,
    verdict,
)
from report.tables.study_sentences import CLAIMED, ONE_SEED, seeds
from report.tables.study_table import TITLES, study_rows
from report.tables.table import format_number, format_signed

_WRONG = 20
"""One in so many 95 % intervals misses."""
Rows = Sequence[tuple[StudyStatistics, VariantStatistics]]


def dataset_sentences(studies: Sequence[StudyStatistics]) -> tuple[str, ...]:
    """Return paragraphs about the range of scores, the differences, and the attention."""
    rows = study_rows(studies)
    first = studies[0]
    paragraphs = (
        joined(
            f"{len(studies)} methods, {len(rows)} rows of method and variant, {_seeds(rows)} each.",
            _range(rows, "accuracy"),
            _range(rows, "balanced_accuracy"),
            majority_sentence(first.study.scores),
            _unanswered(rows),
        ),
        joined(*_differences(studies)),
        joined(*_attention(rows), baselines_sentence(first.variants[0].baselines())),
    )
    return tuple(words for words in paragraphs if words)


def _seeds(rows: Rows) -> str:
    counts = sorted({one.n for _, one in rows})
    return seeds(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def _range(rows: Rows, score: str) -> str:
    known = sorted(
        (value, f"{study.study.method} {one.name}")
        for study, one in rows
        if (value := one.mean(score)) is not None
    )
    (low, worst), (high, best) = known[0], known[-1]
    return (
        f"Mean {TITLES[score]} ranges from {format_number(low)} ({worst}) to "
        f"{format_number(high)} ({best})."
    )


def _unanswered(rows: Rows) -> str:
    counts = Counter(name for _, one in rows for name in one.unanswered)
    if not counts:
        return "Every row answers every expression that occurs."
    names = ", ".join(f"{name} by {count} of {len(rows)} rows" for name, count in counts.items())
    return f"Never answered, in at least one seed: {names}."


def _differences(studies: Sequence[StudyStatistics]) -> Iterator[str]:
    pairs: dict[str, list[VariantStatistics]] = {}
    for study in studies:
        for one in study.variants[1:]:
            title = f"{one.name} against {study.study.baseline.name}"
            pairs.setdefault(title, []).append(one)
    if pairs and all(study.one_seed for study in studies):
        yield ONE_SEED
        return
    intervals = 0
    for title, members in pairs.items():
        found = [words for score in CLAIMED if (words := _counts(score, members))]
        differences = [one.differences[score] for one in members for score in CLAIMED]
        intervals += sum(one is not None and one.interval is not None for one in differences)
        claims = "; ".join(found) or "one seed in common, no claim"
        yield f"{title}: {claims}."
    if intervals:
        yield (
            f"A 95 % interval misses in one of {_WRONG} cases: of these {intervals}, about "
            f"{intervals / _WRONG:.0f} would exclude 0 if nothing differed."
        )


def _counts(score: str, members: Sequence[VariantStatistics]) -> str:
    """Count the verdicts over methods: 'accuracy higher in 1, not settled in 2 (median +0.004)'."""
    found = [one.differences[score] for one in members]
    known = [one for one in found if one is not None and one.n > 1]
    if not known:
        return ""
    verdicts: Mapping[str, int] = Counter(map(verdict, known))
    counts = ", ".join(
        f"{words} in {verdicts[words]}"
        for words in (HIGHER, LOWER, SAME, OPEN)
        if verdicts.get(words)
    )
    middle = format_signed(median(one.mean for one in known))
    return f"{TITLES[score]} {counts} of {len(known)} methods (median difference {middle})"


def _attention(rows: Rows) -> Iterator[str]:
    for name in dict.fromkeys(one.name for _, one in rows):
        members = [one for _, one in rows if one.name == name]
        ranks = Counter(among_baselines(one.mean("att_cos"), one.baselines()) for one in members)
        counts = ", ".join(f"{count} {words}" for words, count in ranks.items())
        yield f"ATT-COS of {name}, of {len(members)} methods: {counts}."
