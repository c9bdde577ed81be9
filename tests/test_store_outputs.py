"""Finding outputs, finished and half-built, and removing what nobody works on."""

import numpy as np
import pytest

from contracts.files import MANIFEST
from errors import NoInputError
from store.building import building
from store.files import folder_bytes
from store.outputs import (
    abandoned_outputs,
    describe_unfinished,
    find_by_digest,
    find_outputs,
    format_outputs,
    remove_unfinished,
    write_progress,
)
from store.reading import Store


@pytest.fixture
def store(tmp_path, make_store):
    return make_store(tmp_path / "data" / "maps", {"map": np.zeros((5, 2), np.uint8)}, {})


@pytest.fixture
def unfinished(tmp_path):
    out = tmp_path / "data" / "blurred"
    with pytest.raises(ZeroDivisionError), building(out, {"stage": "blur"}, {}) as folder:
        raise ZeroDivisionError
    return folder


def test_finished_and_half_built_outputs_are_found_in_the_order_of_their_paths(
    tmp_path, store, unfinished
):
    half, done = find_outputs([tmp_path / "data"])
    assert (half.path, half.stage, half.state, half.owner) == (
        unfinished, "blur", "half-built", None,
    )  # fmt: skip
    assert (done.path, done.state, done.rows) == (store, "done", 5)


def test_nothing_is_found_inside_an_output_or_far_below_the_root(tmp_path, store):
    far = tmp_path / "data" / "a" / "b" / "c" / "d" / "e"
    far.mkdir(parents=True)
    (far / MANIFEST).write_text("{}")
    (store / "inner").mkdir()
    (store / "inner" / MANIFEST).write_text("{}")
    assert [output.path for output in find_outputs([tmp_path / "data"])] == [store]


def test_a_damaged_manifest_is_an_output_that_says_so(tmp_path):
    (tmp_path / "data" / "maps").mkdir(parents=True)
    (tmp_path / "data" / "maps" / MANIFEST).write_text("{")
    (output,) = find_outputs([tmp_path / "data"])
    assert output.state == "damaged (see verify)"


def test_a_store_is_found_by_its_digest(tmp_path, store):
    assert find_by_digest(Store(store).digest, [tmp_path]) == store
    with pytest.raises(NoInputError, match="no output has digest 0000000000000000…"):
        find_by_digest("0" * 64, [tmp_path])


def test_progress_is_told_with_the_time_that_is_left(unfinished):
    write_progress(unfinished, done=10, total=100, rate=2.0)
    assert describe_unfinished(unfinished).state == (
        "half-built, step 10 of 100, 2/s, 0:00:45 left"
    )


def test_what_nobody_works_on_is_removed_and_the_rest_is_kept(tmp_path, store, unfinished):
    removable, left_alone = abandoned_outputs([tmp_path / "data"])
    assert ([output.path for output in removable], left_alone) == ([unfinished], [])
    size = folder_bytes(unfinished)
    assert remove_unfinished(removable) == size
    assert not unfinished.exists()
    assert store.exists()


def test_what_a_process_works_on_is_no_abandoned_output(tmp_path):
    with building(tmp_path / "data" / "blurred", {"stage": "blur"}, {}):
        assert abandoned_outputs([tmp_path / "data"]) == ([], [])


def test_what_lies_behind_a_link_is_left_alone(tmp_path, unfinished):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "linked").symlink_to(unfinished.parent)
    removable, left_alone = abandoned_outputs([tmp_path / "runs"])
    assert removable == []
    assert [output.path.name for output in left_alone] == [unfinished.name]


def test_outputs_are_printed_as_aligned_lines(tmp_path, store):
    head, line = format_outputs(list(find_outputs([tmp_path / "data"])))
    assert head.split() == ["output", "stage", "rows", "MB", "state"]
    assert line.endswith("done")
    assert line.index(" 5 ") == head.index("rows") + 3 - 1
