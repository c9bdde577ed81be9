"""Grids of maps: mean maps per expression, faces with their maps, misclassified faces."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from report.figures.grids import Cell, Grid, GridRow
from report.figures.overlays import colorize_map, overlay_map
from report.reading.studies import Arrays, Result, Study
from store.files import digest

NO_MAP = "no map"
_MAPS = {"attention": "attention", "cam": "CAM"}


def mean_grids(studies: Sequence[Study]) -> list[Grid]:
    """Return the mean maps of methods on one dataset, one column per expression.

    Returns:
        For one method one grid of AU map, attention and CAM; for several methods one grid of
        their attention and one of their CAMs.
    """
    expected = GridRow("AU map", (), _means(studies[0].shown[0], "au"))
    lines = [
        [
            GridRow(f"{title} {run.variant}", _method_note(one, studies), _means(run, name))
            for one in studies
            for run in one.shown
        ]
        for name, title in _MAPS.items()
    ]
    parts = lines if len(studies) > 1 else [[line for part in lines for line in part]]
    names = studies[0].scores.labels.names
    return [Grid(names, (expected, *part)) for part in parts]


def _method_note(study: Study, studies: Sequence[Study]) -> tuple[tuple[str, bool], ...]:
    return ((study.method, False),) if len(studies) > 1 else ()


def mean_counts(study: Study) -> list[tuple[str, int, int]]:
    """Return (expression, faces behind its mean attention and CAM, behind its mean AU map)."""
    maps = study.shown[0].maps
    return [
        (name, int(maps["cam_count"][index]), int(maps["au_count"][index]))
        for index, name in enumerate(study.scores.labels.names)
    ]


def _means(run: Result, name: str) -> tuple[Cell, ...]:
    counts = run.maps[f"{name}_count"]
    return tuple(
        colorize_map(one) if count else NO_MAP
        for one, count in zip(run.maps[name], counts, strict=True)
    )


def sheet_grids(study: Study, most: int) -> list[Grid]:
    """Return the first faces with their maps: one grid for all runs that hold the same faces.

    Args:
        study: runs of one method on one dataset.
        most: at most this many faces, spread over the classes.
    """
    same: dict[str, list[tuple[Result, Arrays]]] = {}
    for run in study.shown:
        first = run.sheet["first"]
        sheet = _select_faces(run.sheet, first)
        faces = sheet["image"].tobytes() + sheet["label"].tobytes()
        same.setdefault(digest(faces), []).append((run, sheet))
    grids = (_face_grid(shown, most) for shown in same.values())
    return [grid for grid in grids if grid.rows]


def mistake_grids(study: Study, most: int) -> list[tuple[Result, Grid]]:
    """Return the misclassified faces: one grid per run; none for a run without mistakes."""
    grids = []
    for run in study.shown:
        wrong = run.sheet["probabilities"].argmax(axis=1) != run.sheet["label"]
        grids.append((run, _face_grid([(run, _select_faces(run.sheet, wrong))], most)))
    return [(run, grid) for run, grid in grids if grid.rows]


def _select_faces(sheet: Arrays, faces_F: NDArray[np.bool_]) -> Arrays:
    return {name: one[faces_F] for name, one in sheet.items()}


def _face_grid(shown: Sequence[tuple[Result, Arrays]], most: int) -> Grid:
    columns = [f"{title} {run.variant}" for title in _MAPS.values() for run, _ in shown]
    faces = choose_balanced(shown[0][1]["label"], most)
    return Grid(("face", "AU map", *columns), tuple(_face_row(shown, face) for face in faces))


def _face_row(shown: Sequence[tuple[Result, Arrays]], face: int) -> GridRow:
    sheet = shown[0][1]
    image, label = sheet["image"][face], int(sheet["label"][face])
    au: Cell = overlay_map(image, sheet["au"][face] / 255) if sheet["defined"][face] else NO_MAP
    maps = [overlay_map(image, one[name][face] / 255) for name in _MAPS for _, one in shown]
    notes = tuple(_prediction(run, one, face) for run, one in shown)
    return GridRow(shown[0][0].scores.labels.names[label], notes, (image, au, *maps))


def _prediction(run: Result, sheet: Arrays, face: int) -> tuple[str, bool]:
    probabilities = sheet["probabilities"][face]
    predicted = int(probabilities.argmax())
    wrong = predicted != int(sheet["label"][face])
    verdict = " ✗ wrong" if wrong else ""
    name, probability = run.scores.labels.names[predicted], probabilities[predicted]
    return f"{run.variant}: {name} {probability:.2f}{verdict}", wrong


def choose_balanced(labels_F: NDArray[Any], most: int) -> list[int]:
    """Choose at most `most` indices so that classes take turns; in ascending order."""
    turn = [int((labels_F[:face] == labels_F[face]).sum()) for face in range(len(labels_F))]
    return sorted(sorted(range(len(labels_F)), key=lambda face: turn[face])[:most])
