"""Finds which column of a csv dataset's table holds what, and reports the columns not used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from contracts.files import OWN_COLUMNS, VALENCE_AROUSAL_COLUMNS
from errors import printable

FILE = ("file", "image", "path")
LABEL = ("expression", "label", "emotion")
_NEAR = {
    "file": (
        *("pth", "filename", "file_name", "filepath", "file_path", "image_path", "image_name"),
        *("img", "img_path", "picture", "pic", "photo", "name"),
    ),
    "expression": ("class", "category", "target", "expr", "emotion_label", "emotions", "labels"),
    "split": ("set", "usage", "subset", "partition", "phase", "fold", "splits"),
    "person": (
        *("subject", "subject_id", "subjectid", "person_id", "personid", "identity", "actor"),
        *("user", "user_id", "user.id", "participant", "participant_id", "subj", "speaker"),
    ),
    "box": ("bbox", "bounding_box", "face_box", "rect"),
    "landmarks": ("facial_landmarks", "points", "lnd"),
    "aus": ("au", "action_units", "actionunits", "facs", "facs_codes"),
}
"""Field -> names that tables give it and that AULens does not take without being told."""

_SINGLE = ("split", "person", "landmarks", "aus", "annotator", *VALENCE_AROUSAL_COLUMNS)
"""Fields in one column, perhaps not there."""

_SIZES = (
    *(("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height")),
    *(("face_x", "face_y", "face_width", "face_height"), ("bbox_x", "bbox_y", "bbox_w", "bbox_h")),
)
_CORNERS = (
    *(("x0", "y0", "x1", "y1"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom")),
    ("xmin", "ymin", "xmax", "ymax"),
)


class ColumnOptions(BaseModel, frozen=True, extra="forbid"):
    """Which column holds what, where AULens has another name for it; box: one, or x, y, w, h.

    annotator: who gave a row's label; empty: no column says so.
    """

    file: str = ""
    expression: str = ""
    split: str = "split"
    person: str = "person"
    box: str | tuple[str, str, str, str] = "box"
    landmarks: str = "landmarks"
    aus: str = "aus"
    valence: str = "valence"
    arousal: str = "arousal"
    annotator: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table holds what; names in lower case.

    Attributes:
        file: names of the picture's column; one of them is there.
        expression: names of the label's; empty if it comes from the paths.
        split: name, perhaps not there; person, landmarks, aus, valence and arousal alike.
        person: name.
        landmarks: name.
        aus: name.
        valence: name.
        arousal: name.
        annotator: name; empty if there is none.
        box: one name of a column with four numbers, or four names.
        corners: whether the four are two corners, and not a corner and a size.
        kept: column -> the attribute's name.
        shares: column -> id of the class whose share it has; None for what is no class.
    """

    file: tuple[str, ...]
    expression: tuple[str, ...]
    split: str
    person: str
    landmarks: str
    aus: str
    valence: str
    arousal: str
    annotator: str
    box: tuple[str, ...]
    corners: bool
    kept: dict[str, str]
    shares: dict[str, int | None] = field(default_factory=dict)


def find_columns(header: Sequence[str], chosen: ColumnOptions, with_label: bool) -> Columns:
    """Say what each column of a table is.

    Args:
        header: names in lower case.
        chosen: option `columns`.
        with_label: whether a column has the label, and not the path.
    """
    file: tuple[str, ...] = (chosen.file.lower(),) if chosen.file else FILE
    label: tuple[str, ...] = (chosen.expression.lower(),) if chosen.expression else LABEL
    label = label if with_label else ()
    box, corners = _box(header, chosen)
    single = {field: getattr(chosen, field).lower() for field in _SINGLE}
    used = {first_of(header, file), first_of(header, label), *filter(None, single.values()), *box}
    return Columns(file, label, **single, box=box, corners=corners, kept=_kept(header, used))


def first_of(header: Sequence[str], names: Sequence[str]) -> str:
    """Return the first of several names that is a column; empty if none is."""
    return next((name for name in names if name in header), "")


def _box(header: Sequence[str], chosen: ColumnOptions) -> tuple[tuple[str, ...], bool]:
    if not isinstance(chosen.box, str):
        return tuple(name.lower() for name in chosen.box), False
    if chosen.box.lower() in header:
        return (chosen.box.lower(),), False
    for corners, sets in ((False, _SIZES), (True, _CORNERS)):
        for names in sets:
            if {*names} <= {*header}:
                return names, corners
    return (chosen.box.lower(),), False


def _kept(header: Sequence[str], used: set[str]) -> dict[str, str]:
    """Name the attributes; a column without a name is named by its place."""
    own = OWN_COLUMNS | {*VALENCE_AROUSAL_COLUMNS}
    taken, kept = {*header} | own, {}
    for place, name in enumerate(header, start=1):
        if name in used:
            continue
        attribute = name or f"column_{place}"
        while attribute in own or (attribute != name and attribute in taken):
            attribute = f"dataset_{attribute}"
        kept[name] = attribute
        taken.add(attribute)
    return kept


def columns_missing(header: Sequence[str], chosen: ColumnOptions) -> list[str]:
    """Return the columns that option `columns` names and that are not there."""
    names = [
        name.lower() for field in chosen.model_fields_set for name in _names(getattr(chosen, field))
    ]
    return sorted(name for name in names if name not in header)


def _names(value: Any) -> Sequence[str]:  # noqa: ANN401 - a field of ColumnOptions
    return (value,) if isinstance(value, str) else value


def near_names(header: Sequence[str], columns: Columns) -> str:
    """Return what to set for columns that may be what AULens looks for; nothing if none may be."""
    there = {
        "file": first_of(header, columns.file),
        "expression": first_of(header, columns.expression) or not columns.expression,
        "split": columns.split in header,
        "person": columns.person in header,
        "box": {*columns.box} <= {*header},
        "landmarks": columns.landmarks in header,
        "aus": columns.aus in header,
    }
    near = {
        field: printable(name)
        for field, names in _NEAR.items()
        if not there[field] and (name := first_of(header, names))
    }
    meanings = ", ".join(f"'{name}' may be the {field}" for field, name in near.items())
    option = ", ".join(f"{field}: {name}" for field, name in near.items())
    return f"column {meanings}; if so, set options: columns: {{{option}}}" if near else ""


def column_remarks(header: Sequence[str], columns: Columns) -> list[str]:
    """Return the sentences that tell the user about a table's columns."""
    remarks = []
    if len(columns.box) > 1 and {*columns.box} <= {*header}:
        meaning = "two corners" if columns.corners else "x, y, width, height"
        remarks.append(f"box from the columns {', '.join(columns.box)}, read as {meaning}")
    if columns.kept:
        shown = [
            printable(own if own == name else f"{name or 'without a name'} as {own}")
            for name, own in columns.kept.items()
        ]
        remarks.append(f"columns kept as attributes, not otherwise used: {', '.join(shown)}")
    return [*remarks, *filter(None, [near_names(header, columns)])]
