"""Tool `import-run`: makes a run of weights that AULens did not train.

    a folder with config_model.yaml   a published checkpoint of Belharbi et al., FG 2024: model.pt,
                                      or encoder.pt and classification_head.pt
    a folder of such folders          a run for each: OUT/<dataset>/<method>/<variant>/seed0
    a file                            a classifier of the user's, whose method and backbone are told

A run is made only of weights that all have their place. It is like any other, and its card says
where it comes from: contracts.runs.ImportedFrom.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from anatomy.templates import TEMPLATES
from contracts.files import RUN
from contracts.labels import LabelSet
from contracts.runs import DatasetMetadata, Framing, ImportedFrom, RunCard
from errors import DataError, NoInputError, ProjectError, UsageError, pick
from labels.reading import PUBLISHED, read_labels
from progress import ProgressCallback
from store.building import building, is_built
from store.files import atomic_write, canonical_json
from train.checkpoint import BEST, LAST, save
from train.importing.own_weights import FileClasses, load_own
from train.importing.params import ImportParams
from train.importing.published_config import CONFIG, PublishedConfig, read_published_config
from train.methods import METHODS
from train.methods.base import Classifier
from train.methods.model import build_network, fit_strategy
from train.methods.published_cams import PUBLISHED_CAMS
from train.methods.weight_files import read_weight_file
from train.methods.weight_names import name_weights
from train.params import TrainParams
from train.runs import git_revision
from validation import checked

VERSION = 2
WHOLE = "model.pt"
PARTS = {"encoder": "encoder.pt", "classification_head": "classification_head.pt"}
REPEAT = "seed0"
_PUBLISHED_PX = 224
"""Side of the published systems' stored faces."""

_FRAMINGS = {
    "RAF-DB": Framing(
        aligned=0, resized=12_271, points=[(x, y) for x, y in TEMPLATES["arcface_112"].tolist()]
    )
}
"""Published dataset -> how its faces lie in the crops that the published code made of them."""

Json = dict[str, Any]
BaseParams = Callable[[str, str], TrainParams]
"""(dataset, method) -> [train] with the overlays of both."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be imported, as far as the files do not say it themselves.

    Attributes:
        base: numbers of training; those that the files state take their place.
        params: [import_run].
        method, backbone, variant: of a file; None where it is a published folder.
    """

    base: BaseParams
    params: ImportParams
    method: str | None = None
    backbone: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class _Weights:
    """Files of one network: their content as one, the digest of each, and where they are."""

    content: Json
    digests: dict[str, str]
    where: Path


@dataclass(frozen=True, slots=True)
class ImportedRuns:
    """What became of everything that was to be imported.

    Attributes:
        source: what was given.
        lines: a sentence per run that was made.
        failed: a sentence per folder that could not be imported.
    """

    source: Path
    lines: list[str]
    failed: list[str]

    def require_all(self) -> None:
        """Raise DataError if any folder was not imported."""
        if self.failed:
            count = len(self.lines) + len(self.failed)
            raise DataError(
                self.source,
                f"{len(self.failed)} of {count} folders were not imported, see above; the others "
                "are done.",
            )


def import_runs(
    source: Path, out: Path, wanted: Wanted, progress: ProgressCallback, rebuild: bool = False
) -> ImportedRuns:
    """Make a run of a file or a published folder, or one of each folder of a tree.

    Args:
        source: see the module.
        out: the run; of a tree, the folder of all runs.
        wanted: what the files do not say.
        progress: called with (folders done, folders in all, name).
        rebuild: replace what is there.

    Raises:
        NoInputError: if there is nothing to import.
        UsageError: if method and backbone are told where the files say them, or are not told.
        DataError: if the weights of a file or a single folder do not fit.
    """
    if not source.is_dir():
        return ImportedRuns(source, [_import_file(source, out, wanted, rebuild)], [])
    if wanted.method or wanted.backbone:
        raise UsageError(
            "--method, --backbone", f"are for a file; of a folder, {CONFIG} says them."
        )
    if (source / CONFIG).is_file():
        config = read_published_config(source / CONFIG)
        return ImportedRuns(source, [_import_folder(source, out, config, wanted, rebuild)], [])
    return _import_tree(source, out, wanted, progress, rebuild)


def _import_tree(
    source: Path, out: Path, wanted: Wanted, progress: ProgressCallback, rebuild: bool
) -> ImportedRuns:
    folders = sorted(file.parent for file in source.rglob(CONFIG))
    if not folders:
        raise NoInputError(
            source, f"holds no {CONFIG}, in it or below. Name a published folder, or a file."
        )
    done = ImportedRuns(source, [], [])
    taken: dict[Path, str] = {}
    for number, folder in enumerate(folders, start=1):
        name = folder.relative_to(source).as_posix()
        try:
            config = read_published_config(folder / CONFIG)
            place = out / wanted.params.name_of(config.dataset) / config.method / config.variant
            first = taken.setdefault(place, name)
            if first != name:
                raise DataError(folder, f"{place} is made of {first}. Import this one alone.")
            line = _import_folder(folder, place / REPEAT, config, wanted, rebuild)
            done.lines.append(line)
        except ProjectError as error:
            done.failed.append(f"not imported: {name}: {error.what}")
        progress(number, len(folders), name)
    return done


def _import_folder(
    folder: Path, out: Path, config: PublishedConfig, wanted: Wanted, rebuild: bool
) -> str:
    """Make the run of one published folder."""
    weights, method = _published_weights(folder), METHODS[config.method]
    dataset = wanted.params.name_of(config.dataset)
    params = _merged(wanted.base(dataset, config.method), config.params)
    named = name_weights(weights.content, method.head, weights.where)
    if not named.is_whole:
        raise DataError(weights.where, "has no layout of the published code.")
    labels = read_labels(PUBLISHED)

    def fill(model: Classifier) -> list[str]:
        return load_own(
            model, named, method.head, params.backbone, FileClasses((), labels), weights.where
        )

    run = _NewRun(
        config.method,
        config.variant,
        dataset,
        params,
        _PUBLISHED_PX,
        labels,
        _FRAMINGS.get(config.dataset),
    )
    about = {
        "kind": "published_checkpoint",
        "cam_method": PUBLISHED_CAMS.get(config.method, method.cam_method),
        "stated": sorted(config.params),
        "remarks": [f"not used: {part}" for part in _further_parts(weights.content)],
    }
    return _write(out, run, weights, about, fill, rebuild)


def _published_weights(folder: Path) -> _Weights:
    """Read model.pt, or the two files of older checkpoints.

    Raises:
        NoInputError: if there is neither.
    """
    if (folder / WHOLE).is_file():
        file = read_weight_file(folder / WHOLE)
        return _Weights(file.content, {WHOLE: file.sha256}, file.path)
    if not all((folder / name).is_file() for name in PARTS.values()):
        raise NoInputError(
            folder, f"has neither {WHOLE} nor {' and '.join(PARTS.values())}. Fetch it again."
        )
    files = {part: read_weight_file(folder / name) for part, name in PARTS.items()}
    digests = {file.path.name: file.sha256 for file in files.values()}
    return _Weights({part: file.content for part, file in files.items()}, digests, folder)


def _further_parts(content: Mapping[str, Any]) -> list[str]:
    """Name the parts of a checkpoint that are no classifier, such as a segmentation head."""
    return [name for name, part in content.items() if isinstance(part, dict) and name not in PARTS]


def _import_file(file: Path, out: Path, wanted: Wanted, rebuild: bool) -> str:
    """Make the run of a classifier of the user's."""
    if not (wanted.method and wanted.backbone):
        raise UsageError(
            "--method, --backbone", "are not given; a file of weights does not say which it is of."
        )
    method, labels = pick(METHODS, wanted.method, "method"), read_labels(wanted.params.labels)
    read = read_weight_file(file)
    named = name_weights(read.content, method.head, file)
    stated = {**wanted.params.train, "backbone": wanted.backbone, "alignment": None}
    params = _merged(wanted.base(wanted.params.dataset, wanted.method), stated)

    def fill(model: Classifier) -> list[str]:
        classes = FileClasses(wanted.params.classes, labels)
        return load_own(model, named, method.head, params.backbone, classes, file)

    run = _NewRun(
        wanted.method,
        wanted.variant or "imported",
        wanted.params.dataset,
        params,
        params.image_px,
        labels,
        None,
    )
    about = {
        "kind": "own_file",
        "cam_method": method.cam_method,
        "stated": sorted(stated),
        "remarks": [],
    }
    weights = _Weights(read.content, {file.name: read.sha256}, file)
    return _write(out, run, weights, about, fill, rebuild)


def _merged(base: TrainParams, stated: Mapping[str, Any]) -> TrainParams:
    """Lay what is known over the numbers of params.yaml; an option of a head is known or not.

    Raises:
        UsageError: if a key is unknown or illegal, or heads are to be added, whose weights no
            import has.
    """
    if stated.get("heads"):
        raise UsageError("import_run.train.heads", "no file has weights for it. Remove it.")
    given = {**stated, "heads": [], "weights": "none", "weights_sha256": None}
    keys = {**base.model_dump(mode="json"), **given}
    return checked(TrainParams, keys, "import_run.train")


@dataclass(frozen=True, slots=True)
class _NewRun:
    method: str
    variant: str
    dataset: str
    params: TrainParams
    size_px: int
    labels: LabelSet
    framing: Framing | None


def _write(
    out: Path,
    run: _NewRun,
    weights: _Weights,
    about: Mapping[str, Any],
    fill: Callable[[Classifier], list[str]],
    rebuild: bool,
) -> str:
    """Build the network, load the weights, and write the run."""
    method = METHODS[run.method]
    fingerprint = {
        **{"stage": "import-run", "version": VERSION, "method": run.method},
        **{"variant": run.variant, "repeat": REPEAT, "files": weights.digests},
        "params": run.params.model_dump(mode="json"),
        "labels": run.labels.as_json(),
        "about": dict(about),
    }
    digest = next(iter(weights.digests.values()))[:8]
    line = f"{out}: {run.method} {run.variant}, {run.params.backbone}, of {run.dataset} ({digest})"
    if not rebuild and is_built(out, fingerprint):
        return f"{line}: there already"
    model = build_network(method, run.params, len(run.labels))
    remarks = [*about["remarks"], *fill(model)]
    model = fit_strategy(model, method, run.params)
    metadata = {
        **{"dataset": run.dataset, "notice": None, "size_px": run.size_px},
        "labels": run.labels.as_json(),
    }
    card = _card(run, ImportedFrom(**{**about, "remarks": remarks}, files=weights.digests))
    with building(out, fingerprint, metadata) as folder:
        atomic_write(folder / RUN, canonical_json(card.model_dump(mode="json")))
        state = {
            "model": model.state_dict(),
            "average": None,
            "position": json.dumps({"history": []}),
            "about": {"revision": git_revision()},
        }
        save(folder / BEST, state)
        (folder / LAST).unlink(missing_ok=True)
        (folder / LAST).hardlink_to(folder / BEST)
    return "; ".join([line, *remarks])


def _card(run: _NewRun, source: ImportedFrom) -> RunCard:
    return RunCard(
        stage="import-run",
        version=VERSION,
        method=run.method,
        variant=run.variant,
        repeat=REPEAT,
        params=run.params.model_dump(mode="json"),
        ranks=1,
        device=None,
        precision=None,
        faces=None,
        landmarks=None,
        heatmaps=None,
        torch=torch.__version__,
        warm_start=None,
        training_faces=None,
        about=DatasetMetadata(
            dataset=run.dataset, notice=None, labels=run.labels, size_px=run.size_px
        ),
        imported=source,
        framing=run.framing,
    )
