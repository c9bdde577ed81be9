"""A model of a disk that loses its power: what was not synced is there, or half there, or not."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(eq=False)
class File:
    """What was written, and what of it is sure to be there."""

    payload: bytes = b""
    synced: bytes = b""

    def left(self, chance):
        """Return what a loss of power leaves: any part of what was not synced, or zeros."""
        if self.payload == self.synced:
            return self.payload
        part = self.payload[: chance.randint(0, len(self.payload))]
        return chance.choice([self.synced, self.payload, part, bytes(len(self.payload))])


@dataclass(eq=False)
class Folder:
    """Names now, names that are sure, and the changes between, as (name gone, name come, what)."""

    names: dict = field(default_factory=dict)
    synced: dict = field(default_factory=dict)
    changes: list = field(default_factory=list)

    def change(self, gone, come=None, what=None):
        """Take one name away and put one in: a rename does both at once or not at all."""
        self.names.pop(gone, None)
        if come:
            self.names[come] = what
        self.changes.append((gone, come, what))

    def sync(self):
        """Make the names sure."""
        self.synced, self.changes = dict(self.names), []

    def left(self, chance, kept):
        """Return what a loss of power leaves: any of the changes, in nested dicts."""
        names = dict(self.synced)
        for gone, come, what in self.changes:
            if chance.random() < kept:
                names.pop(gone, None)
                names.update({come: what} if come else {})
        return {
            name: what.left(chance, kept) if isinstance(what, Folder) else what.left(chance)
            for name, what in names.items()
        }


class Disk:
    """Does the calls that `crashing.recorded` returns, below one folder."""

    def __init__(self, top):
        self.top, self.root = top, Folder()

    def _at(self, path):
        node = self.root
        for name in Path(path).relative_to(self.top).parts:
            node = node.names[name]
        return node

    def do(self, name, path, *more):
        """Do one call."""
        if Path(path) == self.top.parent or name in ("open", "chmod"):
            return
        if name == "write":
            self._at(path).payload += more[0]
        elif name == "fsync":
            node = self._at(path)
            if isinstance(node, Folder):
                node.sync()
            else:
                node.synced = node.payload
        else:
            self._rename(name, Path(path), *more)

    def _rename(self, name, path, *more):
        if Path(path) == self.top:
            return
        folder = self._at(path.parent)
        if name in ("mkdir", "create") and path.name not in folder.names:
            folder.change(None, path.name, Folder() if name == "mkdir" else File())
        elif name in ("unlink", "rmdir"):
            folder.change(path.name)
        elif name == "replace":
            assert Path(more[0]).parent == path.parent
            folder.change(path.name, Path(more[0]).name, folder.names[path.name])

    def lose_power(self, chance, place):
        """Write what is left of everything into the folder `place`."""
        write(place, self.root.left(chance, chance.choice([0.0, 0.3, 0.7, 1.0])))


def write(place, left):
    """Write nested dicts as folders and files."""
    place.mkdir()
    for name, what in left.items():
        if isinstance(what, dict):
            write(place / name, what)
        else:
            (place / name).write_bytes(what)
