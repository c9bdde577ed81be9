"""Numbers as tables: words and figures ready to print, and one flat row a run for the CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from anatomy.expressions import EXPRESSIONS
from report.results import Comparison, Result, dataset_name

ABSENT = "–"
MEASURES = {"cosine": (), "centred": ("centred",), "selectivity": ("selectivity",)}
"""Printed name -> keys that lead to its summary within `cam_cos` or one layer of `att_cos`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table to print.

    Attributes:
        groups: (words, columns spanned) of the upper head; words are empty where nothing is shared.
        head: one word a column.
        rows: cells as printed.
        texts: how many leading columns hold words; the others hold numbers.
    """

    groups: tuple[tuple[str, int], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int


def number(value: float | None) -> str:
    """Print three decimals with a true minus; an en dash for None."""
    return ABSENT if value is None else f"{value:z.3f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Print three decimals with their sign; an en dash for None."""
    return ABSENT if value is None else f"{value:+z.3f}".replace("-", "−")


def overall(agreement: Mapping[str, Any], measure: str) -> float | None:
    """Return the mean over classes of a measure in MEASURES; None where no face counts."""
    for key in MEASURES[measure]:
        agreement = agreement[key]
    value: float | None = agreement["overall"]
    return value


def record(run: Result) -> dict[str, Any]:
    """Return a run's numbers as one flat row, in the order of the columns of scores.csv."""
    scores, agreements = run.scores, {"att": run.attention, "cam": run.scores["cam_cos"]}
    words = ("method", "supervision", "backbone", "seed", "split", "checkpoint", "geometry")
    return {
        "dataset": scores["dataset"],
        "trained_on": scores["trained_on"],
        **{key: scores[key] for key in (*words, "protocol")},
        "accuracy": scores["accuracy"],
        "balanced_accuracy": scores["balanced_accuracy"],
        "att_layer": run.layers[-1],
        **{
            f"{name}_{measure}": overall(agreement, measure)
            for name, agreement in agreements.items()
            for measure in MEASURES
        },
        "floor_uniform": scores["floors"]["uniform"]["overall"],
        "floor_class_mean": scores["floors"]["class_mean"]["overall"],
        "n_valid": scores["cam_cos"]["n_valid"],
        "n": scores["n"],
        "usable": scores["usable"],
        "asked": scores["asked"],
        **{
            f"att_cosine_layer_{layer}": scores["att_cos"][layer]["overall"] for layer in run.layers
        },
    }


def main_table(comparisons: Iterable[Comparison]) -> Table:
    """One row a run: accuracy, agreement, floors, coverage."""
    triple = ("cosine", "centred", "selectivity")
    return Table(
        groups=(
            ("", 3),
            ("accuracy", 2),
            ("ATT-COS, deepest layer", 3),
            ("CAM-COS", 3),
            ("floors", 2),
            ("faces", 2),
            ("", 1),
        ),
        head=(
            *("dataset", "method", "supervision", "overall", "balanced", *triple, *triple),
            *("uniform", "class mean", "counted", "usable", "protocol"),
        ),
        rows=tuple(_main_row(run) for comparison in comparisons for run in comparison.runs),
        texts=3,
    )


def _main_row(run: Result) -> tuple[str, ...]:
    row = record(run)
    agreement = [
        printed(row[f"{name}_{measure}"])
        for name in ("att", "cam")
        for measure, printed in zip(MEASURES, (number, signed, signed), strict=True)
    ]
    return (
        *(dataset_name(run.scores), str(row["method"]), run.supervision),
        *(number(row["accuracy"]), number(row["balanced_accuracy"]), *agreement),
        *(number(row["floor_uniform"]), number(row["floor_class_mean"])),
        *(f"{row['n_valid']}/{row['n']}", f"{row['usable']}/{row['asked']}", str(row["protocol"])),
    )


def layer_table(comparisons: Sequence[Comparison]) -> Table:
    """Agreement of every layer's attention: a row a run and measure, shallow to deep."""
    runs = [run for comparison in comparisons for run in comparison.runs]
    depth = max(len(run.layers) for run in runs)
    return Table(
        groups=(("", 4), ("layer, shallow to deep", depth)),
        head=(
            *("dataset", "method", "supervision", "measure"),
            *(str(layer + 1) for layer in range(depth)),
        ),
        rows=tuple(
            (
                *(dataset_name(run.scores), str(run.scores["method"]), run.supervision, measure),
                *(
                    ABSENT if layer is None else printed(overall(layer, measure))
                    for layer, _ in zip_longest(
                        [run.scores["att_cos"][layer] for layer in run.layers], range(depth)
                    )
                ),
            )
            for run in runs
            for measure, printed in zip(MEASURES, (number, signed, signed), strict=True)
        ),
        texts=4,
    )


def class_table(comparison: Comparison) -> Table:
    """Recall, ATT-COS and CAM-COS of every expression, the runs side by side."""
    runs = comparison.runs
    values = {
        "recall": [run.scores["recall"] for run in runs],
        "ATT-COS": [run.attention["per_class"] for run in runs],
        "CAM-COS": [run.scores["cam_cos"]["per_class"] for run in runs],
    }
    floors = [
        runs[0].scores["floors"][floor]["per_class"][name]
        for name in EXPRESSIONS
        for floor in ("uniform", "class_mean")
    ]
    return Table(
        groups=(("", 2), *((name, len(runs)) for name in values), ("floors", 2)),
        head=(
            *("expression", "faces"),
            *(run.supervision for _ in values for run in runs),
            *("uniform", "class mean"),
        ),
        rows=tuple(
            (
                *(name, str(sum(runs[0].scores["confusion"][place]))),
                *(number(one[name]) for columns in values.values() for one in columns),
                *(number(floor) for floor in floors[2 * place : 2 * place + 2]),
            )
            for place, name in enumerate(EXPRESSIONS)
        ),
        texts=1,
    )


def provenance_table(comparison: Comparison) -> Table:
    """Where each run's numbers come from: digests, settings of training and of scoring."""
    described = [
        _flat({"result": run.place, "manifest sha256": run.sha256})
        | _flat({"seed": run.scores["seed"], "backbone": run.scores["backbone"]})
        | _flat({"evaluated": run.fingerprint})
        | _flat({"trained": run.scores["train"]})
        for run in comparison.runs
    ]
    keys = list(dict.fromkeys(key for one in described for key in one))
    return Table(
        groups=(),
        head=("", *(run.supervision for run in comparison.runs)),
        rows=tuple((key, *(one.get(key, ABSENT) for one in described)) for key in keys),
        texts=1 + len(comparison.runs),
    )


def _flat(value: object, key: str = "") -> dict[str, str]:
    """Flatten nested settings to 'a.b' -> printed value."""
    if isinstance(value, Mapping):
        return {
            name: printed
            for part, inner in value.items()
            for name, printed in _flat(inner, f"{key}.{part}" if key else str(part)).items()
        }
    return {key: ABSENT if value is None else str(value)}
