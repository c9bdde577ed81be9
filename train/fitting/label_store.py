"""Labels that training may change, and that survive with it.

An epoch sees the labels it began with; what its steps decide counts from the next one on, whoever
reads a face again before. Shapes: N rows of the store, B batch.
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
        self._distributed, self._stored_N = distributed, stored_N
        self._proposed: list[list[int]] = []
        self._set(stored_N.copy(), stored_N.copy())

    def _set(self, now_N: Labels, next_N: Labels) -> None:
        self._now_N, self._next_N = torch.from_numpy(now_N).to(self._distributed.device), next_N

    def shown(self, batch: Batch) -> Batch:
        """Return the batch with this epoch's labels.

        A face whose label was changed loses its heatmap, which is that of the stored label.
        """
        labels_B = self._now_N[batch.rows_B]
        return replace(
            batch, labels_B=labels_B, valid_B=batch.valid_B & (labels_B == batch.labels_B)
        )

    def propose(self, batch: Batch, labels_B: Tensor) -> None:
        """Note what a batch of this step, as shown, would be called from now on."""
        assert batch.rows_B is not None
        other_B = labels_B != batch.labels_B
        self._proposed += torch.stack([batch.rows_B, labels_B], dim=1)[other_B].tolist()

    def settle(self, taken: bool) -> None:
        """Take over, on every rank, what all ranks proposed, unless the step was not taken."""
        if taken:
            for row, label in self._distributed.all_gather(self._proposed):
                self._next_N[row] = label
        self._proposed.clear()

    def end_epoch(self) -> None:
        """Make the labels that were decided the ones that are seen."""
        self._set(self._next_N.copy(), self._next_N)

    def changed(self) -> list[tuple[int, int]]:
        """Return row and label of every face that from now on has another than the stored one."""
        rows = np.flatnonzero(self._next_N != self._stored_N)
        return [(int(row), int(self._next_N[row])) for row in rows]

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps: a byte a label."""
        return {
            "now": self._now_N.to(torch.uint8),
            "next": torch.from_numpy(self._next_N).to(torch.uint8),
        }

    def take(self, state: dict[str, Tensor]) -> None:
        """Go on from a state."""
        self._set(*(state[name].cpu().numpy().astype(np.int64) for name in ("now", "next")))
