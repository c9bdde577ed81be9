"""Checkpoints in the layouts of the published code, filled with weights of ours.

Names and shapes are facts of these files; the weights come from networks with random ones.
"""

import torch

HEADS = {
    "gap": {"linear.": "fc."},
    "wildcat": {"modalities.": "to_modalities."},
    "prm": {"classifier.": "conv."},
    "acol": {"first.": "acol_pooler.classifier_A.", "second.": "acol_pooler.classifier_B."},
}
APVIT_HEAD = {
    "project.": "vit.projs.0.",
    "cls_token": "vit.cls_token",
    "blocks.": "vit.blocks.",
    "norm.": "vit.norm.",
    "linear.": "classification_head.fc.",
}


def renamed(state, beginnings):
    """State dict with the beginnings of its names changed."""
    theirs = {}
    for name, value in state.items():
        ours = next((one for one in beginnings if name.startswith(one)), "")
        theirs[beginnings.get(ours, "") + name.removeprefix(ours)] = value
    return theirs


def two_parts(model, head):
    """A ResNet and its head, as the published code saves them."""
    return {
        "encoder": dict(model.backbone.net.state_dict()),
        "classification_head": renamed(model.head.state_dict(), HEADS[head]),
    }


def counted_with_drop_layers(encoder):
    """The published ADL's encoder: its drop layers stand between blocks and are counted."""
    shifts = {"layer3": (1,), "layer4": (1, 3)}
    counted = {}
    for name, value in encoder.items():
        stage, _, rest = name.partition(".")
        if stage in shifts:
            block, _, rest = rest.partition(".")
            number = int(block)
            for place in shifts[stage]:
                number += number >= place
            name = f"{stage}.{number}.{rest}"
        counted[name] = value
    return counted


def ts_cam(model):
    """A published TS-CAM: one state dict."""
    head = {
        name.replace("classifier.", "head."): value
        for name, value in model.head.state_dict().items()
    }
    return {**model.backbone.net.state_dict(), **head}


def apvit(model, stages):
    """A published APViT: one state dict; units are counted per stage."""
    nested = {}
    for name, value in model.backbone.net.state_dict().items():
        if name.startswith("body."):
            _, number, rest = name.split(".", 2)
            unit, stage = int(number), 0
            while unit >= stages[stage]:
                unit, stage = unit - stages[stage], stage + 1
            name = f"body.{stage}.{unit}.{rest}"
        nested[f"extractor.{name}"] = value
    head = dict(model.head.state_dict())
    positions = head.pop("pos_embed")
    return {
        **nested,
        **renamed(head, APVIT_HEAD),
        "vit.cls_pos_embed": positions[:, :1].clone(),
        "vit.patch_pos_embed": positions[:, 1:].clone(),
    }


def randomised(model, seed=0):
    """The model with every weight and every statistic random, so that a wrong place shows."""
    rng = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            low = 0.5 if name.endswith(("running_var", "norm.weight")) else -0.1
            value.copy_(torch.rand(value.shape, generator=rng) * 0.2 + low)
    return model
