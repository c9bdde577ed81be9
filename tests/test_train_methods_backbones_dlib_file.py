from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import DataError
from train.methods.backbones.dlib_face import face_file
from train.methods.backbones.dlib_file import STAGE_UNITS, read_network


@pytest.fixture(scope="module")
def payload():
    return face_file().read_bytes()


def test_every_convolution_has_its_affine_map():
    arrays = read_network(face_file())
    convolutions = [name.removesuffix(".gamma") for name in arrays if name.endswith(".gamma")]
    assert len(convolutions) == 1 + 2 * sum(STAGE_UNITS)
    assert arrays["stem.weight"].shape == (32, 3, 7, 7)
    assert arrays["stages.3.2.second.weight"].shape == (256, 256, 3, 3)
    assert arrays["embedding.weight"].shape == (128, 256)
    np.testing.assert_allclose(arrays["input.means"], [122.782, 117.001, 104.298])
    for name in convolutions:
        width = len(arrays[f"{name}.weight"])
        assert {len(arrays[f"{name}.{part}"]) for part in ("bias", "gamma", "beta")} == {width}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(end=st.integers(0, 22_000_000))
def test_a_file_cut_anywhere_is_refused_by_its_name(payload, tmp_path, end):
    file = tmp_path / "cut.dat"
    file.write_bytes(payload[: min(end, len(payload) - 1)])
    with pytest.raises(DataError, match=r"cut\.dat.*Install the package"):
        read_network(file)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changed_bytes_give_arrays_or_a_clear_error(payload, tmp_path, data):
    changed = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(payload) - 1)))
        changed[place] = data.draw(st.integers(0, 255))
    file = tmp_path / "changed.dat"
    file.write_bytes(changed)
    with suppress(DataError):  # its message is tested above; nothing else may be raised
        assert "embedding.weight" in read_network(file)


@pytest.mark.parametrize("content", [b"", b"\x01", b"hello world" * 100, bytes(5000)])
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "other.dat"
    file.write_bytes(content)
    with pytest.raises(DataError, match="is not dlib's face-recognition network"):
        read_network(file)
