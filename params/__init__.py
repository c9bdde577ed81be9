"""params.yaml: read strictly, and validated whole by every command before it does anything.

Files:
    checks.py    what does not go together
    editing.py   what `use` and `preset` write; comments stay
    matrix.py    [matrix]: datasets, methods, variants, repeats
    overlays.py  sections that lie over others
    root.py      the model of the whole file, and `load`
    schema.py     params.schema.json, for editors: `python -m params.schema` writes it
"""

from params.root import Params, load

__all__ = ["Params", "load"]
