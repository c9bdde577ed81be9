"""Ablations: variants of one method that differ in exactly one setting, such as lambda."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from report.reading.published_figures import SWEPT
from report.reading.statistics import StudyStatistics, VariantStatistics
from report.tables.detail_tables import file_name
from report.tables.study_table import TITLES, spread
from report.tables.table import Column, Table, flatten, make_table


@dataclass(frozen=True, slots=True)
class Sweep:
    """One setting, varied.

    Attributes:
        title: dataset and method.
        name: of its files.
        setting: key below [train], as 'alignment.weight'.
        values: as printed, ascending, one per variant.
        variants: in the same order.
        baseline: the study's, if it has no such setting.
    """

    title: str
    name: str
    setting: str
    values: tuple[str, ...]
    variants: tuple[VariantStatistics, ...]
    baseline: VariantStatistics | None

    @property
    def heading(self) -> str:
        """Its subject, with the variants: one setting may be varied within several others."""
        names = ", ".join(one.name for one in self.variants)
        return f"{self.title} · {self.setting} ({names})"

    @property
    def remark(self) -> str:
        """What was published on the setting; may be empty."""
        return SWEPT.get(self.setting, "")


def find_sweeps(studies: Iterable[StudyStatistics]) -> list[Sweep]:
    """Find every setting in which at least two variants differ while all else is equal."""
    return [sweep for study in studies for sweep in _sweeps(study)]


def _sweeps(study: StudyStatistics) -> list[Sweep]:
    settings = {one.name: flatten(one.variant.shown.scores.train) for one in study.variants}
    baseline = study.variants[0]
    found: list[Sweep] = []
    for key in dict.fromkeys(key for one in settings.values() for key in one):
        having = [one for one in study.variants if key in settings[one.name]]
        for members in _alike_but(key, having):
            earlier = sum(one.setting == key for one in found)
            found.append(
                Sweep(
                    study.study.title,
                    file_name(study.study, f"sweep_{key.replace('.', '_')}{earlier or ''}"),
                    key,
                    tuple(_printed(settings[one.name][key]) for one in members),
                    tuple(members),
                    None if key in settings[baseline.name] else baseline,
                )
            )
    return found


def _alike_but(key: str, variants: Sequence[VariantStatistics]) -> list[list[VariantStatistics]]:
    """Return sets of variants that differ in one setting only, each ascending by it.

    Whether there is AU alignment at all is no setting: it is what variants are compared for.
    """
    alike: dict[str, dict[str, VariantStatistics]] = {}
    for one in variants:
        settings = flatten(one.variant.shown.scores.train)
        value = settings.pop(key)
        rest = json.dumps(settings, sort_keys=True, default=str)
        alike.setdefault(rest, {})[json.dumps(value)] = one
    return [
        [one[value] for value in sorted(one, key=_order)] for one in alike.values() if len(one) > 1
    ]


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
    """One row per value of the setting, after the baseline if it has no such setting."""
    rows = list(zip(sweep.values, sweep.variants, strict=True))
    if sweep.baseline:
        rows.insert(0, (sweep.baseline.name, sweep.baseline))
    return make_table(
        sweep.name,
        [
            Column("", sweep.setting, tuple(value for value, _ in rows)),
            Column("", "seeds", tuple(str(one.n) for _, one in rows)),
            *(
                Column("mean ± sd", title, tuple(spread(one, score) for _, one in rows))
                for score, title in TITLES.items()
            ),
        ],
        text_columns=1,
    )
