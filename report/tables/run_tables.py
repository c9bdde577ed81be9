"""All runs: one row per run, one row per run and layer, and one flat record per run for the CSV."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from contracts.scores import BASELINES, Agreement, Interval
from report.reading.studies import Result, Study, dataset_name
from report.tables.table import (
    ABSENT,
    Column,
    Table,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

MEASURES: dict[str, Callable[[Agreement], float | None]] = {
    "cosine": lambda agreement: agreement.overall,
    "centred": lambda agreement: agreement.centred.overall,
    "selectivity": lambda agreement: agreement.selectivity.overall,
}
"""Printed name -> the mean over expressions; None where no face counts."""


_ENDS = ("low", "high")


def run_record(run: Result) -> dict[str, Any]:
    """Return a run's numbers as one flat row, in the order of the columns of scores.csv."""
    scores, agreements = run.scores, {"att": run.scores.attention, "cam": run.scores.cam_cos}
    train_majority = scores.chance_level.train_majority
    words = ("method", "variant", "seed", "backbone", "split", "checkpoint", "geometry")
    known = ("accuracy", "balanced_accuracy", "macro_f1")
    return {
        "dataset": scores.dataset,
        "trained_on": scores.trained_on,
        **{key: getattr(scores, key) for key in (*words, "protocol", *known)},
        "ece": scores.calibration.ece,
        "majority": scores.chance_level.majority.share,
        "train_majority": train_majority.accuracy if train_majority else None,
        "att_layer": scores.layers[-1],
        **{
            f"{name}_{measure}": mean(agreement)
            for name, agreement in agreements.items()
            for measure, mean in MEASURES.items()
        },
        **{f"cam_{name}_cosine": one.overall for name, one in scores.other_cams.items()},
        **{f"baseline_{name}": average.overall for name, average in scores.baselines},
        "n_valid": scores.cam_cos.n_valid,
        "n": scores.n,
        "scored": scores.scored,
        "total": scores.total,
        **{
            f"{score}_{end}": value
            for score in ("accuracy", "balanced_accuracy", "att_cos", "cam_cos")
            for end, value in zip(_ENDS, _interval(run, score) or (None, None), strict=True)
        },
        **{f"att_cosine_layer_{layer}": scores.att_cos[layer].overall for layer in scores.layers},
    }


def all_runs(studies: Iterable[Study]) -> list[Result]:
    """Return all runs."""
    return [run for one in studies for run in one.repeats]


def _interval(run: Result, score: str) -> Interval:
    """Return the bootstrap interval of a score; None where there is none."""
    found = run.scores.intervals
    low_high: Interval = getattr(found, score) if found else None
    return low_high


def main_table(studies: Iterable[Study]) -> Table:
    """One row per run: accuracy, agreement, baselines, coverage."""
    runs = all_runs(studies)
    rows = [run_record(run) for run in runs]

    def column(group: str, head: str, key: str, optional: bool = False) -> Column:
        printed = format_signed if head in ("centred", "selectivity") else format_number
        return Column(group, head, tuple(printed(row[key]) for row in rows), optional)

    def interval(group: str, score: str) -> Column:
        return Column(
            group, "95 %", tuple(format_interval(_interval(run, score)) for run in runs), True
        )

    def agreement(group: str, name: str) -> list[Column]:
        measured = [column(group, measure, f"{name}_{measure}") for measure in MEASURES]
        return [measured[0], interval(group, f"{name}_cos"), *measured[1:]]

    return make_table(
        "all_runs",
        [
            Column("", "dataset", tuple(dataset_name(run.scores) for run in runs)),
            Column("", "method", tuple(str(row["method"]) for row in rows)),
            Column("", "run", tuple(run.name for run in runs)),
            column("accuracy", "overall", "accuracy"),
            interval("accuracy", "accuracy"),
            column("accuracy", "balanced", "balanced_accuracy"),
            column("accuracy", "macro F1", "macro_f1"),
            column("accuracy", "majority", "majority"),
            column("accuracy", "train majority", "train_majority", True),
            column("", "ECE", "ece"),
            *agreement("ATT-COS, deepest layer", "att"),
            *agreement("CAM-COS", "cam"),
            *(column("baselines", head, f"baseline_{name}") for name, head in BASELINES.items()),
            Column("faces", "with AU map", tuple(f"{row['n_valid']}/{row['n']}" for row in rows)),
            Column("faces", "scored", tuple(f"{row['scored']}/{row['total']}" for row in rows)),
            Column("", "protocol", tuple(str(row["protocol"]) for row in rows)),
        ],
        text_columns=3,
    )


def layer_table(studies: Sequence[Study]) -> Table:
    """Agreement of every layer's attention: one row per run and measure, shallow to deep."""
    lines = [(run, measure) for run in all_runs(studies) for measure in MEASURES]
    depth = max(len(run.scores.layers) for run, _ in lines)

    def cell(run: Result, measure: str, layer: int) -> str:
        layers = run.scores.layers
        if layer >= len(layers):
            return ABSENT
        printed = format_number if measure == "cosine" else format_signed
        return printed(MEASURES[measure](run.scores.att_cos[layers[layer]]))

    words = {
        "dataset": [dataset_name(run.scores) for run, _ in lines],
        "method": [run.scores.method for run, _ in lines],
        "run": [run.name for run, _ in lines],
        "measure": [measure for _, measure in lines],
    }
    return make_table(
        "layers",
        [Column("", head, tuple(cells)) for head, cells in words.items()]
        + [
            Column("layer, shallow to deep", str(n + 1), tuple(cell(*line, n) for line in lines))
            for n in range(depth)
        ],
        text_columns=4,
    )
