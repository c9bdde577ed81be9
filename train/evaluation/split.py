"""The faces of a split, read batch by batch.

Shapes: N faces.
"""

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.codebooks import codebook_of
from anatomy.landmarks import rescale_points
from contracts.labels import LabelSet
from errors import DataError
from progress import ProgressCallback
from store.reading import Store, read_points, read_shares
from store.splits import ALL
from train.data.splits import splits_of
from train.data.stores import expression_ids, read_valence_arousal
from train.evaluation.batch import (
    F32,
    EvalBatch,
    EvalFaces,
    EvalOutputs,
    concatenate,
    evaluate_batch,
    prepare_batch,
)
from train.evaluation.networks import EvalModel
from train.evaluation.occlusion import with_occluded
from train.evaluation.own_units import OwnUnits, read_own_units
from train.params import EvaluateParams


def split_faces(
    store: Store, split: str, fold: int | None, labels: LabelSet | None = None
) -> EvalFaces:
    """Return the usable faces of a split.

    Args:
        store: of stage align.
        split: train, val, test, all.
        fold: that a run was not trained on; None without cross-validation.
        labels: faces of other classes are left out; None: of none.

    Raises:
        DataError: if there is none.
    """
    table = store.table()
    in_split = splits_of(store, fold) == split if split != ALL else np.full(len(table), True)
    labels = store.labels if labels is None else labels
    told_apart = table["expression"].is_in(labels.names).to_numpy()
    usable = in_split & (store.array("valid").load() == 1)
    rows = np.flatnonzero(usable & told_apart)
    if not len(rows):
        raise DataError(
            store.path,
            f"no usable face in split {split}. Look at status.csv and at the splits in index.",
        )
    chosen = table[rows]
    attributes = tuple(store.metadata.get("attributes", ()))  # none without an index
    total, others = int(in_split.sum()), Counter(table["expression"].filter(usable & ~told_apart))
    ids, shares = expression_ids(chosen, labels), _annotated(store, rows, labels)
    values_N2 = read_valence_arousal(store)
    return EvalFaces(
        rows,
        ids,
        labels.names,
        chosen,
        total,
        attributes,
        others=others,
        valence_arousal_N2=None if values_N2 is None else values_N2[rows],
        annotated_NV=shares,
    )


def _annotated(store: Store, rows_N: NDArray[np.integer], labels: LabelSet) -> F32 | None:
    """Return the shares of the classes that are told apart; None if the dataset brings none."""
    shares_NK = read_shares(store, rows_N)
    return None if shares_NK is None else shares_NK[:, store.labels.ids(labels.names)]


@dataclass(frozen=True, slots=True)
class SplitReader:
    """The faces of a split, where they are stored, and what was coded on them, if anything."""

    images: Store
    landmarks: Store
    faces: EvalFaces
    own: OwnUnits | None = None

    @classmethod
    def open(
        cls,
        images: Store,
        landmarks: Store,
        params: EvaluateParams,
        fold: int | None,
        labels: LabelSet,
    ) -> "SplitReader":
        """Return the reader of a split, with the action units that were coded on its faces.

        Args:
            images: store of stage align.
            landmarks: store of stage landmark.
            params: [evaluate].
            fold: see `split_faces`.
            labels: the classes that are told apart.

        Raises:
            DataError: if it has no usable face.
        """
        faces = split_faces(images, params.split, fold, labels)
        faces = with_occluded(faces, images, params.occluded)
        book = codebook_of(labels, params.codebook)
        own = read_own_units(landmarks, faces.rows_N, faces.labels_N, book, params.own_units)
        return cls(images, landmarks, faces, own)

    def subset(self, chosen: NDArray[np.integer[Any]]) -> "SplitReader":
        """Return the reader of some of the faces."""
        faces = self.faces
        rows, labels, table = faces.rows_N[chosen], faces.labels_N[chosen], faces.table[chosen]
        mapped = None if faces.mapped_N is None else faces.mapped_N[chosen]
        values = None if faces.valence_arousal_N2 is None else faces.valence_arousal_N2[chosen]
        shares = None if faces.annotated_NV is None else faces.annotated_NV[chosen]
        part = replace(
            faces,
            rows_N=rows,
            labels_N=labels,
            table=table,
            mapped_N=mapped,
            valence_arousal_N2=values,
            annotated_NV=shares,
        )
        return replace(self, faces=part, own=self.own and self.own.take(chosen))

    def with_maps(self, chosen: NDArray[np.integer[Any]]) -> "SplitReader":
        """Return the reader of the same faces, of which only some get a CAM."""
        mapped_N = np.zeros(len(self.faces.rows_N), bool)
        mapped_N[chosen] = True
        return replace(self, faces=replace(self.faces, mapped_N=mapped_N))

    def batches(self, model: EvalModel, size: int, threads: int) -> Iterator[EvalBatch]:
        """Yield every batch; the next ones are read and drawn while the model works on one."""
        images, source_px = self.images.array("image"), self.images.array("image").shape[1]

        def prepare(start: int) -> EvalBatch:
            rows = self.faces.rows_N[start : start + size]
            points = rescale_points(read_points(self.landmarks, rows), source_px, model.canvas_px)
            labels = self.faces.labels_N[start : start + size]
            own = self.own and self.own.take(slice(start, start + size))
            batch = prepare_batch(model, images.take(rows), labels, points, own)
            return replace(batch, mapped_B=self.faces.mapped_in(start, size))

        pending: deque[Future[EvalBatch]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            for start in range(0, len(self.faces.rows_N), size):
                pending.append(pool.submit(prepare, start))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()


def evaluate_split(
    model: EvalModel, split: SplitReader, params: EvaluateParams, progress: ProgressCallback
) -> EvalOutputs:
    """Run every batch once."""
    count = len(split.faces.rows_N)
    parts: list[EvalOutputs] = []
    for batch in split.batches(model, params.batch, params.threads):
        parts.append(evaluate_batch(model, batch))
        progress(min(len(parts) * params.batch, count), count, "")
    return concatenate(parts)
