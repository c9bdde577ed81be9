from pipeline.indexing.au_coverage import coded_units, coverage, coverage_remarks
from store.records import Sample

SAMPLES = [
    Sample("a", "a", 1, aus={12: 0.5, 45: 1}),
    Sample("b", "b", 1, aus={12: 0}),
    Sample("c", "c", 1),
]


def test_what_is_coded_active_and_missing_is_counted():
    found = coverage(SAMPLES, {"without a row in the table": 1}, 4)
    assert coded_units(SAMPLES) == (12, 45)
    assert (found.units, found.coded, found.active, found.total) == ([12, 45], 2, 1, 3)


def test_the_coverage_is_said():
    remarks = coverage_remarks(coverage(SAMPLES, {"without a row in the table": 1}, 4))
    assert remarks[:3] == [
        "own action units (AU12 45): coded on 2 of 3 pictures, on 1 of them none acts",
        "pictures without own action units: 1 without a row in the table",
        "4 rows of the AU table fit no picture",
    ]


def test_a_unit_without_a_region_is_named():
    remarks = coverage_remarks(coverage([Sample("a", "a", 1, aus={39: 1, 12: 1})], {}, 0))
    assert remarks[-1] == "AU39: kept, not drawn, for it has no region here"


def test_nothing_is_said_of_a_dataset_without_any():
    assert coverage([SAMPLES[2]], {}, 0) is None
    assert coverage_remarks(None) == []
