"""What a builder of arrays is given."""

import polars as pl

from store.build_plans import BuildPlan
from store.layout import ArraySpec, Layout


def test_a_plan_leaves_nothing_out_and_adds_no_file_unless_told(tmp_path):
    layout = Layout(1, 1, {"value": ArraySpec((), "uint8")})
    plan = BuildPlan(tmp_path, {}, {}, layout, pl.DataFrame({"id": ["a"]}), max_bad=0.0)
    assert (plan.left_out, plan.no_failures, plan.files) == (frozenset(), frozenset(), {})
