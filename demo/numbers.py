"""The numbers of the embedded dataset, from numbers.yaml beside this file."""

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


@cache
def numbers() -> dict[str, Any]:
    """Return the sections of numbers.yaml."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(
        Path(__file__).with_name("numbers.yaml")
    )
    return content
