"""What in params.yaml does not go together: checked once every section is legal by itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contracts.repeats import Repeat
from errors import UsageError, did_you_mean, pick
from params.overlays import overlaid
from pipeline.params import BY_PERSON, NO_FOLDS
from train.combinations import (
    check_augmentation,
    check_classification,
    check_criterion,
    check_execution,
    check_frozen_levels,
    check_targets,
)
from train.methods import METHODS
from train.options import head_options, loss_options, strategy_options
from train.params import RunNumbers, TrainParams
from train.pretrained import BACKBONE_WEIGHTS, check_named_weights

if TYPE_CHECKING:
    from params.root import Params

ALIGNMENT = "alignment"
"""Key of [train] that a variant needs to be aligned."""


def with_alignment(below: TrainParams, above: Mapping[str, Any], section: str) -> TrainParams:
    """Lay an overlay over training numbers, which always have those of the alignment loss."""
    if ALIGNMENT in above and above[ALIGNMENT] is None:
        raise UsageError(
            f"{section}.{ALIGNMENT}",
            "is empty. Write {} to align with the numbers of train.alignment; leave the key out "
            "for a run without AU alignment.",
        )
    return overlaid(below, above, section)


def check_overlays(params: "Params") -> None:
    """Check every overlay, whether [matrix] lists it or not."""
    if params.train.alignment is None:
        raise UsageError("train.alignment", "is empty; the numbers of the alignment loss go here.")
    for name in params.datasets:
        params.align_of(name)
        params.landmark_of(name)
        params.evaluate_of(name, "")
        with_alignment(params.train, params.datasets[name].train, f"datasets.{name}.train")
    for name in params.methods:
        params.evaluate_of("", name)
        listed = name in params.matrix.methods
        plain = params.train_of("", name).model_copy(update={ALIGNMENT: None})
        _check_options(name, plain, listed, f"methods.{name}")
    for name, keys in params.variants.items():
        with_alignment(params.train, keys, f"variants.{name}")


def check_runs(params: "Params") -> None:
    """Check every run that [matrix] lists: its options, and the heatmaps that it reads."""
    kinds = params.matrix.kinds
    for dataset in params.matrix.datasets:
        for run in params.runs_of(dataset):
            _check_latents(params, dataset, run)
            section = f"variants.{run.variant}"
            _check_options(run.method, run.params, True, section)
            check_criterion(run)
            if run.kind is not None and run.kind not in kinds:
                raise UsageError(
                    f"{section}.alignment.heatmap" if run.params.alignment else "train.alignment",
                    f"the heatmap of {run.method} {run.variant} is {run.kind}, which is not drawn: "
                    f"add it to matrix.kinds ({', '.join(kinds)}).",
                )


def _check_latents(params: "Params", dataset: str, run: RunNumbers) -> None:
    """Refuse a run that reads latents which no stage makes, or which are not of its sizes."""
    if not METHODS[run.method].reads_latents:
        return
    if dataset not in params.matrix.restored:
        raise UsageError(
            "matrix.restored",
            f"{run.method} learns from restored faces, and those of {dataset} are not asked for. "
            f"Add {dataset}.",
        )
    width, side = run.params.head.get("latent_width"), params.mae.image_px
    if width != params.mae.width:
        raise UsageError(
            f"methods.{run.method}.head.latent_width",
            f"is {width}, mae.width is {params.mae.width}. Set it to that.",
        )
    if run.params.image_px < side:
        raise UsageError(
            "train.image_px",
            f"is {run.params.image_px} for {run.method}; the autoencoder sees {side} px "
            "(14 times mae.patch_px), and so must it. Raise the one or lower the other.",
        )


def _check_options(name: str, params: TrainParams, listed: bool, section: str) -> None:
    """Refuse a backbone that there is not, and options that a method's parts do not have.

    Named weights have to fit the backbones of listed methods only.
    """
    method = METHODS[name]
    try:
        pick(BACKBONE_WEIGHTS, params.backbone, "backbone")
        check_named_weights(params.backbone, params.weights if listed else "none", params.input)
        head_options(method, params.head)
        strategy_options(method, params.training_strategy)
        loss_options(method, params.losses)
        check_frozen_levels(params)
        if listed:
            check_classification(method, params)
            check_augmentation(method, params)
            check_targets(method, params)
            check_execution(method, params)
    except UsageError as error:
        raise UsageError(f"{section}.{error.where}", error.what) from error


def refuse_strangers(params: "Params") -> None:
    """Refuse names of [matrix] that have no section of their own."""
    matrix, options = params.matrix, params.heatmap.options.model_fields_set
    transferred = [name for pair in matrix.transfers for name in (pair.train, pair.test)]
    for key, names, known, section in (
        ("datasets", matrix.datasets, params.index, "index"),
        ("datasets", matrix.datasets, params.datasets, "datasets"),
        ("restored", matrix.restored, params.index, "index"),
        ("restored", matrix.restored, params.datasets, "datasets"),
        ("transfers", transferred, params.index, "index"),
        ("transfers", transferred, params.datasets, "datasets"),
        ("methods", matrix.methods, params.methods, "methods"),
        ("variants", matrix.variants, params.variants, "variants"),
        ("kinds", matrix.kinds, options, "heatmap.options"),
    ):
        for name in names:
            if name not in known:
                own = section in ("index", "datasets")
                remedy = f"Run: python cli.py use {name}" if own else "Add it."
                near = did_you_mean(name, [*known])
                raise UsageError(f"matrix.{key}", f"there is no {section}.{name}. {remedy}{near}")


def refuse_lacking_folds(params: "Params") -> None:
    """Refuse repeats that name a fold which a dataset does not have."""
    for dataset in params.matrix.datasets:
        folds = params.index[dataset].folds
        for word in params.matrix.repeats:
            fold = Repeat.parse(word).fold
            if fold is None or folds == BY_PERSON:  # how many persons there are, `plan` knows
                continue
            if folds == NO_FOLDS or fold >= folds:
                raise UsageError(
                    "matrix.repeats",
                    f"{word} names a fold that dataset {dataset} does not have: "
                    f"index.{dataset}.folds is {folds}. Change one of them.",
                )
