"""What can go wrong for a user, as one tree; each branch has its own exit code.

    ProjectError                 1   (never raised itself)
    ├── UsageError               2   a key, type or range in params.yaml, or an unknown name
    ├── DataError               65   a label file or too many bad pictures
    ├── NoInputError            66   an input that is not there
    ├── ResourceError           71   out of memory, too many worker deaths
    ├── OutputExistsError       73   another output is in the way
    ├── StorageError            74   disk full, input/output error
    ├── TryLaterError           75   another run holds the lock, the cluster or a rank was lost, or
    │                                SIGUSR1 came (Slurm: time is up): saved, queue it again
    ├── CorruptError            76   a shard, manifest or checkpoint is not what was written
    ├── NoPermissionError       77   no right to read or write
    └── DivergedError           78   the loss is not finite

A message reads `error[DATA] where: what. What is safe. Remedy.`; it is escaped, so that no file's
name can forge a line or give the terminal orders. Anything else that escapes is a bug in AULens and
exits with 1.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar, TypeVar

T = TypeVar("T")

BEGINS_AGAIN = "The same command begins again."
"""In a note on an interruption: by whom nothing can be continued."""


class ProjectError(Exception):
    """Something the user can mend.

    Args:
        where: the file, folder or key it is about.
        what: what came, what was expected and what to do, as sentences.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "BUG"

    def __init__(self, where: str | Path, what: str) -> None:
        super().__init__(str(where), what)
        self.where = str(where)
        self.what = what

    def __str__(self) -> str:
        return f"error[{self.code}] {printable(self.where)}: {printable(self.what)}"


class UsageError(ProjectError):
    """A key, a value or a name that AULens does not know."""

    exit_code, code = 2, "USAGE"


class DataError(ProjectError):
    """Labels or pictures that cannot be accepted."""

    exit_code, code = 65, "DATA"


class NoInputError(ProjectError):
    """An input that is missing or empty."""

    exit_code, code = 66, "NOINPUT"


class ResourceError(ProjectError):
    """Not enough memory or workers."""

    exit_code, code = 71, "RESOURCE"


class OutputExistsError(ProjectError):
    """Another output stands where this one should go."""

    exit_code, code = 73, "CANTCREAT"


class StorageError(ProjectError):
    """The disk refused."""

    exit_code, code = 74, "IO"


class TryLaterError(ProjectError):
    """Somebody else is at it."""

    exit_code, code = 75, "TEMPFAIL"


class CorruptError(ProjectError):
    """Bytes that are not those that were written."""

    exit_code, code = 76, "CORRUPT"


class NoPermissionError(ProjectError):
    """The operating system refused access."""

    exit_code, code = 77, "NOPERM"


class DivergedError(ProjectError):
    """Training produced a loss that is not a number."""

    exit_code, code = 78, "DIVERGED"


def printable(name: str) -> str:
    """Escape control characters and undecodable bytes, so that a file name stays on its line."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name
    )


def did_you_mean(name: str, known: list[str], cutoff: float = 0.6) -> str:
    """Return ' Did you mean x?' for a near miss, else an empty string.

    Args:
        name: what was given.
        known: what there is.
        cutoff: how near, from 0 to 1: the ratio of difflib.
    """
    near = get_close_matches(name, known, n=1, cutoff=cutoff)
    return f" Did you mean '{near[0]}'?" if near else ""


def pick(family: Mapping[str, T], name: str, what: str) -> T:
    """Return the member called `name` of a family.

    Raises:
        UsageError: if there is none, with the known names.
    """
    if name in family:
        return family[name]
    known = ", ".join(sorted(family))
    raise UsageError(
        what, f"no {what} '{printable(name)}'; known: {known}.{did_you_mean(name, list(family))}"
    )
