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
from store.reading import Store
from train.augment import moved_maps, plain_images, random_affine, train_images
from train.checkpoint import State, load, save
from train.curves import Curves
from train.feed import Feed, Raw
from train.methods import METHODS
from train.methods.heads import Classifier
from train.methods.terms import TERMS, alignment
from train.optimise import OPTIMISERS, step_lr
from train.params import TrainParams
from train.records import Batch, Forward, Method, Term
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


def train(
    faces: Path, heatmaps: Path, out: Path, run: Run, tell: Tell, rebuild: bool = False
) -> bool:
    """Train a method on the training split, choosing the best epoch on the validation split.

    Args:
        faces: store of stage align.
        heatmaps: store of stage heatmap, of the kind that the alignment term wants.
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
    sources = Store(faces), Store(heatmaps)
    if sources[1].about["kind"] != run.params.alignment.heatmap:
        raise UsageError(
            heatmaps,
            f"holds kind {sources[1].about['kind']}, "
            f"train.alignment.heatmap is {run.params.alignment.heatmap}.",
        )
    fingerprint = {
        "stage": "train",
        "version": VERSION,
        "method": run.method,
        "supervision": run.supervision,
        "params": run.params.model_dump(mode="json"),
        "faces": sources[0].digest,
        "heatmaps": sources[1].digest,
        "torch": torch.__version__,
    }
    if not rebuild and is_built(out, fingerprint):
        return False
    with building(out, fingerprint, sources[1].about) as folder:
        described = {**fingerprint, "expressions": list(EXPRESSIONS), "about": sources[1].about}
        atomic_write(folder / RUN, canonical_json(described))
        _fit(folder, method, sources, run, tell)
    return True


def _fit(folder: Path, method: Method, sources: tuple[Store, Store], run: Run, tell: Tell) -> None:
    params, device = run.params, run.device
    torch.manual_seed(params.seed)
    model = build_model(method, params).to(device)
    terms = {name: TERMS[name] for name in method.terms} | SUPERVISIONS[run.supervision](params)
    optimiser = pick(OPTIMISERS, params.optimiser, "optimiser")(model, params)
    scaler = torch.amp.GradScaler(device.type, enabled=params.amp == "fp16")
    training, validation = (Feed(*sources, split, params.batch) for split in ("train", "val"))
    map_size = _map_size(model, run)
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
            batch = training_batch(raw, map_size, params, rng)
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


def _map_size(model: Classifier, run: Run) -> tuple[int, int]:
    """Rows and columns of targets: the attention's, or the picture's for the published resize."""
    params = run.params
    if params.alignment.resize == "published":
        return params.image_px, params.image_px
    model.eval()
    with torch.no_grad():
        features = model(
            torch.zeros(1, 3, params.image_px, params.image_px, device=run.device)
        ).features
    if not all(1 <= layer <= len(features) for layer in params.alignment.layers):
        raise UsageError(
            "train.alignment.layers",
            f"{list(params.alignment.layers)}: this backbone has layers 1 to {len(features)}.",
        )
    rows, columns = features[params.alignment.layers[0] - 1].shape[-2:]
    return rows, columns


def training_batch(
    raw: Raw, map_size: tuple[int, int], params: TrainParams, rng: torch.Generator
) -> Batch:
    """Move a stored batch to the generator's device and augment it there."""
    device = rng.device
    affine = random_affine(len(raw.rows_B), params.augment, rng)
    images = train_images(raw.images_BSS3.to(device), params.image_px, affine, params.augment, rng)
    maps = moved_maps(raw.maps_Bss.to(device), map_size, affine)
    return Batch(images, raw.labels_B.to(device), maps, raw.valid_B.to(device))


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
