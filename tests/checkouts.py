"""Copies of the checkout."""

import shutil
import subprocess
import sys


def copy_tracked(checkout, folder, without=()):
    """Copy what git tracks, or would, but for what begins with one of some words."""
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        if not name.startswith(tuple(without)) and (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, folder / name)


def copied(checkout, folder):
    """Fill a folder with a copy of the checkout, with its own cache and the smoke preset."""
    copy_tracked(checkout, folder, without=("tests/", "docs/", "benchmarks/"))
    (folder / "dvc.lock").unlink(missing_ok=True)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "Start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run([sys.executable, "cli.py", "preset", "smoke"], cwd=folder, check=True)
    return folder
