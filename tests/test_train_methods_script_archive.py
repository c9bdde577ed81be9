"""The archives are made here, with `torch.jit.save` or by hand."""

import hashlib
import io
import os
import pickle
import warnings
import zipfile

import pytest
import torch
from torch import nn

from errors import DataError
from train.methods.script_archive import (
    ScriptArchiveError,
    is_script_archive,
    read_script_tensors,
)
from train.methods.weight_files import read_weights


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
        self.scale = nn.Parameter(torch.arange(6.0).reshape(2, 3).t())
        self.register_buffer("steps", torch.arange(3))
        self.sizes, self.names = [1, 2], {"a": 1}

    def forward(self, image):
        return self.layer(image)


class Gadget(nn.Module):
    """Its archive writes a file when torch.jit.load opens it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, image):
        return image

    @torch.jit.export
    def __getstate__(self):
        return (self.weight, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]):
        self.weight, self.training = state
        torch.save(state[0], "written_by_the_gadget")


def scripted(module):
    file = io.BytesIO()
    with warnings.catch_warnings():  # torch deprecates the format
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(module), file)
    return file.getvalue()


@pytest.mark.parametrize("half", [False, True])
def test_tensors_of_an_archive_are_those_of_its_state_dict(half):
    module = Plain().half() if half else Plain()
    found, expected = read_script_tensors(scripted(module)), module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert {name: value.dtype for name, value in found.items()} == {
        name: value.dtype for name, value in expected.items()
    }


def test_a_state_that_an_archive_sets_by_its_own_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "gadget.pt"
    path.write_bytes(scripted(Gadget()))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=r"Nothing in it was executed.*save its state dict"):
        read_weights(path, sha256, "train.weights", ("none",))
    assert list(tmp_path.iterdir()) == [path]


class Runs:
    def __reduce__(self):
        return (os.mkdir, ("made_by_the_pickle",))


class Builtin:
    def __reduce__(self):
        return (eval, ("1",))


def forged(**records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, payload in {"constants.pkl": b"", **records}.items():
            archive.writestr(f"archive/{name}", payload)
    return file.getvalue()


@pytest.mark.parametrize(
    "thing", [Runs(), Builtin(), {"w": Runs()}], ids=lambda one: str(type(one))
)
def test_a_pickle_in_an_archive_runs_nothing(thing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptArchiveError, match="asks for"):
        read_script_tensors(forged(**{"data.pkl": pickle.dumps(thing)}))
    assert list(tmp_path.iterdir()) == []


def tensor(size, stride, name=b"0", count=b"4"):
    """The pickle of a module with one tensor, opcode by opcode."""
    return (
        b"\x80\x02c__torch__\nM\n)\x81}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n"
        b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX" + len(name).to_bytes(4, "little")
        + name + b"X\x03\x00\x00\x00cpuI" + count + b"\ntQI0\n(I" + size + b"\nt(I" + stride
        + b"\nt\x89NtRsb."
    )  # fmt: skip


def test_a_tensor_made_by_hand_is_read():
    made = forged(**{"data.pkl": tensor(b"4", b"1"), "data/0": bytes(16)})
    assert read_script_tensors(made)["w"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "pickled",
    [
        tensor(b"1000000000000", b"0"),
        tensor(b"4", b"7"),
        tensor(b"-4", b"1"),
        tensor(b"4", b"1", count=b"1"),
        tensor(b"4", b"1", count=b"-1"),
        tensor(b"4", b"1", name=b"../../x"),
        b"",
        b"\x80\x02}.",
        b"\x80\x02c__torch__\nM\n.",
        b"\x80\x02c__torch__\nM\n)\x81X\x01\x00\x00\x00wb.",
    ],
)
def test_forged_archives_are_refused(pickled):
    with pytest.raises(ScriptArchiveError):
        read_script_tensors(forged(**{"data.pkl": pickled, "data/0": bytes(16)}))


def test_a_damaged_archive_is_refused_wherever_it_is_cut():
    whole = scripted(Plain())
    for end in range(0, len(whole), 997):
        assert not is_script_archive(whole[:end])


def test_a_state_dict_is_no_script_archive():
    file = io.BytesIO()
    torch.save(Plain().state_dict(), file)
    assert not is_script_archive(file.getvalue())
