"""Damaged shards are built again, aside, and put back one file at a time.

    <parent>/.building-repair-<digest>/   locked; the sound shards linked, the bad ones built again

What comes out for the bad files must be what the manifest records of them; only then is the store
touched, and each file in it is replaced by a rename. So it can be read all the time, and a repair
that is killed leaves a store with fewer faults.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from errors import CorruptError, NoInputError
from store.building import (
    COMMITS,
    FINGERPRINT,
    MANIFEST,
    Json,
    building_folder,
    held,
    read_fingerprint,
    read_manifest,
)
from store.files import sync_folder
from store.verify import Fault, shard_of

Again = Callable[[Path], object]
"""Build the same store, at this place, with what its stage does today."""


def repair(store: Path, bad: Sequence[Fault], again: Again) -> list[Path]:
    """Put back what a deep verification found wrong.

    Args:
        store: the finished store.
        bad: its faults, all of them.
        again: builds it again; finds the sound shards done.

    Returns:
        Where files that are no part of the store were moved to.

    Raises:
        CorruptError: if what comes out is not what was recorded; the store is untouched.
        NoInputError: if it is an output without shards.
        TryLaterError: if another repair of it is running.
    """
    refuse_hopeless(store, bad)
    manifest = read_manifest(store)
    aside = store.parent / f".building-repair-{manifest['sha256'][:16]}"
    with held(aside, store):
        for left in aside.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
        mine = [fault for fault in bad if not fault.foreign]
        if mine:
            fresh = aside / store.name
            _seed(building_folder(fresh, read_fingerprint(store)), store, manifest, mine)
            again(fresh)
            _refuse_other(store, fresh, manifest, mine)
            for fault in mine:
                _put_back(fresh / fault.file, store / fault.file)
        moved = [_move_out(store, fault.file) for fault in bad if fault.foreign]
        shutil.rmtree(aside)
    return moved


def refuse_hopeless(store: Path, bad: Sequence[Fault]) -> None:
    """Refuse what can only be built anew.

    Raises:
        CorruptError: if the files that say what the store is are damaged.
        NoInputError: if it is an output without shards.
    """
    lost = {fault.file for fault in bad if not fault.foreign} & {MANIFEST, FINGERPRINT}
    if lost:
        raise CorruptError(
            store / min(lost),
            "is damaged, and says what the store is. "
            "Delete the store and run `dvc repro` to build it again.",
        )
    if not read_manifest(store)["layout"]:
        raise NoInputError(
            store, "has no shards to repair. Delete it and run `dvc repro` to build it again."
        )


def _seed(folder: Path, store: Path, manifest: Json, bad: Sequence[Fault]) -> None:
    """Link the shards without a fault into the building folder, each record after its data."""
    spoilt = {fault.shard for fault in bad}
    sound = [name for name in manifest["files"] if shard_of(name) not in {None, *spoilt}]
    for name in sorted(sound, key=lambda name: name.startswith(COMMITS)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link((store / name).resolve(), folder / name)
        except OSError:  # another file system behind a link, or one without hard links
            shutil.copyfile(store / name, folder / name)


def _refuse_other(store: Path, fresh: Path, manifest: Json, bad: Sequence[Fault]) -> None:
    """Compare what was built in place of the bad files with what was recorded of them."""
    before, after = manifest["files"], read_manifest(fresh)["files"]
    other = [fault.file for fault in bad if before[fault.file] != after.get(fault.file)]
    if not other:
        return
    shutil.rmtree(fresh.parent)
    raise CorruptError(
        store,
        f"cannot be repaired: {', '.join(other)} came out differently, "
        "so the inputs or tools differ now. It is untouched. "
        "Delete the store and run `dvc repro` to build it again.",
    )


def _put_back(fresh: Path, damaged: Path) -> None:
    """Replace a file by a rename; a link into a cache is replaced, not followed."""
    if damaged.is_dir() and not damaged.is_symlink():
        shutil.rmtree(damaged)
    damaged.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(damaged)
    sync_folder(damaged.parent)


def _move_out(store: Path, name: str) -> Path:
    """Move a file that is no part of the store beside it."""
    place = store.parent / f".set-aside-{store.name}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    (store / name).replace(place)
    return place
