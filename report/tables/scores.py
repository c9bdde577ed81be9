"""Single values out of scores.json, for tables and sentences."""

from collections.abc import Mapping
from typing import Any

MEASURES = {"cosine": (), "centred": ("centred",), "selectivity": ("selectivity",)}
"""Printed name -> keys that lead to its summary within `cam_cos` or one layer of `att_cos`."""


def overall(agreement: Mapping[str, Any], measure: str = "cosine") -> float | None:
    """Return the mean over classes of a measure in MEASURES; None where no face counts."""
    for key in MEASURES[measure]:
        agreement = agreement[key]
    value: float | None = agreement["overall"]
    return value


def majority(scores: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the most frequent expression of the scored faces, and its share; None if not known."""
    found = (scores.get("chance") or {}).get("majority")
    return (str(found["expression"]), float(found["share"])) if found else None


def train_majority(scores: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the most frequent expression of the training faces, and what always saying it scores.

    None where the scored run does not know them, as on another dataset than its own.
    """
    found = (scores.get("chance") or {}).get("train_majority")
    return (str(found["expression"]), float(found["accuracy"])) if found else None


def baseline_score(scores: Mapping[str, Any], name: str) -> float | None:
    """Return what a baseline map scores; None if it was not measured."""
    found = scores["floors"].get(name)
    return None if found is None else overall(found)
