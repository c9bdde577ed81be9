"""Training curves on disk, as dvclive writes them and `dvc plots` reads them."""

from collections.abc import Mapping
from pathlib import Path

from store.files import atomic_write


class Curves:
    """One row an epoch; rows that a resumed run will write again are dropped first."""

    def __init__(self, folder: Path, begun: int) -> None:
        """Open the log.

        Args:
            folder: where it is.
            begun: epochs that a checkpoint holds; later rows were written by a run that died.
        """
        from dvclive import Live

        for table in folder.rglob("*.tsv"):
            header, *rows = table.read_text().splitlines()
            kept = [row for row in rows if int(row.split("\t")[0]) < begun]
            atomic_write(table, "\n".join([header, *kept, ""]).encode())
        self._live = Live(
            str(folder), resume=begun > 0, save_dvc_exp=False, dvcyaml=None, monitor_system=False
        )

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Add an epoch's row."""
        self._live.step = epoch
        for name, value in values.items():
            self._live.log_metric(name, value)
        self._live.make_summary()
