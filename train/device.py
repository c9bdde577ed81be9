"""Which processor to train on."""

import torch

from errors import UsageError


def chosen_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is a GPU if there is one.

    Raises:
        UsageError: if it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            "--device", f"'{name}' cannot be used: {reason}. Use cpu, cuda or auto."
        ) from error
    return device
