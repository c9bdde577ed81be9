"""Stores that cannot lie: a disk that is really full, of bytes or of files."""

import errno
import shutil
import subprocess

import pytest

from store.building import read_manifest
from store.reading import Store
from tests.crashing import FULL, LOG, build, healed, honest
from tests.drawing import started

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """The digest that every build ends with."""
    out = tmp_path_factory.mktemp("gold") / "store"
    build(out)
    return read_manifest(out)["sha256"]


@pytest.fixture
def disk(tmp_path):
    """A disk of its own, and a function that sets how much it holds."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        subprocess.run(["mount", *options, folder], check=True, capture_output=True)

    try:
        mount("-t", "tmpfs", "-o", "size=16k,nr_inodes=1000", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a small disk")
    yield folder, lambda option: mount("-o", f"remount,{option}")
    subprocess.run(["umount", folder], check=True)


def fills(disk, little, gold):
    """Build on a disk that is too small, then on one that is not."""
    folder, resize = disk
    out = folder / "deep" / "store"
    resize(little)
    with pytest.raises(OSError, match="No space left") as caught:
        build(out)
    assert caught.value.errno == errno.ENOSPC
    honest(out, gold)
    resize("size=8m,nr_inodes=1000")
    healed(out, gold)
    shutil.rmtree(folder / "deep")


def test_a_disk_full_of_bytes_loses_nothing(disk, gold):
    sizes = range(12, 64, 1 if FULL else 10)
    for size in sizes:
        fills(disk, f"size={size}k", gold)
    LOG.info("%d full disks", len(sizes))


def test_a_disk_full_of_files_loses_nothing(disk, gold):
    counts = range(4, 21, 1 if FULL else 6)
    for count in counts:
        fills(disk, f"nr_inodes={count}", gold)
    LOG.info("%d disks without a free inode", len(counts))


@pytest.mark.parametrize("workers", [0, 2] if FULL else [0])
def test_a_full_disk_is_told_with_what_is_safe_and_what_to_do(
    disk, make_landmarks, workers, tmp_path
):
    folder, resize = disk
    landmarks = make_landmarks(tmp_path, 130)

    def heatmap():
        with started(landmarks, folder / "mine" / "au", "--workers", workers) as build:
            return build.communicate(timeout=120)[1], build.returncode

    resize("size=400k")
    said, code = heatmap()
    assert code == 74, said
    said = said.splitlines()[-1]  # after those that say how far it is
    assert said.startswith(f"error[IO] {folder}/mine/.building-")
    assert "No space left on device. It needs 26" in said
    assert "of 3 shards are safe. Free space or check the disk and run" in said
    resize("size=8m")
    assert heatmap()[1] == 0
    assert len(Store(folder / "mine" / "au")) == 130
