"""Sentences about one method on one dataset, in its variants: no more than the tables show."""

from collections.abc import Sequence

from measures.repeats import PairedDifference
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.phrases import (
    among_baselines,
    baselines_sentence,
    joined,
    joined_words,
    majority_sentence,
    verdict,
)
from report.tables.study_table import TITLES, spread
from report.tables.table import format_interval, format_number, format_signed

ONE_SEED = "One seed: no difference between variants is claimed, as another seed may undo it."
CLAIMED = ("accuracy", "balanced_accuracy", "att_cos", "att_selectivity", "cam_cos")
"""Scores whose differences are put into words."""


def study_sentences(study: StudyStatistics) -> tuple[str, ...]:
    """Return paragraphs about accuracy, differences, attention and selectivity."""
    scores = study.study.scores
    first = study.variants[0]
    paragraphs = (
        joined(
            *(_accuracy(one) for one in study.variants),
            majority_sentence(scores),
            *(unanswered_sentence(one) for one in study.variants if one.unanswered),
        ),
        *_differences(study),
        joined(*(_attention(one) for one in study.variants), baselines_sentence(first.baselines())),
        joined(_selectivity(study.variants)),
    )
    return tuple(words for words in paragraphs if words)


def seeds(count: int) -> str:
    """Return 'one seed' or '3 seeds'."""
    return "one seed" if count == 1 else f"{count} seeds"


def _accuracy(one: VariantStatistics) -> str:
    return (
        f"{one.name}: accuracy {spread(one, 'accuracy')}, balanced accuracy "
        f"{spread(one, 'balanced_accuracy')} ({seeds(one.n)})."
    )


def unanswered_sentence(one: VariantStatistics) -> str:
    """Name the expressions that a variant never predicts."""
    names = [
        name if count == one.n else f"{name} (in {count} of {one.n} seeds)"
        for name, count in one.unanswered.items()
    ]
    return f"{one.name} never answers {joined_words(names)}."


def _differences(study: StudyStatistics) -> list[str]:
    if len(study.variants) == 1:
        return []
    if study.one_seed:
        return [ONE_SEED]
    baseline = study.study.baseline.name
    return [_variant_differences(one, baseline) for one in study.variants[1:]]


def _variant_differences(one: VariantStatistics, baseline: str) -> str:
    title = f"{one.name} against {baseline}"
    known = [(score, found) for score in CLAIMED if (found := one.differences[score])]
    count = max((found.n for _, found in known), default=0)
    if count < 2:
        return f"{title}: {seeds(count) if count else 'no seed'} in common, no claim."
    claims = "; ".join(_claim(score, found) for score, found in known)
    return f"{title}, {count} pairs of seeds, 95 % intervals in brackets: {claims}."


def _claim(score: str, found: PairedDifference) -> str:
    """Say one difference: 'accuracy +0.010 [−0.004 to +0.021], higher in 4 of 5: not settled'."""
    between = format_interval(found.interval, format_signed)
    return (
        f"{TITLES[score]} {format_signed(found.mean)} [{between}], higher in {found.wins} of "
        f"{found.n}: {verdict(found)}"
    )


def _attention(one: VariantStatistics) -> str:
    known = one.baselines()
    att, cam = one.mean("att_cos"), one.mean("cam_cos")
    if att is None and cam is not None:
        return (
            f"{one.name} shows no attention; its CAM ({format_number(cam)}) is "
            f"{among_baselines(cam, known)}."
        )
    return (
        f"The attention of {one.name} (ATT-COS {format_number(att)}) is "
        f"{among_baselines(att, known)}; its CAM ({format_number(cam)}) is "
        f"{among_baselines(cam, known)}."
    )


def _selectivity(variants: Sequence[VariantStatistics]) -> str:
    known = [one for one in variants if one.scores["att_selectivity"]]
    if not known:
        return ""
    values = "; ".join(f"{one.name} {selectivity_words(one)}" for one in known)
    return f"Selectivity of the attention: {values}. A map that ignores the expression has about 0."


def selectivity_words(one: VariantStatistics) -> str:
    """Say a selectivity, and whether it can be told from zero."""
    found = one.scores["att_selectivity"]
    if found is None or found.interval is None:
        return spread(one, "att_selectivity")
    low, high = found.interval
    verdict_words = "cannot be told from 0" if round(low, 3) <= 0 <= round(high, 3) else "not 0"
    between = format_interval(found.interval, format_signed)
    return f"{spread(one, 'att_selectivity')} (95 % {between}: {verdict_words})"
