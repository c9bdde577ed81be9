"""Read what `evaluate` and `transfer` left: RESULTS/<dataset>/<method>/<variant>/<repeat>."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from contracts.examinations import Examination
from contracts.files import CURVES, EXAMINATION, FACES, MEAN_MAPS, SCORES, SHEET, read_contract
from contracts.repeats import Repeat
from contracts.scores import LearningCurves, Scores
from errors import CorruptError, DataError, NoInputError, printable
from measures.faces import read_face_scores
from report.reading.pooling import pool_folds
from report.reading.studies import Arrays, Json, Result, Study, VariantResults
from store.building import read_fingerprint, read_manifest
from store.files import file_digest

_REMEDY = "Evaluate again with `--rebuild`."
_EXAMINE = "Examine again with `--rebuild`."
_PLAIN = "plain"


def load_studies(results: Path) -> list[Study]:
    """Read every finished result below `results`, sorted by dataset and method.

    Raises:
        NoInputError: if there is none, or one is unfinished.
        DataError: if those of one dataset are of different classes.
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
    loaded = [_load(results, one) for one in places]
    for dataset, of_one in groupby(loaded, key=_dataset_of):
        _require_same_classes(results / dataset, list(of_one))
    return [
        _study(path, pool_folds(list(members)))
        for path, members in groupby(loaded, key=lambda run: run.path.rsplit("/", 2)[0])
    ]


def _dataset_of(run: Result) -> str:
    return run.path.split("/")[0]


def _require_same_classes(folder: Path, runs: Sequence[Result]) -> None:
    """Refuse results of one dataset that tell different classes apart.

    Raises:
        DataError: naming one of each.
    """
    first = runs[0]
    for run in runs:
        if run.scores.labels.names != first.scores.labels.names:
            raise DataError(
                folder,
                f"{first.path} tells {', '.join(first.scores.labels.names)} apart, {run.path} "
                f"{', '.join(run.scores.labels.names)}. The classes of the dataset were changed: "
                "remove the results of the old ones, then run `dvc repro report`.",
            )


def _study(path: str, runs: Sequence[Result]) -> Study:
    variants: dict[str, list[Result]] = {}
    for run in sorted(runs, key=_baseline_first):
        variants.setdefault(run.variant, []).append(run)
    return Study(path, tuple(VariantResults(tuple(one)) for one in variants.values()))


def _baseline_first(run: Result) -> tuple[bool, bool, str, int]:
    scores = run.scores
    return scores.variant != _PLAIN, scores.alignment is not None, run.variant, scores.seed


def _load(results: Path, path: Path) -> Result:
    folder = results / path
    manifest = checked(folder, (SCORES, FACES, CURVES, MEAN_MAPS, SHEET), _REMEDY)
    scores = read_contract(Scores, folder / SCORES, _REMEDY)
    fold = Repeat.parse(scores.repeat).fold
    return Result(
        path=printable(path.as_posix()),
        scores=scores,
        faces=read_face_scores(folder / FACES),
        curves=read_contract(LearningCurves, folder / CURVES, _REMEDY).metrics,
        maps=_arrays(folder / MEAN_MAPS),
        sheet=_arrays(folder / SHEET),
        fingerprint=read_fingerprint(folder),
        sha256=manifest["sha256"],
        folds=() if fold is None else (fold,),
        examination=_examination(folder) if EXAMINATION in manifest["files"] else None,
    )


def _examination(folder: Path) -> Examination:
    checked(folder, (EXAMINATION,), _EXAMINE)
    return read_contract(Examination, folder / EXAMINATION, _EXAMINE)


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
