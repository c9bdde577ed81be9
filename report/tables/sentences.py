"""What the numbers say, in plain words: about one method, or about several on one dataset."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Any

from report.reading.results import Comparison, Result
from report.tables.table import (
    between,
    change,
    floor,
    majority,
    number,
    overall,
    signed,
    train_majority,
)

Print = Callable[[float | None], str]
Read = Callable[[Result], float | None]
_Z95 = 1.959964
"""Standard normal deviate of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One measure on a line from 0 to 1: (name, value) of the references and of the runs."""

    title: str
    floors: tuple[tuple[str, float], ...]
    runs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The first thing to read about one dataset.

    Attributes:
        title: dataset, and the method if there is only one.
        sentences: what was found.
        conditions: how it was measured.
        cautions: why its runs may not be comparable; empty for a fair comparison.
        scales: the same in pictures; empty for several methods.
    """

    title: str
    sentences: tuple[str, ...]
    conditions: str
    cautions: tuple[str, ...]
    scales: tuple[Scale, ...]


def summarise(comparisons: Sequence[Comparison]) -> Summary:
    """Say what alignment changed on a dataset, beside what trivial answers score."""
    runs = [run for one in comparisons for run in one.runs]
    if len(comparisons) > 1:
        return Summary(
            comparisons[0].dataset,
            _about_many(comparisons),
            _conditions(runs),
            tuple(f"{one.method}: {words}" for one in comparisons for words in one.unlike),
            (),
        )
    return Summary(
        comparisons[0].title,
        (_accuracy(runs), _agreement(runs), _selectivity(runs)),
        _conditions(runs),
        tuple(comparisons[0].unlike),
        (
            _scale(f"ATT-COS, layer {runs[-1].layers[-1]}", runs, _attention),
            _scale("CAM-COS", runs, _cam),
        ),
    )


def wilson_half_width(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval of a share of `count` faces."""
    z2 = _Z95**2
    return _Z95 / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))


def _read_accuracy(run: Result) -> float:
    return float(run.scores["accuracy"])


def _attention(run: Result) -> float | None:
    return overall(run.attention)


def _cam(run: Result) -> float | None:
    return overall(run.scores["cam_cos"])


def _accuracy(runs: Sequence[Result]) -> str:
    first, last = runs[0].scores, runs[-1].scores
    chance = f"{_noise(runs)}.{_majority(runs[-1])}"
    if len(runs) == 1:
        return (
            f"The {runs[0].supervision} run reaches an accuracy of {number(first['accuracy'])}; "
            f"{chance} There is no other run of this method here to compare it with."
        )
    return f"Alignment moved accuracy {_move(first['accuracy'], last['accuracy'])}; {chance}"


def _noise(runs: Sequence[Result]) -> str:
    """Say how far an accuracy may lie from what more faces would show."""
    found = [(run.supervision, run.interval("accuracy")) for run in runs]
    if all(interval for _, interval in found):
        units = f"{runs[-1].scores['intervals']['unit']}s"
        said = ", ".join(f"{name} {between(interval)}" for name, interval in found)
        return f"95 % of resampled test sets ({units} drawn anew) fall within: {said}"
    count = runs[-1].scores["n"]
    return f"with {count} faces, chance alone moves an accuracy by about ±{_half_width(runs):.3f}"


def _half_width(runs: Iterable[Result]) -> float:
    return max(wilson_half_width(run.scores["accuracy"], run.scores["n"]) for run in runs)


def _majority(run: Result) -> str:
    found, learned = majority(run.scores), train_majority(run.scores)
    if not found:
        return ""
    words = f" Always answering {found[0]} would score {number(found[1])}"
    if learned and learned[0] != found[0]:
        words += f"; {learned[0]}, the most frequent in training, {number(learned[1])}"
    return f"{words}."


def _agreement(runs: Sequence[Result]) -> str:
    att, cam = [_attention(run) for run in runs], [_cam(run) for run in runs]
    subject = f"Attention at the deepest layer (ATT-COS, layer {runs[-1].layers[-1]})"
    scores = runs[-1].scores
    return (
        f"{subject} {_verb(runs)} {_went(att)}, CAM-COS {_went(cam)}. {_references(scores)} "
        f"The {runs[-1].supervision} run's attention lies "
        f"{_against(att[-1], scores)}, its CAM {_against(cam[-1], scores)}."
    )


def _references(scores: Mapping[str, Any]) -> str:
    generic = floor(scores, "generic_au")
    floors = f"a uniform map scores {number(floor(scores, 'uniform'))}"
    if generic is not None:
        floors += f", a map of all AUs whatever the expression {number(generic)}"
    return (
        f"On the same faces {floors}: these are floors. A template made from these very faces, "
        f"the mean AU map of the class, scores {number(floor(scores, 'class_mean'))}."
    )


def _selectivity(runs: Sequence[Result]) -> str:
    att = [overall(run.attention, "selectivity") for run in runs]
    cam = [overall(run.scores["cam_cos"], "selectivity") for run in runs]
    return (
        "Selectivity, which the same blob on every face cannot earn, "
        f"{_verb(runs)} {_went(att, signed)} for attention and {_went(cam, signed)} for the CAM."
    )


def _verb(runs: Sequence[Result]) -> str:
    return "is" if len(runs) == 1 else "went"


def _went(values: Sequence[float | None], printed: Print = number) -> str:
    if len(values) == 1:
        return printed(values[0])
    return _move(values[0], values[-1], printed)


def _move(before: float | None, after: float | None, printed: Print = number) -> str:
    return f"from {printed(before)} to {printed(after)} ({signed(change((before, after)))})"


_REFERENCES = {
    "uniform": "the uniform map",
    "generic_au": "the map of all AUs",
    "class_mean": "the template",
}


def _against(value: float | None, scores: Mapping[str, Any]) -> str:
    """Say between which references a cosine lies."""
    found = [(floor(scores, name), words) for name, words in _REFERENCES.items()]
    known = sorted((one, words) for one, words in found if one is not None)
    if value is None or not known:
        return "nowhere (not defined)"
    below = [words for one, words in known if one < value]
    above = [words for one, words in known if one >= value]
    if not below:
        return f"no higher than {above[0]}"
    return f"between {below[-1]} and {above[0]}" if above else f"above {below[-1]}"


def _about_many(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    runs = [run for one in comparisons for run in one.runs]
    pairs = [one.runs for one in comparisons if len(one.runs) > 1]
    if not pairs:
        alone = f"{_best(runs)}{_majority(runs[-1])} No method has both a plain and an aligned run."
        return alone, _references(runs[-1].scores)
    wide = sum(abs(change([_read_accuracy(r) for r in p]) or 0.0) > _half_width(p) for p in pairs)
    chance = f"With {runs[-1].scores['n']} faces, chance alone moves an accuracy by about"

    def selectivity(run: Result) -> float | None:
        return overall(run.attention, "selectivity")

    def cam_selectivity(run: Result) -> float | None:
        return overall(run.scores["cam_cos"], "selectivity")

    return (
        f"{len(comparisons)} methods. {_best(runs)}{_majority(runs[-1])} "
        f"{_moved('accuracy', pairs, _read_accuracy)} {chance} ±{_half_width(runs):.3f}; "
        f"{wide} of {len(pairs)} changes are larger.",
        f"{_moved('ATT-COS', pairs, _attention)} {_moved('CAM-COS', pairs, _cam)} "
        f"{_references(runs[-1].scores)} {_above(pairs)}",
        "Selectivity is what the same blob on every face cannot earn. "
        f"{_moved('that of attention', pairs, selectivity)} "
        f"{_moved('that of the CAM', pairs, cam_selectivity)}",
    )


def _best(runs: Sequence[Result]) -> str:
    low, *_, high = sorted(runs, key=_read_accuracy)
    return (
        f"Accuracy reaches from {number(_read_accuracy(low))} ({_named(low)}) to "
        f"{number(_read_accuracy(high))} ({_named(high)})."
    )


def _named(run: Result) -> str:
    return f"{run.scores['method']} {run.supervision}"


def _moved(subject: str, pairs: Sequence[Sequence[Result]], read: Read) -> str:
    """Say in how many methods a score rose with alignment, and how far."""
    changes = [change([read(run) for run in runs]) for runs in pairs]
    known = sorted(one for one in changes if one is not None)
    if not known:
        return f"{subject} is not defined."
    rose = sum(one > 0 for one in known)
    return (
        f"With alignment {subject} rose in {rose} of {len(known)} methods, by "
        f"{signed(median(known))} in the median ({signed(known[0])} to {signed(known[-1])})."
    )


def _above(pairs: Sequence[Sequence[Result]]) -> str:
    places = [_against(_attention(runs[-1]), runs[-1].scores) for runs in pairs]
    counted = [f"{places.count(one)} {one}" for one in dict.fromkeys(places)]
    return f"Of the aligned runs' attention, {', '.join(counted)}."


def _conditions(runs: Sequence[Result]) -> str:
    scores = [run.scores for run in runs]
    usable = _either(f"{one['usable']} of {one['asked']} faces" for one in scores)
    counted = _either(f"{one['cam_cos']['n_valid']} of {one['cam_cos']['n']}" for one in scores)
    settings = ", ".join(
        f"{key} {_either(str(one[key]) for one in scores)}"
        for key in ("checkpoint", "geometry", "backbone")
    )
    chosen_on_test = any(one["protocol"] == "paper" for one in scores)
    flattered = " (the checkpoint was chosen on the test split, as published)" * chosen_on_test
    return (
        f"{usable} of split {_either(one['split'] for one in scores)} were usable; "
        f"{counted} have an AU map and count in every cosine. "
        f"Protocol {_either(one['protocol'] for one in scores)}{flattered}, {settings}. "
        f"One run each, seed {_either(str(one['seed']) for one in scores)}: how far another seed "
        "would move these numbers is not known from these runs."
    )


def _either(words: Iterable[str]) -> str:
    return " or ".join(sorted(set(words)))


def _scale(title: str, runs: Sequence[Result], read: Read) -> Scale:
    scores = runs[-1].scores
    named = {"uniform": "uniform", "class_mean": "template"}
    references = [(words, floor(scores, name)) for name, words in named.items()]
    return Scale(title, _present(references), _present((r.supervision, read(r)) for r in runs))


def _present(pairs: Iterable[tuple[str, float | None]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in pairs if value is not None)
