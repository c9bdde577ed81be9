"""Made-up results, as stages `evaluate` and `transfer` leave them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.basic7 import BASIC7, EXPRESSIONS
from benchmarks.made_faces import SETTINGS, made_faces
from contracts.files import CURVES, EXAMINATION, FACES, MEAN_MAPS, SCORES, SHEET
from contracts.scores import Scores
from measures.classification import chance_level
from measures.faces import FaceScores
from measures.scores import compute_scores
from store.building import building
from store.files import atomic_write, canonical_json, write_npz

Json = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

NOTICE = "Synthetic faces of a single identity: these numbers say nothing about real people."
LABELS = np.array([0, 1, 1, 6])
FILES = ("unusable", "too_large")
UNREAD = ("unnamed", "not_read", "litter", "dead_links", "locked")
AN_ALIGNMENT: Json = {"weight": 9.0, "layers": [2]}
NO_SETS: Json = {"sets": 0, "pictures": 0, "across_splits": 0, "first": []}
NOTHING_FOUND: Json = {
    **dict.fromkeys(("same_content", "look_alike", "same_person", "contradicting_labels"), NO_SETS),
    **{key: {"pictures": 0, "first": []} for key in (*FILES, *UNREAD)},
}
AN_AUDIT: Json = {
    "counts": {
        split: dict.fromkeys(EXPRESSIONS, 0) | {"Fear": number}
        for split, number in (("train", 1200), ("val", 0), ("test", 3))
    },
    "persons": {},
    "summary": {
        **{"reader": "csv", "saw": "", "listed": {"train": 1200, "test": 3}},
        **{"published": {}, "left_out": {}, "note": ""},
    },
    "found": NOTHING_FOUND,
    "lines": [],
    "remarks": [],
    "warnings": [],
    "aus": None,
    "shares": None,
}
"""An audit.json that found nothing."""


def an_average(value: float | None) -> Json:
    """A MacroAverage in which only Happiness and Sadness have faces."""
    per_class = {name: None for name in EXPRESSIONS} | {"Happiness": value, "Sadness": value}
    return {"overall": value, "per_class": per_class, "n_valid": 3, "n": 4}


def an_agreement(cosine: float | None) -> Json:
    """An Agreement."""
    return an_average(cosine) | {"centred": an_average(0.25), "selectivity": an_average(-0.0625)}


def some_scores(dataset: str, method: str, variant: str, repeat: str = "seed0") -> Json:
    """Return scores.json with everything optional switched off."""
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[1, 1], confusion[6, 3] = 1, 2, 1
    recall = {name: None for name in EXPRESSIONS} | {"Neutral": 1.0, "Happiness": 1.0}
    baselines = {"uniform": 0.4375, "all_aus": 0.6875, "class_mean": 0.9375}
    return {
        "method": method,
        "variant": variant,
        "repeat": repeat,
        "backbone": "resnet18",
        "train": {"lr": 0.001, "alignment": None if variant.startswith("plain") else AN_ALIGNMENT},
        "trained_on": dataset,
        "dataset": dataset,
        "notice": NOTICE,
        "caveat": None,
        "split": "test",
        "checkpoint": "best",
        "geometry": "exact",
        "cam_method": "method",
        "labels": BASIC7.as_json(),
        "codebook": "published",
        "protocol": "holdout",
        "scored": 4,
        "total": 5,
        "accuracy": 0.75,
        "balanced_accuracy": 0.5,
        "macro_f1": 0.4375,
        "recall": recall | {"Sadness": 0.0},
        "confusion": confusion.tolist(),
        "n": 4,
        "calibration": {"ece": 0.1875, "bins": some_bins()},
        "chance_level": {
            "uniform": 1 / 7,
            "majority": {"expression": "Happiness", "share": 0.5},
            "train_majority": {"expression": "Neutral", "share": 0.75, "accuracy": 0.25},
        },
        "att_cos": {"1": an_agreement(0.375), "2": an_agreement(0.625)},
        "cam_cos": an_agreement(0.5),
        "baselines": {name: an_average(value) for name, value in baselines.items()},
        "own_units": None,
        "soft": None,
        "au_shares": {},
        "intervals": None,
        "subgroups": {},
        "faithfulness": None,
        "regions": None,
    }


def some_bins() -> list[Json]:
    """Return calibration bins, the middle one empty."""
    return [
        {"low": 0.0, "high": 0.5, "n": 1, "confidence": 0.375, "accuracy": 0.0},
        {"low": 0.5, "high": 0.5, "n": 0, "confidence": None, "accuracy": None},
        {"low": 0.5, "high": 1.0, "n": 3, "confidence": 0.875, "accuracy": 1.0},
    ]


def optional_scores() -> Json:
    """Return the keys of scores.json that can be empty, filled."""
    gain = {"value": 0.25, "interval": [0.125, 0.375], "n": 4}
    curves = {
        **{"deletion": an_average(0.25), "insertion": an_average(0.75)},
        **{"deletion_gain": gain, "insertion_gain": gain},
    }
    return {
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
            "own_att_cos": [0.5, 0.625],
            "own_att_selectivity": [0.0, 0.125],
            "own_cam_cos": None,
            "own_cam_selectivity": None,
            "soft_cross_entropy": [0.75, 1.0],
            "soft_annotator": [0.5, 0.625],
        },
        "own_units": some_own_units(),
        "valence_arousal": some_valence_arousal(),
        "soft": some_soft_scores(),
        "subgroups": {
            "gender": [
                {"value": "female", "n": 3, "accuracy": 1.0, "n_valid": 2, "att_cos": 0.625},
                {"value": "male", "n": 1, "accuracy": None, "n_valid": 1, "att_cos": None},
            ]
        },
        "faithfulness": {
            **{"steps": 8, "faces": 4},
            **{"cam": curves, "attention": curves, "random": curves},
        },
        "regions": some_regions(),
    }


def some_valence_arousal() -> Json:
    """Return how well valence and arousal are predicted."""
    ends = {"ccc": [0.5, 0.75], "pearson": [0.5, 0.875], "rmse": [0.125, 0.25]}
    constant = {"ccc": 0.0, "pearson": None, "rmse": 0.5, "sign_agreement": 0.25}
    one = {
        **{"ccc": 0.625, "pearson": 0.75, "rmse": 0.1875, "sign_agreement": 0.875},
        **{"constant": constant, "constant_value": 0.125},
        "intervals": {**ends, "sign_agreement": [0.75, 1.0]},
    }
    return {
        **{"n": 3, "scored": 4, "ccc": 0.5625, "ccc_interval": [0.5, 0.625]},
        **{"unit": "person", "units": 3, "resamples": 1000},
        **{"valence": one, "arousal": one | {"ccc": 0.5}},
    }


def some_own_units() -> Json:
    """Return how maps agree with the action units coded on each face."""
    agreement = {**an_average(0.5625), "selectivity": an_average(0.0625)}
    baselines = {"uniform": 0.4375, "all_aus": 0.6875, "stencil": 0.875}
    return {
        "coded": 3,
        "n": 4,
        "att_cos": {"1": agreement, "2": agreement},
        "cam_cos": {**an_average(0.5), "selectivity": an_average(0.0)},
        "baselines": {name: an_average(value) for name, value in baselines.items()},
        "stencil_selectivity": an_average(0.0),
        "limit": an_average(0.25),
    }


def some_soft_scores() -> Json:
    """Return scores against several people's labels."""
    return {
        **{"known": 3, "n": 4, "outside": 0.125, "tied": 1},
        **{"cross_entropy": 0.875, "floor": 0.5, "constant": 1.5},
        **{"accuracy": 0.75, "majority": 0.75},
        **{"annotator": 0.5625, "ceiling": 0.75, "constant_annotator": 0.25},
    }


def some_regions() -> Json:
    """Return what hiding two regions did."""
    own, other = (
        {"drop": drop, "elsewhere": 0.125, "error": 0.0625, "n": 2, "own": own}
        for drop, own in ((0.5, True), (0.125, False))
    )
    nobody = dict.fromkeys(EXPRESSIONS, None)
    estimate = {"value": 0.375, "interval": [0.25, 0.5], "n": 3}
    return {
        "fill": "blur",
        "faces": 4,
        "regions": [
            {
                **{"units": [12, 15], "name": "lip corner puller", "area": 0.0625},
                "cells": nobody | {"Happiness": own, "Sadness": own, "Neutral": other},
            },
            {
                **{"units": [4], "name": "brow lowerer", "area": 0.125},
                "cells": nobody | {"Happiness": other, "Sadness": own},
            },
        ],
        **dict.fromkeys(("own", "others", "selectivity", "ranking"), estimate),
    }


def an_examination() -> Json:
    """Return examination.json of a function: a suspicion, two maps, two degradations."""
    estimate = {"value": 0.375, "interval": [0.25, 0.5], "n": 3}
    points = [
        {
            **{"amount": amount, "accuracy": accuracy, "balanced_accuracy": 0.5, "n": 4},
            **{"accuracy_error": 0.125, "att_cos": None, "cam_cos": 0.25},
        }
        for amount, accuracy in ((1.0, 0.5), (2.0, 0.25))
    ]
    whole = {**points[0], "amount": None, "accuracy": 0.75}
    exact = {"method": "occlusion", "faces": 4, "passes": 50, "uniform": 0.4375} | dict.fromkeys(
        ("cosine_error", "selectivity_error", "map_error"), None
    )
    drawn = {**exact, "method": "rise", "passes": 400, "cosine_error": 0.0625, "map_error": 0.5}
    return {
        **{"model": "mine:smiles", "kind": "function", "card": None, "unscored_share": 0.125},
        "never_answered": ["Fear"],
        "suspicions": [
            {"what": "with red and blue exchanged", "accuracy": 0.5, "accuracy_then": 0.75}
            | {"standard_errors": 3.5, "faces": 4}
        ],
        **{"passes": 12000, "ms_per_pass": 2.5},
        "maps": [one | {"cosine": estimate, "selectivity": estimate} for one in (exact, drawn)],
        "robustness": {
            "whole": whole,
            "curves": [
                {"name": "blur", "unit": "%", "points": points},
                {"name": "jpeg", "unit": "quality", "points": points[:1]},
            ],
        },
    }


def some_maps() -> Arrays:
    """Return maps.npz."""
    maps = np.random.default_rng(0).random((3, 7, 8, 8), np.float32)
    maps = maps.repeat(8, axis=2).repeat(8, axis=3)
    counts = np.bincount(LABELS, minlength=7)
    return {
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "attention_count": counts,
        "cam_count": counts,
        "au_count": counts * (np.arange(7) > 0),
    }


def a_sheet() -> Arrays:
    """Return sheet.npz: four faces; the last one is misclassified as Fear."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (4, 16, 16, 3), np.uint8)
    maps = generator.integers(0, 256, (3, 4, 8, 8), np.uint8)
    maps = maps.repeat(8, axis=2).repeat(8, axis=3)
    return {
        "image": images,
        **dict(zip(("attention", "cam", "au"), maps, strict=True)),
        "defined": LABELS > 0,
        "label": LABELS,
        "probabilities": np.eye(7, dtype=np.float32)[[0, 1, 1, 3]],
        "first": np.ones(4, bool),
    }


def some_curves(last: float) -> Json:
    """Return curves.json: three epochs that end at an accuracy."""
    values = {"train/cross_entropy": [2.0, 1.5, 1.25], "val/accuracy": [last / 2, last, last]}
    curves = {name: {"epochs": [0, 1, 2], "values": one} for name, one in values.items()}
    return {"metrics": curves}


def put(
    results: Path,
    path: str = "demo/cam/plain",
    sheet: Arrays | None = None,
    faces: FaceScores | None = None,
    examination: Json | None = None,
    **changes: object,
) -> Path:
    """Write one finished result, as stage `evaluate` does.

    Args:
        results: folder of all results.
        path: <dataset>/<method>/<variant>, or <dataset>/<method>/<variant>/<repeat>; a variant
            whose name starts with plain is not aligned.
        sheet: changes of the sheet.
        faces: that the scores follow from; None for four faces, and scores of their own.
        examination: of command examine; None for a result of evaluate.
        changes: of scores.json.
    """
    dataset, method, variant, repeat = (*Path(path).parts, "seed0")[:4]
    out = results / dataset / method / variant / repeat
    keys = ("calibration_bins", "subgroup_min", "bootstrap", "seed")
    params: Json = {name: getattr(SETTINGS, name) for name in keys}
    params["hiding"] = {"steps": SETTINGS.steps, "fill": SETTINGS.fill}
    fingerprint = {
        **{"stage": "evaluate", "run": f"{variant}/{repeat}", "faces": "f" * 64, "landmarks": "a"},
        **{"torch": "2.11", "params": params},
    }
    scores = some_scores(dataset, method, variant, repeat)
    scores |= (_scores_of(faces) if faces else {}) | changes
    measured = faces or made_faces(LABELS, [0, 1, 1, 3])
    with building(out, fingerprint, {"dataset": dataset, "notice": NOTICE}) as folder:
        atomic_write(folder / SCORES, canonical_json(scores))
        atomic_write(folder / CURVES, canonical_json(some_curves(scores["accuracy"])))
        write_npz(folder / FACES, measured.as_arrays())
        write_npz(folder / MEAN_MAPS, some_maps())
        write_npz(folder / SHEET, a_sheet() | (sheet or {}))
        if examination:
            atomic_write(folder / EXAMINATION, canonical_json(examination))
    return out


def _scores_of(faces: FaceScores) -> Json:
    """Return what follows from faces, as JSON."""
    count = len(faces.labels_N)
    found = {
        **compute_scores(faces, SETTINGS),
        "chance_level": chance_level(faces.labels_N, faces.labels_N, faces.classes),
        "scored": count,
        "total": count,
    }
    kept = Scores.model_construct(**found).model_dump(mode="json", warnings=False)
    return {name: kept[name] for name in found}
