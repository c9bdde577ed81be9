"""Labels that training may change, on the device, kept in the checkpoint.

An epoch sees the labels it began with; a change counts from the next epoch on, even if the face is
shown again before. Shapes: N rows of the store, B batch.
"""

from dataclasses import replace

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from train.fitting.distributed import Distributed
from train.records import Batch

Labels = NDArray[np.int64]
_NONE = -1
"""In place of a label: none is proposed."""


class LabelStore:
    """The label of every face: as stored, in this epoch, and from the next one on."""

    def __init__(self, stored_N: Labels, distributed: Distributed) -> None:
        self._dist, self._stored_N = distributed, stored_N
        self._next_N = torch.from_numpy(stored_N).to(distributed.device)
        self._now_N = self._next_N.clone()
        self._proposed_N = torch.full_like(self._next_N, _NONE)

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with this epoch's labels.

        A face whose label was changed loses its heatmap, which belongs to the stored label.
        """
        labels_B = self._now_N[batch.rows_B]
        return replace(
            batch, labels_B=labels_B, valid_B=batch.valid_B & (labels_B == batch.labels_B)
        )

    def propose(self, batch: Batch, labels_B: Tensor) -> None:
        """Note the labels that a batch of this step, as applied, should have from now on.

        If a step shows a face twice and its two changes differ, the label of the higher number
        counts: on a GPU, which comes last is left to chance.
        """
        assert batch.rows_B is not None
        changes_B = torch.where(labels_B != batch.labels_B, labels_B, _NONE)
        self._proposed_N.scatter_reduce_(0, batch.rows_B, changes_B, "amax")

    def commit(self, updated: bool | Tensor) -> None:
        """Take over what all ranks proposed, on every rank; drop it if the step was skipped."""
        proposed_N = self._dist.all_reduce(self._proposed_N, dist.ReduceOp.MAX)
        taken_N = (proposed_N != _NONE) & updated
        self._next_N = torch.where(taken_N, proposed_N, self._next_N)
        self._proposed_N.fill_(_NONE)

    def end_epoch(self) -> None:
        """Make the committed labels those of the epoch that begins."""
        self._now_N = self._next_N.clone()

    def changed(self) -> list[tuple[int, int]]:
        """Return (row, new label) of every face whose next label differs from the stored one."""
        next_N = self._next_N.cpu().numpy()
        rows = np.flatnonzero(next_N != self._stored_N)
        return [(int(row), int(next_N[row])) for row in rows]

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps: one byte per label."""
        return {"now": self._now_N.to(torch.uint8), "next": self._next_N.to(torch.uint8)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        self._now_N, self._next_N = (
            state[name].to(self._dist.device, torch.int64) for name in ("now", "next")
        )
