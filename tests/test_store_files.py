"""Files that are either whole or absent, and their digests."""

import os

import pytest

from store.files import atomic_write, canonical_json, digest, file_digest, free_bytes, in_words


def test_a_file_holds_what_was_written_and_nothing_lies_beside_it(tmp_path):
    atomic_write(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_an_older_file_is_replaced_even_if_it_is_read_only(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o444)
    atomic_write(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, failure):
    (tmp_path / "a").write_bytes(b"old")

    def fail(descriptor):
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(failure)):
        atomic_write(tmp_path / "a", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"old")]


def test_bytes_are_durable_before_they_get_their_name(tmp_path, monkeypatch):
    named_when_synced = []
    monkeypatch.setattr(os, "fsync", lambda _: named_when_synced.append((tmp_path / "a").exists()))
    atomic_write(tmp_path / "a", b"new")
    assert named_when_synced == [False, True]  # the file, then the folder that names it


def test_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"b": 1, "a": [2]}) == canonical_json({"a": [2], "b": 1})
    assert canonical_json({"b": 1, "a": "é"}) == '{\n "a": "é",\n "b": 1\n}\n'.encode()


def test_json_refuses_what_is_not_a_number():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"sigma": float("nan")})


def test_digests_are_sha256(tmp_path):
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest(b"abc") == expected
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == expected


def test_a_large_file_has_the_digest_of_its_bytes(tmp_path):
    payload = bytes(range(256)) * 8193  # two pieces and a rest
    (tmp_path / "a").write_bytes(payload)
    assert file_digest(tmp_path / "a") == digest(payload)


def test_free_space_of_a_folder_that_is_not_there_is_that_of_its_parent(tmp_path):
    assert free_bytes(tmp_path / "not" / "yet") > 0


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (35_000_000, "35.0 MB"), (56_200_000_000, "56.2 GB")],
)
def test_bytes_are_told_in_a_unit_that_shows_them(count, words):
    assert in_words(count) == words
