"""What a study shows over its repeats: means, intervals, and differences from the baseline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.files import VALENCE_AROUSAL_COLUMNS
from contracts.scores import BASELINES, Intervals, MacroAverage, OwnUnitScores, Scores
from contracts.soft_scores import SoftScores
from contracts.valence_arousal import ValueScores
from measures.bootstrap import compared_scores, number_persons, redraw
from measures.repeats import (
    PairedDifference,
    RepeatStatistics,
    paired_difference,
    repeat_statistics,
)
from report.reading.studies import Result, Study, VariantResults
from store.files import digest

F64 = NDArray[np.float64]
Drawn = Mapping[str, F64]
"""Score -> its values (R,) under other weights of the persons."""

COMPARED = tuple(
    name for name in Intervals.model_fields if name not in ("unit", "units", "resamples", "level")
)
"""Scores with an interval."""


def _own(read: Callable[[OwnUnitScores], MacroAverage]) -> Callable[[Scores], float | None]:
    """Return the overall value of an average of own action units; None if there are none."""
    return lambda scores: read(scores.own_units).overall if scores.own_units else None


def _value(what: str, score: str) -> Callable[[Scores], float | None]:
    """Return a score of valence or of arousal; None of a run that predicts neither."""

    def read(scores: Scores) -> float | None:
        found = scores.valence_arousal
        value: float | None = getattr(found.dimensions()[what], score) if found else None
        return value

    return read


def _soft(read: Callable[[SoftScores], float]) -> Callable[[Scores], float | None]:
    """Return a score against soft labels; None if there are none."""
    return lambda scores: read(scores.soft) if scores.soft else None


SCORES: dict[str, Callable[[Scores], float | None]] = {
    "accuracy": lambda scores: scores.accuracy,
    "balanced_accuracy": lambda scores: scores.balanced_accuracy,
    "macro_f1": lambda scores: scores.macro_f1,
    "ece": lambda scores: scores.calibration.ece,
    "att_cos": lambda scores: scores.attention.overall,
    "att_centred": lambda scores: scores.attention.centred.overall,
    "att_selectivity": lambda scores: scores.attention.selectivity.overall,
    "cam_cos": lambda scores: scores.cam_cos.overall,
    "cam_centred": lambda scores: scores.cam_cos.centred.overall,
    "cam_selectivity": lambda scores: scores.cam_cos.selectivity.overall,
    "uniform": lambda scores: scores.baselines.uniform.overall,
    "all_aus": lambda scores: scores.baselines.all_aus.overall,
    "class_mean": lambda scores: scores.baselines.class_mean.overall,
    "own_att_cos": _own(lambda own: own.attention),
    "own_att_selectivity": _own(lambda own: own.attention.selectivity),
    "own_cam_cos": _own(lambda own: own.cam_cos),
    "own_cam_selectivity": _own(lambda own: own.cam_cos.selectivity),
    "own_stencil_selectivity": _own(lambda own: own.stencil_selectivity),
    "own_limit": _own(lambda own: own.limit),
    "own_uniform": _own(lambda own: own.baselines.uniform),
    "own_all_aus": _own(lambda own: own.baselines.all_aus),
    "own_stencil": _own(lambda own: own.baselines.stencil),
    **{
        f"{what}_{score}": _value(what, score)
        for what in VALENCE_AROUSAL_COLUMNS
        for score in ValueScores.model_fields
    },
    "soft_cross_entropy": _soft(lambda soft: soft.cross_entropy),
    "soft_floor": _soft(lambda soft: soft.floor),
    "soft_constant": _soft(lambda soft: soft.constant),
    "soft_annotator": _soft(lambda soft: soft.annotator),
    "soft_ceiling": _soft(lambda soft: soft.ceiling),
    "soft_constant_annotator": _soft(lambda soft: soft.constant_annotator),
    "soft_accuracy": _soft(lambda soft: soft.accuracy),
    "soft_majority": _soft(lambda soft: soft.majority),
}
"""Scores that a study averages over its repeats."""
_SIGNED = {name for name in SCORES if name.endswith(("centred", "selectivity", "ccc", "pearson"))}
"""Scores that can be below 0."""
_UNBOUNDED = {"soft_cross_entropy"}
"""Scores that can be above 1."""


@dataclass(frozen=True, slots=True)
class VariantStatistics:
    """One variant over its repeats.

    Attributes:
        variant: its results.
        scores: those of SCORES; None where no repeat has one.
        differences: those of COMPARED, minus the baseline's; None where no pair has one. Empty for
            the baseline.
        unanswered: expression that occurs -> in how many repeats it is never predicted.
    """

    variant: VariantResults
    scores: Mapping[str, RepeatStatistics | None]
    differences: Mapping[str, PairedDifference | None]
    unanswered: Mapping[str, int]

    @property
    def name(self) -> str:
        """Name of the variant."""
        return self.variant.name

    @property
    def n(self) -> int:
        """Number of repeats."""
        return len(self.variant.repeats)

    def mean(self, score: str) -> float | None:
        """Return a score's mean."""
        found = self.scores[score]
        return found.mean if found else None

    def baselines(self) -> dict[str, float]:
        """Return what maps without a classifier score on these faces, by name, ascending."""
        known = {title: self.mean(name) for name, title in BASELINES.items()}
        pairs = [(title, value) for title, value in known.items() if value is not None]
        return dict(sorted(pairs, key=lambda pair: pair[1]))


@dataclass(frozen=True, slots=True)
class StudyStatistics:
    """A method on a dataset: its variants, the baseline first."""

    study: Study
    variants: tuple[VariantStatistics, ...]

    @property
    def one_seed(self) -> bool:
        """Whether no variant was repeated."""
        return all(one.n == 1 for one in self.variants)


def study_statistics(study: Study) -> StudyStatistics:
    """Average and compare. Runs of the same faces are redrawn with the same weights."""
    drawn = _drawn(study.repeats)
    return StudyStatistics(
        study, tuple(_variant(one, study.baseline, drawn) for one in study.variants)
    )


def _variant(
    variant: VariantResults, baseline: VariantResults, drawn: Mapping[str, Drawn]
) -> VariantStatistics:
    seed = _seed(variant.shown)
    scores = {
        name: repeat_statistics(
            [read(run.scores) for run in variant.repeats],
            _stacked(name, [drawn.get(run.path) for run in variant.repeats]),
            seed,
            (-1.0 if name in _SIGNED else 0.0, np.inf if name in _UNBOUNDED else 1.0),
        )
        for name, read in SCORES.items()
    }
    differences = {} if variant is baseline else _differences(variant, baseline, drawn)
    return VariantStatistics(variant, scores, differences, _unanswered(variant))


def _differences(
    variant: VariantResults, baseline: VariantResults, drawn: Mapping[str, Drawn]
) -> dict[str, PairedDifference | None]:
    others = {run.scores.seed: run for run in baseline.repeats}
    pairs = [(others[run.scores.seed], run) for run in variant.repeats if run.scores.seed in others]
    same_faces = all(_faces_key(one) == _faces_key(other) for one, other in pairs)
    found = {}
    for name in COMPARED:
        sides = list(zip(*pairs, strict=True)) if pairs else [(), ()]
        values = [[SCORES[name](run.scores) for run in side] for side in sides]
        stacks = [_stacked(name, [drawn.get(run.path) for run in side]) for side in sides]
        first, second = stacks
        usable = same_faces and first is not None and second is not None
        change = second - first if usable and first is not None and second is not None else None
        found[name] = paired_difference(values[0], values[1], change, _seed(variant.shown))
    return found


def _stacked(name: str, drawn: Sequence[Drawn | None]) -> F64 | None:
    """Return the draws of several runs, (S, R); None if one has none."""
    known = [one[name] for one in drawn if one is not None and name in one]
    return np.stack(known) if known and len(known) == len(drawn) else None


def _drawn(runs: Sequence[Result]) -> dict[str, Drawn]:
    """Redraw all runs, by path; a run without intervals is left out."""
    groups: dict[str, list[Result]] = {}
    known = [run for run in runs if run.scores.intervals is not None]
    draws = min((run.fingerprint["params"]["bootstrap"] for run in known), default=0)
    for run in known:
        groups.setdefault(_faces_key(run), []).append(run)
    found: dict[str, Drawn] = {}
    for members in groups.values():
        faces = members[0].faces
        person_N, _ = number_persons(faces.persons_N.tolist())
        scores = [compared_scores(run.faces) for run in members]
        drawn = redraw(scores, faces.labels_N, person_N, draws, _seed(members[0]))
        for index, run in enumerate(members):
            found[run.path] = {name: values[index] for name, values in drawn.items()}
    return found


def _faces_key(run: Result) -> str:
    """Return the same text for runs that were scored on the same faces."""
    faces = run.faces
    return f"{run.fingerprint['faces']}{digest(faces.rows_N.tobytes() + faces.labels_N.tobytes())}"


def _seed(run: Result) -> int:
    seed: int = run.fingerprint["params"]["seed"]
    return seed


def _unanswered(variant: VariantResults) -> dict[str, int]:
    names = variant.shown.scores.labels.names
    counts: dict[str, int] = dict.fromkeys(names, 0)
    for run in variant.repeats:
        confusion = np.array(run.scores.confusion)
        for index, name in enumerate(names):
            counts[name] += bool(confusion[index].sum() and not confusion[:, index].sum())
    return {name: count for name, count in counts.items() if count}
