"""The syntax trees of all files, parsed once."""

import ast
from functools import cache

ROOMS = ("labels", "anatomy", "demo", "store", "pipeline", "measures", "train", "explain", "report")
FOLDERS = (*ROOMS, "contracts", "commands", "params")
"""Folders that AULens is made of."""


@cache
def parsed(checkout):
    """Return every file's syntax tree, by its path in the checkout."""
    files = [
        *checkout.glob("*.py"),
        *(f for name in (*FOLDERS, "benchmarks", "tests") for f in (checkout / name).rglob("*.py")),
    ]
    return {file.relative_to(checkout).as_posix(): ast.parse(file.read_text()) for file in files}
