"""Claim: the alignment loss costs 2 % of a step at most, and real data no more than 3 %.

Run: python -m benchmarks.step. On a GPU: published sizes (224 px, batches of 224), bf16, 50 paired
rounds. Without one: a few px and faces and nothing compiled, which shows only that it runs and what
is slow. Ways of one network run in turns; what is compared is the median of the ratios in a round.
Shapes: B batch, N tokens.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anatomy.expressions import EXPRESSIONS
from benchmarks.feed import faces, write_stores
from benchmarks.timing import interleaved, ratios, save
from params import load
from train.data.augmentation import augment_batch
from train.data.batch_loader import BatchLoader, Placement, RawBatch
from train.data.stores import Stores
from train.methods import METHODS
from train.methods.au_alignment import alignment, target_sizes
from train.methods.backbones import BACKBONES
from train.methods.base import Classifier, LevelShape
from train.methods.gap import GAPHead
from train.methods.model import build_losses
from train.records import Batch, Forward, LossFunction


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is run."""

    image_px: int
    batch: int
    rounds: int
    rows: int
    compiled: bool


SCALES = {"cuda": Scale(224, 224, 50, 20_480, True), "cpu": Scale(64, 4, 20, 64, False)}


class Tokens(nn.Module):
    """A plain vision transformer whose last tokens are its only features."""

    def __init__(self, image_px: int) -> None:
        super().__init__()
        self.network: Any = timm.create_model(
            "deit_small_patch16_224", img_size=image_px, num_classes=7
        )

    def forward(self, images_B3HW: Tensor) -> Forward:
        """Score a batch."""
        tokens = self.network.forward_features(images_B3HW)
        patches = tokens[:, self.network.num_prefix_tokens :].transpose(1, 2)
        side = int(patches.shape[-1] ** 0.5)
        logits = self.network.forward_head(tokens)
        return Forward(logits, (patches.unflatten(2, (side, side)),))


def convolutional(image_px: int, *, large_maps: bool) -> nn.Module:
    """Make a ResNet-50 with a pooled head."""
    shipped = load(Path("params.yaml")).train
    backbone = BACKBONES["resnet50"](shipped.model_copy(update={"large_maps": large_maps}))
    return Classifier(backbone, GAPHead(LevelShape(backbone.channels[-1], 1, 1))).to(
        memory_format=torch.channels_last
    )


NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "ResNet-50, 7x7": partial(convolutional, large_maps=False),
    "ResNet-50, large maps": partial(convolutional, large_maps=True),
    "DeiT-S": Tokens,
}


def reference_alignment(forward: Forward, batch: Batch) -> Tensor:
    """Compare as the published code does: a Python loop over faces, and a wait for each."""
    valid = [place for place, one in enumerate(batch.valid_B) if bool(one)]
    feature, maps = forward.features[-1][valid], batch.maps[0][valid]
    size = feature.shape[-2:]
    resized = F.interpolate(maps, size, mode="bilinear", align_corners=True, antialias=True)
    for place, one in enumerate(maps):
        resized[place] = resized[place].clamp(one.min().item(), one.max().item())
    keep = torch.bernoulli(torch.ones(feature.shape[:2], device=feature.device))[..., None, None]
    attention = (feature * keep).sum(dim=1) / keep.sum(dim=1)
    cosines = F.cosine_similarity(attention.float().flatten(1), resized.flatten(1))
    return 9 * (1 - cosines).mean()


def step_of(
    model: nn.Module, forward: Callable[[Tensor], Forward], losses: Sequence[LossFunction]
) -> Any:  # noqa: ANN401 - a function of a batch
    """Return one step of SGD on a batch."""
    optimiser = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9, nesterov=True)

    def step(batch: Batch) -> None:
        with torch.autocast(batch.images_B3HW.device.type, torch.bfloat16):
            seen = forward(batch.images_B3HW)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack([term(seen, batch) for term in losses]).sum())
        optimiser.step()

    return step


class Bench:
    """One network and what is fed to it."""

    def __init__(
        self, make: Callable[[int], nn.Module], stores: Stores, device: torch.device
    ) -> None:
        scale = SCALES[device.type]
        shipped = load(Path("params.yaml")).train
        jitter = shipped.augment.model_copy(update={"jitter_p": 0.8, "erase_p": 0.5})
        self._scale, self._device, self._stores = scale, device, stores
        self._params = shipped.model_copy(update={"image_px": scale.image_px, "augment": jitter})
        self.model = make(scale.image_px).to(device).train()
        probe = torch.zeros(2, 3, scale.image_px, scale.image_px, device=device)
        with torch.no_grad():
            self._features = self.model(probe).features
        self._rng = torch.Generator(device).manual_seed(0)
        own = build_losses(METHODS["cam"], shipped, [1] * len(EXPRESSIONS))
        self._cross_entropy = own["cross_entropy"].function

    def losses(self, resize: str) -> tuple[list[LossFunction], tuple[tuple[int, int], ...]]:
        """Return the aligned loss on the deepest layer, and the sizes of its targets."""
        shipped = self._params.alignment
        assert shipped is not None
        chosen = shipped.model_copy(update={"layers": (len(self._features),), "resize": resize})
        sizes = target_sizes(chosen.layers, resize, self._features, self._scale.image_px)
        return [self._cross_entropy, alignment(chosen)], sizes

    def raws(self, source: str) -> Iterator[RawBatch]:
        """Yield batches for ever."""
        params = self._params.feed.model_copy(update={"source": source})
        feed = BatchLoader(
            self._stores, "train", self._scale.batch, params, Placement(self._device)
        )
        epoch = 0
        while True:
            yield from (
                raw for raw in feed.epoch_batches(0, epoch) if len(raw.rows_B) == self._scale.batch
            )
            epoch += 1

    def ways(self) -> dict[str, Callable[[], object]]:
        """Name -> one step."""
        aligned, sizes = self.losses("half_pixel")
        whole = self.losses("published")[1]
        raw = next(self.raws("resident"))
        ready, large = (augment_batch(raw, one, self._params, self._rng) for one in (sizes, whole))
        plain, both, theirs = (
            step_of(self.model, self.model, losses)
            for losses in (aligned[:1], aligned, [*aligned[:1], reference_alignment])
        )

        def fed(raws: Iterator[RawBatch]) -> None:
            both(augment_batch(next(raws), sizes, self._params, self._rng))

        return {
            "plain": partial(plain, ready),
            "aligned": partial(both, ready),
            "aligned, reference-style": partial(theirs, large),
            "aligned, augmented, one resident batch": partial(fed, iter(lambda: raw, None)),
            "aligned, augmented, mapped": partial(fed, self.raws("mapped")),
            "aligned, augmented, resident": partial(fed, self.raws("resident")),
            **(self._compiled(aligned, ready) if self._scale.compiled else {}),
        }

    def _compiled(
        self, aligned: Sequence[LossFunction], ready: Batch
    ) -> dict[str, Callable[[], object]]:
        forward = torch.compile(self.model)
        return {
            f"{name}, compiled": partial(step_of(self.model, forward, losses), ready)
            for name, losses in (("plain", aligned[:1]), ("aligned", aligned))
        }


COMPARED = {
    "aligned against plain": ("aligned", "plain"),
    "reference-style against plain": ("aligned, reference-style", "plain"),
    "aligned against plain, compiled": ("aligned, compiled", "plain, compiled"),
    "eager against compiled": ("aligned", "aligned, compiled"),
    "augmented against not": ("aligned, augmented, one resident batch", "aligned"),
    "mapped feed against one resident batch": (
        "aligned, augmented, mapped",
        "aligned, augmented, one resident batch",
    ),
    "resident feed against one resident batch": (
        "aligned, augmented, resident",
        "aligned, augmented, one resident batch",
    ),
}
"""Name -> (slower, faster): how many times longer the first takes."""


def clock_of(device: torch.device) -> Callable[[], float]:
    """Return CPU seconds, or, on a GPU, a wall clock that waits for it."""

    def waited() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return waited if device.type == "cuda" else time.process_time


def measured(bench: Bench, device: torch.device) -> dict[str, Any]:
    """Time every way in turns; peak memory of a step alone."""
    scale, ways, peaks = SCALES[device.type], bench.ways(), {}
    for name, way in ways.items():
        way()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            way()
            peaks[name] = torch.cuda.max_memory_allocated(device) / 1e9
    seconds = interleaved(ways, scale.rounds, clock=clock_of(device))
    return {
        "images_per_second": {name: scale.batch / median(found) for name, found in seconds.items()},
        "peak_gb": peaks,
        "times_longer": {
            name: ratios(seconds[slow], seconds[fast])
            for name, (slow, fast) in COMPARED.items()
            if slow in seconds and fast in seconds
        },
    }


def show(name: str, figures: Mapping[str, Any]) -> None:
    """Print one network's table."""
    print(name)
    for way, rate in figures["images_per_second"].items():
        peak = figures["peak_gb"].get(way)
        print(f"  {way:44} {rate:9.1f}/s" + (f"  {peak:6.2f} GB" if peak else ""))
    for what, found in figures["times_longer"].items():
        print(f"  {what:44} {found['median']:9.3f} ({found['min']:.3f} to {found['max']:.3f})")


def main() -> None:
    """Measure, print and save."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scale = SCALES[device.type]
    blocks, _, labels = faces(14)
    figures: dict[str, Any] = {"device": device.type, "image_px": scale.image_px}
    figures |= {"batch": scale.batch, "rounds": scale.rounds, "amp": "bf16"}
    with tempfile.TemporaryDirectory() as folder:
        stores = write_stores(Path(folder), scale.rows, blocks, labels)
        for name, make in NETWORKS.items():
            figures[name] = measured(Bench(make, stores, device), device)
            show(name, figures[name])
    print(save(f"step-{device.type}", figures))


if __name__ == "__main__":
    main()
