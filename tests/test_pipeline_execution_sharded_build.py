"""Filling a store of arrays: what is resumed, what the table keeps, when too much has failed."""

from functools import partial

import numpy as np
import polars as pl
import pytest

from errors import DataError
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.sharded_build import build
from store.build_plans import BuildPlan
from store.building import read_manifest
from store.layout import ArraySpec, Layout
from store.reading import Store
from store.records import Status

ALONE = ClusterConfig(progress=lambda done, total, note: None, workers=0)
LAYOUT = Layout(5, 2, {"value": ArraySpec((), "uint8")})
TABLE = pl.DataFrame(
    {"id": list("abcde"), "secret": list("vwxyz"), "status": ["ok", "ok", "ok", "no_face", "ok"]}
)


def double(statuses, worked, span, rows):
    """Twice the number of each row; note which shard was worked on."""
    worked.append(span.start)
    values = np.array([2 * number for number in span], np.uint8)
    return {"value": values}, {"status": [statuses.get(row["id"], row["status"]) for row in rows]}


def plan(out, **changes):
    given = {"max_bad": 0.0, "left_out": frozenset({"secret", "status"})} | changes
    return BuildPlan(out, {"stage": "double"}, {}, LAYOUT, TABLE, **given)


def test_every_row_is_computed_and_the_table_gains_the_notes(tmp_path):
    worked = []
    assert build(plan(tmp_path / "store"), partial(double, {}, worked), ALONE)
    store = Store(tmp_path / "store")
    assert store.array("value").load().tolist() == [0, 2, 4, 6, 8]
    assert worked == [0, 2, 4]
    table = store.table()
    assert table.columns == ["id", "status"]
    assert table["status"].to_list() == TABLE["status"].to_list()


def test_a_store_that_is_there_is_not_built_again(tmp_path):
    worked = []
    work = partial(double, {}, worked)
    build(plan(tmp_path / "store"), work, ALONE)
    assert not build(plan(tmp_path / "store"), work, ALONE)
    assert worked == [0, 2, 4]


def test_a_resumed_build_skips_the_shards_that_are_done(tmp_path):
    worked = []

    def interrupted(span, rows):
        if span.start == 4:
            raise KeyboardInterrupt
        return double({}, worked, span, rows)

    with pytest.raises(KeyboardInterrupt):
        build(plan(tmp_path / "store"), interrupted, ALONE)
    build(plan(tmp_path / "store"), partial(double, {}, worked), ALONE)
    assert worked == [0, 2, 4]


def test_too_many_failed_rows_publish_nothing_and_lose_nothing(tmp_path):
    worked = []
    work = partial(double, {"b": Status.TIMEOUT}, worked)
    with pytest.raises(DataError, match=r"1 of 5 samples failed \(timeout 1; the first is 'b'\)"):
        build(plan(tmp_path / "store", max_bad=0.1), work, ALONE)
    assert not (tmp_path / "store").exists()
    assert build(plan(tmp_path / "store", max_bad=0.2), work, ALONE)
    assert worked == [0, 2, 4]


def test_failures_that_an_earlier_stage_let_pass_do_not_count(tmp_path):
    work = partial(double, {"b": Status.NO_FACE}, [])
    forgiven = plan(tmp_path / "store", no_failures=frozenset({Status.NO_FACE}))
    assert build(forgiven, work, ALONE)


def test_what_lies_beside_the_arrays_is_in_the_manifest(tmp_path):
    build(plan(tmp_path / "store", files={"model.bin": b"123"}), partial(double, {}, []), ALONE)
    assert (tmp_path / "store" / "model.bin").read_bytes() == b"123"
    assert read_manifest(tmp_path / "store")["files"]["model.bin"]["bytes"] == 3
