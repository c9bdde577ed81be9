"""Contact sheets: faces with their landmarks and maps, drawn from the stored landmarks.

Shapes: R chosen rows of a dataset, F faces of one page, L = 68 points, S side of the canvas,
V maps per face (1, or as many as classes for `per_class_au`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anatomy.action_units import PUBLISHED_CANVAS_PX
from anatomy.au_coding import AUCoding
from anatomy.codebooks import PUBLISHED, Codebook, codebook_of
from anatomy.heatmaps import HEATMAPS, drawing
from anatomy.landmarks import rescale_points
from contracts.labels import LabelSet
from errors import NoInputError, UsageError, pick
from report.figures.drawing import png
from report.views.captions import Options, caption, shown
from report.views.sheet_page import SIDE_PX, SheetFace, draw_sheet, faces_per_page
from store.files import atomic_write
from store.reading import (
    Store,
    evenly_spaced,
    read_intensities,
    read_points,
    read_shares,
)

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """Which maps of which faces to draw.

    Attributes:
        kind: row of HEATMAPS.
        expression: only faces with this label; None for all.
        count: at most this many faces.
        kind_options: options of the heatmap kind, as in params.yaml.
        canvas_px: side of the canvas on which the maps are drawn.
    """

    kind: str
    expression: str | None
    count: int
    kind_options: Options = field(default_factory=dict)
    canvas_px: int = PUBLISHED_CANVAS_PX


def write_heatmap_sheets(
    faces: Path, landmarks: Path, out: Path, options: SheetOptions
) -> tuple[int, int]:
    """Write OUT/sheet-001.png, ..., replacing those of an earlier call.

    Args:
        faces: store of stage align.
        landmarks: store of stage landmark, made from these faces.
        out: folder to write to; created if needed.
        options: which maps of which faces.

    Returns:
        Number of sheets, number of faces.

    Raises:
        UsageError: for an unknown kind or expression, or stores that do not belong together.
        NoInputError: if a store is missing, or holds no such face.
    """
    pick(HEATMAPS, options.kind, "heatmap kind")
    stores = Store(faces), Store(landmarks)
    table = _common_table(*stores)
    rows_R = choose_rows(table["expression"].to_list(), options, stores[0].labels)
    if not len(rows_R):
        raise NoInputError(faces, f"holds no face of expression {options.expression}.")
    first = next(_sheet_faces(*stores, rows_R[:1], table, options))
    size = faces_per_page(len(first.maps))
    pages = [rows_R[start : start + size] for start in range(0, len(rows_R), size)]
    out.mkdir(parents=True, exist_ok=True)
    for number, rows_F in enumerate(pages, 1):
        page_faces = list(_sheet_faces(*stores, rows_F, table, options))
        kind = ", ".join([options.kind, *(f"{k} {v}" for k, v in options.kind_options.items())])
        title = f"{stores[0].metadata['dataset']}: {kind}, {len(rows_R)} of {len(table)} faces"
        title += f", {first.expression} only" if options.expression else ""
        title += f", sheet {number} of {len(pages)}"
        notice = stores[0].metadata["notice"] or ""
        figure = draw_sheet(page_faces, title, notice, _codebook(stores[0], options))
        atomic_write(out / f"sheet-{number:03}.png", png(figure))
    drop_stale(out, len(pages))
    return len(pages), len(rows_R)


def drop_stale(out: Path, sheets: int) -> None:
    """Remove sheets with a higher number than `sheets`, left by an earlier call."""
    for file in out.glob("sheet-*.png"):
        stale = re.fullmatch(r"sheet-(\d{3,})\.png", file.name)
        if stale and int(stale[1]) > sheets:
            file.unlink()


def choose_rows(
    expressions: Sequence[str], options: SheetOptions, labels: LabelSet
) -> NDArray[np.intp]:
    """Return rows spread evenly over every expression, in the order of the expressions.

    Args:
        expressions: label of each row.
        options: how many rows, and of which expression.
        labels: of the dataset.

    Raises:
        UsageError: for an unknown expression.
    """
    only = options.expression
    wanted = labels.names if only is None else (labels.named(only),)
    rows = [row for name in wanted for row, label in enumerate(expressions) if label == name]
    return evenly_spaced(rows, options.count)


def _common_table(faces: Store, landmarks: Store) -> "pl.DataFrame":
    """Return the table of the landmarks; its rows must be those of the faces."""
    if landmarks.metadata.get("size_px") is None:
        raise NoInputError(
            landmarks.path, "is no store of landmarks. Name the output of `landmark`."
        )
    table = landmarks.table()
    if not table["id"].equals(faces.table(("id",))["id"]):
        raise UsageError(
            landmarks.path, f"was not made from {faces.path}. Name the landmarks of these faces."
        )
    return table


def _codebook(faces: Store, options: SheetOptions) -> Codebook:
    return codebook_of(faces.labels, options.kind_options.get("codebook", PUBLISHED))


def _sheet_faces(
    faces: Store,
    landmarks: Store,
    rows_F: NDArray[np.intp],
    table: "pl.DataFrame",
    options: SheetOptions,
) -> Iterator[SheetFace]:
    """Yield the faces of these rows of the table, with their maps drawn."""
    points_FL2 = rescale_points(
        read_points(landmarks, rows_F), landmarks.metadata["size_px"], SIDE_PX
    )
    rows = table[rows_F].rows(named=True)
    labels = faces.labels.ids([row["expression"] for row in rows])
    coding = AUCoding(*read_intensities(landmarks, rows_F))
    shares_FK = read_shares(landmarks, rows_F)
    draw = drawing(options.kind, faces.labels, options.kind_options, coding, shares_FK)
    maps, valid = draw(
        rescale_points(points_FL2, SIDE_PX, options.canvas_px),
        labels,
        SIDE_PX,
        canvas_px=options.canvas_px,
    )
    maps_FVSS = maps.reshape(len(rows_F), -1, SIDE_PX, SIDE_PX)
    valid_FV = valid.reshape(len(rows_F), -1)
    images = faces.array("image").take(rows_F)
    book = _codebook(faces, options)
    has_face_F = faces.array("valid").take(rows_F) == 1
    for face, (row, label) in enumerate(zip(rows, labels, strict=True)):
        own_map = label if valid_FV.shape[1] > 1 else None
        yield SheetFace(
            row["expression"],
            caption(
                row["expression"],
                row["status"],
                bool(np.isfinite(points_FL2[face]).all()),
                bool(valid_FV[face, own_map or 0]),
                shown(options.kind, row["expression"], book, options.kind_options),
            ),
            row["id"],
            own_map,
            images[face] if has_face_F[face] else None,
            points_FL2[face],
            tuple(
                one if is_defined else None
                for one, is_defined in zip(maps_FVSS[face], valid_FV[face], strict=True)
            ),
        )
