"""params.yaml: read strictly, and validated whole by every command before it does anything.

root      the model of the whole file, and `load`
reading   strict YAML
editing   what `use` and `preset` write; comments stay
schema    params.schema.json, for editors: `python -m params.schema` writes it
"""

from params.root import Params, load

__all__ = ["Params", "load"]
