"""Subcommands: parse the options, load params.yaml, call one function. No logic.

Imports sit inside the functions, so that `--help` answers at once.

Files:
    datasets.py      use, preset, unpack
    examine.py       examine, compare-maps
    explain.py       explain
    export_model.py  export-model
    import_run.py    import-run
    occlusion.py     occlude, mae, patches, restore
    options.py       options and progress that subcommands share
    predict.py       predict
    restoring.py     restored faces, from what `train` plans and `pipeline` builds
    stages.py        the stages, in order
    stores.py        inspect, verify, repair, status, clean, export
    view.py          view
"""

from commands.datasets import preset, unpack, use
from commands.examine import EXAMINE
from commands.explain import explain
from commands.export_model import export_model
from commands.import_run import import_run
from commands.occlusion import OCCLUSION
from commands.predict import predict
from commands.stages import STAGES
from commands.stores import STORES
from commands.view import view

COMMANDS = (
    *STAGES,
    *OCCLUSION,
    use,
    preset,
    unpack,
    view,
    explain,
    predict,
    export_model,
    import_run,
    *EXAMINE,
    *STORES,
)
