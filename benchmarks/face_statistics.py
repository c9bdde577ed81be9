"""Running statistics of dlib's network on aligned faces, as shipped in dlib_statistics.npz.

    python -m benchmarks.face_statistics data/faces/demo OUT.npz

They unfold dlib's affine maps into batch normalisation. Prints how far training and evaluation mode
agree at level 5 on faces that were not measured.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from store.files import write_npz
from store.reading import Store
from train.images import eval_images
from train.methods.backbones.dlib_face import (
    ConvNorm,
    DlibFace,
    Stages,
    face_file,
    state_dict,
)
from train.methods.backbones.dlib_file import Arrays, read_network

IMAGE_PX, COUNT, BATCH = 112, 512, 64


class _Neutral(Arrays):
    """Statistics that change nothing: mean 0, variance 1."""

    def __init__(self, net: Stages) -> None:
        for name, module in net.named_modules():
            if isinstance(module, ConvNorm):
                width = module.norm.num_features
                self[f"{name}.mean"] = np.zeros(width, np.float32)
                self[f"{name}.variance"] = np.full(width, 1 - module.norm.eps, np.float32)


def measure(net: Stages, images_BSS3: Tensor) -> Arrays:
    """Return mean and variance of what every convolution gives on some faces."""
    sums: dict[str, list[Tensor]] = {}

    def note(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(module: nn.Module, given: object, values_BCHW: Tensor) -> None:
            found = torch.stack([values_BCHW.mean((0, 2, 3)), values_BCHW.square().mean((0, 2, 3))])
            sums.setdefault(name, []).append(found.double())

        return hook

    for name, module in net.named_modules():
        if isinstance(module, ConvNorm):
            module.conv.register_forward_hook(note(name))
    with torch.no_grad():
        for images in torch.split(images_BSS3, BATCH):
            net(eval_images(images, IMAGE_PX))
    statistics = {}
    for name, found in sums.items():
        mean, square = torch.stack(found).mean(dim=0)
        statistics[f"{name}.mean"] = mean.float().numpy()
        statistics[f"{name}.variance"] = (square - mean**2).clamp(min=1e-6).float().numpy()
    return statistics


def main(faces: Path, out: Path) -> None:
    """Measure on the training faces of a store and write the file."""
    store = Store(faces)
    good = store.array("valid").load() == 1
    train = (store.table(("split",))["split"] == "train").to_numpy()
    rows = np.flatnonzero(good & train)
    images = torch.from_numpy(store.array("image").take(rows[: COUNT + BATCH]))
    arrays = read_network(face_file())
    net = Stages(4, large_maps=True).eval()
    net.load_state_dict(state_dict(net, arrays, _Neutral(net)))
    statistics = measure(net, images[:COUNT])
    write_npz(out, statistics)
    for stages in (3, 4):
        backbone = DlibFace(stages, large_maps=True)
        backbone.net.load_state_dict(state_dict(backbone.net, arrays, statistics))
        with torch.no_grad():
            unseen = eval_images(images[COUNT:], IMAGE_PX)
            evaluated = backbone.eval()(unseen)[0][-1].flatten(1)
            trained = backbone.train()(unseen)[0][-1].flatten(1)
        cosine = F.cosine_similarity(evaluated, trained).mean()
        print(f"{stages} stages: level 5 in training and evaluation mode, cosine {cosine:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
