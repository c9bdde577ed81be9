"""Random faces, and what onnxruntime answers for them."""

import numpy as np
import pytest

onnxruntime = pytest.importorskip("onnxruntime", reason="make setup installs it")

ABOUT = {"expressions": "[]", "notice": "made up"}
FACE_PX = 40


def faces(count, size_px=FACE_PX):
    return np.random.default_rng(count).integers(0, 256, (count, size_px, size_px, 3), np.uint8)


def session(payload):
    return onnxruntime.InferenceSession(payload, providers=["CPUExecutionProvider"])


def answers(payload, images):
    opened = session(payload)
    names = [one.name for one in opened.get_outputs()]
    return dict(zip(names, opened.run(names, {"image": images}), strict=True))


def agree(found, expected):
    assert list(found) == list(expected)
    for name, one in expected.items():
        np.testing.assert_allclose(found[name], one, rtol=1e-4, atol=1e-5, err_msg=name)
