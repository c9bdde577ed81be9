"""What packings share."""

from pathlib import Path

import pytest

from pipeline.unpacking.packing import split_of_file


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(("train-00000-of-00002.parquet", "train"), ("data/validation-0.parquet", "validation")),
        *(("test/0000.parquet", "test"), ("shard-000.tar", ""), ("constraint.tar", "")),
        ("fer_val_003.tar", "val"),
    ],
)
def test_a_files_name_says_its_split(name, split):
    assert split_of_file(Path(name)) == split
