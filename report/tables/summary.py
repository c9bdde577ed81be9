"""The summary of one dataset: sentences, conditions, cautions, and two scales as pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.scores import BASELINES
from report.reading.results import Comparison, Result
from report.tables.dataset_sentences import dataset_sentences
from report.tables.method_sentences import method_sentences
from report.tables.phrases import Read, att_cos, cam_cos


@dataclass(frozen=True, slots=True)
class Scale:
    """One measure on a line from 0 to 1: (name, value) of the baselines and of the runs."""

    title: str
    baselines: tuple[tuple[str, float], ...]
    runs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The first thing to read about one dataset.

    Attributes:
        title: dataset, and the method if there is only one.
        sentences: the results in words.
        conditions: how they were measured.
        cautions: why runs may not be comparable; empty for a fair comparison.
        scales: ATT-COS and CAM-COS as pictures; empty for several methods.
    """

    title: str
    sentences: tuple[str, ...]
    conditions: str
    cautions: tuple[str, ...]
    scales: tuple[Scale, ...]


def summarise(comparisons: Sequence[Comparison]) -> Summary:
    """Summarise the runs on one dataset: what changed with alignment, beside the baselines."""
    runs = [run for one in comparisons for run in one.runs]
    if len(comparisons) > 1:
        return Summary(
            comparisons[0].dataset,
            dataset_sentences(comparisons),
            _conditions(runs),
            tuple(f"{one.method}: {words}" for one in comparisons for words in one.unlike),
            (),
        )
    return Summary(
        comparisons[0].title,
        method_sentences(runs),
        _conditions(runs),
        tuple(comparisons[0].unlike),
        (
            _scale(f"ATT-COS, layer {runs[-1].scores.layers[-1]}", runs, att_cos),
            _scale("CAM-COS", runs, cam_cos),
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
    chosen_on_test = any(one.protocol == "paper" for one in scores)
    flattered = " (the checkpoint was chosen on the test split, as published)" * chosen_on_test
    return (
        f"{scored} of split {_one_or_more(one.split for one in scores)} were scored; "
        f"{with_map} of them have an AU map and enter the cosines. "
        f"Protocol {_one_or_more(one.protocol for one in scores)}{flattered}, {settings}. "
        f"One run each, seed {_one_or_more(str(one.seed) for one in scores)}: these runs do "
        "not show how much the numbers vary between seeds."
    )


def _one_or_more(texts: Iterable[str]) -> str:
    return " or ".join(sorted(set(texts)))


def _scale(title: str, runs: Sequence[Result], read: Read) -> Scale:
    baselines = runs[-1].scores.baselines
    return Scale(
        title,
        _known((BASELINES[key], getattr(baselines, key).overall) for key in BASELINES),
        _known((run.variant, read(run)) for run in runs),
    )


def _known(pairs: Iterable[tuple[str, float | None]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in pairs if value is not None)
