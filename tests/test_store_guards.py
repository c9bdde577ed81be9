"""Every guard of a store is needed: without it, the test that is meant to notice turns red.

`make test` only checks that the table below still speaks of the sources; `make torture` takes each
guard out of a copy of them and runs its test there.
"""

import os
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.checkouts import copy_tracked
from tests.crashing import FULL, LOG

FILES, BUILDING, SHARDS = "store/files.py", "store/building.py", "store/shards.py"
LOCKING, READING = "store/locking.py", "store/reading.py"
VERIFY, REPAIR = "store/verify.py", "store/repair.py"
POWER = "tests/test_store_power.py::test_whatever_a_loss_of_power_leaves_is_refused_or_right"


class Guard(NamedTuple):
    """What stands in a file, what would stand there without the guard, and who must notice."""

    file: str
    old: str
    new: str
    test: str


GUARDS = {
    "a file is synced": Guard(FILES, "            os.fsync(file.fileno())\n", "", POWER),
    "a file's name is synced": Guard(
        FILES, "        raise\n    sync_folder(path.parent)\n", "        raise\n", POWER
    ),
    "new folders are synced": Guard(
        SHARDS, "    sync_folder(folder / DATA)\n    sync_folder(folder)\n", "", POWER
    ),
    "a file gets its name when it is whole": Guard(
        FILES,
        'temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL_SUFFIX}")',
        "temporary = path; path.unlink(missing_ok=True)",
        "tests/test_store_files.py::test_a_failed_write_leaves_the_old_file_and_no_litter",
    ),
    "a failed write leaves nothing": Guard(
        FILES,
        "        temporary.unlink(missing_ok=True)\n",
        "",
        "tests/test_store_files.py::test_a_failed_write_leaves_the_old_file_and_no_litter",
    ),
    "a record comes after its shard": Guard(
        SHARDS,
        "    files = {}\n    for name, spec",
        "    atomic_write(commit_record(folder, shard), b'{\"files\": {}}')\n    files = {}\n"
        "    for name, spec",
        POWER,
    ),
    "the manifest comes before the name": Guard(
        BUILDING,
        "    atomic_write(folder / MANIFEST, canonical_json(sealed))\n",
        "    folder.replace(out)\n"
        "    atomic_write(out / MANIFEST, canonical_json(sealed))\n"
        "    out.replace(folder)\n",
        "tests/test_store_power.py::"
        "test_every_record_comes_after_its_shard_and_the_manifest_after_all",
    ),
    "an older output is moved, not emptied in place": Guard(
        BUILDING,
        "        out.replace(aside)  # deleted",
        "        shutil.rmtree(out)  # deleted",
        POWER,
    ),
    "no manifest, no reading": Guard(
        BUILDING,
        "    if not file.exists():\n        raise NoInputError(",
        "    if not path.exists():\n        raise NoInputError(",
        "tests/test_store_building.py::test_no_manifest_means_no_reading",
    ),
    "the manifest's seal": Guard(
        BUILDING,
        "if actual != seal:",
        "if False:",
        "tests/test_store_building.py::test_any_flipped_bit_of_the_manifest_is_found",
    ),
    "the schema": Guard(
        BUILDING,
        'if manifest["schema"] != SCHEMA:',
        "if False:",
        "tests/test_store_building.py::test_a_manifest_of_another_schema_is_refused",
    ),
    "the fingerprint": Guard(
        BUILDING,
        "    if existing == fingerprint:\n",
        "    if existing is not None:\n",
        "tests/test_store_building.py::test_another_finished_output_is_refused_with_the_difference",
    ),
    "other parameters build elsewhere": Guard(
        BUILDING,
        'f".building-{digest(canonical_json(fingerprint))[:16]}"',
        '".building-"',
        "tests/test_store_building.py::test_another_fingerprint_builds_elsewhere",
    ),
    "the lock": Guard(
        LOCKING,
        "        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)\n",
        "        pass\n",
        "tests/test_store_locking.py::test_a_second_builder_is_told_who_is_at_it",
    ),
    "a lock on what another has published is none": Guard(
        LOCKING,
        "return os.path.samestat(os.fstat(descriptor), folder.stat())",
        "return True",
        "tests/test_store_locking.py::"
        "test_a_build_that_was_finished_by_another_while_waiting_is_not_spoilt",
    ),
    "published files are read-only": Guard(
        BUILDING,
        "            path.chmod(0o444)\n",
        "            pass\n",
        "tests/test_store_building.py::test_published_files_are_read_only",
    ),
    "leftovers are removed": Guard(
        BUILDING,
        "        partial.unlink()\n",
        "        pass\n",
        "tests/test_store_building.py::test_litter_of_a_killed_write_is_not_published",
    ),
    "a sample is compared with its checksum": Guard(
        READING,
        "rows_B[fresh[stored != np.array(computed, np.uint32)]]:",
        "rows_B[:0]:",
        "tests/test_store_reading.py::test_a_flipped_bit_names_file_and_row",
    ),
    "sizes are looked at before mapping": Guard(
        READING,
        'if size != record["bytes"]:',
        "if False:",
        "tests/test_store_reading.py::test_a_truncated_shard_is_found_at_open",
    ),
    "the shard's index is looked at before mapping": Guard(
        SHARDS,
        "if (places[:, 1] <= CRC_BYTES).any() or (places[:, 0] != ends - places[:, 1]).any():",
        "if False:",
        "tests/test_store_reading.py::test_a_shard_with_another_order_of_samples_is_refused",
    ),
    "raw samples have one size": Guard(
        READING,
        "if (index[:, 1] != self.row_bytes).any():",
        "if False:",
        "tests/test_store_reading.py::test_a_shard_whose_samples_have_two_sizes_is_refused",
    ),
    "a checksum is written beside its sample": Guard(
        SHARDS,
        "(sample, _crc(sample)) for sample",
        "(sample, bytes(4)) for sample",
        "tests/test_store_shards.py::test_the_bytes_are_those_that_zarr_writes_to_a_folder",
    ),
    "the digest of other files": Guard(
        VERIFY,
        'None if file_digest(file) == expected else "was changed"',
        "None",
        "tests/test_store_flips.py::test_every_flipped_bit_is_found_in_its_file_and_shard",
    ),
    "the digest of shards": Guard(
        VERIFY,
        "    if actual == expected:\n",
        "    if True:\n",
        "tests/test_store_flips.py::test_a_shard_that_is_not_the_right_one_is_found",
    ),
    "foreign files": Guard(
        VERIFY,
        "sorted(_present(path) - {*files, MANIFEST})",
        "()",
        "tests/test_store_verify.py::test_a_foreign_file_is_found",
    ),
    "a repair must come out as recorded": Guard(
        REPAIR,
        "if before[name] != after.get(name)]",
        "if False]",
        "tests/test_store_repair.py::test_a_store_that_comes_out_differently_is_left_alone",
    ),
    "a repaired file is put back by a rename": Guard(
        REPAIR,
        "    fresh.replace(damaged)\n",
        "    shutil.copyfile(fresh, damaged)\n",
        "tests/test_store_repair.py::test_the_damage_of_a_linked_cache_is_not_spread",
    ),
    "what is committed is not built again": Guard(
        SHARDS,
        "if not commit_record(folder, shard).exists()]",
        "if True]",
        "tests/test_store_shards.py::test_pending_skips_what_is_committed",
    ),
    "paths stay inside the dataset": Guard(
        "pipeline/paths.py",
        ' or ".." in pure.parts:',
        ":",
        "tests/test_pipeline_paths.py::test_no_name_leaves_the_folder",
    ),
    "a row that failed for good is not tried again": Guard(
        "pipeline/execution/crash_journal.py",
        "elif failed := journal.failed(number):",
        "elif failed := None:",
        "tests/test_pipeline_execution_crash_journal.py::test_a_row_that_failed_for_good_is_not_tried_again",
    ),
    "a cluster is closed whole": Guard(
        "pipeline/execution/interrupts.py",
        "        with interrupts_put_off():\n            opened.close()\n",
        "        opened.close()\n",
        "tests/test_pipeline_execution_interrupts.py::test_ctrl_c_waits_for_a_cluster_to_be_closed_whole",
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_every_guard_stands_where_the_table_says(name, checkout):
    guard = GUARDS[name]
    assert (checkout / guard.file).read_text().count(guard.old) == 1
    file, test = guard.test.split("::")
    assert f"def {test}(" in (checkout / file).read_text()


@pytest.fixture(scope="module")
def copy(checkout, tmp_path_factory):
    """A copy of the sources to take guards out of."""
    copy = tmp_path_factory.mktemp("copy") / "aulens"
    copy_tracked(checkout, copy)
    return copy


def ran(copy, *tests):
    """Run tests in the copy; return pytest's exit code (0 green, 1 red) and what it said."""
    few = {**os.environ, "AULENS_TORTURE": "", "PYTHONDONTWRITEBYTECODE": "1"}
    quiet = ("-q", "-x", "-p", "no:cacheprovider", f"--basetemp={copy.parent / 'tmp'}")
    command = [sys.executable, "-m", "pytest", *quiet, *tests]
    found = subprocess.run(command, cwd=copy, env=few, capture_output=True, text=True, timeout=600)
    return found.returncode, found.stdout + found.stderr


needs_time = pytest.mark.skipif(not FULL, reason="takes minutes; make torture does it")


@needs_time
@pytest.mark.slow
def test_with_every_guard_in_place_the_tests_are_green(copy):
    code, said = ran(copy, *{guard.test for guard in GUARDS.values()})
    assert code == 0, said


@needs_time
@pytest.mark.slow
@pytest.mark.parametrize("name", GUARDS)
def test_without_its_guard_a_test_is_red(name, copy):
    guard = GUARDS[name]
    whole = (copy / guard.file).read_text()
    (copy / guard.file).write_text(whole.replace(guard.old, guard.new))
    try:
        code, said = ran(copy, guard.test)
    finally:
        (copy / guard.file).write_text(whole)
    assert code == 1, said
    LOG.info("red without it: %s", name)
