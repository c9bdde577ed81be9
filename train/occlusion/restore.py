"""Stage `restore`: every face without what covers it, and what the encoder makes of it.

A store whose rows are those of its input, with the restorer itself beside the arrays. It is built
shard by shard in this process; a build that was stopped goes on at its first unfinished shard.
"""

from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray

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
from store.building import Json, building, building_folder, is_built, read_manifest
from store.files import ANOTHER_DISK, folder_bytes, in_words, require_space
from store.reading import Store
from store.shards import (
    ArraySpec,
    Layout,
    create_arrays,
    pending_shards,
    shard_rows,
    write_shard,
    write_status,
)
from train.device import send
from train.occlusion.context import StageContext
from train.occlusion.mae_model import load_mae
from train.occlusion.params import RestoreParams
from train.occlusion.patches import read_card
from train.occlusion.restorer import Restorer, make_detector, restore_stored

VERSION = 1
VIEWS = 2
"""Of latents: the face, and its mirror image, of which no latent is the mirror image of another."""
DTYPES = {"half": "float16", "single": "float32"}
"""restore.latents -> type of a stored number."""
_LARGE_SHARD = 256
_BATCH = 32


def restore(
    faces: Path, mae: Path, patches: Path, out: Path, params: RestoreParams, context: StageContext
) -> str:
    """Restore every usable face.

    Args:
        faces: store of stage align, or of occlude.
        mae: output of stage mae.
        patches: output of stage patches, learnt from it.
        out: store with image, mask of filled patches, latents (2, 196, D) of the restored face and
            of its mirror image, valid; and the restorer, see train.occlusion.restorer.
        params: how patches are filled, how latents are kept.
        context: device and progress.

    Returns:
        A line: how many faces had something filled, and how much.

    Raises:
        NoInputError: if an input is the output of another stage.
        StorageError: if the disk is too small; nothing is started.
    """
    store = Store(faces)
    if "image" not in store.layout.arrays:
        raise NoInputError(faces, "is no store of faces. Name the output of `align`.")
    restorer = join_restorer(mae, patches, params.model_dump(include={"filler", "most_hidden"}))
    layout = _layout(store, restorer.width, params)
    fingerprint = {
        "stage": "restore",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "faces": store.digest,
        "mae": read_manifest(mae)["sha256"],
        "patches": read_manifest(patches)["sha256"],
        "device": context.device.type,
        "torch": torch.__version__,
    }
    if context.rebuild or not is_built(out, fingerprint):
        weights = len(restorer.files()[RESTORER_WEIGHTS])
        done = folder_bytes(building_folder(out, fingerprint))
        require_space(out, layout.bytes + weights - done, f"Free space, {ANOTHER_DISK}")
        context.say(f"{out}: {in_words(layout.bytes)} of restored faces and latents")
        with building(out, fingerprint, _metadata(store), layout.as_json()) as folder:
            _fill(folder, layout, store, restorer.to(context.device), context)
            restorer.write(folder)
    shares = Store(out).array("mask").load().mean(axis=(1, 2))
    touched = int((shares > 0).sum())
    return (
        f"{out}: {touched} of {len(shares)} faces had patches filled, {100 * shares.mean():.1f} % "
        "of all patches"
    )


def _metadata(store: Store) -> Json:
    return {**store.metadata, "size_px": store.array("image").shape[1]}


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


def _fill(
    folder: Path, layout: Layout, store: Store, restorer: Restorer, context: StageContext
) -> None:
    """Build the shards that are missing, and write the table."""
    create_arrays(folder, layout)
    table, valid_N = store.table(), store.array("valid").load()
    pending = pending_shards(folder, layout)
    total = sum(len(layout.span(shard)) for shard in pending)
    done = 0
    for shard in pending:
        span = layout.span(shard)
        rows = np.arange(span.start, span.stop)
        notes = {"status": table["status"][span.start : span.stop].to_list()}
        write_shard(folder, layout, shard, _blocks(layout, store, rows, valid_N, restorer), notes)
        store.unmap()
        done += len(span)
        context.progress(done, total, "")
    write_status(folder, layout, table.iter_rows(named=True))


def _blocks(
    layout: Layout,
    store: Store,
    rows_N: NDArray[np.int64],
    valid_N: NDArray[np.uint8],
    restorer: Restorer,
) -> dict[str, NDArray[Any]]:
    """Return the arrays of one shard; rows without a face stay zero."""
    blocks: dict[str, NDArray[Any]] = {
        name: np.zeros((len(rows_N), *spec.shape), spec.dtype)
        for name, spec in layout.arrays.items()
    }
    blocks["valid"][:] = valid_N[rows_N]
    usable = np.flatnonzero(valid_N[rows_N] == 1)
    device = next(restorer.model.parameters()).device
    for start in range(0, len(usable), _BATCH):
        at = usable[start : start + _BATCH]
        images = torch.from_numpy(store.array("image").take(rows_N[at]))
        found = restore_stored(restorer, send(images, device))
        mirrored = restorer.latents(found.images_B3SS.flip(-1))
        drawn = (found.images_B3SS * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
        blocks["image"][at] = drawn.cpu().numpy()
        blocks["mask"][at] = found.hidden_BP.view(-1, GRID, GRID).cpu().numpy()
        both = torch.stack([found.latents_BPD, mirrored], dim=1).cpu().numpy()
        blocks["latents"][at] = both.astype(blocks["latents"].dtype)
    return blocks


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
