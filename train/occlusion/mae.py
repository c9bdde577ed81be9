"""Stage `mae`: trains a masked autoencoder on the aligned faces of a dataset.

    OUT/mae.safetensors   encoder and decoder
    OUT/mae.json          contracts.occlusion.MAECard

All random numbers of a step derive from (seed, epoch, step), so a training that was stopped goes on
from its last checkpoint and ends with exactly the bits of an undisturbed one.
"""

import json
import math
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from contracts.occlusion import MAE, MAE_WEIGHTS, MAECard
from errors import DataError, DivergedError, NoInputError
from store.building import building, is_built
from store.files import atomic_write, canonical_json
from store.reading import Store
from train.checkpoint import (
    delete_checkpoints,
    load_latest,
    require_same_shapes,
    require_space_for_checkpoints,
    save_latest,
)
from train.data.prefetch import FETCHERS, Fetcher
from train.data.samplers import split_batches
from train.data.splits import splits_of
from train.device import send
from train.fitting.stop_request import StopRequest, graceful_shutdown
from train.fitting.train_state import make_generator
from train.images import eval_images
from train.methods.weight_files import read_weights, tensors_of, unwrap_state_dict
from train.occlusion.context import StageContext
from train.occlusion.mae_model import MaskedAutoencoder
from train.occlusion.params import MAEParams
from train.params import FeedParams

VERSION = 2
NO_WEIGHTS = "none"
_BETAS = (0.9, 0.95)
_VALIDATION = 1_000_003
"""In place of an epoch: what is hidden in validation is the same in every epoch."""
_FEED = FeedParams(
    source="auto", resident_share=0.5, threads=2, sampler="shuffled", heatmaps="stored"
)
"""Faces are read ahead of the step, or stay on a GPU that has room for them."""


def mae(
    faces: Path,
    out: Path,
    params: MAEParams,
    context: StageContext,
) -> bool:
    """Train on the usable faces of split train; those of val are only looked at.

    Args:
        faces: store of stage align.
        out: see the module.
        params: the model and its training.
        context: device, progress in steps, a line per epoch.

    Returns:
        False if it was there already.

    Raises:
        NoInputError: if `faces` is the store of another stage.
        DataError: if no face of split train is usable, or `mae.weights` is no MAE of this size.
        DivergedError: if the loss is not finite.
    """
    store = Store(faces)
    if "image" not in store.layout.arrays:
        raise NoInputError(faces, "is no store of faces. Name the output of `align`.")
    fingerprint = {
        "stage": "mae",
        "version": VERSION,
        "params": params.model_dump(mode="json", exclude={"checkpoint_minutes"}),
        "faces": store.digest,
        "device": context.device.type,
        "torch": torch.__version__,
    }
    if not context.rebuild and is_built(out, fingerprint):
        return False
    with building(out, fingerprint, store.metadata) as folder:
        if context.rebuild:
            delete_checkpoints(folder)
        training = _Training(folder, store, params, context)
        _write(training, training.fit())
        delete_checkpoints(folder)
    return True


def _write(training: "_Training", history: list[dict[str, float]]) -> None:
    """Write the weights and the card."""
    folder, params, state = training.folder, training.params, training.model.state_dict()
    card = MAECard(
        version=VERSION,
        params=params.model_dump(mode="json"),
        faces=training.store.digest,
        training_faces=len(training.rows_N),
        validation_faces=len(training.held_out_N),
        history=history,
        torch=torch.__version__,
    )
    weights = {name: value.contiguous() for name, value in state.items()}
    atomic_write(folder / MAE_WEIGHTS, safetensors.torch.save(weights))
    atomic_write(folder / MAE, canonical_json(card.model_dump(mode="json")))


@dataclass(slots=True)
class _Training:
    """The autoencoder in training, from its last checkpoint to its end."""

    folder: Path
    store: Store
    params: MAEParams
    context: StageContext
    model: MaskedAutoencoder = field(init=False)
    rows_N: NDArray[np.int64] = field(init=False)
    held_out_N: NDArray[np.int64] = field(init=False)
    _optimiser: torch.optim.Optimizer = field(init=False)
    _fetch: Fetcher = field(init=False)
    _epoch: int = 0
    _step: int = 0
    _sum: float = 0.0
    _history: list[dict[str, float]] = field(default_factory=list)
    _saved: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        usable_N = self.store.array("valid").load() == 1
        splits = splits_of(self.store, None)
        self.rows_N, self.held_out_N = (
            np.flatnonzero(usable_N & (splits == split)) for split in ("train", "val")
        )
        if not len(self.rows_N):
            raise DataError(self.store.path, "no usable face in split train. Look at status.csv.")
        sources = (self.store.array("image"),)
        self._fetch = FETCHERS[_FEED.source](sources, self.rows_N, _FEED, self.context.device)
        torch.manual_seed(self.params.seed)
        self.model = MaskedAutoencoder(self.params)
        load_encoder(self.model, self.params)
        self.model.to(self.context.device)
        learnt = [one for one in self.model.parameters() if one.requires_grad]
        matrices, vectors = (
            [one for one in learnt if (one.ndim > 1) == deep] for deep in (True, False)
        )
        groups = [
            {"params": matrices, "weight_decay": self.params.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        self._optimiser = torch.optim.AdamW(groups, self.params.lr, _BETAS)
        self._resume()

    def _resume(self) -> None:
        state = load_latest(self.folder)
        if state is None:
            size = 3 * sum(one.nbytes for one in self.model.parameters())
            require_space_for_checkpoints(self.folder, size)
            return
        require_same_shapes(self.folder, state["model"], self.model.state_dict())
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        position = json.loads(state["position"])
        self._epoch, self._step, self._sum, self._history = position

    def fit(self) -> list[dict[str, float]]:
        """Train to the last epoch; return the losses per epoch."""
        with graceful_shutdown() as stop:
            while self._epoch < self.params.epochs:
                self._train_epoch(stop)
                row = {"train": self._sum / self._step, **self._validated()}
                self._history.append(row)
                self._epoch, self._step, self._sum = self._epoch + 1, 0, 0.0
                losses = ", ".join(f"{name} loss {value:.4f}" for name, value in row.items())
                self.context.say(f"epoch {self._epoch} of {self.params.epochs}: {losses}")
                self._save()
                self._heed(stop)
        self.model.eval()
        return self._history

    def _train_epoch(self, stop: StopRequest) -> None:
        self.model.train()
        order = np.random.default_rng([self.params.seed, self._epoch]).permutation(self.rows_N)
        batches = split_batches(order, self.params.batch, 0, 1)
        with closing(self._fetch(batches[self._step :])) as fetched:
            for (stored_BSS3,) in fetched:
                self._learn(stored_BSS3, len(batches))
                self._heed(stop)

    def _learn(self, stored_BSS3: Tensor, steps: int) -> None:
        """Take one step."""
        rng = make_generator(self.context.device, self.params.seed, self._epoch, self._step)
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate(steps)
        images = _flipped(eval_images(stored_BSS3, self.params.image_px), self.params.flip_p, rng)
        loss = self.model.loss(images, rng, self.params.mask)
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self._optimiser.step()
        self._count(float(loss.detach()), steps)

    def _count(self, loss: float, steps: int) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                self.folder,
                f"the loss is {loss} in epoch {self._epoch + 1}. The last checkpoint is safe. "
                "Lower mae.lr.",
            )
        self._step, self._sum = self._step + 1, self._sum + loss
        done = self._epoch * steps + self._step
        self.context.progress(
            done, self.params.epochs * steps, f"epoch {self._epoch + 1}, {loss:.4g}"
        )

    def _heed(self, stop: StopRequest) -> None:
        minutes = (time.monotonic() - self._saved) / 60
        due = self.params.checkpoint_minutes and minutes >= self.params.checkpoint_minutes
        if due or stop.signal is not None:
            self._save()
        if stop.signal is not None:
            stop.exit(self.folder)

    def _save(self) -> None:
        position = [self._epoch, self._step, self._sum, self._history]
        state = {"model": self.model.state_dict(), "optimiser": self._optimiser.state_dict()}
        # As text: equal values in different objects would be pickled to different bytes.
        save_latest(self.folder, {**state, "position": json.dumps(position)}, best=False)
        self._saved = time.monotonic()

    def _validated(self) -> dict[str, float]:
        """Return the loss on split val; nothing if it is empty."""
        if not len(self.held_out_N):
            return {}
        self.model.eval()
        total = 0.0
        with torch.no_grad():
            for number, rows_B in enumerate(
                split_batches(self.held_out_N, self.params.batch, 0, 1)
            ):
                rng = make_generator(self.context.device, self.params.seed, _VALIDATION, number)
                stored = torch.from_numpy(self.store.array("image").take(rows_B))
                images = eval_images(send(stored, self.context.device), self.params.image_px)
                loss = self.model.loss(images, rng, self.params.mask)
                total += float(loss) * len(rows_B)
        return {"val": total / len(self.held_out_N)}

    def _learning_rate(self, steps: int) -> float:
        """Warm up linearly, then decay along half a cosine."""
        params, done = self.params, self._epoch + self._step / steps
        if done < params.warmup_epochs:
            return params.lr * (done + 1 / steps) / params.warmup_epochs
        span = max(params.epochs - params.warmup_epochs, 1e-9)
        return params.lr * 0.5 * (1 + math.cos(math.pi * (done - params.warmup_epochs) / span))


def _flipped(images_B3SS: Tensor, probability: float, rng: torch.Generator) -> Tensor:
    chosen = torch.rand(len(images_B3SS), generator=rng, device=rng.device) < probability
    return torch.where(chosen[:, None, None, None], images_B3SS.flip(-1), images_B3SS)


def load_encoder(model: MaskedAutoencoder, params: MAEParams) -> None:
    """Give the encoder the weights that `mae.weights` names, such as timm's MAE; none if `none`.

    Raises:
        DataError: if the file's encoder has other sizes.
        NoInputError, UsageError, CorruptError: see train.methods.weight_files.read_weights.
    """
    if params.weights == NO_WEIGHTS:
        return
    path = Path(params.weights)
    content = read_weights(path, params.weights_sha256, "mae.weights", (NO_WEIGHTS,))
    found = tensors_of(unwrap_state_dict(content))
    wanted = model.encoder.state_dict()
    for name, value in wanted.items():
        if name not in found or found[name].shape != value.shape:
            there = tuple(found[name].shape) if name in found else "absent"
            raise DataError(
                path,
                f"{name} is {there}, expected {tuple(value.shape)}. Set mae.patch_px, width, depth "
                "and heads as in that file: 16, 768, 12, 12 for vit_base_patch16_224.mae.",
            )
    model.encoder.load_state_dict({name: found[name] for name in wanted})
