"""What stages of this folder are given besides their inputs and numbers."""

from dataclasses import dataclass

import torch

from progress import ProgressCallback
from train.fitting.run_report import Say, quiet


@dataclass(frozen=True, slots=True)
class StageContext:
    """How a stage runs.

    Attributes:
        device: where.
        progress: called with (done, total, note).
        rebuild: start over and replace what is there.
        say: called with lines for people.
    """

    device: torch.device
    progress: ProgressCallback
    rebuild: bool = False
    say: Say = quiet
