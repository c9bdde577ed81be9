"""Reads the tensors of TorchScript archives without running any code in them.

`torch.jit.load` compiles the archive's own code and calls its `__setstate__`, so whoever wrote the
file decides what is executed. Here only two kinds of records are read: `data.pkl`, by an unpickler
that knows tensors, plain values and modules as bare folders of attributes, and the storages under
`data/`. Code, constants and debugging records are not opened.

Source: torch/csrc/jit/docs/serialization.md of PyTorch.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor

_DTYPES: dict[str, torch.dtype] = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_MAX_PICKLE_BYTES = 64 << 20
_MAX_DEPTH = 100
_LISTS = ("build_intlist", "build_tensorlist", "build_doublelist", "build_boollist")


class ScriptArchiveError(ValueError):
    """An archive that holds more than modules of tensors and plain values."""


def is_script_archive(content: bytes) -> bool:
    """Say whether a file is what `torch.jit.save` writes."""
    file = io.BytesIO(content)
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def read_script_tensors(content: bytes) -> dict[str, Tensor]:
    """Return the tensors of an archive by their dotted names, as its state dict has them.

    A tensor that is a plain attribute of a module, neither parameter nor buffer, is among them.

    Raises:
        ScriptArchiveError: if it holds anything else, or is damaged. Nothing in it was executed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            root = _Reader(archive).read()
    except ScriptArchiveError:
        raise
    except Exception as error:  # a forged pickle makes the unpickler raise anything
        raise ScriptArchiveError(str(error)) from error
    return dict(_tensors(root, "", 0))


class _Storage:
    """The elements of a storage, one-dimensional."""

    __slots__ = ("values",)

    def __init__(self, values: Tensor) -> None:
        self.values = values


class _Module:
    """A module of an archive: its attributes, and nothing of what it does."""


class _Reader:
    """Reads data.pkl; every record at most once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        names = [name for name in archive.namelist() if name.endswith("/constants.pkl")]
        self._archive, self._top = archive, names[0].removesuffix("constants.pkl")
        self._storages: dict[str, _Storage] = {}
        order = f"{self._top}byteorder"
        if order in archive.namelist() and self._record(order, 16).strip() != b"little":
            raise ScriptArchiveError("its numbers are not little-endian")

    def read(self) -> object:
        """Return the outermost module."""
        payload = self._record(f"{self._top}data.pkl", _MAX_PICKLE_BYTES)
        return _Unpickler(payload, self._storage).load()

    def _storage(self, key: object) -> _Storage:
        match key:
            case ("storage", str(kind), str(name), _, int(count)) if kind in _DTYPES:
                pass
            case _:
                raise ScriptArchiveError("it refers to something that is no storage")
        if name not in self._storages:
            dtype = _DTYPES[kind]
            payload = self._record(f"{self._top}data/{name}", count * dtype.itemsize)
            values = torch.frombuffer(bytearray(payload), dtype=dtype) if count else torch.empty(0)
            self._storages[name] = _Storage(values.to(dtype))
        return self._storages[name]

    def _record(self, name: str, most_bytes: int) -> bytes:
        """Read a record; of a packed one not more than it may hold."""
        with self._archive.open(name) as file:
            payload = file.read(most_bytes + 1)
        if len(payload) > most_bytes:
            raise ScriptArchiveError(f"{name} is larger than it says")
        return payload


class _Unpickler(pickle.Unpickler):
    """Knows tensors, plain containers and modules; anything else is refused by its name."""

    def __init__(self, payload: bytes, storage: Callable[[object], _Storage]) -> None:
        super().__init__(io.BytesIO(payload))
        self.persistent_load = storage  # type: ignore[method-assign]
        # made anew for each file, so that a forged pickle cannot leave anything behind in them
        self._module: type = type("ScriptModule", (_Module,), {})
        self._known: dict[tuple[str, str], object] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _Call(_rebuild),
            ("torch._utils", "_rebuild_parameter"): _Call(lambda value, *_: value),
            ("torch.jit._pickle", "restore_type_tag"): _Call(lambda value, _: value),
            **{("torch.jit._pickle", name): _Call(lambda values: values) for name in _LISTS},
            **{("torch", name): name for name in _DTYPES},
        }

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - a class or a function
        """Return a harmless stand-in for a name, never the object that it names."""
        if (module, name) in self._known:
            return self._known[module, name]
        if module.partition(".")[0] == "__torch__":
            return self._module
        raise ScriptArchiveError(f"it asks for {module}.{name}")


class _Call:
    """A function that a pickle can call and cannot change."""

    __slots__ = ("_function",)
    _function: Callable[..., object]

    def __init__(self, function: Callable[..., object]) -> None:
        object.__setattr__(self, "_function", function)

    def __setattr__(self, name: str, value: object) -> None:
        raise ScriptArchiveError("it changes a function")

    def __call__(self, *args: object) -> object:
        return self._function(*args)


def _rebuild(storage: object, offset: int, size: Any, stride: Any, *_: object) -> Tensor:  # noqa: ANN401 - torch judges them
    """Cut a tensor out of its storage; torch refuses what does not lie within."""
    if not isinstance(storage, _Storage):
        raise ScriptArchiveError("a tensor of it has no storage")
    if prod(size) > storage.values.numel():  # by strides of 0, a few bytes would fill the memory
        raise ScriptArchiveError("a tensor of it is larger than its storage")
    return storage.values.as_strided(size, stride, offset).clone()


def _tensors(value: object, prefix: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    """Yield a module's own tensors, then those of the modules in it."""
    if not isinstance(value, _Module):
        raise ScriptArchiveError("it holds no module of tensors")
    if depth > _MAX_DEPTH:
        raise ScriptArchiveError("its modules lie too deep in one another")
    inner = []
    for name, one in vars(value).items():
        if isinstance(one, Tensor):
            yield f"{prefix}{name}", one
        elif isinstance(one, _Module):
            inner.append((f"{prefix}{name}.", one))
    for place, one in inner:
        yield from _tensors(one, place, depth + 1)
