"""Versions that results depend on."""

import runpy
from importlib.util import find_spec
from pathlib import Path


def torch_version() -> str:
    """Return torch.__version__, without importing torch."""
    found = find_spec("torch")
    assert found is not None
    assert found.origin is not None
    return str(runpy.run_path(str(Path(found.origin).with_name("version.py")))["__version__"])
