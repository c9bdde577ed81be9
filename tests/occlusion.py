"""A small masked autoencoder for tests, and what stages are given."""

import numpy as np
import torch

from commands.restoring import restore_on
from pipeline.execution.cluster import ClusterConfig
from progress import silent
from store.reading import Store
from train.occlusion.context import StageContext
from train.occlusion.params import MAEParams, PatchesParams
from train.occlusion.restore import RestoreInputs

CONTEXT = StageContext(torch.device("cpu"), silent)
HERE = ClusterConfig(silent, workers=0)
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
PATCH_PARAMS = PatchesParams(
    detector="mahalanobis",
    unseen=("glasses",),
    quantile=0.9,
    faces=100,
    epochs=4,
    batch=256,
    lr=0.01,
    weight_decay=1e-6,
    seed=0,
)


def occluded_tiny(faces, out, make_store):
    """Write faces with a magenta square before each, of which every third counts as glasses."""
    store = Store(faces)
    images, masks = store.array("image").load().copy(), np.zeros((len(store), 14, 14), np.uint8)
    for row in range(len(store)):
        y, x = 1 + row % 5, 1 + row % 7
        masks[row, y : y + 5, x : x + 5] = 1
        images[row, 16 * y // 7 : 16 * (y + 5) // 7, 16 * x // 7 : 16 * (x + 5) // 7] = (
            255,
            0,
            255,
        )
    kinds = ["glasses" if row % 3 == 0 else "bar" for row in range(len(store))]
    table = [{**one, "occluder": kind} for one, kind in zip(store.rows(), kinds, strict=True)]
    arrays = {"image": images, "mask": masks, "valid": store.array("valid").load()}
    return make_store(out, arrays, {**store.metadata, "attributes": ["occluder"]}, table)


def restored(faces, mae, patches, out, params, cluster=HERE):
    """Run stage `restore`, in this process unless told otherwise."""
    return restore_on(cluster, RestoreInputs(faces, mae, patches), out, params, CONTEXT)
