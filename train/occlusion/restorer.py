"""What frees a face of things before it: finds covered patches, fills them, and gives latents.

It is written beside the restored faces and into every run that learnt from them, so that such a run
answers plain faces: evaluation and `explain` restore them first.

Shapes: B batch, S side of a face, s side of what the autoencoder sees, P = 196 patches, D width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
import torch.nn.functional as F
from torch import Tensor

from anatomy.patches import GRID, PATCHES
from contracts.files import read_contract
from contracts.occlusion import (
    RESTORER,
    RESTORER_WEIGHTS,
    RestorerCard,
)
from errors import pick
from store.files import atomic_write, canonical_json
from train.checkpoint import require_same_shapes
from train.images import denormalize_images, normalize_images, resize_images
from train.methods.base import HIDDEN, LATENTS, RESTORED, Extra
from train.occlusion.detectors import DETECTORS, PIXEL_NUMBERS, PIXELS, Detector, pixel_patches
from train.occlusion.mae_model import (
    MaskedAutoencoder,
    build_mae,
    cut_patches,
    join_patches,
)
from train.occlusion.self_assembly import neighbour_means, self_assemble


@dataclass(frozen=True, slots=True)
class Restored:
    """Faces without what covered them.

    Attributes:
        images_B3SS: RGB in [0, 1]: filled where a patch is hidden, else as they were.
        hidden_BP: which patches were filled.
        latents_BPD: of the encoder, of the restored faces.
    """

    images_B3SS: Tensor
    hidden_BP: Tensor
    latents_BPD: Tensor


def fill_coarsely(model: MaskedAutoencoder, images_B3ss: Tensor, hidden_BP: Tensor) -> Tensor:
    """Let the autoencoder draw hidden patches, and those of the mirrored picture; take the mean."""
    mirrored_BP = hidden_BP.view(-1, GRID, GRID).flip(-1).flatten(1)
    mirrored_B3ss = model.fill(images_B3ss.flip(-1), mirrored_BP).flip(-1)
    return (model.fill(images_B3ss, hidden_BP) + mirrored_B3ss) / 2


def fill_by_assembly(model: MaskedAutoencoder, images_B3ss: Tensor, hidden_BP: Tensor) -> Tensor:
    """Let the autoencoder draw them, then assemble each of its mirror image and known patches.

    Cells are patches of pixels here, and mirrored cells are those of the mirrored picture.
    """
    coarse_B3ss = fill_coarsely(model, images_B3ss, hidden_BP)
    cells_BPC, mirrored_BPC = cut_patches(coarse_B3ss), cut_patches(coarse_B3ss.flip(-1))
    made = [
        self_assemble(cells, hidden, neighbour_means(mirrored))
        for cells, hidden, mirrored in zip(cells_BPC, hidden_BP, mirrored_BPC, strict=True)
    ]
    return join_patches(torch.stack(made))


Filler = Callable[[MaskedAutoencoder, Tensor, Tensor], Tensor]

FILLERS: dict[str, Filler | None] = {
    "none": None,
    "mae": fill_coarsely,
    "hybrid": fill_by_assembly,
}
"""restore.filler -> (autoencoder, pictures (B, 3, s, s), hidden (B, P)) -> filled pictures.

`none` leaves faces as they are: what filling adds is seen by leaving it out."""


class Restorer:
    """Autoencoder, detector and radius: pictures in, Restored out. Nothing in it learns."""

    def __init__(self, card: RestorerCard, model: MaskedAutoencoder, detector: Detector) -> None:
        self.card, self.model = card, model
        self.detector = detector.eval().requires_grad_(False)
        self._fill = pick(FILLERS, card.filler, "filler")
        self._looks_at = DETECTORS[card.detector].looks_at

    @property
    def width(self) -> int:
        """D."""
        return int(self.model.encoder.embed_dim)

    @property
    def image_px(self) -> int:
        """Side of the picture that it sees."""
        return self.model.image_px

    def to(self, device: torch.device) -> "Restorer":
        """Move it to a device, and return it."""
        self.model.to(device)
        self.detector.to(device)
        return self

    @torch.no_grad()
    def __call__(self, images_B3SS: Tensor) -> Restored:
        """Restore faces.

        Args:
            images_B3SS: RGB in [0, 1], any side of at least what the autoencoder sees.
        """
        seen_B3ss = normalize_images(_resized(images_B3SS, self.image_px))
        hidden_BP = self.find(images_B3SS, seen_B3ss)
        images = images_B3SS
        if self._fill is not None:
            images = self.filled(images, hidden_BP, self._fill)
        return Restored(images, hidden_BP, self.latents(images))

    @torch.no_grad()
    def filled(self, images_B3SS: Tensor, hidden_BP: Tensor, fill: Filler) -> Tensor:
        """Return faces with these patches filled; pictures in [0, 1]."""
        seen_B3ss = normalize_images(_resized(images_B3SS, self.image_px))
        filled_B3ss = denormalize_images(fill(self.model, seen_B3ss, hidden_BP)).clamp(0, 1)
        return _put_into(images_B3SS, filled_B3ss, hidden_BP)

    def latents(self, images_B3SS: Tensor) -> Tensor:
        """Return the encoder's latents of pictures in [0, 1], rounded as they are stored."""
        with torch.no_grad():
            seen_B3ss = normalize_images(_resized(images_B3SS, self.image_px))
            latents: Tensor = self.model.encode(seen_B3ss).half().float()
            return latents

    def find(self, images_B3SS: Tensor, seen_B3ss: Tensor) -> Tensor:
        """Return which patches are too strange: (B, P); of too many the strangest.

        Args:
            images_B3SS: in [0, 1].
            seen_B3ss: the same, as the autoencoder sees them.
        """
        if self._looks_at == PIXELS:
            stored = (images_B3SS * 255).round().clamp(0, 255).to(torch.uint8)
            cut = pixel_patches(stored.permute(0, 2, 3, 1).cpu().numpy()).to(images_B3SS.device)
        else:
            cut = self.model.encode(seen_B3ss)
        scores_BP = self.detector(cut)
        most = int(PATCHES * self.card.most_hidden)
        limit_B1 = scores_BP.topk(most + 1, dim=1).values[:, -1:]
        hidden_BP: Tensor = (scores_BP > self.card.radius) & (scores_BP > limit_B1)
        return hidden_BP

    def files(self) -> dict[str, bytes]:
        """Return what `load_restorer` reads: name -> content."""
        parts = {"mae": self.model.state_dict(), "detector": self.detector.state_dict()}
        weights = {
            f"{part}.{name}": value.cpu().contiguous()
            for part, state in parts.items()
            for name, value in state.items()
        }
        return {
            RESTORER: canonical_json(self.card.model_dump(mode="json")),
            RESTORER_WEIGHTS: safetensors.torch.save(weights),
        }

    def write(self, folder: Path) -> None:
        """Write its files."""
        for name, content in self.files().items():
            atomic_write(folder / name, content)


def load_restorer(folder: Path) -> Restorer:
    """Read a restorer from a folder that has one: a store of restored faces, or a run.

    Raises:
        CorruptError: if its weights are not those of its card.
    """
    card = read_contract(RestorerCard, folder / RESTORER, "Run `dvc repro`.")
    weights = safetensors.torch.load((folder / RESTORER_WEIGHTS).read_bytes())
    parts: dict[str, dict[str, Tensor]] = {"mae": {}, "detector": {}}
    for name, value in weights.items():
        part, inner = name.split(".", 1)
        parts[part][inner] = value
    model = build_mae(card.mae, parts["mae"], folder / RESTORER_WEIGHTS)
    width = model.encoder.embed_dim
    detector = make_detector(card.detector, width, parts["detector"], folder / RESTORER_WEIGHTS)
    return Restorer(card, model, detector)


def make_detector(name: str, width: int, weights: dict[str, Tensor], where: Path) -> Detector:
    """Return a detector with these weights.

    Args:
        name: row of DETECTORS.
        width: of latents.
        weights: its state.
        where: they come from, for messages.

    Raises:
        CorruptError: if they are those of another detector.
    """
    kind = pick(DETECTORS, name, "detector")
    numbers = PIXEL_NUMBERS if kind.looks_at == PIXELS else width
    detector = kind.make(numbers)
    require_same_shapes(where, weights, detector.state_dict())
    detector.load_state_dict(weights)
    return detector


def _put_into(images_B3SS: Tensor, filled_B3ss: Tensor, hidden_BP: Tensor) -> Tensor:
    side = images_B3SS.shape[-1]
    grid_B1GG = hidden_BP.view(-1, 1, GRID, GRID).float()
    area_B1SS = F.interpolate(grid_B1GG, [side, side], mode="nearest-exact")
    return torch.where(area_B1SS > 0, _resized(filled_B3ss, side), images_B3SS)


def _resized(images_B3SS: Tensor, side: int) -> Tensor:
    if images_B3SS.shape[-1] == side:
        return images_B3SS
    return F.interpolate(
        images_B3SS, [side, side], mode="bilinear", align_corners=False, antialias=True
    )


def restore_stored(restorer: Restorer, images_BSS3: Tensor) -> Restored:
    """Restore stored faces, uint8."""
    return restorer(resize_images(images_BSS3, images_BSS3.shape[1]))


def restoring(restorer: Restorer) -> Callable[[Tensor], tuple[Tensor, Extra]]:
    """Return the restorer as what a classifier does with its pictures first; normalised ones."""

    def restore(images_B3SS: Tensor) -> tuple[Tensor, Extra]:
        found = restorer(denormalize_images(images_B3SS).clamp(0, 1))
        given = {LATENTS: found.latents_BPD, HIDDEN: found.hidden_BP, RESTORED: found.images_B3SS}
        return normalize_images(found.images_B3SS), given

    return restore
