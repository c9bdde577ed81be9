"""Tool `repair`: builds a store's damaged shards again, from what its fingerprint records.

The parameters are those in the fingerprint, whatever params.yaml says today; an input is whatever
output has the digest in it, wherever it lies. Stages of `train` are repaired by whoever knows them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from errors import CorruptError, OutputExistsError, pick, printable
from pipeline.align import align
from pipeline.execution.cluster import ClusterConfig
from pipeline.heatmap import heatmap
from pipeline.landmark import landmark
from pipeline.occlude import occlude
from pipeline.params import (
    AlignParams,
    HeatmapOptions,
    HeatmapParams,
    LandmarkParams,
    OccludeParams,
)
from store.building import read_fingerprint
from store.outputs import find_by_digest
from store.repair import Rebuild, repair, require_repairable
from store.verify import find_problems

Fingerprint = Mapping[str, Any]
Stage = Callable[[Fingerprint, Sequence[Path], ClusterConfig, Path], object]
"""(fingerprint, inputs, who, output): build it, or return if it is there already."""


@dataclass(frozen=True, slots=True)
class Repairable:
    """A stage that makes shards.

    Attributes:
        inputs: where its fingerprint keeps their digests.
        run: it.
    """

    inputs: tuple[str, ...]
    run: Stage


_DIFFERS = "cannot be repaired, the inputs or tools differ now"
_PATIENT: Mapping[str, Any] = {"row_timeout_s": 600.0, "row_memory_gb": 4.0, "max_bad": 1.0}
"""What decides no bytes is not in the fingerprint; what the first build managed must not fail."""


def _align(made: Fingerprint, sources: Sequence[Path], cluster: ClusterConfig, out: Path) -> bool:
    return align(sources[0], out, AlignParams(**made["params"], **_PATIENT), cluster)


def _landmark(
    made: Fingerprint, sources: Sequence[Path], cluster: ClusterConfig, out: Path
) -> bool:
    return landmark(sources[0], out, LandmarkParams(**made["params"], **_PATIENT), cluster)


def _heatmap(made: Fingerprint, sources: Sequence[Path], cluster: ClusterConfig, out: Path) -> bool:
    sizes = {key: made["params"][key] for key in ("size_px", "canvas_px")}
    options = {key: value for key, value in made["params"].items() if key not in sizes}
    chosen = HeatmapOptions.model_validate({made["kind"]: options})
    params = HeatmapParams(**sizes, options=chosen)
    return heatmap(sources[0], out, made["kind"], params, cluster)


def _occlude(made: Fingerprint, sources: Sequence[Path], cluster: ClusterConfig, out: Path) -> bool:
    return occlude(sources[0], out, OccludeParams(**made["params"]), cluster)


STAGES: dict[str, Repairable] = {
    "align": Repairable(("index",), _align),
    "landmark": Repairable(("faces",), _landmark),
    "heatmap": Repairable(("landmarks",), _heatmap),
    "occlude": Repairable(("faces",), _occlude),
}
"""Name of a stage -> what repairs its stores."""


def repair_store(
    store: Path,
    roots: Iterable[Path],
    cluster: ClusterConfig,
    stages: Mapping[str, Repairable] = STAGES,
) -> Iterator[str]:
    """Find the bad shards of a store, build them again and put them back; yield what to print.

    Args:
        store: a finished store.
        roots: where its input may lie.
        cluster: who.
        stages: name -> what repairs its stores.

    Raises:
        CorruptError: if it cannot come out as recorded; it is untouched.
        NoInputError: if it, or its input, is not there.
        UsageError: if its stage makes no shards.
    """
    bad = list(find_problems(store, deep=True, progress=cluster.progress))
    yield from (f"{printable(str(store))}/{fault}" for fault in bad)
    if not bad:
        yield f"{store}: nothing to repair"
        return
    require_repairable(store, bad)
    made = read_fingerprint(store)
    stage = pick(stages, str(made.get("stage")), "stage that can be repaired")
    roots = list(roots)
    inputs = [find_by_digest(str(made.get(key)), roots) for key in stage.inputs]
    rebuild = partial(stage.run, made, inputs, cluster)
    _require_same(store, rebuild)
    moved = repair(store, bad, rebuild)
    yield from (
        printable(f"{store}: a file that is no part of it is now {place}") for place in moved
    )
    if left := list(find_problems(store, deep=True, progress=cluster.progress)):
        raise CorruptError(store, f"is still damaged: {left[0]}. Is the disk failing?")
    yield f"{store}: repaired, {len(bad)} {'file' if len(bad) == 1 else 'files'}"


def _require_same(store: Path, rebuild: Rebuild) -> None:
    """Refuse if anything in the store's fingerprint differs today."""
    try:
        rebuild(store)  # returns if it is finished; raises if anything differs
    except OutputExistsError as error:
        raise CorruptError(store, f"{_DIFFERS}: {error.what}") from error
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        raise CorruptError(store, f"{_DIFFERS}: another version made it. Untouched.") from error
