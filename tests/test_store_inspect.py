"""What `inspect` says of an output, finished or not."""

import numpy as np
import pytest

from errors import NoInputError
from store.building import building
from store.inspect import count_by_status, describe, status_line
from store.reading import Store


@pytest.fixture
def store(tmp_path, make_store):
    arrays = {"map": np.zeros((5, 2, 3), np.uint8)}
    table = [{"id": str(row), "status": "small" if row == 1 else "ok"} for row in range(5)]
    return make_store(
        tmp_path / "store", arrays, {"options": {"px": 7}, "text": "x" * 99}, table=table
    )


def test_a_finished_store_is_described_by_digest_metadata_arrays_and_status(store):
    found = describe(store).splitlines()
    assert found[0] == f"{store}: finished"
    assert Store(store).digest in found[1]
    assert "  options.px  7" in found
    assert "arrays: 5 rows in 2 shards of 4" in found
    assert "  map  uint8    (5, 2, 3), 30 bytes" in found
    assert found[-2:] == ["  ok     4", "  small  1"]


def test_long_values_are_cut(store):
    (line,) = (line for line in describe(store).splitlines() if line.startswith("  text"))
    assert line.endswith("x" * 79 + "…")


def test_rows_are_counted_by_status(store):
    assert count_by_status(store) == {"ok": 4, "small": 1}
    assert status_line(store) == f"{store}: ok 4, small 1"


def half_built(out):
    with pytest.raises(ZeroDivisionError), building(out, {"stage": "blur"}, {}) as folder:
        raise ZeroDivisionError
    return folder


def test_a_half_built_output_says_its_stage_and_how_it_goes_on(tmp_path):
    folder = half_built(tmp_path / "out")
    found = describe(folder)
    assert f"{folder}: NOT FINISHED, half-built" in found
    assert "blur" in found
    assert "no; the same command goes on with it" in found


def test_a_half_built_output_without_a_fingerprint_is_refused(tmp_path):
    folder = tmp_path / ".building-0123456789abcdef"
    folder.mkdir()
    with pytest.raises(NoInputError, match="does not say what is being built"):
        describe(folder)


def test_a_folder_that_is_no_output_is_refused(tmp_path):
    with pytest.raises(NoInputError):
        describe(tmp_path)
