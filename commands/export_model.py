"""Exporting a trained model."""

from pathlib import Path

from commands.options import StageOptions, echo, stage


@stage("run", "out")
def export_model(run: Path, out: Path, shared: StageOptions) -> None:
    """Write a trained model for other programs: RUN -> OUT.

    OUT gets model.onnx (from faces to scores, attention and CAM), model.safetensors (the weights)
    and model.json, which describes both. How to use them: docs/exporting.md.
    """
    params = shared.params.export
    from train.export import export as write

    echo(write(run, out, params, shared.rebuild))
