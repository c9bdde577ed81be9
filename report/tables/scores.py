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


def majority(scores: Mapping[str, Any]) -> tuple[str, float]:
    """Return the most frequent expression of the scored faces, and its share."""
    most = scores["chance_level"]["majority"]
    return str(most["expression"]), float(most["share"])


def train_majority(scores: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the most frequent expression of the training faces, and what always saying it scores.

    None where the scored run does not know them, as on another dataset than its own.
    """
    most = scores["chance_level"]["train_majority"]
    return (str(most["expression"]), float(most["accuracy"])) if most else None


def baseline_score(scores: Mapping[str, Any], name: str) -> float | None:
    """Return what a baseline map scores; None if no face counts."""
    return overall(scores["baselines"][name])
