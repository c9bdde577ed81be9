"""A masked autoencoder: one transformer sees some patches of a face, a second one draws the rest.

Shapes: B batch, P = 196 patches, K patches that are seen, D width, C numbers of a patch's pixels.

Source: He et al., Masked Autoencoders Are Scalable Vision Learners, CVPR 2022. Our addition: the
mean and the deviation of a patch are predicted beside its normalised pixels, or no picture could be
made of them where the truth is not known.
"""

from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block, VisionTransformer
from torch import Tensor, nn

from anatomy.patches import GRID, PATCHES
from contracts.occlusion import MAE, MAE_WEIGHTS, MAECard
from errors import NoInputError
from store.building import read_manifest
from train.checkpoint import require_same_shapes
from train.occlusion.params import MAEParams

_EPS = 1e-6
_STATISTICS = 2


def cut_patches(images_B3SS: Tensor) -> Tensor:
    """Cut pictures into patches, row by row: (B, P, C), pixels before channels."""
    count, channels, side, _ = images_B3SS.shape
    px = side // GRID
    cut = images_B3SS.reshape(count, channels, GRID, px, GRID, px)
    return cut.permute(0, 2, 4, 3, 5, 1).reshape(count, PATCHES, px * px * channels)


def join_patches(patches_BPC: Tensor) -> Tensor:
    """Put patches together again: (B, 3, S, S)."""
    count, _, numbers = patches_BPC.shape
    px = round((numbers // 3) ** 0.5)
    grid = patches_BPC.reshape(count, GRID, GRID, px, px, 3)
    return grid.permute(0, 5, 1, 3, 2, 4).reshape(count, 3, GRID * px, GRID * px)


def sine_positions(width: int) -> Tensor:
    """Return fixed sine and cosine positions of the patches: (P, width)."""
    quarter = width // 4
    rates = 1 / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)
    angles = torch.arange(GRID, dtype=torch.float64)[:, None] * rates
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    columns = waves[None].expand(GRID, -1, -1)
    rows = waves[:, None].expand(-1, GRID, -1)
    return F.pad(torch.cat([columns, rows], dim=2).reshape(PATCHES, -1), (0, width % 4)).float()


class MaskedAutoencoder(nn.Module):
    """Encoder and decoder. The encoder's names are timm's, so that its MAE weights fit."""

    def __init__(self, params: MAEParams) -> None:
        super().__init__()
        self.image_px = params.image_px
        self.encoder = VisionTransformer(
            img_size=params.image_px,
            patch_size=params.patch_px,
            embed_dim=params.width,
            depth=params.depth,
            num_heads=params.heads,
            num_classes=0,
            global_pool="token",
        )
        self._fix_positions(params.width)
        width = params.decoder_width
        self.embed = nn.Linear(params.width, width)
        self.hidden = nn.Parameter(torch.randn(width) * 0.02)
        self.positions_PD: Tensor
        self.register_buffer("positions_PD", sine_positions(width), persistent=False)
        self.blocks = nn.ModuleList(
            Block(width, params.decoder_heads, qkv_bias=True) for _ in range(params.decoder_depth)
        )
        self.norm = nn.LayerNorm(width)
        self.draw = nn.Linear(width, params.patch_px**2 * 3 + _STATISTICS)

    def _fix_positions(self, width: int) -> None:
        embedding = self.encoder.pos_embed
        assert embedding is not None
        with torch.no_grad():
            embedding.zero_()
            embedding[0, 1:] = sine_positions(width)
        embedding.requires_grad_(False)

    def encode(self, images_B3SS: Tensor, seen_BK: Tensor | None = None) -> Tensor:
        """Return the latents of the patches that are seen, in their order: (B, K, D).

        Args:
            images_B3SS: normalised as for ImageNet.
            seen_BK: places; None for all patches.
        """
        tokens_BPD = self._embedded(images_B3SS)
        if seen_BK is not None:
            tokens_BPD = _at(tokens_BPD, seen_BK)
        return self._encoded(tokens_BPD, None)

    def encode_unhidden(self, images_B3SS: Tensor, hidden_BP: Tensor) -> Tensor:
        """Return latents (B, P, D) in which hidden patches have no part.

        Those of the hidden patches mean nothing. Faces of a batch may differ in how many there are.
        """
        bias_B11N = F.pad(hidden_BP, (1, 0)).to(images_B3SS.dtype)[:, None, None]
        bias_B11N = bias_B11N.masked_fill(bias_B11N > 0, -torch.inf)
        return self._encoded(self._embedded(images_B3SS), bias_B11N)

    def _embedded(self, images_B3SS: Tensor) -> Tensor:
        embedding = self.encoder.pos_embed
        assert embedding is not None
        tokens: Tensor = self.encoder.patch_embed(images_B3SS) + embedding[:, 1:]
        return tokens

    def _encoded(self, tokens_BKD: Tensor, bias_B11N: Tensor | None) -> Tensor:
        net = self.encoder
        assert net.cls_token is not None
        assert net.pos_embed is not None
        first = (net.cls_token + net.pos_embed[:, :1]).expand(len(tokens_BKD), -1, -1)
        tokens = torch.cat([first, tokens_BKD], dim=1)
        for block in net.blocks:
            tokens = block(tokens, bias_B11N)
        latents: Tensor = net.norm(tokens)[:, 1:]
        return latents

    def decode(self, tokens_BPD: Tensor) -> Tensor:
        """Return normalised pixels, then mean and deviation, of every patch: (B, P, C + 2).

        Args:
            tokens_BPD: from `tokens_of` or `tokens_unhidden`.
        """
        tokens_BPD = tokens_BPD + self.positions_PD
        for block in self.blocks:
            tokens_BPD = block(tokens_BPD)
        drawn: Tensor = self.draw(self.norm(tokens_BPD))
        return drawn

    def tokens_of(self, latents_BKD: Tensor, seen_BK: Tensor) -> Tensor:
        """Put latents to their places, and the token of hidden patches everywhere else."""
        embedded = self.embed(latents_BKD)
        tokens = self.hidden.to(embedded.dtype).expand(len(embedded), PATCHES, -1)
        index = seen_BK[..., None].expand(-1, -1, embedded.shape[-1])
        return tokens.scatter(1, index, embedded)

    def loss(self, images_B3SS: Tensor, rng: torch.Generator, mask: float) -> Tensor:
        """Return the mean squared error on hidden patches, of pixels plus that of their statistics.

        These two numbers count as much as all pixels together: what is filled in has to have the
        brightness of the face before it has its texture.

        Args:
            images_B3SS: normalised as for ImageNet.
            rng: draws what is hidden.
            mask: share of the patches that is hidden.
        """
        order_BP = torch.rand(
            (len(images_B3SS), PATCHES), generator=rng, device=rng.device
        ).argsort(dim=1)
        seen_BK, hidden_BM = torch.split(order_BP, _split(mask), dim=1)
        drawn_BPC = self.decode(self.tokens_of(self.encode(images_B3SS, seen_BK), seen_BK))
        target_BPC = normalised_patches(cut_patches(images_B3SS))
        squared_BMC = (_at(drawn_BPC, hidden_BM).float() - _at(target_BPC, hidden_BM)).square()
        return squared_BMC[..., :-_STATISTICS].mean() + squared_BMC[..., -_STATISTICS:].mean()

    def fill(self, images_B3SS: Tensor, hidden_BP: Tensor) -> Tensor:
        """Draw hidden patches from the others; those stay as they are: (B, 3, S, S).

        Args:
            images_B3SS: normalised as for ImageNet; what is hidden does not matter.
            hidden_BP: bool; of every face at least one patch is not hidden.
        """
        latents_BPD = self.embed(self.encode_unhidden(images_B3SS, hidden_BP))
        tokens = torch.where(hidden_BP[..., None], self.hidden.to(latents_BPD.dtype), latents_BPD)
        drawn_BPC = self.decode(tokens)
        sizes = [drawn_BPC.shape[2] - _STATISTICS, 1, 1]
        pixels, mean, deviation = torch.split(drawn_BPC, sizes, dim=2)
        filled_BPC = pixels * deviation.clamp(min=0) + mean
        kept_BPC = cut_patches(images_B3SS)
        return join_patches(torch.where(hidden_BP[..., None], filled_BPC, kept_BPC))


def normalised_patches(patches_BPC: Tensor) -> Tensor:
    """Normalise every patch by its mean and deviation, which follow its pixels: (B, P, C + 2)."""
    mean = patches_BPC.mean(dim=2, keepdim=True)
    deviation = (patches_BPC.var(dim=2, keepdim=True) + _EPS).sqrt()
    return torch.cat([(patches_BPC - mean) / deviation, mean, deviation], dim=2)


def _split(mask: float) -> list[int]:
    seen = max(1, min(PATCHES - 1, round(PATCHES * (1 - mask))))
    return [seen, PATCHES - seen]


def _at(values_BPD: Tensor, places_BK: Tensor) -> Tensor:
    return values_BPD.gather(1, places_BK[..., None].expand(-1, -1, values_BPD.shape[-1]))


def load_mae(folder: Path, device: torch.device) -> tuple[MaskedAutoencoder, str]:
    """Return a trained autoencoder in evaluation mode, without gradients, and its digest.

    Raises:
        NoInputError: if `folder` is no output of stage mae.
        CorruptError: if its weights are not those of its card.
    """
    manifest = read_manifest(folder)
    if not {MAE, MAE_WEIGHTS} <= set(manifest["files"]):
        raise NoInputError(folder, "is no masked autoencoder. Name the output of `mae`.")
    card = MAECard.model_validate_json((folder / MAE).read_bytes())
    weights = safetensors.torch.load((folder / MAE_WEIGHTS).read_bytes())
    return build_mae(card.params, weights, folder / MAE_WEIGHTS).to(device), manifest["sha256"]


def build_mae(params: dict[str, Any], weights: dict[str, Tensor], where: Path) -> MaskedAutoencoder:
    """Return an autoencoder with these weights, in evaluation mode, without gradients.

    Raises:
        CorruptError: if the weights are those of another model.
    """
    model = MaskedAutoencoder(MAEParams.model_validate(params))
    require_same_shapes(where, weights, model.state_dict())
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)
