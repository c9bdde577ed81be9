"""Stage `occlude`: the same faces behind drawn hands, masks, glasses, bars and scarves.

What is hidden is known to the patch, so these faces train and measure detectors of occlusion, and
show what it costs a classifier. Row n is the face of row n of its input.
"""

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from anatomy.landmarks import five_landmarks
from anatomy.patches import GRID, patch_shares
from anatomy.templates import TEMPLATES
from contracts.occlusion import BARE
from errors import NoInputError
from pipeline import array_attributes as described
from pipeline.brought import SAID
from pipeline.execution.cluster import ClusterConfig
from pipeline.execution.sharded_build import build
from pipeline.occlusion.occluders import put_before
from pipeline.params import OccludeParams
from store.build_plans import Blocks, BuildPlan, Notes
from store.building import building_folder
from store.files import ANOTHER_DISK, folder_bytes, require_space
from store.layout import ArraySpec, Layout, shard_rows
from store.reading import Store
from store.records import U8Image
from store.tables import Row

VERSION = 2
_LARGE_SHARD = 256


def occlude(
    faces: Path, out: Path, params: OccludeParams, cluster: ClusterConfig, rebuild: bool = False
) -> bool:
    """Put a drawn thing before every face.

    Args:
        faces: store of stage align.
        out: store with image, mask (14, 14) of covered patches, valid, and what the dataset says
            of its faces, such as their action units; its table also says which occluder, and the
            share of patches it covers.
        params: which occluders, how many faces are left bare, the seed.
        cluster: who.
        rebuild: replace whatever is there.

    Returns:
        False if it was there already.

    Raises:
        NoInputError: if `faces` is the store of another stage, or has such things already.
        StorageError: if the disk is too small; nothing is started.
    """
    source = Store(faces)
    if "image" not in source.layout.arrays or "points" not in source.layout.arrays:
        raise NoInputError(faces, "is no store of aligned faces. Name the output of `align`.")
    table, side = source.table(), source.array("image").shape[1]
    arrays = {
        **{name: spec for name, spec in source.layout.arrays.items() if name in SAID},
        "image": ArraySpec((side, side, 3), "uint8", described.IMAGE),
        "mask": ArraySpec((GRID, GRID), "uint8", described.MASK),
        "valid": ArraySpec((), "uint8", described.VALID),
    }
    layout = Layout(len(table), shard_rows(len(table), _LARGE_SHARD), arrays)
    fingerprint = {
        "stage": "occlude",
        "version": VERSION,
        "params": params.model_dump(mode="json"),
        "faces": source.digest,
    }
    if not out.exists():
        need = layout.bytes - folder_bytes(building_folder(out, fingerprint))
        require_space(out, need, f"Free space, {ANOTHER_DISK}")
    known = source.metadata.get("attributes", ())
    about = {
        **source.metadata,
        "attributes": [*known, "occluder"],
        "shown_as": f"{source.metadata['dataset']}-occluded",
    }
    plan = BuildPlan(out, fingerprint, about, layout, table, max_bad=1.0)  # failed before
    return build(plan, partial(occlude_rows, faces.resolve(), params), cluster, rebuild)


def occlude_rows(
    faces: Path, params: OccludeParams, span: range, rows: list[Row]
) -> tuple[Blocks, Notes]:
    """Draw before the faces of one shard: the work of one task."""
    cv2.setNumThreads(1)
    source, numbers = Store(faces), np.arange(span.start, span.stop)
    images, points = (source.array(name).take(numbers) for name in ("image", "points"))
    valid = source.array("valid").take(numbers)
    masks = np.zeros((len(span), GRID, GRID), np.uint8)
    kinds = []
    for index, number in enumerate(span):
        if not valid[index]:
            images[index], kind = 0, ""
        else:
            rng = np.random.default_rng([params.seed, number])
            kind = BARE if rng.random() < params.bare else str(rng.choice(params.kinds))
            images[index], masks[index] = _behind(images[index], points[index], kind, params, rng)
        kinds.append(kind)
    notes: dict[str, Any] = {
        "status": [row["status"] for row in rows],
        "occluder": kinds,
        "occluded_share": [f"{mask.mean():.3f}" for mask in masks],
    }
    said = {name: source.array(name).take(numbers) for name in SAID if name in source.layout.arrays}
    return {**said, "image": images, "mask": masks, "valid": valid}, notes


def _behind(
    image_SS3: U8Image,
    points_L2: NDArray[np.floating],
    kind: str,
    params: OccludeParams,
    rng: np.random.Generator,
) -> tuple[U8Image, NDArray[np.uint8]]:
    """Return a face behind a thing, and the patches that it covers."""
    if kind == BARE:
        return image_SS3, np.zeros((GRID, GRID), np.uint8)
    known = np.isfinite(points_L2).all()
    five = five_landmarks(points_L2) if known else TEMPLATES["aulens"] * len(image_SS3) - 0.5
    drawn, alpha = put_before(image_SS3, five, kind, rng)
    return drawn, (patch_shares(alpha[None])[0] >= params.covered).astype(np.uint8)
