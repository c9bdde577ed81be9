"""Subcommands: parse, load params, call one function. No logic.

Imports sit inside them, so that `--help` answers at once.
"""

from commands.datasets import preset, unpack, use
from commands.explaining import explain
from commands.exporting import export_model
from commands.looking import view
from commands.stages import STAGES
from commands.stores import STORES

COMMANDS = (*STAGES, use, preset, unpack, view, explain, export_model, *STORES)
