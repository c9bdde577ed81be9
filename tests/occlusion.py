"""A small masked autoencoder for tests, and what stages are given."""

import torch

from progress import silent
from train.occlusion.context import StageContext
from train.occlusion.params import MAEParams

CONTEXT = StageContext(torch.device("cpu"), silent)
SMALL = MAEParams(
    weights="none",
    weights_sha256=None,
    patch_px=2,
    width=16,
    depth=1,
    heads=2,
    decoder_width=16,
    decoder_depth=1,
    decoder_heads=2,
    mask=0.75,
    epochs=2,
    batch=8,
    lr=0.003,
    weight_decay=0.05,
    warmup_epochs=0.5,
    flip_p=0.5,
    seed=0,
    checkpoint_minutes=0.0,
)
