"""ONNX files through onnxruntime.

Shapes: B batch, S side of the picture, K classes of the model.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contracts.model_cards import ModelCard
from errors import DataError, UsageError, pick
from train.device import receive
from train.examination.card_network import Answers, AskModel, prepared

F32 = NDArray[np.float32]
_DTYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(double)": np.float64}


def onnx_model(file: Path, card: ModelCard, device: torch.device) -> AskModel:
    """Open an ONNX file.

    Args:
        file: of one picture input.
        card: how pictures go in, and what comes out.
        device: onnxruntime uses a GPU if this is one and it can, else the processor.

    Raises:
        UsageError: if onnxruntime is not installed, or the card names an output that there is not.
        DataError: if the file cannot be opened, or its input is not that of the card.
    """
    session = _session(file, device)
    entries = session.get_inputs()
    if len(entries) != 1:
        names = ", ".join(one.name for one in entries)
        raise DataError(file, f"has {len(entries)} inputs ({names}); one, of pictures, is needed.")
    (entry,) = entries
    _require_shape(file, entry.shape, card)
    if entry.type not in _DTYPES:
        raise DataError(file, f"takes {entry.type}; float, double and uint8 are supported.")
    dtype, fixed = _DTYPES[entry.type], entry.shape[0]
    outputs = _outputs(session, card)

    def ask(images_B3SS: Tensor) -> Answers:
        (pictures,) = receive([prepared(card, images_B3SS)])
        if dtype == np.uint8:
            pictures = np.rint(pictures)
        given = np.ascontiguousarray(pictures.astype(dtype))
        return _run(session, entry.name, outputs, given, fixed)

    return ask


def _session(file: Path, device: torch.device) -> Any:  # noqa: ANN401 - onnxruntime has no types
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(file, "needs onnxruntime, which `make setup` installs.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    known = onnxruntime.get_available_providers()
    providers = [one for one in (*wanted, "CPUExecutionProvider") if one in known]
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        first = str(error).strip().splitlines()[0] if str(error).strip() else "unknown reason"
        raise DataError(file, f"is no ONNX file that onnxruntime opens: {first:.150}") from error


def _require_shape(file: Path, shape: list[int | str | None], card: ModelCard) -> None:
    """Refuse an input whose fixed sizes are not those of the card."""
    channels = 1 if card.channels == "grey" else 3
    px = card.input_px
    expected = (channels, px, px) if card.layout == "nchw" else (px, px, channels)
    found = shape[1:]
    fits = len(found) == 3 and all(
        not isinstance(one, int) or one <= 0 or one == want
        for one, want in zip(found, expected, strict=True)
    )
    if not fits:
        raise DataError(
            file,
            f"takes pictures of the shape {tuple(found)}; the card says {expected} (input_px "
            f"{px}, channels {card.channels}, layout {card.layout}). Correct the card.",
        )


def _outputs(session: Any, card: ModelCard) -> list[str | None]:  # noqa: ANN401
    known = {one.name: one.name for one in session.get_outputs()}
    wanted = card.outputs
    scores = wanted.scores or next(iter(known))
    return [
        pick(known, name, "output") if name else None
        for name in (scores, wanted.attention, wanted.cam)
    ]


def _run(
    session: Any,  # noqa: ANN401
    entry: str,
    names: list[str | None],
    given: NDArray[Any],
    fixed: int | str | None,
) -> Answers:
    """Run a batch; in portions if the file has a fixed batch size, the last one filled up."""
    present = [name for name in names if name]
    size = fixed if isinstance(fixed, int) and fixed > 0 else len(given)
    parts: list[list[F32]] = []
    for start in range(0, len(given), size):
        part = given[start : start + size]
        padding = np.repeat(part[-1:], size - len(part), axis=0)
        answers = session.run(present, {entry: np.concatenate([part, padding])})
        parts.append([np.asarray(one, np.float32)[: len(part)] for one in answers])
    joined = dict(zip(present, map(np.concatenate, zip(*parts, strict=True)), strict=True))
    scores, attention, cam = names
    return Answers(joined[str(scores)], joined.get(str(attention)), joined.get(str(cam)))
