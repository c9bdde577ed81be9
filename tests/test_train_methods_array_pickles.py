import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch

from train.methods.array_pickles import read_array_pickle

ARRAYS = {"conv1.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bn1.bias": np.ones(2)}


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_arrays_are_read_by_name(protocol, kind):
    found = read_array_pickle(pickle.dumps(kind(ARRAYS), protocol=protocol))
    assert list(found) == list(ARRAYS)
    for name, value in ARRAYS.items():
        torch.testing.assert_close(found[name], torch.from_numpy(value))


def test_a_pickle_of_python_2_is_read():
    """Its words are bytes, and NumPy's rooms have their old names."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x08"
    )
    written = b"\x80\x02}U\x01w" + array + np.float32([1, 2]).tobytes() + b"tbs."
    assert read_array_pickle(written)["w"].tolist() == [1, 2]


class Gadget:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_what_is_no_array_is_not_called(tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(ValueError, match=r"names \w+\.mkdir"):
        read_array_pickle(pickle.dumps({"w": np.ones(2), "evil": Gadget(trace)}))
    assert not trace.exists()


@pytest.mark.parametrize(
    "content", [{}, [np.ones(2)], {"w": 3}, {3: np.ones(2)}, {"w": np.array([None])}]
)
def test_what_holds_anything_else_is_refused(content):
    with pytest.raises(ValueError, match="holds"):
        read_array_pickle(pickle.dumps(content))


@pytest.mark.parametrize("payload", [b"", b"PK", b"\x80", pickle.dumps(ARRAYS)[:-5]])
def test_what_is_damaged_or_no_pickle_is_refused(payload):
    with pytest.raises(ValueError, match=r"\w"):
        read_array_pickle(payload)
