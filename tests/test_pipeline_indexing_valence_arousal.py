from pipeline.indexing.valence_arousal import brings_values, value_remarks
from store.records import Sample

BOTH = Sample("a", "a", 1, attributes={"valence": "0.5", "arousal": "-1"})
HALF = Sample("b", "b", 1, attributes={"valence": "0.5", "arousal": ""})
NONE = Sample("c", "c", 1)


def test_coverage_is_said():
    (line,) = value_remarks([BOTH, HALF, NONE])
    assert line == (
        "valence and arousal: known of 1 of 3 pictures; 1 have only one of the two, which does "
        "not count"
    )
    assert value_remarks([BOTH]) == ["valence and arousal: known of 1 of 1 pictures"]


def test_nothing_is_said_of_a_dataset_without_any():
    assert value_remarks([NONE, NONE]) == []


def test_half_of_them_is_not_enough():
    assert brings_values([NONE, BOTH])
    assert not brings_values([NONE, HALF])
    (line,) = value_remarks([HALF])
    assert line.startswith("valence and arousal: known of 0 of 1 pictures; 1 have only one")
