import hashlib
import io
import warnings

import pytest
import torch
from torch import nn

from errors import DataError, NoInputError, UsageError
from tests.tiny_tower import Speck
from train.methods import clip
from train.methods.clip import ImageTower, load_tower


def test_the_tower_sees_pictures_of_its_own_size():
    shown = []

    class Seeing(Speck):
        def forward(self, images):
            shown.append(images.shape)
            return super().forward(images)

    ImageTower(Seeing(), 64, "imagenet")(torch.rand(2, 3, 48, 48))
    assert shown == [(2, 3, 64, 64)]


@pytest.mark.slow
def test_the_random_tower_is_the_same_every_time_and_leaves_chance_alone():
    torch.manual_seed(5)
    first = load_tower("random", None, 32, "imagenet")
    after = torch.rand(1)
    torch.manual_seed(5)
    assert load_tower("random", None, 32, "imagenet").sha256 == first.sha256
    torch.manual_seed(5)
    assert torch.rand(1) == after


def openais(net):
    """The same weights under OpenAI's names."""
    renamed = {
        "class_embedding": net["cls_token"][0, 0],
        "positional_embedding": net["pos_embed"][0],
        "conv1.weight": net["patch_embed.proj.weight"],
        "proj": net["head.weight"].T,
    }
    for theirs, ours in (("ln_pre", "norm_pre"), ("ln_post", "norm")):
        for part in ("weight", "bias"):
            renamed[f"{theirs}.{part}"] = net[f"{ours}.{part}"]
    parts = {"norm": "ln_", "attn.qkv.": "attn.in_proj_", "attn.proj": "attn.out_proj"}
    parts |= {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for name, value in net.items():
        if name.startswith("blocks."):
            for ours, theirs in parts.items():
                name = name.replace(ours, theirs)
            renamed["transformer.res" + name.replace("blocks.", "blocks.", 1)] = value
    return {f"visual.{name}": value for name, value in renamed.items()}


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_a_tower_comes_from_a_file_by_openais_names_and_its_digest_is_asked_for(tmp_path):
    net = clip._random("random", None, 224)
    net.head.bias.data.zero_()
    path = tmp_path / "clip.pt"
    torch.save({**openais(net.state_dict()), "logit_scale": torch.ones(())}, path)
    with pytest.raises(UsageError, match=r"head\.tower_sha256: is not stated"):
        load_tower(str(path), None, 224, "imagenet")
    found = load_tower(str(path), digest_of(path), 224, "imagenet")
    assert found.sha256 == ImageTower(net, 224, "imagenet").sha256


class Place(nn.Module):
    """A module that only holds what is put into it."""

    def forward(self, image):
        return image


def scripted(state):
    """A TorchScript archive with this state dict, as OpenAI's own file is one."""
    root = Place()
    for name, value in state.items():
        *above, last = name.split(".")
        there = root
        for part in above:
            if not hasattr(there, part):
                there.add_module(part, Place())
            there = getattr(there, part)
        there.register_parameter(last, nn.Parameter(value.clone()))
    file = io.BytesIO()
    with warnings.catch_warnings():  # torch deprecates the format
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(root), file)
    return file.getvalue()


@pytest.mark.slow
def test_a_tower_comes_from_a_torchscript_archive_as_openais_is(tmp_path):
    net = clip._random("random", None, 224)
    net.head.bias.data.zero_()
    path = tmp_path / "ViT-B-32.pt"
    whole = {**openais(net.state_dict()), "logit_scale": torch.ones(()), "text.x": torch.ones(3)}
    path.write_bytes(scripted(whole))
    found = load_tower(str(path), digest_of(path), 224, "imagenet")
    assert found.sha256 == ImageTower(net, 224, "imagenet").sha256


def test_a_file_that_holds_no_tower_says_what_it_lacks(tmp_path):
    path = tmp_path / "run.ckpt"
    torch.save({"epoch": 3, "state_dict": {"fc.weight": torch.zeros(7, 512), "step": 1}}, path)
    with pytest.raises(DataError, match=r'is no image tower of CLIP ViT-B/32: .*"cls_token"'):
        load_tower(str(path), digest_of(path), 32, "imagenet")


def test_a_tower_with_other_patches_is_not_resampled(tmp_path):
    path = tmp_path / "ViT-B-16.pt"
    torch.save({"visual.conv1.weight": torch.zeros(768, 3, 16, 16)}, path)
    with pytest.raises(DataError, match=r"visual\.conv1\.weight has patches of 16 px"):
        load_tower(str(path), digest_of(path), 32, "imagenet")


def test_a_tower_that_is_not_there_says_what_to_name():
    with pytest.raises(NoInputError, match=r"head\.tower: random, openai or a path"):
        load_tower("/nowhere.pt", None, 32, "imagenet")
