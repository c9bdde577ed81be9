"""Matrices to colour: who was taken for whom, and which layer agrees on which expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anatomy.expressions import EXPRESSIONS
from report.reading.results import Result
from report.tables.table import ABSENT, floor, number, overall


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell.

    Attributes:
        text: as printed; empty for an absence.
        weight: colour, in [0, 1].
        hover: the whole sentence.
    """

    text: str
    weight: float
    hover: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Entries with names on both sides.

    Attributes:
        title: what stands above it.
        corner: what the two sides are.
        columns: names.
        rows: (name, its entries).
    """

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Entry, ...]], ...]


def confusion_matrix(run: Result) -> Matrix:
    """Labels by predictions; the colour is the share of a row."""
    return Matrix(
        run.name,
        "label ↓ said →",
        EXPRESSIONS,
        tuple(
            (label, tuple(_confused(label, said, counts) for said in range(len(EXPRESSIONS))))
            for label, counts in zip(EXPRESSIONS, run.scores["confusion"], strict=True)
        ),
    )


def _confused(label: str, said: int, counts: list[int]) -> Entry:
    total, count = sum(counts), counts[said]
    share = count / total if total else 0.0
    return Entry(
        str(count), share, f"{count} of {total} {label} called {EXPRESSIONS[said]} ({share:.1%})"
    )


def cosine_matrix(run: Result) -> Matrix:
    """Layers, shallow to deep, and the CAM by expressions, above what trivial maps score."""
    scores = run.scores
    measured = {f"layer {layer}": scores["att_cos"][layer] for layer in run.layers}
    trivial = {
        words: scores["floors"][name]
        for name, words in _TRIVIAL.items()
        if floor(scores, name) is not None
    }
    lines = {**measured, "CAM": scores["cam_cos"], **trivial}
    return Matrix(
        run.name,
        "cosine",
        (*EXPRESSIONS, "mean"),
        tuple((name, _cosines(name, one)) for name, one in lines.items()),
    )


_TRIVIAL = {"uniform": "uniform map", "generic_au": "all AUs", "class_mean": "template"}


def _cosines(name: str, agreement: Mapping[str, Any]) -> tuple[Entry, ...]:
    values = {**{one: agreement["per_class"][one] for one in EXPRESSIONS}, "mean": None}
    values["mean"] = overall(agreement)
    return tuple(
        Entry("", 0.0, f"{name}, {column}: {ABSENT}")
        if value is None
        else Entry(
            f"{value:.2f}".replace("-", "−"), max(value, 0.0), f"{name}, {column}: {number(value)}"
        )
        for column, value in values.items()
    )
