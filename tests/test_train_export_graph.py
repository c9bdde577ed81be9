from contextlib import suppress
from itertools import product

import numpy as np
import onnx
import pytest
import torch

from errors import UsageError
from tests.flat_model import OPTIONS, Flat, made
from tests.networks import scratch
from tests.onnx_graphs import ABOUT, FACE_PX, agree, answers, faces
from train.export_graph import ExportGraph, max_differences, onnx_bytes
from train.images import eval_images
from train.methods import METHODS
from train.methods.base import Classifier, LevelShape
from train.methods.cam_methods import CAM_METHODS, GRADIENT_CAM_METHODS
from train.methods.model import build_model

pytestmark = pytest.mark.slow

OPSET = 20


EXPORTED = [name for name, method in METHODS.items() if not method.reads_latents]
"""Runs of the others are refused: their graph would answer other pictures."""


@pytest.mark.parametrize("name", EXPORTED)
def test_a_graph_says_of_any_number_of_faces_what_the_method_says(name):
    numbers = scratch().train_of("demo", name)
    torch.manual_seed(0)
    model = build_model(METHODS[name], numbers.model_copy(update={"image_px": 32}), 7).eval()
    graph = ExportGraph(model, METHODS[name].cam_method, 32)
    payload = onnx_bytes(graph, FACE_PX, OPSET, ABOUT)
    for count in (1, 5):
        agree(answers(payload, faces(count)), graph.run(faces(count)))


def test_maps_are_those_of_the_readout_class_by_class():
    torch.manual_seed(0)
    model = Classifier(Flat(), made("wildcat", LevelShape(8, 4, 4, 7))).eval()
    outputs = ExportGraph(model, "head_map", FACE_PX).run(faces(2))
    forward = model(eval_images(torch.from_numpy(faces(2)), FACE_PX))
    for number in range(7):
        expected = CAM_METHODS["head_map"](model, forward, torch.tensor([number, number]))
        np.testing.assert_allclose(
            outputs["cam"][:, number], expected.detach(), rtol=1e-5, atol=1e-6
        )
    attention = forward.features[-1].mean(dim=1).detach()
    np.testing.assert_allclose(outputs["attention"], attention, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("opset", [18, 20, 23])
def test_the_file_is_of_the_version_that_came_with_its_opset(opset):
    torch.manual_seed(0)
    graph = ExportGraph(
        Classifier(Flat(), made("gap", LevelShape(8, 4, 4, 7))).eval(), "gradcam_pp", FACE_PX
    )
    payload = onnx_bytes(graph, FACE_PX, opset, ABOUT)
    model = onnx.load_from_string(payload)
    assert {one.domain: one.version for one in model.opset_import}[""] == opset
    assert model.ir_version == onnx.helper.find_min_ir_version_for(model.opset_import)
    agree(answers(payload, faces(2)), graph.run(faces(2)))


def test_a_map_that_only_autograd_can_compute_is_left_out():
    torch.manual_seed(0)
    graph = ExportGraph(
        Classifier(Flat(), made("wildcat", LevelShape(8, 4, 4, 7))).eval(),
        "gradcam",
        40,
    )
    found = answers(onnx_bytes(graph, FACE_PX, OPSET, ABOUT), faces(2))
    assert list(found) == ["logits", "attention"]
    agree(found, graph.run(faces(2)))


def test_the_cam_methods_that_ask_for_a_gradient_are_known():
    asking = set()
    for head, cam_method in product(OPTIONS, CAM_METHODS):
        model = Classifier(Flat(), made(head, LevelShape(8, 9, 9, 7))).eval()
        model.head.gradient = lambda *given, name=cam_method: (
            asking.add(name) or torch.ones(1, 8, 9, 9)
        )
        with suppress(UsageError):  # not every head has every CAM method
            CAM_METHODS[cam_method](model, model(torch.rand(1, 3, 9, 9)), torch.tensor([0]))
    assert asking == GRADIENT_CAM_METHODS


def test_a_graph_of_other_weights_is_found_out():
    torch.manual_seed(0)
    graph = ExportGraph(
        Classifier(Flat(), made("gap", LevelShape(8, 4, 4, 7))).eval(), "class_map", FACE_PX
    )
    payload = onnx_bytes(graph, FACE_PX, 20, ABOUT)
    assert max_differences(graph, payload, FACE_PX)["logits"] < 1e-5
    graph.model.head.linear.bias.data += 1
    assert max_differences(graph, payload, FACE_PX)["logits"] == pytest.approx(1, abs=1e-4)
