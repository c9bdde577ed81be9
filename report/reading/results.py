"""Read what `evaluate` and `transfer` left: RESULTS/<dataset>/<method>/<variant>/<repeat>.

The first run without AU alignment and the first with it are compared; the other ones have their
rows in the tables, and where they differ from each other in exactly one setting they make a sweep
(report.tables.sweeps).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.files import MEAN_MAPS, SCORES, SHEET, read_contract
from contracts.scores import Interval, Scores
from errors import CorruptError, NoInputError, printable
from store.building import differences, read_fingerprint, read_manifest
from store.files import file_digest

_REMEDY = "Evaluate again with `--rebuild`."
Json = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Result:
    """One run, scored on one split.

    Attributes:
        path: its folder below RESULTS, as 'demo/cam/plain/seed0'.
        scores: what stage `evaluate` measured.
        maps: mean attention, CAM and AU map per class (7, 64, 64) in [0, 1], and their counts (7,).
        sheet: a few faces F: image (F, S, S, 3), attention, cam and au (F, 64, 64), all uint8;
            defined (F,), label (F,), probabilities (F, 7).
        fingerprint: what it was made from.
        sha256: digest of its manifest.
    """

    path: str
    scores: Scores
    maps: Arrays
    sheet: Arrays
    fingerprint: Json
    sha256: str

    @property
    def dataset(self) -> str:
        """The dataset's own name; 'a → b' for a run trained on a and scored on b."""
        return dataset_name(self.scores)

    @property
    def method(self) -> str:
        """Row of METHODS."""
        return self.scores.method

    @property
    def variant(self) -> str:
        """Row of `variants` in params.yaml."""
        return self.scores.variant

    @property
    def repeat(self) -> str:
        """seed0, ...: see contracts.repeats."""
        return self.scores.repeat

    @property
    def alignment(self) -> Json | None:
        """Numbers of the AU alignment loss; None for a run without it."""
        return self.scores.alignment

    @property
    def name(self) -> str:
        """Its variant and, unless that is seed0, its repeat."""
        return self.variant if self.repeat == "seed0" else f"{self.variant} {self.repeat}"

    def interval(self, score: str) -> Interval:
        """Return the bootstrap interval of a score; None where there is none."""
        intervals = self.scores.intervals
        low_high: Interval = getattr(intervals, score) if intervals else None
        return low_high


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of one method on one dataset.

    Attributes:
        path: their folder below RESULTS, as 'demo/cam'.
        runs: the first without AU alignment, then the first with it, as far as there are any.
        others: all others.
    """

    path: str
    runs: tuple[Result, ...]
    others: tuple[Result, ...] = ()

    @property
    def dataset(self) -> str:
        """The dataset's own name; 'a → b' for runs trained on a and scored on b."""
        return dataset_name(self.runs[0].scores)

    @property
    def method(self) -> str:
        """Row of METHODS."""
        return self.runs[0].scores.method

    @property
    def title(self) -> str:
        """'dataset · method'."""
        return f"{self.dataset} · {self.method}"

    @property
    def is_transfer(self) -> bool:
        """Whether it was trained on another dataset than it is scored on."""
        return self.runs[0].scores.is_transfer

    @property
    def unlike(self) -> list[str]:
        """What else than AU alignment differs between its first and its last run."""
        return differences(_conditions(self.runs[0]), _conditions(self.runs[-1]))


def dataset_name(scores: Scores) -> str:
    """Return the dataset's name; 'a → b' for a run trained on a and scored on b."""
    return f"{scores.trained_on} → {scores.dataset}" if scores.is_transfer else scores.dataset


def _conditions(run: Result) -> Json:
    keys = ("split", "checkpoint", "geometry", "protocol", "repeat")
    inputs = {key: run.fingerprint[key] for key in ("faces", "landmarks")}
    train = {key: value for key, value in run.scores.train.items() if key != "alignment"}
    return inputs | {key: getattr(run.scores, key) for key in keys} | {"train": train}


def load_comparisons(results: Path) -> list[Comparison]:
    """Read every finished result below `results`, sorted by dataset and method.

    Raises:
        NoInputError: if there is none, or one is unfinished.
        CorruptError: if a file is not the one that its manifest lists.
    """
    places = sorted(
        place
        for path in results.glob(f"*/*/*/*/{SCORES}")
        for place in [path.parent.relative_to(results)]
        if not any(part.startswith(".") for part in place.parts)  # .building-* are half-built
    )
    if not places:
        raise NoInputError(
            results,
            "holds no result (<dataset>/<method>/<variant>/<repeat>/scores.json). "
            "Run `dvc repro evaluate` first, or name the folder that holds the datasets' results.",
        )
    return [
        _comparison(printable(place.as_posix()), [_load(results, member) for member in members])
        for place, members in groupby(places, key=lambda place: place.parent.parent)
    ]


def _comparison(path: str, runs: Sequence[Result]) -> Comparison:
    chosen: dict[bool, Result] = {}
    for run in sorted(runs, key=lambda run: (run.alignment is not None, run.variant, run.repeat)):
        chosen.setdefault(run.alignment is not None, run)
    shown = {run.path for run in chosen.values()}
    others = tuple(run for run in runs if run.path not in shown)
    return Comparison(path, tuple(chosen.values()), others)


def _load(results: Path, path: Path) -> Result:
    folder = results / path
    manifest = checked(folder, (SCORES, MEAN_MAPS, SHEET), _REMEDY)
    return Result(
        path=printable(path.as_posix()),
        scores=read_contract(Scores, folder / SCORES, _REMEDY),
        maps=_arrays(folder / MEAN_MAPS),
        sheet=_arrays(folder / SHEET),
        fingerprint=read_fingerprint(folder),
        sha256=manifest["sha256"],
    )


def checked(folder: Path, names: Sequence[str], remedy: str) -> Json:
    """Check that these files are those that the manifest lists, and return the manifest.

    Raises:
        CorruptError: if one is not.
    """
    manifest = read_manifest(folder)
    files = manifest["files"]
    for name in names:
        if name not in files or files[name]["sha256"] != file_digest(folder / name):
            raise CorruptError(folder / name, f"is not the file that MANIFEST.json lists. {remedy}")
    return manifest


def _arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as found:
        return dict(found)
