import numpy as np
import pytest
import skimage.data
import torch

from errors import CorruptError
from train.images import eval_images
from train.methods.backbones.dlib_face import (
    STATISTICS,
    ConvNorm,
    DlibFace,
    FaceUnit,
    Stages,
    face_file,
    load_face_weights,
    state_dict,
)
from train.methods.backbones.dlib_file import read_network


def neutral(net):
    widths = {
        name: module.norm.num_features
        for name, module in net.named_modules()
        if isinstance(module, ConvNorm)
    }
    means = {f"{name}.mean": np.zeros(width, np.float32) for name, width in widths.items()}
    ones = {f"{name}.variance": np.ones(width, np.float32) for name, width in widths.items()}
    return means | ones


@pytest.mark.face_tool
def test_the_descriptor_is_that_of_dlib():
    import dlib

    arrays = read_network(face_file())
    net = Stages(5, large_maps=False).eval()
    net.load_state_dict(state_dict(net, arrays, neutral(net)))
    portrait = skimage.data.astronaut()
    chips = np.stack(
        [portrait[y : y + 150, x : x + 150] for y, x in ((30, 150), (0, 90), (9, 200))]
    )
    with torch.no_grad():
        deepest = net(eval_images(torch.from_numpy(chips), 150))[-1][-1]
    ours = deepest.mean(dim=(2, 3)) @ torch.tensor(arrays["embedding.weight"]).T
    oracle = dlib.face_recognition_model_v1(str(face_file()))
    theirs = [np.array(oracle.compute_face_descriptor(np.ascontiguousarray(one))) for one in chips]
    np.testing.assert_allclose(ours.numpy(), np.stack(theirs), atol=1e-5)


@pytest.mark.parametrize(
    ("stages", "large_maps", "sides"),
    [
        (3, False, [22, 22, 11, 5, 5]),
        (3, True, [22, 22, 11, 11, 11]),
        (4, False, [22, 22, 11, 5, 2]),
        (4, True, [22, 22, 11, 11, 11]),
    ],
)
def test_large_maps_keep_the_rows_of_the_third_level(stages, large_maps, sides):
    levels, _ = DlibFace(stages, large_maps).eval()(torch.zeros(1, 3, 96, 96))
    assert [level.shape[-1] for level in levels] == sides


def test_a_dilated_stage_computes_what_the_strided_one_does():
    strided, dilated = Stages(3, large_maps=False).eval(), Stages(3, large_maps=True).eval()
    load_face_weights(strided)
    load_face_weights(dilated)
    with torch.no_grad():
        images = torch.randn(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))
        coarse, fine = strided(images)[-1][-1], dilated(images)[-1][-1]
    torch.testing.assert_close(  # the lower and the right border are filled up otherwise
        fine[:, :, :6:2, :6:2], coarse[:, :, :3, :3], atol=1e-5, rtol=1e-4
    )


def test_evaluation_is_the_same_with_any_statistics():
    net = Stages(3, large_maps=True).eval()
    arrays = read_network(face_file())
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = []
    for statistics in (neutral(net), dict(np.load(STATISTICS))):
        net.load_state_dict(state_dict(net, arrays, statistics))
        with torch.no_grad():
            found.append(net(images)[-1][-1])
    torch.testing.assert_close(found[0], found[1], atol=1e-4, rtol=1e-4)


def test_another_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    models = tmp_path / "models"
    models.mkdir()
    (models / "dlib_face_recognition_resnet_model_v1.dat").write_bytes(b"other")
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    with pytest.raises(CorruptError, match="SHA-256"):
        face_file()


@pytest.mark.slow
def test_a_border_without_stride_compiles_with_its_gradient():
    unit = FaceUnit(4, 8, halves=True, strided=False, dilation=1)
    level = torch.randn(2, 4, 6, 6).contiguous(memory_format=torch.channels_last).requires_grad_()
    plain = torch.autograd.grad(unit._shortcut(level).square().sum(), level)[0]
    compiled = torch.compile(unit._shortcut)(level)
    compiled.square().sum().backward()
    torch.testing.assert_close(level.grad, plain)
