"""What heads, training strategies and losses take from params.yaml, without importing torch.

One model per row of HEADS, STRATEGIES and LOSSES; a named choice is a Literal, whose function is in
the file of its method. `validation.checked` is the only way from a section to its model.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from errors import UsageError, did_you_mean, pick
from train.methods import LEVELS, Method
from validation import checked

Options = Mapping[str, bool | int | float | str | None]

CAM_METHOD_NAMES = (
    "class_map",
    "gradcam",
    "gradcam_pp",
    "gradcam_pp_published",
    "layercam",
    "gradient_times_input",
    "head_map",
    "ts_cam",
    "token_importance",
    "acol_published",
    "adl_published",
)
"""Rows of CAM_METHODS."""


ADDED_HEAD_NAMES = ("valence_arousal",)
"""Rows of ADDED_HEADS."""

BLACK_BOX_NAMES = ("occlusion", "rise")
"""Rows of BLACK_BOX_METHODS."""


class OcclusionOptions(BaseModel, frozen=True, extra="forbid"):
    """[black_box.occlusion]: cells per side of the map, and those per side of a hidden square."""

    cells: int = Field(ge=2, le=64)
    patch: int = Field(ge=1, le=64)


class RiseOptions(BaseModel, frozen=True, extra="forbid"):
    """[black_box.rise]: how many masks, their cells per side, the share that is shown, the seed."""

    masks: int = Field(ge=20, le=100_000)
    cells: int = Field(ge=2, le=32)
    shown: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)


class BlackBoxOptions(BaseModel, frozen=True, extra="forbid"):
    """[black_box]: options of the methods that need only pictures and probabilities."""

    occlusion: OcclusionOptions
    rise: RiseOptions


class NoOptions(BaseModel, frozen=True, extra="forbid"):
    """Section of a head, training strategy or loss that takes no options."""


class WildcatParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of WILDCAT.

    `maps`: per expression. `top`, `bottom`: share of a map's highest and lowest values that count.
    `alpha`: weight of the lowest. `arithmetic`: the published code leaves the lowest values out.
    """

    maps: int = Field(ge=1, le=64)
    top: float = Field(gt=0, le=1)
    bottom: float = Field(gt=0, le=1)
    alpha: float = Field(ge=0)
    arithmetic: Literal["paper", "published"]


class PRMParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of PRM: side of the window in which only the highest value counts."""

    window: int = Field(ge=1)


class ACoLParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of ACoL.

    `width`: channels inside a branch. `threshold`: the second branch sees nothing where the first
    branch's map, in [0, 1], reaches it.
    """

    width: int = Field(ge=1)
    threshold: float = Field(gt=0, le=1)


class APViTParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of APViT.

    `keep`: share of the places that become tokens, the most active ones. From block `pool_from` on,
    counted from 1, each block keeps the share `pool_keep` of its tokens, those that the class token
    attends to most. `weights`: none, or a path to those of a vision transformer of this width, from
    which the blocks start; `weights_sha256`: of that file.
    """

    width: int = Field(ge=8)
    depth: int = Field(ge=1)
    heads: int = Field(ge=1)
    mlp: float = Field(gt=0)
    keep: float = Field(gt=0, le=1)
    pool_from: int = Field(ge=1)
    pool_keep: float = Field(gt=0, le=1)
    weights: str
    weights_sha256: str | None


class FullyConnectedParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of VGG's: width of its two hidden layers, and dropout after each."""

    width: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)


class DenseParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of gradcam_dense: width and number of hidden layers, dropout after."""

    width: int = Field(ge=1)
    layers: int = Field(ge=1, le=4)
    dropout: float = Field(ge=0, lt=1)


class RULParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of RUL.

    `width`: of a branch. `dropout`: before it. `lr_factor`: the classifier's learning rate is the
    run's, times this.
    """

    width: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    lr_factor: float = Field(gt=0)


InputName = Literal["imagenet", "half", "unit", "vggface2", "clip"]
"""Row of images.INPUTS."""

CLIP_CHANNELS = 512
"""Channels of the feature of CLIP's ViT-B/32."""


class CAFEParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of CAFE: its frozen image tower, see methods.clip.load_tower."""

    tower: str
    tower_sha256: str | None
    tower_px: int = Field(ge=32, multiple_of=32)
    tower_input: InputName


class OFERParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.head] of OFER.

    `latents`: of which patches: none, all, chosen (the half with the level's highest attention),
    published (78 in the middle). `latent_width`: mae.width. `mlp`: attention, or the published
    linear layers, on the 78 only.
    """

    latents: Literal["none", "all", "chosen", "published"]
    latent_width: int = Field(ge=1)
    mlp: Literal["attention", "published"]

    @model_validator(mode="after")
    def _on_published_places(self) -> "OFERParams":
        if self.mlp == "published" and self.latents != "published":
            raise PydanticCustomError(
                "published_places", "mlp: published reads 78 latents; set latents: published, too"
            )
        return self


class CutMixParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.training_strategy] of CutMix: how often a batch is mixed."""

    probability: float = Field(ge=0, le=1)


class ADLParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.training_strategy] of ADL.

    `drop_p`: how often the most active places are hidden instead of stressed. `threshold`: a place
    is hidden from this share of the face's highest attention on.
    """

    drop_p: float = Field(ge=0, le=1)
    threshold: float = Field(gt=0, le=1)


class RelabelParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.training_strategy] of SCN.

    `share`: of a batch that counts as important. Labels change from epoch `from_epoch` on, counted
    from 1, where another expression is more probable by `margin`. `scope`: faces whose label may
    change, all of the batch (published code) or those of low importance (paper).
    """

    share: float = Field(gt=0, lt=1)
    from_epoch: int = Field(ge=1)
    margin: float = Field(ge=0, le=1)
    scope: Literal["batch", "low"]


class AttributionParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.losses.attribution] of PAL.

    `layer`: a level, from 1. `sigma_px`: of each landmark's Gaussian, px of a canvas of 112.
    `heatmap_scale`: its highest place at one, or the heatmap as it is, which scales the loss. The
    other choices are described where their functions are, in methods.pal.
    """

    weight: float = Field(ge=0)
    layer: int = Field(ge=1, le=LEVELS)
    kind: Literal["grad", "grad_input"]
    score: Literal["sum", "abs_sum", "true_class"]
    strategy: Literal["all", "mean", "half"]
    moments: Literal["mean", "sum"]
    reduction: Literal["sum", "mean", "pearson"]
    heatmap: Literal["landmarks", "stored"]
    heatmap_scale: Literal["one", "none"]
    sigma_px: float = Field(gt=0)

    @field_validator("score", mode="before")
    @classmethod
    def _refuse_softmax(cls, score: object) -> object:
        """Say why a score that others have used is refused."""
        if score == "softmax":
            raise PydanticCustomError(
                "degenerate_score",
                "softmax outputs sum to one, so the gradient of their sum is zero and there is "
                "nothing to attribute: use sum, abs_sum or true_class, which are of logits",
            )
        return score

    @model_validator(mode="after")
    def _refuse_no_correlation(self) -> Self:
        """Refuse to call something a correlation that is none."""
        if self.reduction == "pearson" and self.moments == "sum":
            raise PydanticCustomError(
                "no_correlation",
                "pearson is a correlation only with moments: mean; with moments: sum use "
                "reduction: sum or mean",
            )
        return self


class RankingParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.losses.importance_ranking] of SCN.

    `margin`: by how much the mean importance of the important faces has to exceed the others'.
    """

    weight: float = Field(ge=0)
    margin: float = Field(ge=0, le=1)


class MirroredParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.training_strategy] of EAC.

    `second_view`: mirror image of the augmented face, with its noise and its erased rectangle; or,
    for noisy labels, of the face before colours, noise and erasing, with an erasing of its own.
    """

    second_view: Literal["augmented", "erased_apart"]


class ConsistencyParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.losses.mirror_consistency] of EAC: weight of the loss."""

    weight: float = Field(ge=0)


class SeparationParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.losses.separation] of CAFE.

    `dropped`: channels per expression that are left out in each step.
    """

    weight: float = Field(ge=0)
    dropped: int = Field(ge=0, lt=CLIP_CHANNELS)


class DiversityParams(BaseModel, frozen=True, extra="forbid"):
    """[methods.<name>.losses.diversity] of CAFE: weight of the loss."""

    weight: float = Field(ge=0)


HEAD_OPTIONS: dict[str, type[BaseModel]] = {
    "gap": NoOptions,
    "wildcat": WildcatParams,
    "prm": PRMParams,
    "acol": ACoLParams,
    "ts_cam": NoOptions,
    "apvit": APViTParams,
    "fully_connected": FullyConnectedParams,
    "dense": DenseParams,
    "scn": NoOptions,
    "rul": RULParams,
    "cafe": CAFEParams,
    "ofer": OFERParams,
}
"""Row of HEADS -> model of its options."""

STRATEGY_OPTIONS: dict[str, type[BaseModel]] = {
    "plain": NoOptions,
    "cutmix": CutMixParams,
    "adl": ADLParams,
    "second_order": NoOptions,
    "relabel": RelabelParams,
    "uncertain_mixup": NoOptions,
    "mirrored": MirroredParams,
    "with_latents": NoOptions,
}
"""Row of STRATEGIES -> model of its options."""

LOSS_OPTIONS: dict[str, type[BaseModel]] = {
    "cross_entropy": NoOptions,
    "erased_cross_entropy": NoOptions,
    "attribution": AttributionParams,
    "importance_ranking": RankingParams,
    "mixed_cross_entropy": NoOptions,
    "mirror_consistency": ConsistencyParams,
    "separation": SeparationParams,
    "diversity": DiversityParams,
}
"""Row of LOSSES -> model of its options."""


def head_options(method: Method, options: Options) -> BaseModel:
    """Return `train.head` as the options of the method's head; raises as `checked`."""
    return checked(pick(HEAD_OPTIONS, method.head, "head"), options, "head")


def strategy_options(method: Method, options: Options) -> BaseModel:
    """Return `train.training_strategy` as the options of the method's; raises as `checked`."""
    model = pick(STRATEGY_OPTIONS, method.training_strategy, "training_strategy")
    return checked(model, options, "training_strategy")


def loss_options(method: Method, options: Mapping[str, Options]) -> dict[str, BaseModel]:
    """Return `train.losses` as the options of all the method's losses, in the method's order.

    Raises:
        UsageError: see validation.checked, or if the method has no such loss.
    """
    own = {name: pick(LOSS_OPTIONS, name, "loss") for name in method.losses}
    for name in options:
        if name not in own:
            known = ", ".join(own)
            raise UsageError(
                f"losses.{name}",
                f"the method has no such loss; known: {known}.{did_you_mean(name, list(own))}",
            )
    return {
        name: checked(model, options.get(name, {}), f"losses.{name}") for name, model in own.items()
    }


def reads_heatmaps(method: Method, options: Mapping[str, Options]) -> bool:
    """Say whether one of the method's own losses reads a store of heatmaps."""
    return any(
        isinstance(one, AttributionParams) and one.heatmap == "stored"
        for one in loss_options(method, options).values()
    )
