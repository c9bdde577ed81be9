"""Stage `plan`: fixes what every run of a dataset depends on, before any of them starts.

    OUT/<method>/<variant>.yaml   contracts.plans.Plan

A run reads its numbers here and nowhere else. So a change of params.yaml touches no run under way,
and a run is repeated only if its own numbers, or heatmaps that it reads, have changed.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.plans import Plan, PlannedHeatmaps
from contracts.repeats import Repeat
from errors import DataError, NoInputError, UsageError
from store.building import read_manifest
from store.files import atomic_write
from store.reading import Store
from store.splits import require_splits
from train.data.soft_targets import require_shares
from train.data.splits import splits_of
from train.data.stores import Stores, check_added_heads
from train.methods import METHODS
from train.params import RunNumbers, TrainParams
from train.runs import warm_start_of

VERSION = 3
RESTORED = "restored"
"""Among the heatmaps: the store of stage restore."""


def plan(
    faces: Path,
    heatmaps: Path,
    out: Path,
    runs: Collection[RunNumbers],
    repeats: Collection[Repeat],
    needed: Mapping[str, str],
) -> str:
    """Write the plan of every run of a dataset.

    Args:
        faces: store of stage align.
        heatmaps: folder with a store per kind and, for methods that read latents, `restored`.
        out: plans of runs that are no longer asked for are removed from it.
        runs: what is asked for.
        repeats: of each run; their folds must be there.
        needed: split that runs will need -> what needs it.

    Returns:
        A line: how many runs, and the usable faces of every split.

    Raises:
        DataError: if a fold is not there, a split that is needed has no usable face, or faces have
            no shares that a run learns from.
        UsageError: if a kind has several maps per face, or the faces lack what a head learns.
        NoInputError: if a kind that is needed was not drawn, or a run to go on from is not there.
    """
    store = Store(faces)
    by_fold = {one.fold: _usable_faces(store, one.fold) for one in repeats}
    for fold, counts in by_fold.items():
        rows = "usable faces" if fold is None else f"usable faces of fold {fold}"
        require_splits(faces, counts, needed, rows)
    dataset = store.metadata["dataset"]
    written = set[Path]()
    for run in runs:
        if run.params.soft_targets:
            require_shares(store, f"{run.method} {run.variant}")
        check_added_heads(run.params, store)
        file = out / run.method / f"{run.variant}.yaml"
        write_plan(file, _planned(run, dataset, heatmaps))
        written.add(file)
    for stale in {*out.glob("*/*.yaml")} - written:
        stale.unlink()
    usable = "; ".join(_named(fold, counts) for fold, counts in by_fold.items())
    return f"{dataset}: {len(written)} methods and variants; usable faces: {usable}"


def _planned(run: RunNumbers, dataset: str, heatmaps: Path) -> Plan:
    kind = run.kind
    return Plan(
        dataset=dataset,
        method=run.method,
        variant=run.variant,
        params=run.params.model_dump(mode="json"),
        heatmaps=None if kind is None else _planned_heatmaps(heatmaps / kind, kind),
        restored=_digest(heatmaps / RESTORED) if METHODS[run.method].reads_latents else None,
        warm_start=warm_start_of(run.params),
    )


def write_plan(file: Path, planned: Plan) -> None:
    """Write a plan, its keys in the order of params.yaml."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(planned.model_dump(mode="json"), text)
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, text.getvalue().encode())


def read_plan(file: Path) -> Plan:
    """Read what `plan` wrote.

    Raises:
        NoInputError: if it is not there.
        DataError: if it is no plan of this version.
    """
    if not file.is_file():
        raise NoInputError(file, "is not there. Run `dvc repro plan`.")
    try:
        return Plan.model_validate(YAML(typ="safe", pure=True).load(file.read_text("utf-8")))
    except (ValidationError, YAMLError, UnicodeDecodeError) as error:
        raise DataError(file, "is no plan of this version of AULens. Run `dvc repro plan`.") from (
            error
        )


def _named(fold: int | None, counts: Counter[str]) -> str:
    shown = ", ".join(f"{split} {counts[split]}" for split in ("train", "val", "test"))
    return shown if fold is None else f"fold {fold}: {shown}"


def check_warm_start(planned: Plan) -> None:
    """Refuse a run to go on from that is not the one that was planned with.

    DVC does not see this dependency: its templates have none under a condition. So the plan holds
    the digest, and a run that is trained again is noticed here.

    Raises:
        UsageError: if it was trained again since.
    """
    now = warm_start_of(TrainParams.model_validate(planned.params))
    if now != planned.warm_start:
        raise UsageError(
            "train.weights",
            f"{now.run if now else 'it'} is not the run that was planned with. "
            f"Run: dvc repro --force --single-item plan@{planned.dataset}",
        )


def open_stores(planned: Plan, faces: Path, landmarks: Path, heatmaps: Path) -> Stores:
    """Open the stores that a run reads.

    Args:
        planned: of the run.
        faces: store of stage align.
        landmarks: store of stage landmark.
        heatmaps: folder with a store per kind; not looked at if the run reads none.

    Raises:
        UsageError: if the heatmaps are not those that were planned with.
    """
    used = planned.heatmaps
    restored = heatmaps / RESTORED if planned.restored else None
    stores = Stores.open(faces, landmarks, heatmaps / used.kind if used else None, restored)
    read = {stores.heatmaps: used and used.digest, stores.restored: planned.restored}
    for store, digest in read.items():
        if store and store.digest != digest:
            raise UsageError(
                store.path, "is not the store that the run was planned with. Run `dvc repro`."
            )
    return stores


def _usable_faces(store: Store, fold: int | None) -> Counter[str]:
    """Return the usable faces of each split."""
    return Counter[str](splits_of(store, fold)[store.array("valid").load() == 1].tolist())


def _digest(restored: Path) -> str:
    digest: str = read_manifest(restored)["sha256"]
    return digest


def _planned_heatmaps(store: Path, kind: str) -> PlannedHeatmaps:
    manifest = read_manifest(store)
    if len(manifest["layout"]["arrays"]["map"]["shape"]) != 2:
        raise UsageError(
            store, f"kind {kind} has several maps per face; training takes a kind with one."
        )
    return PlannedHeatmaps(kind=kind, digest=manifest["sha256"])
