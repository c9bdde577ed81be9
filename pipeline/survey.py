"""Stage `survey`: what became of a dataset's pictures, for the report's part on data.

    OUT/survey.json    the audit of the index; counts by status, detector and remark; what failed
    OUT/pictures.npz   mean face an expression (7, T, T, 3) and of how many (7,), failed pictures
                       (F, T, T, 3), all uint8 but the counts

T is the side of a thumbnail.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from errors import UsageError
from pipeline.index import AUDIT, read_index
from pipeline.params import SurveyParams
from store.building import building, is_built
from store.files import atomic_write, canonical_json, write_npz
from store.reading import MappedArray, Store, evenly_spaced
from store.records import Status, U8Image
from store.tables import Row

VERSION = 1
SURVEY, PICTURES = "survey.json", "pictures.npz"


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
        audit, rows = json.loads((index / AUDIT).read_bytes()), sources[1].table()
        with building(out, fingerprint, sources[0].metadata) as folder:
            _write(folder, audit, sources[0], rows, params)
    counts = json.loads((out / SURVEY).read_bytes())["status"]
    return f"{out}: {', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}"


def _made_from(index: Path, table: Sequence[Row], store: Store) -> Store:
    if [row["id"] for row in store.table()] != [row["id"] for row in table]:
        raise UsageError(store.path, f"was not made from {index}. Run `dvc repro`.")
    return store


def _write(
    folder: Path, audit: dict[str, Any], faces: Store, rows: Sequence[Row], params: SurveyParams
) -> None:
    """Write both files. rows: the status table of the landmarks, which tells of the faces, too."""
    bad = [place for place, row in enumerate(rows) if not _good(row)]
    failed = evenly_spaced(bad, params.failed_faces).tolist()
    told = ("id", "expression", "status", "detail")
    found = {
        "dataset": faces.metadata["dataset"],
        "notice": faces.metadata["notice"],
        "audit": audit,
        **outcome(rows),
        "failed": [{key: rows[place][key] for key in told} for place in failed],
    }
    atomic_write(folder / SURVEY, canonical_json(found))
    _write_pictures(folder / PICTURES, faces, rows, failed, params)


def outcome(rows: Sequence[Row]) -> dict[str, Any]:
    """Count a status table.

    Returns:
        status -> rows; by_expression: expression -> status -> rows; backend and remark of the
        usable ones -> rows.
    """
    good = [row for row in rows if _good(row)]
    return {
        "status": Counter(row["status"] for row in rows),
        "by_expression": {
            name: Counter(row["status"] for row in rows if row["expression"] == name)
            for name in EXPRESSIONS
        },
        "backend": Counter(row["backend"] for row in good),
        "remark": Counter(word for row in good for word in row["detail"].split()),
    }


def _good(row: Row) -> bool:
    return row["status"] == Status.OK


def _write_pictures(
    path: Path, faces: Store, rows: Sequence[Row], failed: Sequence[int], params: SurveyParams
) -> None:
    images, side = faces.array("image"), params.thumb_px
    means, counts = [], []
    for name in EXPRESSIONS:
        places = [n for n, row in enumerate(rows) if _good(row) and row["expression"] == name]
        chosen = evenly_spaced(places, params.mean_faces).tolist()
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
