"""What is read from disk before decoding: ordinary files, nothing that blocks or never ends."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.faces.decode import UndecodableError, read_bytes
from store.records import Status


def refused(path):
    with pytest.raises(UndecodableError) as caught:
        read_bytes(path)
    return caught.value.status


def test_zero_bytes_are_empty(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert refused(tmp_path / "a.jpg") == Status.EMPTY


def test_a_missing_file_is_missing(tmp_path):
    assert refused(tmp_path / "a.jpg") == Status.MISSING


def test_a_dangling_link_is_missing(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    assert refused(tmp_path / "a.jpg") == Status.MISSING


def test_a_link_that_leads_to_itself_is_unreadable(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    assert refused(tmp_path / "a.jpg") == Status.UNREADABLE


def test_a_fifo_is_no_file_and_blocks_nobody(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert refused(tmp_path / "a.jpg") == Status.NOT_FILE


def test_a_directory_is_no_file(tmp_path):
    (tmp_path / "a.jpg").mkdir()
    assert refused(tmp_path / "a.jpg") == Status.NOT_FILE


def test_a_device_is_no_file(tmp_path):
    (tmp_path / "a.jpg").symlink_to("/dev/zero")
    assert refused(tmp_path / "a.jpg") == Status.NOT_FILE


def test_a_socket_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's address must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.jpg")
        assert refused(tmp_path / "a.jpg") == Status.UNREADABLE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_unreadable(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"abc")
    (tmp_path / "a.jpg").chmod(0)
    assert refused(tmp_path / "a.jpg") == Status.UNREADABLE


def test_a_file_that_the_system_refuses_is_unreadable(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert refused(tmp_path / "a.jpg") == Status.UNREADABLE


def test_a_disk_that_fails_while_reading_makes_the_picture_unreadable(tmp_path):
    assert refused("/proc/self/mem") == Status.UNREADABLE  # opens, and fails at the first byte


def test_an_enormous_file_is_not_read(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate((256 << 20) + 1)
    assert refused(tmp_path / "a.jpg") == Status.BOMB


def test_no_descriptor_stays_open(tmp_path):
    (tmp_path / "a.jpg").mkdir()
    open_before = sorted(Path("/proc/self/fd").iterdir())
    refused(tmp_path / "a.jpg")
    assert sorted(Path("/proc/self/fd").iterdir()) == open_before
