"""Ablations: runs of one method that differ in exactly one setting, such as lambda or the layer."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from report.reading.published import SWEPT
from report.reading.results import Comparison, Result
from report.tables.detail_tables import file_name
from report.tables.run_tables import MEASURES
from report.tables.table import (
    Column,
    Table,
    flatten,
    format_interval,
    format_number,
    format_signed,
    make_table,
)

ALIGNMENT = "alignment."
SEED = "seed"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One setting, varied.

    Attributes:
        title: dataset, method, and whether it is aligned.
        name: of its files.
        setting: key below [train], as 'alignment.weight'.
        values: as printed, ascending, one per run.
        runs: in the same order.
        plain: the run without alignment, if the setting belongs to the alignment.
    """

    title: str
    name: str
    setting: str
    values: tuple[str, ...]
    runs: tuple[Result, ...]
    plain: Result | None

    @property
    def remark(self) -> str:
        """A remark: what was published, or the spread over seeds; may be empty."""
        return _spread(self.runs) if self.setting == SEED else SWEPT.get(self.setting, "")


def find_sweeps(comparisons: Iterable[Comparison]) -> list[Sweep]:
    """Find every setting in which at least two runs differ while all else is equal."""
    return [sweep for one in comparisons for sweep in _sweeps(one)]


def _sweeps(comparison: Comparison) -> list[Sweep]:
    everyone = (*comparison.runs, *comparison.others)
    plain = next((run for run in comparison.runs if run.alignment is None), None)
    found: list[Sweep] = []
    for is_aligned, side in enumerate(("plain", "aligned")):
        runs = [run for run in everyone if (run.alignment is not None) == is_aligned]
        settings = {run.path: _settings(run) for run in runs}
        for key in dict.fromkeys(key for one in settings.values() for key in one):
            beside = plain if key.startswith(ALIGNMENT) else None
            for members in _alike_but(key, runs):
                earlier = sum(one.setting == key for one in found)
                stem = f"sweep_{side}_{key.replace('.', '_')}{earlier or ''}"
                found.append(
                    Sweep(
                        f"{comparison.title} · {side}",
                        file_name(comparison, stem),
                        key,
                        tuple(_printed(settings[run.path].get(key)) for run in members),
                        tuple(members),
                        beside,
                    )
                )
    return found


def _alike_but(key: str, runs: Sequence[Result]) -> list[list[Result]]:
    """Return sets of runs that differ in one setting only, each ascending by it."""
    alike: dict[str, dict[str, Result]] = {}
    for run in runs:
        settings = _settings(run)
        value = settings.pop(key, None)
        settings["evaluated"] = [
            getattr(run.scores, name) for name in ("split", "checkpoint", "geometry")
        ]
        rest = json.dumps(settings, sort_keys=True, default=str)
        alike.setdefault(rest, {})[json.dumps(value)] = run
    return [
        [one[value] for value in sorted(one, key=_order)] for one in alike.values() if len(one) > 1
    ]


def _settings(run: Result) -> dict[str, Any]:
    return {**flatten(run.scores.train), SEED: run.scores.seed}


def _order(value: str) -> tuple[bool, int, float, str]:
    """Sort numbers by size, lists by length and then by their words."""
    read = json.loads(value)
    is_number = isinstance(read, int | float) and not isinstance(read, bool)
    length = len(read) if isinstance(read, list) else 0
    return not is_number, length, float(read) if is_number else 0.0, value


def _printed(value: object) -> str:
    if isinstance(value, list):
        return "+".join(map(str, value)) or "none"
    return str(value)


def sweep_table(sweep: Sweep) -> Table:
    """One row per value of the setting, after the run without alignment if there is one."""
    plain = [("plain", sweep.plain)] if sweep.plain else []
    lines = [*plain, *zip(sweep.values, sweep.runs, strict=True)]

    def column(group: str, head: str, cells: Iterable[str], optional: bool = False) -> Column:
        return Column(group, head, tuple(cells), optional)

    runs = [run for _, run in lines]
    agreements = {
        "ATT-COS": [run.scores.attention for run in runs],
        "CAM-COS": [run.scores.cam_cos for run in runs],
    }
    return make_table(
        sweep.name,
        [
            column("", sweep.setting, (value for value, _ in lines)),
            column("accuracy", "overall", (format_number(run.scores.accuracy) for run in runs)),
            column(
                "accuracy",
                "95 %",
                (format_interval(run.interval("accuracy")) for run in runs),
                True,
            ),
            column(
                "accuracy",
                "balanced",
                (format_number(run.scores.balanced_accuracy) for run in runs),
            ),
            *(
                column(name, head, (printed(MEASURES[head](one)) for one in found))
                for name, found in agreements.items()
                for head, printed in (("cosine", format_number), ("selectivity", format_signed))
            ),
        ],
        text_columns=1,
    )


def _spread(runs: Sequence[Result]) -> str:
    """State mean and standard deviation over seeds."""
    accuracies = [run.scores.accuracy for run in runs]
    cosines = [value for run in runs if (value := run.scores.attention.overall) is not None]
    parts = [
        f"{name} {format_number(mean(values))} ± {format_number(stdev(values))}"
        for name, values in (("accuracy", accuracies), ("ATT-COS", cosines))
        if len(values) > 1
    ]
    return f"Mean and standard deviation of {len(runs)} seeds: {', '.join(parts)}."
