"""Reads pickles of NumPy arrays by name, as Caffe's weights are passed on, without running code.

A pickle may name any function to call. Here only what arrays are made of can be named, so nothing
else can be reached.
"""

import io
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PICKLE = b"\x80"
_CORES = ("core", "_core")
_MAKE, _MAKE_NEW = np.empty(0).__reduce__()[0], np.empty(1).__reduce_ex__(5)[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _MAKE for core in _CORES},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _MAKE_NEW for core in _CORES},
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): str.encode,  # by which protocol 2 writes bytes
}


class _ArrayUnpickler(pickle.Unpickler):
    """Knows arrays, and nothing else that a pickle may name."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as its base
        """Return what the name stands for, if it is of arrays."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"names {module}.{name}")
        return _ALLOWED[module, name]


def read_array_pickle(payload: bytes) -> dict[str, Tensor]:
    """Read names and arrays of a pickle, also of Python 2.

    Raises:
        ValueError: if it holds, or names, anything else.
    """
    if not payload.startswith(_PICKLE):
        raise ValueError("is no pickle")
    try:
        loaded = _ArrayUnpickler(io.BytesIO(payload), encoding="latin1").load()
    except Exception as error:  # damage makes the reader raise anything
        raise ValueError(str(error)) from error
    if not isinstance(loaded, dict) or not loaded:
        raise ValueError("holds no names")
    wrong = [name for name, value in loaded.items() if not _is_numeric(value)]
    if wrong or not all(isinstance(name, str) for name in loaded):
        raise ValueError("holds more than arrays of numbers")
    return {name: torch.from_numpy(np.array(value)) for name, value in loaded.items()}


def _is_numeric(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
