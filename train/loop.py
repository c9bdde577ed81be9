"""Stage `train`: fit one method, plain or aligned, and keep its last and best state."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from anatomy.expressions import EXPRESSIONS
from errors import DivergedError, UsageError, pick
from store.building import building, is_built
from store.files import atomic_write, canonical_json
from train.augment import moved_maps, plain_images, training_batch
from train.checkpoint import State, load, save
from train.curves import Curves
from train.feed import Feed, Place, Raw
from train.inputs import Stores
from train.methods import METHODS
from train.methods.alignment import alignment, target_sizes
from train.methods.heads import Classifier
from train.methods.terms import TERMS
from train.optimise import OPTIMISERS, step_lr
from train.params import TrainParams
from train.records import Forward, Method, Term
from train.runs import BEST, LAST, RUN, Run, build_model

VERSION = 1
Tell = Callable[[int, int, str], None]


def _no_terms(params: TrainParams) -> dict[str, Term]:
    return {}


def _alignment_terms(params: TrainParams) -> dict[str, Term]:
    return {"alignment": alignment(params.alignment)}


SUPERVISIONS: dict[str, Callable[[TrainParams], dict[str, Term]]] = {
    "plain": _no_terms,
    "aligned": _alignment_terms,
}
"""What is added to a method's own terms."""

_AMP_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def train(stores: Stores, out: Path, run: Run, tell: Tell, rebuild: bool = False) -> bool:
    """Train a method on the training split, choosing the best epoch on the split of its protocol.

    Args:
        stores: faces, their landmarks, and heatmaps of the kind that the alignment term wants.
        out: run.json, last.ckpt, best.ckpt and curves/.
        run: what to train.
        tell: is told (steps done, steps in all, note).
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.

    Raises:
        UsageError: if a name is not known.
        DivergedError: if the loss is not finite.
    """
    method = pick(METHODS, run.method, "method")
    pick(SUPERVISIONS, run.supervision, "supervision")
    if stores.heatmaps.about["kind"] != run.params.alignment.heatmap:
        raise UsageError(
            stores.heatmaps.path,
            f"holds kind {stores.heatmaps.about['kind']}, "
            f"train.alignment.heatmap is {run.params.alignment.heatmap}.",
        )
    fingerprint = {
        "stage": "train",
        "version": VERSION,
        "method": run.method,
        "supervision": run.supervision,
        "params": run.params.model_dump(mode="json"),
        **stores.digests(),
        "torch": torch.__version__,
    }
    if not rebuild and is_built(out, fingerprint):
        return False
    with building(out, fingerprint, stores.heatmaps.about) as folder:
        described = {
            **fingerprint,
            "expressions": list(EXPRESSIONS),
            "about": stores.heatmaps.about,
        }
        atomic_write(folder / RUN, canonical_json(described))
        _fit(folder, method, stores, run, tell)
    return True


def _fit(folder: Path, method: Method, stores: Stores, run: Run, tell: Tell) -> None:
    params, device = run.params, run.device
    torch.manual_seed(params.seed)
    model = build_model(method, params).to(device)
    terms = {name: TERMS[name] for name in method.terms} | SUPERVISIONS[run.supervision](params)
    optimiser = pick(OPTIMISERS, params.optimiser, "optimiser")(model, params)
    scaler = torch.amp.GradScaler(device.type, enabled=params.amp == "fp16")
    training, validation = (
        Feed(stores, split, params.batch, params.feed, Place(device))
        for split in ("train", params.chosen_on)
    )
    sizes = _target_sizes(model, run)
    begun, best = _resumed(folder, model, optimiser, scaler, device)
    curves = Curves(folder / "curves", begun)
    total = params.epochs * len(training)
    for epoch in range(begun, params.epochs):
        for group in optimiser.param_groups:
            group["lr"] = step_lr(params, epoch)
        model.train()
        sums: dict[str, Tensor] = {}
        for step, raw in enumerate(training.shuffled(params.seed, epoch)):
            rng = _generator(device, params.seed, epoch, step)
            batch = training_batch(raw, sizes, params, rng)
            with _autocast(params.amp, device):
                forward = model(batch.images_B3HW)
            losses = {name: term(forward, batch) for name, term in terms.items()}
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(scaler.scale(torch.stack([*losses.values()]).sum()))
            scaler.step(optimiser)
            scaler.update()
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0) + loss.detach()
            tell(epoch * len(training) + step + 1, total, f"epoch {epoch + 1} of {params.epochs}")
        means = {f"train/{name}": float(value) / len(training) for name, value in sums.items()}
        _refuse_nonsense(means, epoch, folder)
        scores = validate(model, validation, run)
        state = _state(model, optimiser, scaler, epoch + 1, max(best, scores["val/accuracy"]))
        if scores["val/accuracy"] >= best:  # on a tie the later epoch, as published
            best = scores["val/accuracy"]
            save(folder / BEST, state)
        curves.log(epoch, {**means, **scores, "lr": step_lr(params, epoch)})
        save(folder / LAST, state)


def _target_sizes(model: Classifier, run: Run) -> tuple[tuple[int, int], ...]:
    side = run.params.image_px
    model.eval()
    with torch.no_grad():
        features = model(torch.zeros(1, 3, side, side, device=run.device)).features
    return target_sizes(run.params.alignment, features, side)


def validate(model: Classifier, feed: Feed, run: Run) -> dict[str, float]:
    """Return a split's accuracy, cross-entropy and the deepest layer's cosine with stored maps."""
    model.eval()
    losses, right, cosines, counted = [], [], [], []
    with torch.no_grad():
        for raw in feed.in_order():
            forward = model(plain_images(raw.images_BSS3.to(run.device), run.params.image_px))
            labels = raw.labels_B.to(run.device)
            losses.append(
                torch.nn.functional.cross_entropy(forward.logits_BK, labels, reduction="none")
            )
            right.append(forward.logits_BK.argmax(dim=1) == labels)
            cosines.append(_attention_cosines(forward, raw))
            counted.append(raw.valid_B.to(run.device))
    valid = torch.cat(counted)
    scores = {
        "val/accuracy": torch.cat(right).float().mean(),
        "val/cross_entropy": torch.cat(losses).mean(),
    }
    if valid.any():
        scores["val/att_cos"] = torch.cat(cosines)[valid].mean()
    return {name: float(value) for name, value in scores.items()}


def _attention_cosines(forward: Forward, raw: Raw) -> Tensor:
    attention_BHW = forward.features[-1].mean(dim=1)
    rows, columns = attention_BHW.shape[-2:]
    target_B1HW = moved_maps(raw.maps_Bss.to(attention_BHW.device), (rows, columns))
    return torch.nn.functional.cosine_similarity(attention_BHW.flatten(1), target_B1HW.flatten(1))


def _state(
    model: Classifier,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    epochs: int,
    best: float,
) -> State:
    return {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "scaler": scaler.state_dict(),
        "epochs": epochs,
        "best": best,
    }


def _resumed(
    folder: Path,
    model: Classifier,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    device: torch.device,
) -> tuple[int, float]:
    """Take up an interrupted run: epochs finished and best accuracy; (0, -inf) for a new one."""
    if not (folder / LAST).exists():
        return 0, -math.inf
    state = load(folder / LAST, device)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    scaler.load_state_dict(state["scaler"])
    return int(state["epochs"]), float(state["best"])


def _generator(device: torch.device, seed: int, epoch: int, step: int) -> torch.Generator:
    """All chance of one step, which therefore does not depend on what ran before it."""
    state = np.random.SeedSequence([seed, epoch, step]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> np.uint64(1)))


def _autocast(amp: str, device: torch.device) -> AbstractContextManager[Any]:
    return torch.autocast(device.type, dtype=_AMP_DTYPES.get(amp), enabled=amp in _AMP_DTYPES)


def _refuse_nonsense(means: Mapping[str, float], epoch: int, folder: Path) -> None:
    for name, value in means.items():
        if not math.isfinite(value):
            raise DivergedError(
                folder,
                f"{name} is {value} in epoch {epoch + 1}. "
                "The checkpoint of the epoch before is safe. Lower train.lr.",
            )
