"""Numbers as tables: words and figures ready to print, and one flat row a run for the CSV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from report.reading.results import Comparison, Result, dataset_name

ABSENT = "–"
MEASURES = {"cosine": (), "centred": ("centred",), "selectivity": ("selectivity",)}
"""Printed name -> keys that lead to its summary within `cam_cos` or one layer of `att_cos`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        group: words of the upper head, shared with its neighbours; empty for none.
        head: its own word.
        cells: as printed.
        optional: whether to leave it out where no row has a value.
    """

    group: str
    head: str
    cells: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table to print.

    Attributes:
        name: of its files; unique on a page.
        groups: (words, columns spanned) of the upper head; words are empty where nothing is shared.
        head: one word a column.
        rows: cells as printed.
        texts: how many leading columns hold words; the others hold numbers.
        marked: places of the rows that come from elsewhere.
    """

    name: str
    groups: tuple[tuple[str, int], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int
    marked: frozenset[int] = field(default_factory=frozenset)


def table_of(
    name: str, columns: Sequence[Column], texts: int, marked: frozenset[int] = frozenset()
) -> Table:
    """Put columns together, without the optional ones that hold nothing."""
    kept = [one for one in columns if not one.optional or {*one.cells} - {ABSENT}]
    spans = [(words, len(list(same))) for words, same in groupby(one.group for one in kept)]
    return Table(
        name=name,
        groups=tuple(spans) if any(words for words, _ in spans) else (),
        head=tuple(one.head for one in kept),
        rows=tuple(zip(*(one.cells for one in kept), strict=True)),
        texts=texts,
        marked=marked,
    )


def number(value: float | None) -> str:
    """Print three decimals with a true minus; an en dash for None."""
    return ABSENT if value is None else f"{value:z.3f}".replace("-", "−")


def signed(value: float | None) -> str:
    """Print three decimals with their sign; an en dash for None."""
    return ABSENT if value is None else f"{value:+z.3f}".replace("-", "−")


def between(interval: tuple[float, float] | None) -> str:
    """Print an interval as '0.712 to 0.788'; an en dash for None."""
    return ABSENT if interval is None else " to ".join(map(number, interval))


def change(values: Sequence[float | None]) -> float | None:
    """Return the last value less the first; None where there is only one, or one is not defined."""
    first, last = values[0], values[-1]
    return None if len(values) < 2 or first is None or last is None else last - first


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


def floor(scores: Mapping[str, Any], name: str) -> float | None:
    """Return what a trivial map scores; None where it was not measured."""
    found = scores["floors"].get(name)
    return None if found is None else overall(found)


def record(run: Result) -> dict[str, Any]:
    """Return a run's numbers as one flat row, in the order of the columns of scores.csv."""
    scores, agreements = run.scores, {"att": run.attention, "cam": run.scores["cam_cos"]}
    words = ("method", "supervision", "backbone", "seed", "split", "checkpoint", "geometry")
    known = ("accuracy", "balanced_accuracy", "macro_f1")
    return {
        "dataset": scores["dataset"],
        "trained_on": scores["trained_on"],
        "run": run.name,
        **{key: scores[key] for key in (*words, "protocol")},
        **{key: scores[key] for key in known if key in scores},
        "ece": (scores.get("calibration") or {}).get("ece"),
        "majority": (majority(scores) or (None, None))[1],
        "train_majority": (train_majority(scores) or (None, None))[1],
        "att_layer": run.layers[-1],
        **{
            f"{name}_{measure}": overall(agreement, measure)
            for name, agreement in agreements.items()
            for measure in MEASURES
        },
        "floor_uniform": floor(scores, "uniform"),
        "floor_generic_au": floor(scores, "generic_au"),
        "template_class_mean": floor(scores, "class_mean"),
        "n_valid": scores["cam_cos"]["n_valid"],
        "n": scores["n"],
        "usable": scores["usable"],
        "asked": scores["asked"],
        **{
            f"{score}_{end}": value
            for score in ("accuracy", "balanced_accuracy", "att_cos", "cam_cos")
            for end, value in zip(("low", "high"), run.interval(score) or (None, None), strict=True)
        },
        **{f"att_cosine_layer_{layer}": overall(scores["att_cos"][layer]) for layer in run.layers},
    }


def every_run(comparisons: Iterable[Comparison]) -> list[Result]:
    """Return all runs, those of a comparison before its variants."""
    return [run for one in comparisons for run in (*one.runs, *one.variants)]


def main_table(comparisons: Iterable[Comparison]) -> Table:
    """One row a run: accuracy, agreement, what trivial maps score, coverage."""
    runs = every_run(comparisons)
    rows = [record(run) for run in runs]

    def column(group: str, head: str, key: str, optional: bool = False) -> Column:
        printed = signed if head in ("centred", "selectivity") else number
        return Column(group, head, tuple(printed(row.get(key)) for row in rows), optional)

    def interval(group: str, score: str) -> Column:
        return Column(group, "95 %", tuple(between(run.interval(score)) for run in runs), True)

    def agreement(group: str, name: str) -> list[Column]:
        measured = [column(group, measure, f"{name}_{measure}") for measure in MEASURES]
        return [measured[0], interval(group, f"{name}_cos"), *measured[1:]]

    return table_of(
        "all_runs",
        [
            Column("", "dataset", tuple(dataset_name(run.scores) for run in runs)),
            Column("", "method", tuple(str(row["method"]) for row in rows)),
            Column("", "run", tuple(run.name for run in runs)),
            column("accuracy", "overall", "accuracy"),
            interval("accuracy", "accuracy"),
            column("accuracy", "balanced", "balanced_accuracy"),
            column("accuracy", "macro F1", "macro_f1", True),
            column("accuracy", "majority", "majority", True),
            column("accuracy", "train majority", "train_majority", True),
            column("", "ECE", "ece", True),
            *agreement("ATT-COS, deepest layer", "att"),
            *agreement("CAM-COS", "cam"),
            column("floors", "uniform", "floor_uniform"),
            column("floors", "all AUs", "floor_generic_au", True),
            column("template", "class mean", "template_class_mean"),
            Column("faces", "counted", tuple(f"{row['n_valid']}/{row['n']}" for row in rows)),
            Column("faces", "usable", tuple(f"{row['usable']}/{row['asked']}" for row in rows)),
            Column("", "protocol", tuple(str(row["protocol"]) for row in rows)),
        ],
        texts=3,
    )


def layer_table(comparisons: Sequence[Comparison]) -> Table:
    """Agreement of every layer's attention: a row a run and measure, shallow to deep."""
    lines = [(run, measure) for run in every_run(comparisons) for measure in MEASURES]
    depth = max(len(run.layers) for run, _ in lines)

    def cell(run: Result, measure: str, place: int) -> str:
        if place >= len(run.layers):
            return ABSENT
        printed = number if measure == "cosine" else signed
        return printed(overall(run.scores["att_cos"][run.layers[place]], measure))

    words = {
        "dataset": [dataset_name(run.scores) for run, _ in lines],
        "method": [str(run.scores["method"]) for run, _ in lines],
        "run": [run.name for run, _ in lines],
        "measure": [measure for _, measure in lines],
    }
    return table_of(
        "layers",
        [Column("", head, tuple(cells)) for head, cells in words.items()]
        + [
            Column("layer, shallow to deep", str(n + 1), tuple(cell(*line, n) for line in lines))
            for n in range(depth)
        ],
        texts=4,
    )


def flat(value: object, key: str = "") -> dict[str, object]:
    """Flatten nested settings to 'a.b' -> value."""
    if isinstance(value, Mapping):
        return {
            name: inner
            for part, nested in value.items()
            for name, inner in flat(nested, f"{key}.{part}" if key else str(part)).items()
        }
    return {key: value}
