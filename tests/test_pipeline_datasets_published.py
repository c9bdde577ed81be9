"""Every published dataset in miniature: each sample is a file, and two readings are equal."""

import pytest

from labels.reading import read_labels
from pipeline.datasets import DATASETS
from store.records import Sample
from tests.miniatures import MINIATURES


@pytest.mark.parametrize("name", MINIATURES)
def test_every_sample_of_a_miniature_is_a_file_in_it(tmp_path, name):
    root = MINIATURES[name](tmp_path)
    labels = read_labels(DATASETS[name].labels)
    found = [one for one in DATASETS[name].read(root, {}, labels) if isinstance(one, Sample)]
    missing = [one.path for one in found if not (root / one.path).is_file()]
    assert found
    assert missing == []


@pytest.mark.parametrize("name", MINIATURES)
def test_a_reader_gives_the_same_twice(tmp_path, name):
    root = MINIATURES[name](tmp_path)
    labels = read_labels(DATASETS[name].labels)
    assert list(DATASETS[name].read(root, {}, labels)) == list(
        DATASETS[name].read(root, {}, labels)
    )
