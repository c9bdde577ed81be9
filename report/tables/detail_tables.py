"""Tables about one method and dataset: expressions, action units, subgroups, provenance."""

import re
from collections.abc import Mapping, Sequence

from contracts.scores import AuShare, Faithfulness, MacroAverage, Subgroup
from report.reading.studies import Result, Study
from report.tables.table import (
    ABSENT,
    Column,
    Table,
    flatten,
    format_number,
    format_signed,
    make_table,
)
from store.files import digest

_MOST_BYTES = 120


def file_name(study: Study, name: str) -> str:
    """Return the name of a study's table or figure."""
    return file_safe(f"{study.path.replace('/', '__')}__{name}")


def file_safe(name: str) -> str:
    """Replace what some file system or LaTeX cannot take, and shorten what is too long.

    Different names stay different: what is changed gets a digest of the whole.
    """
    safe = re.sub(r"[^\w.+-]+", "_", name).encode()
    if safe == name.encode("utf-8", "surrogatepass") and len(safe) <= _MOST_BYTES:
        return name
    short = safe[:_MOST_BYTES].decode(errors="ignore")
    return f"{short}-{digest(name.encode('utf-8', 'surrogatepass'))[:8]}"


def class_table(study: Study) -> Table:
    """Recall, ATT-COS and CAM-COS per expression, the runs side by side."""
    runs = study.shown
    first = runs[0].scores
    names = first.labels.names
    values = {
        "recall": [run.scores.recall for run in runs],
        "ATT-COS": [run.scores.attention.per_class for run in runs],
        "CAM-COS": [run.scores.cam_cos.per_class for run in runs],
    }
    counts = tuple(str(sum(row)) for row in first.confusion)
    return make_table(
        file_name(study, "expressions"),
        [
            Column("", "expression", names),
            Column("", "faces", counts),
            *(
                Column(name, run.variant, _numbers(one, names))
                for name, columns in values.items()
                for run, one in zip(runs, columns, strict=True)
            ),
            *(
                Column("baselines", head, _numbers(average.per_class, names))
                for head, average in first.baselines.titled().items()
            ),
        ],
        text_columns=1,
    )


def _numbers(per_class: Mapping[str, float | None], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(format_number(per_class[name]) for name in names)


def unit_table(study: Study) -> Table | None:
    """Share of attention on each AU's region, and the region's area; None if not measured."""
    runs = [run for run in study.shown if run.scores.au_shares]
    if not runs:
        return None
    shares = [run.scores.au_shares for run in runs]
    units = sorted({unit for one in shares for unit in one}, key=int)
    known = [next(one[unit] for one in shares if unit in one) for unit in units]

    def column(group: str, head: str, one: Mapping[str, AuShare], key: str) -> Column:
        return Column(
            group,
            head,
            tuple(
                format_number(getattr(one[unit], key)) if unit in one else ABSENT for unit in units
            ),
        )

    return make_table(
        file_name(study, "action_units"),
        [
            Column("", "AU", tuple(f"AU{unit}" for unit in units)),
            Column("", "name", tuple(one.name for one in known)),
            Column("", "faces", tuple(str(one.n) for one in known)),
            Column("", "area", tuple(format_number(one.area) for one in known)),
            *(
                column(group, run.variant, one, key)
                for key, group in (("share", "share of attention"), ("ratio", "share / area"))
                for run, one in zip(runs, shares, strict=True)
            ),
        ],
        text_columns=2,
    )


def subgroup_tables(study: Study) -> list[Table]:
    """Scores per value of an attribute of the dataset: one table per attribute."""
    runs = [run for run in study.shown if run.scores.subgroups]
    attributes = dict.fromkeys(name for run in runs for name in run.scores.subgroups)
    return [
        _subgroups(
            study,
            attribute,
            [run for run in runs if attribute in run.scores.subgroups],
        )
        for attribute in attributes
    ]


def _subgroups(study: Study, attribute: str, runs: Sequence[Result]) -> Table:
    found = [{row.value: row for row in run.scores.subgroups[attribute]} for run in runs]
    values = list(dict.fromkeys(value for one in found for value in one))
    counts = {value: row.n for one in found for value, row in one.items()}

    def cells(one: Mapping[str, Subgroup], key: str) -> tuple[str, ...]:
        return tuple(
            format_number(getattr(one[value], key)) if value in one else ABSENT for value in values
        )

    return make_table(
        file_name(study, f"subgroups_{attribute}"),
        [
            Column("", attribute, tuple(values)),
            Column("", "faces", tuple(str(counts[value]) for value in values)),
            *(
                Column(group, run.variant, cells(one, key))
                for key, group in (("accuracy", "accuracy"), ("att_cos", "ATT-COS"))
                for run, one in zip(runs, found, strict=True)
            ),
        ],
        text_columns=1,
    )


def faithfulness_table(study: Study) -> Table | None:
    """Area under the probability curve as pixels are removed or restored; None if not measured."""
    runs = [(run, found) for run in study.shown if (found := run.scores.faithfulness)]
    if not runs:
        return None
    orders = ("attention", "cam", "random")

    def cell(found: Faithfulness, order: str, way: str) -> str:
        average: MacroAverage = getattr(getattr(found, order), way)
        return format_number(average.overall)

    return make_table(
        file_name(study, "faithfulness"),
        [
            Column("", "order", tuple(orders)),
            *(
                Column(words, run.variant, tuple(cell(found, order, way) for order in orders))
                for way, words in (("deletion", "deletion ↓"), ("insertion", "insertion ↑"))
                for run, found in runs
            ),
        ],
        text_columns=1,
    )


def cam_table(study: Study) -> Table | None:
    """Agreement of both CAMs where a run has two; None if none has."""
    rows = [
        (run.variant, name, agreement)
        for run in study.shown
        if run.scores.other_cams
        for name, agreement in (
            ("as published", run.scores.cam_cos),
            *run.scores.other_cams.items(),
        )
    ]
    if not rows:
        return None
    columns = {
        "CAM-COS": tuple(format_number(one.overall) for _, _, one in rows),
        "centred": tuple(format_signed(one.centred.overall) for _, _, one in rows),
        "selectivity": tuple(format_signed(one.selectivity.overall) for _, _, one in rows),
    }
    return make_table(
        file_name(study, "cams"),
        [
            Column("", "run", tuple(variant for variant, _, _ in rows)),
            Column("", "CAM", tuple(name for _, name, _ in rows)),
            *(Column("", head, cells) for head, cells in columns.items()),
            *(
                Column(
                    "CAM-COS per expression",
                    name,
                    tuple(format_number(one.per_class[name]) for _, _, one in rows),
                    optional=True,
                )
                for name in study.scores.labels.names
            ),
        ],
        text_columns=2,
    )


def provenance_table(study: Study) -> Table:
    """Origin of each run: digests, settings of training and of scoring."""
    runs = study.repeats
    described = [
        flatten({"result": run.path, "manifest sha256": run.sha256})
        | flatten({"folds": list(run.folds) or None})
        | flatten({key: getattr(run.scores, key) for key in ("repeat", "backbone", "protocol")})
        | flatten({"evaluated": run.fingerprint})
        | flatten({"trained": run.scores.train})
        for run in runs
    ]
    keys = tuple(dict.fromkeys(key for one in described for key in one))
    return make_table(
        file_name(study, "provenance"),
        [
            Column("", "", keys),
            *(
                Column("", run.name, tuple(_text(one.get(key)) for key in keys))
                for run, one in zip(runs, described, strict=True)
            ),
        ],
        text_columns=1 + len(runs),
    )


def _text(value: object) -> str:
    return ABSENT if value is None else str(value)
