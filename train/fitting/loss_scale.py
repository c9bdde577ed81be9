"""The factor that keeps gradients in half precision from vanishing, decided on the device.

torch's GradScaler makes the processor wait for the GPU in every step; its rules are kept.
"""

import torch
from torch import Tensor

from train.checkpoint import State

_FIRST, _GROWTH, _BACKOFF, _INTERVAL = 2.0**16, 2.0, 0.5, 2000
"""As torch.amp.GradScaler: a step that overflows halves the scale, 2,000 that do not double it."""


class LossScale:
    """Scales a loss, and its gradients back; without half precision it changes nothing."""

    def __init__(self, enabled: bool, device: torch.device) -> None:
        self._enabled = enabled
        self._scale = torch.full((), _FIRST if enabled else 1.0, device=device)
        self._good_steps = torch.zeros((), dtype=torch.int32, device=device)

    @property
    def can_shrink(self) -> Tensor:
        """Whether a smaller scale could still help: a scalar, on the device."""
        return self._scale > 1

    def scale(self, loss: Tensor) -> Tensor:
        """Return the loss to differentiate."""
        return loss * self._scale if self._enabled else loss

    def unscale_(self, gradients: list[Tensor]) -> None:
        """Divide gradients by the scale."""
        if self._enabled:
            torch._foreach_mul_(gradients, self._scale.reciprocal())

    def update(self, overflowed: Tensor) -> None:
        """Adapt the scale to whether the gradients of a step were not finite."""
        if not self._enabled:
            return
        good = torch.where(overflowed, 0, self._good_steps + 1)
        grown = torch.where(good == _INTERVAL, self._scale * _GROWTH, self._scale)
        self._scale.copy_(torch.where(overflowed, self._scale * _BACKOFF, grown))
        self._good_steps.copy_(torch.where(good == _INTERVAL, 0, good))

    def state_dict(self) -> State:
        """Return what a checkpoint keeps."""
        return {"scale": self._scale, "good_steps": self._good_steps}

    def load_state_dict(self, state: State) -> None:
        """Restore what `state_dict` returned."""
        self._scale.copy_(state["scale"])
        self._good_steps.copy_(state["good_steps"])
