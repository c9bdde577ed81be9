"""Every manifest here is sealed anew after it was changed: the seal alone proves nothing."""

import json
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from contracts.files import MANIFEST
from errors import CorruptError, NoInputError, ProjectError
from store.building import read_manifest
from store.files import canonical_json, digest
from store.inspect import describe
from store.outputs import find_by_digest, find_outputs, format_outputs
from store.reading import Store
from store.repair import repair
from store.verify import find_problems

ODD = [
    None, True, -1, 1.5, 10**30, "", "..", "a\x1b[31m\ud800", [], [-1], {},
    {"x": {"shape": [], "dtype": "object"}},
]  # fmt: skip


@pytest.fixture
def store(tmp_path, make_store):
    maps = np.arange(120, dtype=np.uint8).reshape(10, 3, 4)
    arrays = {"map": maps, "valid": np.ones(10, np.uint8)}
    metadata = {"dataset": "mine", "notice": None, "size_px": 32, "options": {"a": [1]}}
    return make_store(tmp_path / "data" / "maps", arrays, metadata)


def paths(value, path=()):
    """Every place in a JSON value."""
    if path:
        yield path
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from paths(value[key], (*path, key))


def changed(manifest, path, change):
    copy = json.loads(json.dumps(manifest))
    *above, last = path
    there = copy
    for key in above:
        there = there[key]
    change(there, last)
    return copy


def write(store, manifest):
    sealed = {"sha256": "", "manifest": manifest}
    with suppress(ValueError):  # a lone surrogate has no digest
        sealed["sha256"] = digest(canonical_json(manifest))
    (store / MANIFEST).chmod(0o644)
    (store / MANIFEST).write_text(json.dumps(sealed))


def tools(store):
    """What reads manifests, each as a user meets it."""
    yield lambda: list(find_problems(store, deep=True))
    yield lambda: describe(store)
    yield lambda: [Store(store).array(name).load() for name in Store(store).layout.arrays]
    yield lambda: Store(store).table()
    yield lambda: Store(store).metadata["dataset"] + str(Store(store).metadata["size_px"])
    yield lambda: find_by_digest("0" * 64, [store.parent])
    yield lambda: repair(store, [], Path.mkdir)


def refusal(tool):
    """What a tool says, and its exit code; nothing where it works."""
    try:
        tool()
    except ProjectError as error:
        return str(error), error.exit_code
    return "", 0


def survives(store):
    """Every tool works or says what is wrong, with an exit code of its own."""
    refused = refusal(lambda: read_manifest(store))[1]
    for said, code in map(refusal, islice(tools(store), 1 if refused else None)):
        assert code in {0, 66, 76}, said
        assert said.isprintable() or not said
    assert all(line.isprintable() for line in format_outputs(list(find_outputs([store.parent]))))


def manifest_of(store):
    return json.loads((store / MANIFEST).read_bytes())["manifest"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_value_anywhere_is_refused_or_harmless(store, odd):
    whole = manifest_of(store)
    for path in paths(whole):
        write(store, changed(whole, path, lambda there, key: there.__setitem__(key, odd)))
        survives(store)


def test_a_missing_key_anywhere_is_refused_or_harmless(store):
    whole = manifest_of(store)
    for path in paths(whole):
        write(store, changed(whole, path, lambda there, key: there.pop(key)))
        survives(store)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_manifest_that_is_something_else_is_refused(store, odd):
    write(store, odd)
    with pytest.raises(CorruptError):
        read_manifest(store)
    survives(store)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../other/status.csv", "a/../../b", "..", ".", "", "a//b", "./a", "a/",
        "a\\..\\b", "a\nb", "\x1b]0;t\x07", MANIFEST, "commit/000009.json", "commit/0000001.json",
        "data.zarr/map/c.9.0.0", "data.zarr/other/c.0.0.0", "data.zarr/map/c.0.0",
    ],
)  # fmt: skip
def test_a_name_that_leads_out_or_belongs_to_no_shard_is_refused_everywhere(store, name):
    whole = manifest_of(store)
    record = {"bytes": 3, "sha256": digest(b"abc")}
    write(store, {**whole, "files": {**whole["files"], name: record}})
    problems = list(find_problems(store, deep=True))
    assert [problem.file for problem in problems] == [MANIFEST]
    with pytest.raises(CorruptError, match="Delete the folder"):
        Store(store)
    with pytest.raises(CorruptError):
        repair(store, [], Path.mkdir)


def test_metadata_that_is_not_there_names_the_manifest(store):
    whole = manifest_of(store)
    write(store, changed(whole, ("metadata", "size_px"), lambda there, key: there.pop(key)))
    with pytest.raises(CorruptError, match=r"MANIFEST.json: its metadata has no 'size_px'"):
        Store(store).metadata["size_px"]


def test_a_status_table_of_another_length_is_refused(store):
    whole = manifest_of(store)
    table = store / "status.csv"
    table.chmod(0o644)
    table.write_text("id,status\na,ok\n")
    record = {"bytes": table.stat().st_size, "sha256": digest(table.read_bytes())}
    write(store, {**whole, "files": {**whole["files"], "status.csv": record}})
    with pytest.raises(CorruptError, match="has 1 rows, the arrays 10"):
        Store(store).table()


def test_a_manifest_nested_without_end_is_refused(store):
    (store / MANIFEST).chmod(0o644)
    (store / MANIFEST).write_text('{"manifest":' + '{"a":' * 100_000)
    with pytest.raises(CorruptError):
        read_manifest(store)


def test_a_manifest_that_is_no_file_is_no_output(store):
    (store / MANIFEST).unlink()
    (store / MANIFEST).mkdir()
    with pytest.raises((NoInputError, OSError)):
        read_manifest(store)


@pytest.mark.parametrize("key", ["dataset", "size_px"])
def test_known_metadata_is_of_its_kind(store, key):
    whole = manifest_of(store)
    write(store, changed(whole, ("metadata", key), lambda there, key: there.__setitem__(key, None)))
    with pytest.raises(CorruptError, match=f"metadata.{key}"):
        Store(store)
