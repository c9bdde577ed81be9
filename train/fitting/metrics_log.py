"""Training curves on disk, as dvclive writes them and `dvc plots` reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path


class MetricsLog:
    """One table per metric, one row per epoch."""

    def __init__(self, folder: Path, history: Sequence[Mapping[str, float]]) -> None:
        """Start the log again with the rows of the checkpoint.

        Args:
            folder: where the log is; rows written after the last checkpoint are dropped.
            history: metrics of every epoch up to the checkpoint.
        """
        from dvclive import Live

        self._live = Live(str(folder), save_dvc_exp=False, dvcyaml=None, monitor_system=False)
        for epoch, metrics in enumerate(history):
            self.log(epoch, metrics)

    def log(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Add one epoch's row."""
        self._live.step = epoch
        for name, value in metrics.items():
            self._live.log_metric(name, value)
        self._live.make_summary()
