"""Who works in a folder: one process at a time, and the lock goes when it dies."""

import fcntl
import os
import shutil
import socket

import pytest

from errors import TryLaterError
from store.building import building, building_folder, is_built
from store.locking import LOCK_OWNER, lock_owner, locked, try_lock

THREE = {"stage": "blur", "params": {"sigma": 3}}


def test_a_second_builder_is_told_who_is_at_it(tmp_path):
    with (
        building(tmp_path / "out", THREE, {}),
        pytest.raises(TryLaterError, match=f"process {os.getpid()} on") as caught,
        building(tmp_path / "out", THREE, {}),
    ):
        pass
    assert caught.value.exit_code == 75
    assert socket.gethostname() in str(caught.value)
    assert is_built(tmp_path / "out", THREE)


def test_a_build_that_was_finished_by_another_while_waiting_is_not_spoilt(tmp_path, monkeypatch):
    def finished_meanwhile(descriptor, how):
        shutil.move(building_folder(tmp_path / "out", THREE), tmp_path / "out")

    monkeypatch.setattr(fcntl, "flock", finished_meanwhile)
    with pytest.raises(TryLaterError, match="just finished"), building(tmp_path / "out", THREE, {}):
        pass


def test_the_owner_is_named_while_the_lock_is_held_and_not_after(tmp_path):
    with locked(tmp_path / "folder", tmp_path / "out"):
        assert lock_owner(tmp_path / "folder").startswith(f"process {os.getpid()} on ")
    assert lock_owner(tmp_path / "folder") is None


def test_a_folder_that_is_not_there_has_no_owner_and_no_lock(tmp_path):
    assert lock_owner(tmp_path / "nowhere") is None
    with try_lock(tmp_path / "nowhere") as is_mine:
        assert not is_mine


def test_an_owner_whose_name_cannot_be_read_is_still_an_owner(tmp_path):
    with locked(tmp_path / "folder", tmp_path / "out"):
        (tmp_path / "folder" / LOCK_OWNER).write_bytes(b"{")
        assert lock_owner(tmp_path / "folder") == "a process that has not written its name"


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    with try_lock(tmp_path) as first, try_lock(tmp_path) as second:
        assert (first, second) == (True, False)
