"""Run a Python command on fake GPUs: `python -m benchmarks.fake_cuda [--gpus N] ARGUMENTS`."""

import os
import subprocess
import sys

from benchmarks.fake_cuda.build import fake_cuda, why_not


def main(arguments: list[str]) -> int:
    """Run it; return its exit status."""
    gpus = 1
    if arguments[:1] == ["--gpus"]:
        gpus, arguments = int(arguments[1]), arguments[2:]
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 69
    with fake_cuda(gpus) as environment:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env={**os.environ, **environment}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
