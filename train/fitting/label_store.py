"""Labels that training may change, kept in the checkpoint.

An epoch sees the labels it began with; a change counts from the next epoch on, even if the face is
shown again before. Shapes: N rows of the store, B batch.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.fitting.distributed import Distributed
from train.records import Batch

Labels = NDArray[np.int64]


class LabelStore:
    """The label of every face: as stored, in this epoch, and from the next one on."""

    def __init__(self, stored_N: Labels, distributed: Distributed) -> None:
        self._dist, self._stored_N = distributed, stored_N
        self._proposed: list[list[int]] = []
        self._set(stored_N.copy(), stored_N.copy())

    def _set(self, now_N: Labels, next_N: Labels) -> None:
        self._now_N, self._next_N = torch.from_numpy(now_N).to(self._dist.device), next_N

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with this epoch's labels.

        A face whose label was changed loses its heatmap, which belongs to the stored label.
        """
        labels_B = self._now_N[batch.rows_B]
        return replace(
            batch, labels_B=labels_B, valid_B=batch.valid_B & (labels_B == batch.labels_B)
        )

    def propose(self, batch: Batch, labels_B: Tensor) -> None:
        """Note the labels that a batch of this step, as applied, should have from now on."""
        assert batch.rows_B is not None
        differs_B = labels_B != batch.labels_B
        self._proposed += torch.stack([batch.rows_B, labels_B], dim=1)[differs_B].tolist()

    def commit(self, updated: bool) -> None:
        """Take over what all ranks proposed, on every rank; drop it if the step was skipped."""
        if updated:
            for row, label in self._dist.all_gather(self._proposed):
                self._next_N[row] = label
        self._proposed.clear()

    def end_epoch(self) -> None:
        """Make the committed labels those of the epoch that begins."""
        self._set(self._next_N.copy(), self._next_N)

    def changed(self) -> list[tuple[int, int]]:
        """Return (row, new label) of every face whose next label differs from the stored one."""
        rows = np.flatnonzero(self._next_N != self._stored_N)
        return [(int(row), int(self._next_N[row])) for row in rows]

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps: one byte per label."""
        return {
            "now": self._now_N.to(torch.uint8),
            "next": torch.from_numpy(self._next_N).to(torch.uint8),
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        self._set(*(state[name].cpu().numpy().astype(np.int64) for name in ("now", "next")))
