"""Stage `survey`: counts what became of a dataset's pictures, for the report's section on it.

    OUT/survey.json    contracts.surveys.Survey: the audit of the index, counts, what failed
    OUT/pictures.npz   mean face per expression (V, T, T, 3) and of how many (V,), failed pictures
                       (F, T, T, 3), all uint8 but the counts

T is the side of a thumbnail.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.patches import MIN_FACES, CoverMeasure
from contracts.files import read_contract
from contracts.occlusion import OccludedParams
from contracts.surveys import Audit, FailedRow, Survey
from errors import UsageError
from pipeline.index import AUDIT, read_index
from pipeline.params import SurveyParams
from store.building import building, is_built
from store.files import atomic_write, canonical_json, write_npz
from store.reading import MappedArray, Store, evenly_spaced
from store.records import Status, U8Image

if TYPE_CHECKING:
    import polars as pl

VERSION = 4
SURVEY, PICTURES = "survey.json", "pictures.npz"
_COLUMNS = ("id", "expression", "status", "backend", "detail")


def survey(
    index: Path,
    faces: Path,
    landmarks: Path,
    out: Path,
    params: SurveyParams,
    rebuild: bool = False,
) -> str:
    """Count what became of every picture, and keep a few to look at.

    Args:
        index: output of stage index.
        faces: store of stage align, made from it.
        landmarks: store of stage landmark, made from these faces.
        out: see the module.
        params: how many pictures, how large.
        rebuild: replace whatever is there.

    Returns:
        The outcome in a line.

    Raises:
        UsageError: if the three do not belong together.
    """
    table, manifest = read_index(index)
    sources = [_made_from(index, table, Store(path)) for path in (faces, landmarks)]
    fingerprint = {
        "stage": "survey",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "index": manifest["sha256"],
        "faces": sources[0].digest,
        "landmarks": sources[1].digest,
    }
    if rebuild or not is_built(out, fingerprint):
        audit = read_contract(Audit, index / AUDIT, "Index again: `dvc repro index`.")
        table = sources[1].table(_COLUMNS)
        with building(out, fingerprint, sources[0].metadata) as folder:
            _write(folder, audit, sources[0], table, params)
    found = read_contract(Survey, out / SURVEY, "Use `--rebuild`.")
    counts = ", ".join(f"{name} {count}" for name, count in sorted(found.status.items()))
    covered = "" if found.occluded is None else f"; {found.occluded} faces look occluded"
    return f"{out}: {counts}{covered}"


def _made_from(index: Path, table: "pl.DataFrame", store: Store) -> Store:
    if not store.table(("id",))["id"].equals(table["id"]):
        raise UsageError(store.path, f"was not made from {index}. Run `dvc repro`.")
    return store


def _write(
    folder: Path, audit: Audit, faces: Store, table: "pl.DataFrame", params: SurveyParams
) -> None:
    """Write both files. table: of the landmarks; its statuses are those of the faces, too."""
    bad = np.flatnonzero(~_is_good(table)).tolist()
    failed = evenly_spaced(bad, params.failed_faces).tolist()
    rows = table[failed].select("id", "expression", "status", "detail").rows(named=True)
    found = Survey(
        dataset=faces.metadata["dataset"],
        notice=faces.metadata["notice"],
        classes=faces.labels.names,
        audit=audit,
        **outcome(table, faces.labels.names),
        occluded=count_occluded(faces, params.occluded),
        failed=[FailedRow(**row) for row in rows],
    )
    atomic_write(folder / SURVEY, canonical_json(found.model_dump(mode="json")))
    _write_pictures(folder / PICTURES, faces, table, failed, params)


def count_occluded(faces: Store, params: OccludedParams) -> int | None:
    """Count usable faces that look occluded, by what the others look like; None if they are few."""
    rows = np.flatnonzero(faces.array("valid").load() == 1)
    if len(rows) < MIN_FACES:
        return None
    read = faces.array("image").take
    shares_N = CoverMeasure.fit(read, rows, params.quantile).shares(read, rows)
    return int((shares_N > params.share).sum())


def outcome(table: "pl.DataFrame", names: Sequence[str]) -> dict[str, Any]:
    """Count a status table, by expression in the order of names.

    Returns:
        status -> rows; by_expression: expression -> status -> rows; backend and remark of the
        usable ones -> rows.
    """
    good = table.filter(_is_good(table))
    return {
        "status": Counter(table["status"]),
        "by_expression": {
            name: Counter(table["status"].filter(table["expression"] == name)) for name in names
        },
        "backend": Counter(good["backend"]),
        "remark": Counter(word for detail in good["detail"] for word in detail.split()),
    }


def _is_good(table: "pl.DataFrame") -> NDArray[np.bool_]:
    return (table["status"] == str(Status.OK)).to_numpy()


def _write_pictures(
    path: Path, faces: Store, table: "pl.DataFrame", failed: Sequence[int], params: SurveyParams
) -> None:
    images, side = faces.array("image"), params.thumb_px
    means, counts = [], []
    good = _is_good(table)
    for name in faces.labels.names:
        rows = np.flatnonzero(good & (table["expression"] == name).to_numpy())
        chosen = evenly_spaced(rows.tolist(), params.mean_faces).tolist()
        means.append(_mean(images, chosen, side))
        counts.append(len(chosen))
    shown = [_thumb(images.take(np.array([n]))[0], side) for n in failed]
    failures = np.array(shown, np.uint8).reshape(-1, side, side, 3)
    write_npz(path, {"mean": np.stack(means), "count": np.array(counts), "failed": failures})


def _mean(images: MappedArray, rows: Sequence[int], side: int) -> U8Image:
    """Return the mean face, one picture in memory at a time."""
    total: NDArray[np.float64] = np.zeros((side, side, 3))
    for row in rows:
        total += _thumb(images.take(np.array([row]))[0], side)
    return np.rint(total / max(len(rows), 1)).astype(np.uint8)


def _thumb(image_SS3: U8Image, side: int) -> U8Image:
    thumb = cv2.resize(image_SS3, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(thumb, np.uint8)
