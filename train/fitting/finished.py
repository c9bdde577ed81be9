"""What the bytes of a run depend on, and whether it is done.

Without torch, whose import takes seconds: a finished run is found at once.
"""

import os
from pathlib import Path
from typing import Any

from contracts.files import MANIFEST
from contracts.runs import UsedHeatmaps
from store.building import read_fingerprint
from store.reading import Store
from train.data.stores import Stores
from train.params import AUTO
from train.runs import RunSettings, warm_start_of
from train.versions import torch_version

VERSION = 10


def run_fingerprint(
    stores: Stores, run: RunSettings, device: str, precision: str
) -> dict[str, Any]:
    """Return all that the bytes of a run depend on.

    Args:
        stores: that it reads.
        run: what is trained.
        device: cpu or cuda.
        precision: what `train.amp` means there: none, bf16 or fp16.
    """
    warm_start = warm_start_of(run.params)
    return {
        "stage": "train",
        "version": VERSION,
        "method": run.method,
        "variant": run.variant,
        "repeat": str(run.repeat),
        "params": run.params.model_dump(mode="json"),
        "ranks": int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1,
        "device": device,
        "precision": precision,
        "faces": stores.faces.digest,
        "landmarks": stores.landmarks.digest,
        "heatmaps": _used(stores.heatmaps),
        "restored": stores.restored.digest if stores.restored else None,
        "warm_start": warm_start.model_dump() if warm_start else None,
        "torch": torch_version(),
    }


def _used(heatmaps: Store | None) -> dict[str, Any] | None:
    if heatmaps is None:
        return None
    keys = ("kind", "canvas_px", "options")
    about = {key: heatmaps.metadata[key] for key in keys}
    return UsedHeatmaps(digest=heatmaps.digest, **about).model_dump(mode="json")


def is_trained(out: Path, stores: Stores, run: RunSettings, device: str) -> bool:
    """Say whether exactly this run is finished.

    Args:
        out: where it would be.
        stores: that it reads.
        run: what is wanted.
        device: as --device says. Where it, or train.amp, is `auto`, whatever the finished run
            used is what was wanted.

    Raises:
        CorruptError: if its fingerprint cannot be read.
    """
    if not (out / MANIFEST).exists():
        return False
    there = read_fingerprint(out)
    used = there.get("device") if device == AUTO else device.partition(":")[0]
    precision = there.get("precision") if run.params.amp == AUTO else run.params.amp
    return there == run_fingerprint(stores, run, str(used), str(precision))
