"""A run for other programs."""

from pathlib import Path

import click

from commands.options import Setting, stage


@stage("run", "out")
def export_model(run: Path, out: Path, setting: Setting) -> None:
    """Write a trained model for other programs: RUN -> OUT.

    OUT gets model.onnx (from faces to scores, attention and CAM), model.safetensors (the weights)
    and model.json, which says what they are and how to use them: docs/exporting.md.
    """
    from params import load
    from train.export import export as write
    from train.params import ExportParams

    params = load(setting.params, ("export",), ExportParams)
    click.echo(write(run, out, params, setting.rebuild))
