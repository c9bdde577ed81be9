"""AULens on the command line: one subcommand a stage, the same word in dvc.yaml and params.yaml.

Exit codes: 0 done, 2 usage or params.yaml, 65 bad data, 66 no input, 71 out of memory or workers,
73 another output in the way, 74 disk, 75 try later, 76 corrupt, 77 no permission, 78 diverged,
130/143 interrupted, 1 a bug in AULens.
"""

import errno
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from commands import COMMANDS
from errors import ProjectError, printable

_ERRNO_CODES = {
    errno.EROFS: 73,
    errno.EEXIST: 73,
    errno.ENOTDIR: 73,
    errno.EACCES: 77,
    errno.EPERM: 77,
    errno.ENOENT: 66,
}
_REMEDIES = {
    71: "Use fewer --workers or a smaller batch, and run the same command again; it goes on.",
    74: "Free space, or look at the disk, and run the same command again; it goes on.",
    77: "Change the rights and run the same command again; it goes on.",
}


class _InOrder(click.Group):
    """Lists its subcommands as they were added: the line first, then the tools."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog="Exit codes and remedies: docs/troubleshooting.md. The whole line: dvc repro.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """AULens: expression classifiers that look where experts look.

    Raw photographs go in; out come aligned faces, landmarks, action-unit heatmaps, classifiers
    whose attention agrees with them, and pages that say how accurate they are and where they look.
    """
    context.obj = verbose


for _command in COMMANDS:
    main.add_command(_command)


def run_safely() -> NoReturn:
    """Run the command line and turn whatever happens into a message and an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        main(standalone_mode=False)
    except ProjectError as error:
        _fail(error.exit_code, str(error), _notes(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort, _Terminated) as error:  # click hides Ctrl-C in an Abort
        code = 143 if isinstance(error, _Terminated) else 130
        _fail(code, "interrupted.", _notes(error.__cause__ or error), "The same command goes on.")
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        _fail_of(error)
    sys.exit(0)


def _fail_of(error: Exception) -> NoReturn:
    """Say what the system refused; what it did not refuse is a bug."""
    if isinstance(error, MemoryError):
        code, where, what = 71, "memory", "there is not enough"
    elif isinstance(error, OSError) and error.errno is not None:
        code = _ERRNO_CODES.get(error.errno, 74)
        where, what = str(error.filename or "system"), error.strerror or str(error)
    else:
        log = Path(tempfile.mkstemp(prefix="aulens-", suffix=".log")[1])
        log.write_text("".join(traceback.format_exception(error)))
        what = "error[BUG] something AULens did not foresee; the traceback is in"
        _fail(1, f"{what} {log}. Please report it.")
    word = next(kind.code for kind in ProjectError.__subclasses__() if kind.exit_code == code)
    _fail(
        code,
        f"error[{word}] {printable(where)}: {what}.",
        _notes(error),
        _REMEDIES.get(code, ""),
    )


def _fail(code: int, *sentences: str) -> NoReturn:
    click.echo(" ".join(filter(None, sentences)), err=True)
    if "-v" in sys.argv[1:2] or "--verbose" in sys.argv[1:2]:
        traceback.print_exc()
    sys.exit(code)


def _notes(error: BaseException) -> str:
    """Return what was noted where an error passed: what is safe, how full the disk is."""
    return " ".join(getattr(error, "__notes__", ()))


class _Terminated(BaseException):
    """SIGTERM came."""


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Stop cleanly; whoever says so a second time is obeyed at once."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop_at_once)
    raise KeyboardInterrupt if number == signal.SIGINT else _Terminated


def _stop_at_once(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    run_safely()
