"""Stage `heatmap`: the maps of one kind, drawn once for all experiments."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from anatomy.au_coding import AUCoding, uncoded
from anatomy.heatmaps import drawing
from anatomy.landmarks import POINTS, rescale_points
from errors import NoInputError, UsageError
from pipeline.array_attributes import VALID, heatmap_attributes
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.sharded_build import build
from pipeline.params import HeatmapParams
from store.build_plans import Blocks, BuildPlan, Notes
from store.layout import ArraySpec, Layout, shard_rows
from store.reading import (
    AU_INTENSITY,
    LABEL_SHARES,
    Store,
    read_intensities,
    read_points,
    read_shares,
)
from store.tables import Row

VERSION = 3
_LARGE_SHARD = 4096
NEEDS = {
    "own_au": (
        AU_INTENSITY,
        "no action units of its faces, which kind own_au draws. Give the dataset a column aus, or "
        "a table: options: {aus: TABLE} in its section of index.",
    ),
    "soft_au": (
        LABEL_SHARES,
        "no shares of the classes, which kind soft_au mixes: leave it out of matrix.kinds and draw "
        "au. Reader ferplus brings shares, and reader csv with options: {shares: columns} or "
        "{shares: rows}.",
    ),
}
"""Kind -> the array without which it says nothing of its own, and what to do."""


def heatmap(
    landmarks: Path,
    out: Path,
    kind: str,
    params: HeatmapParams,
    cluster: ClusterConfig,
    rebuild: bool = False,
) -> bool:
    """Draw one kind of map for every sample.

    Args:
        landmarks: store of stage landmark.
        out: store with map (uint8, 255 = 1) and valid.
        kind: row of HEATMAPS.
        params: sizes, and the options of each kind.
        cluster: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.

    Raises:
        UsageError: if there is no such kind, or it has no such option; or if it draws what the
            dataset does not bring, see NEEDS.
        NoInputError: if `landmarks` is the store of another stage.
    """
    source = Store(landmarks)
    if source.metadata.get("size_px") is None:
        raise NoInputError(landmarks, "is no store of landmarks. Name the output of `landmark`.")
    needed, remedy = NEEDS.get(kind, ("", ""))
    if needed and needed not in source.layout.arrays:
        raise UsageError(landmarks, f"has {remedy}")
    labels = source.labels
    draw = drawing(kind, labels, params.options_of(kind), uncoded(1))
    one, _ = draw(np.zeros((1, POINTS, 2)), [0], params.size_px, canvas_px=params.canvas_px)
    table = source.table(("id", "expression", "split", "status"))
    arrays = {
        "map": ArraySpec(
            one.shape[1:], "uint8", heatmap_attributes(kind, labels.names if one.ndim == 4 else ())
        ),
        "valid": ArraySpec(one.shape[1:-2], "uint8", VALID),
    }
    layout = Layout(len(table), shard_rows(len(table), _LARGE_SHARD), arrays)
    options = params.options_of(kind)
    used = {"size_px": params.size_px, "canvas_px": params.canvas_px, **options}
    fingerprint = {
        "stage": "heatmap",
        "version": VERSION,
        "kind": kind,
        "params": used,
        "landmarks": source.digest,
    }
    about = {**source.metadata, "kind": kind, "canvas_px": params.canvas_px, "options": options}
    plan = BuildPlan(
        out, fingerprint, about, layout, table, max_bad=1.0
    )  # what failed, failed before
    return build(plan, partial(heatmap_rows, landmarks.resolve(), kind, params), cluster, rebuild)


def heatmap_rows(
    landmarks: Path, kind: str, params: HeatmapParams, span: range, rows: list[Row]
) -> tuple[Blocks, Notes]:
    """Draw the maps of one shard: the work of one task."""
    cv2.setNumThreads(1)
    source, rows_N = Store(landmarks), np.arange(span.start, span.stop)
    points_N682, source_px = read_points(source, rows_N), source.metadata["size_px"]
    coding = AUCoding(*read_intensities(source, rows_N))
    classes_N = source.labels.ids([row["expression"] for row in rows])
    on_canvas = rescale_points(points_N682, source_px, params.canvas_px)
    shares_NK = read_shares(source, rows_N)
    draw = drawing(kind, source.labels, params.options_of(kind), coding, shares_NK)
    maps, valid = draw(on_canvas, classes_N, params.size_px, canvas_px=params.canvas_px)
    return (
        {"map": np.rint(maps * 255).astype(np.uint8), "valid": valid.astype(np.uint8)},
        {"status": [row["status"] for row in rows]},
    )
