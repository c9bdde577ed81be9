"""The summary of one dataset: sentences, conditions and cautions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.scores import Scores
from report.reading.statistics import StudyStatistics
from report.reading.studies import Result
from report.tables.dataset_sentences import dataset_sentences
from report.tables.phrases import joined_words
from report.tables.study_sentences import study_sentences

FEW = 10
"""Of a class with fewer faces, the page says how much weight each has in a macro score."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The first thing to read about one dataset.

    Attributes:
        title: dataset, and the method if there is only one.
        sentences: the results in words.
        conditions: how they were measured.
        cautions: why runs may not be comparable; empty for a fair comparison.
    """

    title: str
    sentences: tuple[str, ...]
    conditions: tuple[str, ...]
    cautions: tuple[str, ...]


def summarise(studies: Sequence[StudyStatistics]) -> Summary:
    """Summarise the studies of one dataset."""
    runs = [run for one in studies for run in one.study.repeats]
    several = len(studies) > 1
    return Summary(
        studies[0].study.dataset if several else studies[0].study.title,
        dataset_sentences(studies) if several else study_sentences(studies[0]),
        tuple(words for words in (_conditions(runs), _classes(runs), _intervals(runs)) if words),
        tuple(
            f"{one.study.method}: {words}" if several else words
            for one in studies
            for words in one.study.cautions
        ),
    )


def _conditions(runs: Sequence[Result]) -> str:
    scores = [run.scores for run in runs]
    scored = _one_or_more(f"{one.scored} of {one.total} faces" for one in scores)
    with_map = _one_or_more(f"{one.cam_cos.n_valid} of {one.cam_cos.n}" for one in scores)
    settings = ", ".join(
        f"{key} {_one_or_more(str(getattr(one, key)) for one in scores)}"
        for key in ("checkpoint", "geometry", "backbone")
    )
    chosen = _one_or_more(_chosen_on(one) for one in scores if one.protocol == "paper")
    flattered = f" (the checkpoint was chosen on {chosen}, as published)" if chosen else ""
    folds = sorted({len(run.folds) for run in runs if run.folds})
    pooled = f" Each seed is {_one_or_more(map(str, folds))} folds, scored together." * bool(folds)
    return (
        f"{scored} of split {_one_or_more(one.split for one in scores)} were scored; "
        f"{with_map} of them have an AU map and enter the cosines. "
        f"Protocol {_one_or_more(one.protocol for one in scores)}{flattered}, {settings}.{pooled}"
    )


def _chosen_on(scores: Scores) -> str:
    """Name the split that chose the checkpoint under the published protocol."""
    if scores.is_transfer:
        return f"the test split of {scores.trained_on}"
    if scores.train.get("protocol") == "paper" and scores.split not in ("test", "all"):
        return "the test split"
    return "the scored split"


def _classes(runs: Sequence[Result]) -> str:
    """Say which expressions are missing or rare among the scored faces."""
    names, confusion = runs[0].scores.labels.names, runs[0].scores.confusion
    counts = {name: sum(row) for name, row in zip(names, confusion, strict=True)}
    missing = [name for name, count in counts.items() if not count]
    few = [f"{name} ({count})" for name, count in counts.items() if 0 < count < FEW]
    occurring = len(counts) - len(missing)
    words = [f"No scored face shows {joined_words(missing)}."] if missing else []
    if few:
        words.append(
            f"Few faces show {joined_words(few)}: in balanced accuracy and in the cosines such an "
            f"expression weighs as much as any other of the {occurring}."
        )
    return " ".join(words)


def _intervals(runs: Sequence[Result]) -> str:
    found = [run.scores.intervals for run in runs]
    known = [one for one in found if one is not None]
    if not known:
        return "There are no intervals: evaluate.bootstrap is 0, or only one person was scored."
    several = len({run.scores.seed for run in runs}) > 1
    units = _one_or_more(f"{one.units} {one.unit}s" for one in known)
    seeds = " and other seeds" if several else ""
    text = f"Intervals are for other faces{seeds}: they reweight {units}."
    if any(one.unit == "sample" for one in known):
        text += (
            " Persons are unknown, so these intervals are by picture: too narrow where several "
            "pictures show one person."
        )
    return text


def _one_or_more(texts: Iterable[str]) -> str:
    return " or ".join(sorted(set(texts)))
