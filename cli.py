"""AULens on the command line: one subcommand per stage, named as in dvc.yaml and params.yaml.

Exit codes: 0 done, 2 usage or params.yaml, 65 bad data, 66 no input, 71 out of memory or workers,
73 another output in the way, 74 disk error, 75 try later, 76 corrupt, 77 no permission,
78 diverged, 130/143 interrupted, 1 a bug in AULens.
"""

import errno
import logging
import os
import signal
import sys
import tempfile
import traceback
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from commands import COMMANDS
from commands.options import echo
from errors import BEGINS_AGAIN, ProjectError, printable

VERSION = "0.1.0"
"""As in CITATION.cff."""
_ERRNO_CODES = {
    errno.EROFS: 73,
    errno.EEXIST: 73,
    errno.ENOTDIR: 73,
    errno.ENAMETOOLONG: 73,
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.ENOENT: 66,
}
_SET_UP = "Run `make setup` once, then: export PATH=$PWD/.venv/bin:$PATH"
_REMEDIES = {
    71: "Use fewer --workers or a smaller batch and run the same command again; it continues.",
    74: "Free space or check the disk and run the same command again; it continues.",
    77: "Change the permissions and run the same command again; it continues.",
}


class _OrderedGroup(click.Group):
    """Lists subcommands in the order in which they were added: stages first, then tools."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_OrderedGroup,
    epilog="`dvc repro` runs all stages. Exit codes and remedies: docs/troubleshooting.md.",
)
@click.option("-v", "--verbose", is_flag=True, expose_value=False, help="Show tracebacks.")
@click.version_option(VERSION, prog_name="AULens", message="%(prog)s %(version)s")
def main() -> None:
    """AULens: facial-expression classifiers that look where experts look.

    The input is raw face photographs. The output is aligned faces, landmarks, action-unit heatmaps,
    classifiers whose attention agrees with these heatmaps, and a report on how accurate the
    classifiers are and where they look.
    """


for _command in COMMANDS:
    main.add_command(_command)


def run_safely() -> NoReturn:
    """Run the command line; turn every error into a message and an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    if logging.lastResort:
        logging.lastResort.setFormatter(_Escaping())
    try:
        main(standalone_mode=False)
    except ProjectError as error:
        _fail(error.exit_code, str(error), _notes(error))
    except click.ClickException as error:
        echo(*_shown(error), err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort, _Terminated) as error:  # click hides Ctrl-C in an Abort
        code = 143 if isinstance(error, _Terminated) else 130
        notes = _notes(error.__cause__ or error)
        continues = "" if BEGINS_AGAIN in notes else "The same command continues."
        _fail(code, "interrupted.", notes, continues)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        _fail_unexpectedly(error)
    sys.exit(0)


def _fail_unexpectedly(error: Exception) -> NoReturn:
    """Report what the operating system refused; anything else is a bug."""
    if isinstance(error, MemoryError):
        code, where, what = 71, "memory", "not enough memory"
    elif isinstance(error, ModuleNotFoundError) and not _is_ours(error.name or ""):
        code, where = 66, f"package {error.name}"
        what = f"is not installed in {sys.executable}. {_SET_UP}"
    elif isinstance(error, OSError) and error.errno is not None:
        code = _ERRNO_CODES.get(error.errno, 74)
        where, what = str(error.filename or "system"), error.strerror or str(error)
    else:
        log = Path(tempfile.mkstemp(prefix="aulens-", suffix=".log")[1])
        log.write_text("".join(traceback.format_exception(error)))
        what = "error[BUG] unexpected error; the traceback is in"
        _fail(1, f"{what} {log}. Please report it.")
    word = next(kind.code for kind in ProjectError.__subclasses__() if kind.exit_code == code)
    _fail(
        code,
        f"error[{word}] {printable(where)}: {what}.",
        _notes(error),
        _REMEDIES.get(code, ""),
    )


def _is_ours(module: str) -> bool:
    here = Path(__file__).with_name(module.partition(".")[0])
    return here.is_dir() or here.with_suffix(".py").is_file()


class _Escaping(logging.Formatter):
    """Writes warnings as `echo` writes lines."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


def _shown(error: click.ClickException) -> list[str]:
    """Return what click prints of an error: usage, a hint, what is wrong."""
    text = StringIO()
    error.show(file=text)
    return text.getvalue().rstrip("\n").split("\n")


def _fail(code: int, *sentences: str) -> NoReturn:
    echo(" ".join(filter(None, sentences)), err=True)
    if "-v" in sys.argv[1:2] or "--verbose" in sys.argv[1:2]:
        traceback.print_exc()
    sys.exit(code)


def _notes(error: BaseException) -> str:
    """Return the notes that were added to an error: what is safe, how full the disk is."""
    return " ".join(getattr(error, "__notes__", ()))


class _Terminated(BaseException):
    """SIGTERM was received."""


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Stop cleanly; a second signal exits immediately."""
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, _exit_immediately)
    raise KeyboardInterrupt if number == signal.SIGINT else _Terminated


def _exit_immediately(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    run_safely()
