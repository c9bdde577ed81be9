"""Results in memory: runs, the variants that they repeat, and studies of several variants."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from contracts.examinations import Examination
from contracts.scores import LearningCurve, Scores
from measures.faces import FaceScores
from store.building import differences

Json = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Result:
    """One repeat, scored on one split.

    Attributes:
        path: its folder below RESULTS, as 'demo/cam/plain/seed0'.
        scores: what stage `evaluate` measured.
        faces: the numbers per face behind them.
        curves: learning curves by metric.
        maps: mean attention, CAM and AU map per class (7, 64, 64) in [0, 1], and their counts (7,).
        sheet: a few faces F: image (F, S, S, 3), attention, cam and au (F, 64, 64), all uint8;
            defined (F,), label (F,), probabilities (F, 7).
        fingerprint: what it was made from.
        sha256: digest of its manifest.
        folds: that are scored here together; empty without cross-validation.
        examination: what command `examine` measured; None of other results, and of folds together.
    """

    path: str
    scores: Scores
    faces: FaceScores
    curves: dict[str, LearningCurve]
    maps: Arrays
    sheet: Arrays
    fingerprint: Json
    sha256: str
    folds: tuple[int, ...] = ()
    examination: Examination | None = None

    @property
    def variant(self) -> str:
        """Name of its variant."""
        return f"{self.scores.variant} (folds)" if self.folds else self.scores.variant

    @property
    def name(self) -> str:
        """Its variant and its seed."""
        return f"{self.variant} seed{self.scores.seed}"


@dataclass(frozen=True, slots=True)
class VariantResults:
    """The repeats of one variant of a method on one dataset, by seed."""

    repeats: tuple[Result, ...]

    @property
    def name(self) -> str:
        """Name of the variant."""
        return self.repeats[0].variant

    @property
    def shown(self) -> Result:
        """The repeat whose maps and faces a page shows."""
        return self.repeats[0]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its repeats."""
        return tuple(one.scores.seed for one in self.repeats)


@dataclass(frozen=True, slots=True)
class Study:
    """One method on one dataset, in its variants.

    Attributes:
        path: their folder below RESULTS, as 'demo/cam'.
        variants: the baseline first: `plain`, or else the first one without AU alignment.
    """

    path: str
    variants: tuple[VariantResults, ...]

    @property
    def baseline(self) -> VariantResults:
        """What the other variants are compared with."""
        return self.variants[0]

    @property
    def scores(self) -> Scores:
        """Of the run that stands for all of them where they do not differ."""
        return self.baseline.shown.scores

    @property
    def dataset(self) -> str:
        """The dataset's own name; 'a → b' for runs trained on a and scored on b."""
        return dataset_name(self.scores)

    @property
    def method(self) -> str:
        """Row of METHODS."""
        return self.scores.method

    @property
    def title(self) -> str:
        """'dataset · method'."""
        return f"{self.dataset} · {self.method}"

    @property
    def shown(self) -> tuple[Result, ...]:
        """One run per variant, for maps and faces."""
        return tuple(one.shown for one in self.variants)

    @property
    def repeats(self) -> tuple[Result, ...]:
        """All runs."""
        return tuple(run for one in self.variants for run in one.repeats)

    @property
    def cautions(self) -> list[str]:
        """Why its variants may not be comparable; empty for a fair comparison."""
        return [*self._unlike(), *self._missing_seeds(), *self._missing_folds()]

    def _unlike(self) -> Iterator[str]:
        for one in self.variants[1:]:
            for words in differences(_conditions(self.baseline.shown), _conditions(one.shown)):
                yield f"{one.name}: {words}"

    def _missing_seeds(self) -> Iterator[str]:
        everyone = sorted({seed for one in self.variants for seed in one.seeds})
        for one in self.variants:
            missing = [f"seed{seed}" for seed in everyone if seed not in one.seeds]
            if missing:
                yield f"{one.name}: has no {', '.join(missing)}, which another variant has"

    def _missing_folds(self) -> Iterator[str]:
        count = 1 + max((max(run.folds, default=-1) for run in self.repeats), default=-1)
        for run in self.repeats:
            missing = [
                f"fold{fold}" for fold in range(count) if run.folds and fold not in run.folds
            ]
            if missing:
                yield f"{run.name}: has no {', '.join(missing)}"


def dataset_name(scores: Scores) -> str:
    """Return the dataset's name; 'a → b' for a run trained on a and scored on b."""
    return f"{scores.trained_on} → {scores.dataset}" if scores.is_transfer else scores.dataset


def _conditions(run: Result) -> Json:
    keys = ("split", "checkpoint", "geometry", "codebook", "protocol")
    inputs = {key: run.fingerprint[key] for key in ("faces", "landmarks")}
    return inputs | {key: getattr(run.scores, key) for key in keys}
