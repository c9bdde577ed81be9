"""What in [train] does not go together, refused before any stage works. No torch."""

from errors import UsageError
from train.methods import Method
from train.params import RunNumbers, TrainParams

NO_MIXUP = {
    "cutmix": "CutMix mixes faces already",
    "uncertain_mixup": "RUL mixes features by their uncertainty, and learns from nothing else",
    "relabel": "SCN trusts and corrects the label of each single face, and a blend has two",
    "with_latents": "OFER reads the latents of a single face",
    "attribution": "PAL looks at the landmarks and the label of a single face",
}
"""Row of STRATEGIES or LOSSES -> why it cannot work on faces that mixup has blended."""

NO_SOFT_TARGETS = {
    "relabel": "SCN corrects the one label of each face, and a soft target has several",
}
"""Row of STRATEGIES -> why it cannot learn from shares of several people's labels.

The others can. Where they need one class of a face, they take its label: ACoL erases by its map,
PAL may attribute its score (score: true_class); class weights, samplers and the prior of
logit_adjusted count labels."""

BALANCING = ("balanced", "inverse_frequency")
"""Rows of SAMPLERS that show rare classes more often."""

BALANCING_LOSSES = ("inverse", "effective_number", "logit_adjusted")
"""Class weights and classification losses that let rare classes count more."""


def check_classification(method: Method, params: TrainParams) -> None:
    """Refuse mixup where it makes no sense, and classes that would be balanced twice.

    Raises:
        UsageError: naming the key below [train].
    """
    chosen = params.classification
    for part in (method.training_strategy, *method.losses):
        if chosen.mixup_alpha and part in NO_MIXUP:
            raise UsageError(
                "classification.mixup_alpha",
                f"is {chosen.mixup_alpha:g}, but {NO_MIXUP[part]}. Set it to 0 for this method.",
            )
    corrections = {"class_weights": chosen.class_weights, "loss": chosen.loss}
    for key, name in corrections.items():
        if name in BALANCING_LOSSES and params.feed.sampler in BALANCING:
            raise UsageError(
                f"classification.{key}",
                f"is {name}, which makes up for rare classes, and so does feed.sampler "
                f"{params.feed.sampler}: together they would do it twice. Use one of them.",
            )


def check_targets(method: Method, params: TrainParams) -> None:
    """Refuse soft targets where a method works on one label per face.

    Raises:
        UsageError: naming the key below [train].
    """
    if params.soft_targets and method.training_strategy in NO_SOFT_TARGETS:
        why = NO_SOFT_TARGETS[method.training_strategy]
        raise UsageError("targets", f"is {params.targets}, but {why}. Set it to hard.")


def check_frozen_levels(params: TrainParams) -> None:
    """Refuse AU alignment, if the run has it, of levels that never learn.

    Raises:
        UsageError: if all aligned levels rest in all epochs.
    """
    frozen = params.fine_tuning
    if (
        params.alignment is not None
        and max(params.alignment.layers) <= frozen.frozen_levels
        and frozen.frozen_epochs >= params.epochs
    ):
        raise UsageError(
            "fine_tuning.frozen_levels",
            f"is {frozen.frozen_levels} for all {params.epochs} epochs, so the alignment loss "
            "could change nothing: attention is made of these levels. Train plain, or let them "
            "learn: fewer fine_tuning.frozen_epochs. (Aligning the last level alone, on a "
            "frozen network, cost accuracy on real faces: .68 -> .60 to .64.)",
        )


def check_augmentation(method: Method, params: TrainParams) -> None:
    """Refuse to turn or crop faces whose latents were stored: only mirroring has latents, too.

    Raises:
        UsageError: naming the key below [train].
    """
    augment = params.augment
    if not method.reads_latents:
        return
    turns, crops = bool(augment.rotate_p and augment.rotate_deg), augment.crop_area_min < 1
    for key, moves, value in (("rotate_p", turns, 0), ("crop_area_min", crops, 1)):
        if moves:
            raise UsageError(
                f"augment.{key}",
                f"is {getattr(augment, key):g}, but this method reads latents of patches, which "
                f"were stored for the face as it lies and for its mirror image. Set it to {value}.",
            )


def check_execution(method: Method, params: TrainParams) -> None:
    """Refuse ways to compute a step that a method, or another key, does not allow.

    Raises:
        UsageError: naming the key below [train].
    """
    if params.sync_batch_norm and not method.compiles:
        raise UsageError(
            "sync_batch_norm",
            "is true, but this method differentiates gradients, which torch's synchronised batch "
            "normalisation does not. Set it to false for this method.",
        )
    if params.compile == "reduce-overhead" and params.accumulate > 1:
        raise UsageError(
            "compile",
            f"is reduce-overhead, and accumulate is {params.accumulate}: a CUDA graph that is "
            "replayed would overwrite gradients that are still summed. Use default.",
        )


NEEDS_HEATMAPS = ("att_cos",)
"""Scores to choose by that only runs with heatmaps have."""


def check_criterion(run: RunNumbers) -> None:
    """Refuse to choose by the agreement with heatmaps in a run that reads none.

    Raises:
        UsageError: naming the key.
    """
    if run.params.choose_by in NEEDS_HEATMAPS and run.kind is None:
        raise UsageError(
            "train.choose_by",
            f"is {run.params.choose_by}, but {run.method} {run.variant} reads no heatmaps. Choose "
            "by another score, or only in variants that have `alignment`.",
        )
