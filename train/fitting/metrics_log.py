"""Training curves on disk, as dvclive writes them and `dvc plots` reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path


class Curves:
    """One row an epoch, in a table a value."""

    def __init__(self, folder: Path, history: Sequence[Mapping[str, float]]) -> None:
        """Begin the log anew, with what the checkpoint remembers.

        Args:
            folder: where it is; rows that a run wrote after its last checkpoint are dropped.
            history: the rows of the epochs up to the checkpoint.
        """
        from dvclive import Live

        self._live = Live(str(folder), save_dvc_exp=False, dvcyaml=None, monitor_system=False)
        for epoch, values in enumerate(history):
            self.log(epoch, values)

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Add an epoch's row."""
        self._live.step = epoch
        for name, value in values.items():
            self._live.log_metric(name, value)
        self._live.make_summary()
