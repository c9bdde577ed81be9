"""Made-up results, as stages `evaluate` and `transfer` leave them, for the tests of the report."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.expressions import EXPRESSIONS
from store.building import building
from store.files import atomic_write, canonical_json, write_npz

Json = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

NOTICE = "Synthetic faces of a single identity: these numbers say nothing about real people."
LABELS = np.array([0, 1, 1, 6])


def a_summary(value: float) -> Json:
    """As train.evaluation.agreement.summary: only Happiness and Sadness have faces."""
    per_class = {name: None for name in EXPRESSIONS} | {"Happiness": value, "Sadness": value}
    return {"overall": value, "per_class": per_class, "n_valid": 3, "n": 4}


def an_agreement(cosine: float) -> Json:
    return a_summary(cosine) | {"centred": a_summary(0.25), "selectivity": a_summary(-0.0625)}


def some_scores(dataset: str, method: str, supervision: str) -> Json:
    """The keys that every result has had from the start."""
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[1, 1], confusion[6, 3] = 1, 2, 1
    recall = {name: None for name in EXPRESSIONS} | {"Neutral": 1.0, "Happiness": 1.0}
    return {
        "method": method,
        "supervision": supervision,
        "backbone": "resnet18",
        "seed": 0,
        "train": {"lr": 0.001, "seed": 0, "alignment": {"weight": 9.0, "layers": [2]}},
        "trained_on": dataset,
        "dataset": dataset,
        "notice": NOTICE,
        "split": "test",
        "checkpoint": "best",
        "geometry": "exact",
        "protocol": "holdout",
        "usable": 4,
        "asked": 5,
        "accuracy": 0.75,
        "balanced_accuracy": 0.5,
        "recall": recall | {"Sadness": 0.0},
        "confusion": confusion.tolist(),
        "n": 4,
        "att_cos": {"1": an_agreement(0.375), "2": an_agreement(0.625)},
        "cam_cos": an_agreement(0.5),
        "floors": {"uniform": a_summary(0.4375), "class_mean": a_summary(0.9375)},
    }


def later_scores() -> Json:
    """The keys that came later: none is needed."""
    low, high = (
        {"low": 0.0, "high": 0.5, "n": 1, "confidence": 0.375, "accuracy": 0.0},
        {"low": 0.5, "high": 1.0, "n": 3, "confidence": 0.875, "accuracy": 1.0},
    )
    empty = {"low": 0.5, "high": 0.5, "n": 0, "confidence": None, "accuracy": None}
    floors = {"uniform": 0.4375, "generic_au": 0.6875, "class_mean": 0.9375}
    ways = {"deletion": a_summary(0.25), "insertion": a_summary(0.75)}
    return {
        "macro_f1": 0.4375,
        "calibration": {"ece": 0.1875, "bins": [low, empty, high]},
        "chance": {
            "uniform": 1 / 7,
            "majority": {"expression": "Happiness", "share": 0.5},
            "train_majority": {"expression": "Neutral", "share": 0.75, "accuracy": 0.25},
        },
        "floors": {name: a_summary(value) for name, value in floors.items()},
        "au_shares": {
            "12": {"name": "lip corner puller", "share": 0.25, "area": 0.125, "ratio": 2.0, "n": 2},
            "4": {"name": "brow lowerer", "share": 0.0625, "area": 0.125, "ratio": 0.5, "n": 1},
        },
        "intervals": {
            "unit": "person",
            "units": 4,
            "resamples": 1000,
            "level": 0.95,
            "accuracy": [0.5, 1.0],
            "balanced_accuracy": [0.25, 0.75],
            "att_cos": [0.5625, 0.6875],
            "att_selectivity": [-0.125, 0.0],
            "cam_cos": [0.4375, 0.5625],
            "cam_selectivity": [-0.125, 0.0],
        },
        "subgroups": {
            "gender": [
                {"value": "female", "n": 3, "accuracy": 1.0, "n_valid": 2, "att_cos": 0.625},
                {"value": "male", "n": 1, "accuracy": None, "n_valid": 1, "att_cos": None},
            ]
        },
        "faithfulness": {"steps": 8, "cam": ways, "attention": ways, "random": ways},
    }


def some_maps() -> Arrays:
    maps = np.random.default_rng(0).random((3, 7, 64, 64), np.float32)
    counts = np.bincount(LABELS, minlength=7)
    return {
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "attention_count": counts,
        "cam_count": counts,
        "au_count": counts * (np.arange(7) > 0),
    }


def a_sheet() -> Arrays:
    """Four faces; the last one is called Fear and was added for it."""
    generator = np.random.default_rng(1)
    maps = generator.integers(0, 256, (3, 4, 64, 64), np.uint8)
    return {
        "image": generator.integers(0, 256, (4, 16, 16, 3), np.uint8),
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "defined": LABELS > 0,
        "label": LABELS,
        "probabilities": np.eye(7, dtype=np.float32)[[0, 1, 1, 3]],
    }


def put(
    results: Path, place: str = "demo/cam/plain", sheet: Arrays | None = None, **changes: Any
) -> Path:
    """Write one finished result, as stage `evaluate` does.

    Args:
        results: folder of all results.
        place: <dataset>/<method>/<run>; the run's name starts with its supervision.
        sheet: changes of the sheet.
        changes: of scores.json.
    """
    dataset, method, run = Path(place).parts
    out = results / place
    fingerprint = {"stage": "evaluate", "run": run, "faces": "f" * 64, "landmarks": "a"}
    scores = some_scores(dataset, method, run.split("-")[0]) | changes
    with building(out, fingerprint, {"dataset": dataset, "notice": NOTICE}) as folder:
        atomic_write(folder / "scores.json", canonical_json(scores))
        for name, arrays in (("maps", some_maps()), ("sheet", a_sheet() | (sheet or {}))):
            write_npz(folder / f"{name}.npz", arrays)
    return out
