"""Stage `restore`: every face without what covers it, and what the encoder makes of it.

A store whose rows are those of its input, with the restorer itself beside the arrays. Here it is
planned, and the work of one shard is done; who fills stores is given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from anatomy.patches import GRID, PATCHES
from contracts.files import read_contract
from contracts.occlusion import (
    DETECTOR_WEIGHTS,
    MAE,
    RESTORER,
    RESTORER_WEIGHTS,
    MAECard,
    RestorerCard,
)
from errors import CorruptError, NoInputError
from store.build_plans import Blocks, Build, BuildPlan, Notes
from store.building import building_folder, is_built, read_manifest
from store.files import ANOTHER_DISK, folder_bytes, in_words, require_space
from store.layout import ArraySpec, Layout, shard_rows
from store.reading import Store
from store.tables import Row
from train.device import send
from train.occlusion.context import StageContext
from train.occlusion.detector_cards import read_card
from train.occlusion.mae_model import load_mae
from train.occlusion.params import RestoreParams
from train.occlusion.restorer import Restorer, make_detector, restore_stored

VERSION = 2
VIEWS = 2
"""Of latents: the face, and its mirror image, of which no latent is the mirror image of another."""
DTYPES = {"half": "float16", "single": "float32"}
"""restore.latents -> type of a stored number."""
_LARGE_SHARD = 256
_BATCH = 32


@dataclass(frozen=True, slots=True)
class RestoreInputs:
    """Outputs of align (or occlude), of mae, and of patches, which learnt from that mae."""

    faces: Path
    mae: Path
    patches: Path

    def resolved(self) -> "RestoreInputs":
        """Return them as other processes find them."""
        return RestoreInputs(self.faces.resolve(), self.mae.resolve(), self.patches.resolve())


def restore(
    inputs: RestoreInputs, out: Path, params: RestoreParams, context: StageContext, build: Build
) -> bool:
    """Restore every usable face.

    Args:
        inputs: see there.
        out: store with image, mask of filled patches, latents (2, 196, D) of the restored face and
            of its mirror image, valid; and the restorer, see train.occlusion.restorer.
        params: how patches are filled, how latents are kept.
        context: device, and who is told how much disk it takes.
        build: fills stores.

    Returns:
        False if it was there already.

    Raises:
        NoInputError: if an input is the output of another stage.
        StorageError: if the disk is too small; nothing is started.
    """
    store = Store(inputs.faces)
    if "image" not in store.layout.arrays:
        raise NoInputError(inputs.faces, "is no store of faces. Name the output of `align`.")
    numbers = params.model_dump(include={"filler", "most_hidden"})
    restorer = join_restorer(inputs.mae, inputs.patches, numbers)
    layout = _layout(store, restorer.width, params)
    fingerprint = {
        "stage": "restore",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "faces": store.digest,
        "mae": read_manifest(inputs.mae)["sha256"],
        "patches": read_manifest(inputs.patches)["sha256"],
        "device": context.device.type,
        "torch": torch.__version__,
    }
    files = restorer.files()
    if context.rebuild or not is_built(out, fingerprint):
        done = folder_bytes(building_folder(out, fingerprint))
        need = layout.bytes + len(files[RESTORER_WEIGHTS]) - done
        require_space(out, need, f"Free space, {ANOTHER_DISK}")
        context.say(f"{in_words(layout.bytes)} of restored faces and latents")
    about = {**store.metadata, "size_px": store.array("image").shape[1]}
    plan = BuildPlan(out, fingerprint, about, layout, store.table(), max_bad=1.0, files=files)
    digests = fingerprint["mae"], fingerprint["patches"]
    opening = _Opening(inputs.resolved(), digests, tuple(numbers.items()), str(context.device))
    return build(plan, partial(restore_rows, opening, layout))


def summary(out: Path) -> str:
    """Say how many faces of a store had something filled, and how much."""
    shares = Store(out).array("mask").load().mean(axis=(1, 2))
    return (
        f"{out}: {int((shares > 0).sum())} of {len(shares)} faces had patches filled, "
        f"{100 * shares.mean():.1f} % of all patches"
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a worker opens.

    Attributes:
        inputs: where it lies.
        digests: of mae and patches.
        numbers: of [restore], those of the restorer.
        device: where it works.
    """

    inputs: RestoreInputs
    digests: tuple[str, str]
    numbers: tuple[tuple[str, Any], ...]
    device: str


@lru_cache(maxsize=1)
def _opened(opening: _Opening) -> Restorer:
    found = join_restorer(opening.inputs.mae, opening.inputs.patches, dict(opening.numbers))
    return found.to(torch.device(opening.device))


def _layout(store: Store, width: int, params: RestoreParams) -> Layout:
    side = store.array("image").shape[1]
    image = {
        "what": "upright crop of the face, drawn anew where a patch was covered; zero if invalid",
        "unit": "grey level of sRGB, 0 to 255",
        "order": "row, column, channel (red, green, blue)",
    }
    mask = {"what": "1: this patch of the face was filled", "order": "row, column"}
    latents = {
        "what": "latents of the autoencoder's encoder of the restored face",
        "order": "view (the face, its mirror image), place in rows of 14 x 14 patches, channel",
    }
    arrays = {
        "image": ArraySpec((side, side, 3), "uint8", image),
        "mask": ArraySpec((GRID, GRID), "uint8", mask),
        "latents": ArraySpec((VIEWS, PATCHES, width), DTYPES[params.latents], latents),
        "valid": ArraySpec((), "uint8", {"what": "1: the row can be used; 0: status.csv says why"}),
    }
    return Layout(len(store), shard_rows(len(store), _LARGE_SHARD), arrays)


def restore_rows(
    opening: _Opening, layout: Layout, span: range, rows: list[Row]
) -> tuple[Blocks, Notes]:
    """Restore the faces of one shard: the work of one task. Rows without a face stay zero."""
    store, numbers_N = Store(opening.inputs.faces), np.arange(span.start, span.stop)
    blocks: Blocks = {
        name: np.zeros((len(span), *spec.shape), spec.dtype) for name, spec in layout.arrays.items()
    }
    blocks["valid"][:] = store.array("valid").take(numbers_N)
    usable = np.flatnonzero(blocks["valid"] == 1)
    with _one_thread():
        restorer = _opened(opening)
        for start in range(0, len(usable), _BATCH):
            at = usable[start : start + _BATCH]
            stored = torch.from_numpy(store.array("image").take(numbers_N[at]))
            for name, block in _restored(restorer, stored).items():
                blocks[name][at] = block
    return blocks, {"status": [row["status"] for row in rows]}


def _restored(restorer: Restorer, stored_BSS3: torch.Tensor) -> Blocks:
    """Return what is kept of a few faces."""
    device = next(restorer.model.parameters()).device
    found = restore_stored(restorer, send(stored_BSS3, device))
    mirrored = restorer.latents(found.images_B3SS.flip(-1))
    drawn = (found.images_B3SS * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    return {
        "image": drawn.cpu().numpy(),
        "mask": found.hidden_BP.view(-1, GRID, GRID).cpu().numpy(),
        "latents": torch.stack([found.latents_BPD, mirrored], dim=1).cpu().numpy(),
    }


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute with one thread: there is a worker per core, and sums depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def join_restorer(mae: Path, patches: Path, numbers: dict[str, Any]) -> Restorer:
    """Make a restorer of an autoencoder and a detector.

    Args:
        mae: output of stage mae.
        patches: output of stage patches.
        numbers: `filler` and `most_hidden` of [restore].

    Raises:
        NoInputError: if one is the output of another stage.
        CorruptError: if the detector learnt from another autoencoder.
    """
    model, digest = load_mae(mae, torch.device("cpu"))
    found = read_card(patches)
    if found.mae != digest:
        raise CorruptError(patches, f"learnt from another autoencoder than {mae}. Run `dvc repro`.")
    weights = safetensors.torch.load((patches / DETECTOR_WEIGHTS).read_bytes())
    card = RestorerCard(
        mae=read_contract(MAECard, mae / MAE, "Run `dvc repro`.").params,
        detector=found.detector,
        radius=found.radius,
        **numbers,
    )
    detector = make_detector(card.detector, model.encoder.embed_dim, weights, patches)
    return Restorer(card, model, detector)


def is_restored(store: Store) -> bool:
    """Say whether a store is the output of this stage."""
    return {"latents", "image"} <= set(store.layout.arrays) and (store.path / RESTORER).is_file()
