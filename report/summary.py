"""What the numbers say, in plain words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from report.results import Comparison, Json, Result
from report.tables import number, overall, signed

Print = Callable[[float | None], str]
_Z95 = 1.959964
"""Standard normal deviate of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One measure on a line from 0 to 1: (name, value) of the floors and of the runs."""

    title: str
    floors: tuple[tuple[str, float], ...]
    runs: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The first thing to read about one method on one dataset.

    Attributes:
        title: dataset and method.
        sentences: what was found.
        conditions: how it was measured.
        cautions: why its runs may not be comparable; empty for a fair comparison.
        scales: the same in pictures.
    """

    title: str
    sentences: tuple[str, ...]
    conditions: str
    cautions: tuple[str, ...]
    scales: tuple[Scale, ...]


def summarise(comparison: Comparison) -> Summary:
    """Say what alignment changed, against the floors, and under which conditions."""
    runs = comparison.runs
    return Summary(
        comparison.title,
        (_accuracy(runs), _agreement(runs), _selectivity(runs)),
        _conditions(runs),
        tuple(comparison.unlike),
        (
            _scale(f"ATT-COS, layer {runs[-1].layers[-1]}", runs, [run.attention for run in runs]),
            _scale("CAM-COS", runs, [run.scores["cam_cos"] for run in runs]),
        ),
    )


def wilson_half_width(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval of a share of `count` faces."""
    z2 = _Z95**2
    return _Z95 / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))


def _accuracy(runs: Sequence[Result]) -> str:
    first, last = runs[0].scores, runs[-1].scores
    spread = max(wilson_half_width(run.scores["accuracy"], run.scores["n"]) for run in runs)
    chance = f"with {last['n']} faces, chance alone moves an accuracy by about ±{spread:.3f}"
    if len(runs) == 1:
        return (
            f"The {runs[0].supervision} run reaches an accuracy of {number(first['accuracy'])} "
            f"({chance}). There is no other run of this method here to compare it with."
        )
    return f"Alignment moved accuracy {_move(first['accuracy'], last['accuracy'])}; {chance}."


def _agreement(runs: Sequence[Result]) -> str:
    att = [overall(run.attention, "cosine") for run in runs]
    cam = [overall(run.scores["cam_cos"], "cosine") for run in runs]
    floors = {name: one["overall"] for name, one in runs[-1].scores["floors"].items()}
    subject = f"Attention at the deepest layer (ATT-COS, layer {runs[-1].layers[-1]})"
    return (
        f"{subject} {_verb(runs)} {_went(att)}, CAM-COS {_went(cam)}. On the same faces a uniform "
        f"map scores {number(floors['uniform'])} and the mean AU map of the class "
        f"{number(floors['class_mean'])}. The {runs[-1].supervision} run's attention lies "
        f"{_against(att[-1], floors)}, its CAM {_against(cam[-1], floors)}."
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
    change = None if before is None or after is None else after - before
    return f"from {printed(before)} to {printed(after)} ({signed(change)})"


def _against(value: float | None, floors: dict[str, float | None]) -> str:
    uniform, class_mean = floors["uniform"], floors["class_mean"]
    if value is None or uniform is None or class_mean is None:
        return "nowhere (not defined)"
    low, high = sorted((uniform, class_mean))
    if value <= low:
        return "below both floors"
    return "above both floors" if value > high else "between the floors"


def _conditions(runs: Sequence[Result]) -> str:
    scores = runs[-1].scores
    counted = scores["cam_cos"]
    seeds = sorted({str(run.scores["seed"]) for run in runs})
    return (
        f"{scores['usable']} of {scores['asked']} faces of split {scores['split']} were usable; "
        f"{counted['n_valid']} of {counted['n']} have an AU map and count in every cosine. "
        f"Protocol {scores['protocol']}, checkpoint {scores['checkpoint']}, "
        f"geometry {scores['geometry']}, backbone {scores['backbone']}. "
        f"One run each, seed {' and '.join(seeds)}: "
        "how far another seed would move these numbers is not known from this page."
    )


def _scale(title: str, runs: Sequence[Result], agreements: Sequence[Json]) -> Scale:
    floors = runs[-1].scores["floors"]
    named = [
        (name.replace("_", " "), floors[name]["overall"]) for name in ("uniform", "class_mean")
    ]
    found = [
        (run.supervision, overall(one, "cosine")) for run, one in zip(runs, agreements, strict=True)
    ]
    return Scale(title, _present(named), _present(found))


def _present(pairs: Sequence[tuple[str, float | None]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in pairs if value is not None)
