"""A small store build that can be watched, made to fail or killed at any call to the disk."""

import errno
import json
import logging
import os
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from errors import NoInputError, TryLaterError
from store.building import COMMITS, building, building_folder, is_built, read_manifest
from store.files import digest
from store.layout import ArraySpec, Layout
from store.reading import Store
from store.repair import repair
from store.shards import create_arrays, pending_shards, write_shard, write_status
from store.verify import find_problems
from tests.forking import forkserver

LOG = logging.getLogger(__name__)
FULL = os.environ.get("AULENS_TORTURE") == "full"
SEED = int(os.environ.get("AULENS_SEED", "0"))
LAYOUT = Layout(
    10,
    4,
    {
        "map": ArraySpec((40, 50), "uint8"),
        "face": ArraySpec((16, 16, 3), "uint8", codec="jpeg"),
        "valid": ArraySpec((), "uint8"),
    },
)
TABLE = [{"id": str(row), "status": "ok"} for row in range(LAYOUT.rows)]
FORK = forkserver(__name__, "zarr")
CALLS = ("fsync", "open", "replace", "mkdir", "unlink", "rmdir", "chmod", "link")


def trials(few, many):
    """Number the trials: a few in `make test`, many in `make torture`."""
    return range(many if FULL else few)


def fingerprint(sigma):
    return {"stage": "crash", "sigma": sigma}


def build(out, sigma=3, rebuild=False, pause_s=0.0):
    """Build the store of one parameter: three shards of two arrays."""
    if not rebuild and is_built(out, fingerprint(sigma)):
        return
    with building(out, fingerprint(sigma), {}, LAYOUT.as_json()) as folder:
        create_arrays(folder, LAYOUT)
        for shard in pending_shards(folder, LAYOUT):
            rows = len(LAYOUT.span(shard))
            maps = np.full((rows, 40, 50), sigma + shard, np.uint8)
            faces = np.full((rows, 16, 16, 3), sigma + shard, np.uint8)
            blocks = {"map": maps, "face": faces, "valid": np.ones(rows, np.uint8)}
            write_shard(folder, LAYOUT, shard, blocks, {"status": ["ok"] * rows})
            time.sleep(pause_s)
        write_status(folder, LAYOUT, TABLE)


def rebuild(out):
    """Build it again, in place of what is there."""
    build(out, rebuild=True)


def mend(out):
    """Find what is damaged and put it back."""
    repair(out, list(find_problems(out, deep=True)), build)


def build_in_child(ready, out, sigma=3, pause_s=0.0):
    """Say that it starts, build, and exit as the command line does."""
    ready.wait(60)
    try:
        build(out, sigma, pause_s=pause_s)
    except TryLaterError as error:
        os._exit(error.exit_code)


class File:
    """A file whose writes are calls, too."""

    def __init__(self, file, call):
        self.file, self.call = file, call

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, payload):
        return self.call("write", (self.file.name, payload), self.file.write, payload)

    def __getattr__(self, name):
        return getattr(self.file, name)


@contextmanager
def watched(hook):
    """Run a hook before and after every call that changes the disk.

    It is told the call's name, its number, whether it is yet to come, and its paths or payload.
    """
    count = iter(range(1, 1_000_000))

    def call(name, told, real, *arguments, **options):
        number = next(count)
        hook(name, number, True, told)
        try:
            return real(*arguments, **options)
        finally:
            hook(name, number, False, told)

    def patched(name):
        real = getattr(os, name)
        return lambda *arguments, **options: call(
            name, paths(arguments, **options), real, *arguments, **options
        )

    def opened(path, mode="r", *arguments, **options):
        if "x" not in mode:
            return plain(path, mode, *arguments, **options)
        return File(call("create", (str(path),), plain, path, mode, *arguments, **options), call)

    plain = Path.open
    with ExitStack() as stack:
        for name in CALLS:
            stack.enter_context(mock.patch.object(os, name, patched(name)))
        stack.enter_context(mock.patch.object(Path, "open", opened))
        yield


def paths(arguments, dir_fd=None, **options):
    """Return the paths among a call's arguments, whether given as text, descriptor or both."""
    folder = where(dir_fd) if dir_fd is not None else ""
    return tuple(str(Path(folder, where(argument))) for argument in arguments[:2])


def raises(error):
    def fault():
        raise error

    return fault


BEFORE = {
    "ENOSPC": raises(OSError(errno.ENOSPC, "No space left on device")),
    "EIO": raises(OSError(errno.EIO, "Input/output error")),
    "EACCES": raises(PermissionError(errno.EACCES, "Permission denied")),
    "Ctrl-C": raises(KeyboardInterrupt()),
    "exit": lambda: os._exit(9),
}
KILL = "kill after"
DEADLY = ("exit", KILL)
TROUBLE = (OSError, KeyboardInterrupt, TryLaterError)


def work_with_fault(out, kind, at, work):
    """Work until the call with number `at`, and then what `kind` says."""

    def hook(name, number, before, told):
        if number == at and before and kind in BEFORE:
            BEFORE[kind]()
        if number == at and not before and kind == KILL:
            os.kill(os.getpid(), 9)

    with watched(hook):
        work(out)


def strikes(out, kind, at, work=build):
    """Let work fail; say whether it got as far as that. Deadly faults kill a child."""
    if kind in DEADLY:
        child = FORK.Process(target=work_with_fault, args=(out, kind, at, work))
        child.start()
        child.join()
        return child.exitcode in (9, -9)
    try:
        work_with_fault(out, kind, at, work)
    except TROUBLE:
        return True
    return False


def recorded(out, work=build):
    """Return the calls of undisturbed work, as (name, paths or payload)."""
    calls = []

    def hook(name, number, before, told):
        if before:
            calls.append((name, *told))

    with watched(hook):
        work(out)
    return calls


def where(argument):
    """Return the path of an argument that may be a descriptor."""
    number = isinstance(argument, int) and not isinstance(argument, bool)
    link = f"/proc/self/fd/{argument}"
    return str(Path(link).readlink()) if number and Path(link).exists() else str(argument)


def committed_shards_are_whole(folder):
    for record in folder.glob(f"{COMMITS}/*.json"):
        for name, said in json.loads(record.read_bytes())["files"].items():
            assert digest((folder / name).read_bytes()) == said["sha256"]


def honest(out, gold, sigma=3):
    """Check that a store is complete or refused, and that what is committed is whole."""
    committed_shards_are_whole(building_folder(out, fingerprint(sigma)))
    try:
        store = Store(out)
    except NoInputError:
        return
    assert store.digest == gold
    committed_shards_are_whole(out)
    for name in ("map", "face"):
        assert (store.array(name).load()[4:8] == sigma + 1).all()


def healed(out, gold, sigma=3):
    """Check that a plain run ends with the store of an undisturbed one."""
    build(out, sigma)
    honest(out, gold, sigma)
    assert read_manifest(out)["sha256"] == gold
    assert not list(out.rglob("*.partial"))
