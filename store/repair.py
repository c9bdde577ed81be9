"""Builds damaged shards again, aside, and puts them back one file at a time.

    <parent>/.building-repair-<digest>/   locked; the sound shards linked, the bad ones built again

What comes out for the bad files must be what the manifest records of them; only then is the store
touched, and each file in it is replaced by a rename. So it can be read all the time, and a repair
that is killed leaves a store with fewer problems.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from contracts.files import MANIFEST
from errors import CorruptError, NoInputError
from store.building import (
    COMMITS,
    FINGERPRINT,
    Json,
    building_folder,
    read_fingerprint,
    read_manifest,
)
from store.files import sync_folder
from store.layout import read_layout, shard_of
from store.locking import locked
from store.verify import FileProblem

Rebuild = Callable[[Path], object]
"""(path): build the same store at this path, with what its stage does today."""


def repair(store: Path, problems: Sequence[FileProblem], rebuild: Rebuild) -> list[Path]:
    """Put back what a deep verification found wrong.

    Args:
        store: the finished store.
        problems: its problems, all of them.
        rebuild: builds it again; finds the sound shards done.

    Returns:
        Where files that are no part of the store were moved to.

    Raises:
        CorruptError: if what comes out is not what was recorded; the store is untouched.
        NoInputError: if it is an output without shards.
        TryLaterError: if another repair of it is running.
    """
    require_repairable(store, problems)
    manifest = read_manifest(store)
    aside = store.parent / f".building-repair-{manifest['sha256'][:16]}"
    with locked(aside, store):
        for left in aside.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
        own = [problem for problem in problems if not problem.foreign]
        if own:
            fresh = aside / store.name
            _link_sound_shards(
                building_folder(fresh, read_fingerprint(store)), store, manifest, own
            )
            rebuild(fresh)
            _require_equal(store, fresh, manifest, own)
            for problem in own:
                _put_back(fresh / problem.file, store / problem.file)
        moved = [_move_out(store, problem.file) for problem in problems if problem.foreign]
        shutil.rmtree(aside)
    return moved


def require_repairable(store: Path, problems: Sequence[FileProblem]) -> None:
    """Refuse what can only be built anew.

    Raises:
        CorruptError: if the manifest or the files it rests on are damaged.
        NoInputError: if it is an output without shards.
    """
    lost = {problem.file for problem in problems if not problem.foreign} & {MANIFEST, FINGERPRINT}
    if lost:
        raise CorruptError(
            store / min(lost),
            "is damaged, and says what the store is. "
            "Delete the store and run `dvc repro` to build it again.",
        )
    manifest = read_manifest(store)
    if not manifest["layout"]:
        raise NoInputError(
            store, "has no shards to repair. Delete it and run `dvc repro` to build it again."
        )
    read_layout(store, manifest)


def _link_sound_shards(
    folder: Path, store: Path, manifest: Json, problems: Sequence[FileProblem]
) -> None:
    """Link the shards without a problem into the building folder, each record after its data."""
    spoilt = {problem.shard for problem in problems}
    sound = [name for name in manifest["files"] if shard_of(name) not in {None, *spoilt}]
    for name in sorted(sound, key=lambda name: name.startswith(COMMITS)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link((store / name).resolve(), folder / name)
        except OSError:  # another file system behind a link, or one without hard links
            shutil.copyfile(store / name, folder / name)


def _require_equal(
    store: Path, fresh: Path, manifest: Json, problems: Sequence[FileProblem]
) -> None:
    """Compare what was built in place of the bad files with what was recorded of them."""
    before, after = manifest["files"], read_manifest(fresh)["files"]
    names = [problem.file for problem in problems]
    differing = [name for name in names if before[name] != after.get(name)]
    if not differing:
        return
    shutil.rmtree(fresh.parent)
    raise CorruptError(
        store,
        f"cannot be repaired: {', '.join(differing)} came out differently, "
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
    target = store.parent / f".set-aside-{store.name}" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    (store / name).replace(target)
    return target
