"""config_model.yaml beside a published checkpoint: method, sizes and arithmetic, as ours.

The published code writes all of its settings there, those of model and optimiser in sections of
their own. What AULens cannot compute is refused by its name; what only steers the published code
(paths, workers, drawing) is passed over.
Source: the published code of Belharbi et al., FG 2024.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode

from errors import DataError, NoInputError, printable
from labels.reading import PUBLISHED, read_labels

Keys = dict[str, Any]
CONFIG = "config_model.yaml"
_MOST_BYTES = 1 << 20
_PLACES = 196
"""Places of APViT's deepest level, 14 x 14."""

METHODS = {
    **{"CAM": "cam", "GradCam": "gradcam", "GradCAMpp": "gradcam_pp", "LayerCAM": "layercam"},
    **{"WILDCAT": "wildcat", "PRM": "prm", "ACoL": "acol", "ADL": "adl", "CutMIX": "cutmix"},
    **{"TSCAM": "ts_cam", "APVIT": "apvit"},
}
"""Published name of a method -> row of METHODS."""

BACKBONES = {
    **{"resnet18": "resnet18", "resnet50": "resnet50", "apvit": "ir50"},
    "deit_tscam_small_patch16_224": "deit_small",
    "deit_tscam_tiny_patch16_224": "deit_tiny",
}
"""Published name of an encoder -> row of BACKBONES."""

DATASETS = {name: name for name in ("RAF-DB", "AffectNet")}
_INPUTS = {"imagenet": "imagenet", "VGGFace2": "vggface2", "None": "unit", None: "unit"}
_CHOSEN_BY = {"cl_accuracy": "accuracy", "au_cosine": "att_cos", "loss": "loss"}
_CLASS_WEIGHTS = {
    **{"cl_w_none": "none", "cl_w_fixed_tech1": "inverse", "cl_w_fixed_tech2": "inverse"}
}
_OPTIMISERS = {"sgd": "sgd", "adam": "adam"}
_ATTENTION = {
    "avg": ("mean", None),
    "random_avg": ("random_share", "align_atten_to_heatmap_p"),
    "avg_half_left": ("left_half", None),
    "avg_half_right": ("right_half", None),
    "avg_fixed_q": ("fixed_share", "align_atten_to_heatmap_q"),
}
_SIMILARITIES = {
    **{"cosine": "cosine", "std_cosine": "standardised_cosine"},
    **{"l1": "l1", "l2": "l2", "kl": "kl"},
}
_HEATMAPS = {
    "heatmap_action_units_from_landmarks": "au",
    "heatmap_generic_action_units_from_landmarks": "generic_au",
    "heatmap_landmarks": "landmarks",
}
_NORMS = {"norm_none": "none", "norm_softmax": "softmax"}
_TOKENS = ("ts_cam", "apvit")
"""Methods whose layer 1 of the published count is the deepest level, our 5."""

_REQUIRED: dict[str, tuple[object, ...]] = {
    "task": ("STD_CL",),
    "num_classes": (len(read_labels(PUBLISHED)),),
    "support_background": (False,),
    "scale_in": (1.0,),
    "dense_dims": ("", "None", None),
    "eval_daug_mask_img_heatmap": (False,),
}
"""Settings of every method that AULens computes only so."""

_REQUIRED_OF: dict[str, dict[str, tuple[object, ...]]] = {
    "prm": {"prm_st": (1,)},
    "apvit": {
        "apvit_attn_method": ("SUM_ABS_1",),
        "apvit_normalize_att": (False,),
        "apvit_apply_self_att": (False,),
    },
}


@dataclass(frozen=True, slots=True)
class PublishedConfig:
    """What a config_model.yaml says.

    Attributes:
        method: row of METHODS.
        dataset: that it was trained on, by its published name.
        variant: plain, or aligned: with AU alignment.
        params: keys of [train], with nested sections; others were not stated.
    """

    method: str
    dataset: str
    variant: str
    params: Keys


def read_published_config(file: Path) -> PublishedConfig:
    """Read one config_model.yaml.

    Raises:
        NoInputError: if it is not there.
        DataError: naming the key that is missing, or whose value AULens cannot compute.
    """
    given = _Given(file, _flat(_load(file)))
    method = given.one_of("method", METHODS)
    for key, values in {**_REQUIRED, **_REQUIRED_OF.get(method, {})}.items():
        given.require(key, values)
    aligned = given.flag("align_atten_to_heatmap")
    if aligned:
        given.require("align_atten_to_heatmap_use_self_atten", (False,))
    params = {
        **_network(given, method),
        **_training(given),
        "head": _HEADS.get(method, _nothing)(given),
        "training_strategy": _STRATEGIES.get(method, _nothing)(given),
        "alignment": _alignment(given, method) if aligned else None,
    }
    dataset = given.one_of("dataset", DATASETS)
    return PublishedConfig(method, dataset, "aligned" if aligned else "plain", params)


@dataclass(frozen=True, slots=True)
class _Given:
    """The settings of a file; every question that they cannot answer names file and key."""

    file: Path
    settings: Keys

    def value(self, key: str) -> Any:  # noqa: ANN401 - whatever stands there
        if key not in self.settings:
            raise DataError(self.file, f"has no {key}. Is it of the published code?")
        return self.settings[key]

    def require(self, key: str, values: tuple[object, ...]) -> None:
        found = self.value(key)
        if found not in values:
            raise DataError(
                self.file,
                f"{key} is {printable(str(found))}; AULens computes only {values[0]!r} there.",
            )

    def one_of(self, key: str, family: Mapping[Any, str]) -> str:
        found = self.value(key)
        if not isinstance(found, str | None) or found not in family:
            known = ", ".join(str(name) for name in family)
            raise DataError(self.file, f"{key} is {printable(str(found))}; AULens has: {known}.")
        return family[found]

    def number(self, key: str) -> float:
        found = self.value(key)
        try:
            if isinstance(found, bool):
                raise ValueError
            return float(found)
        except (TypeError, ValueError) as error:
            raise DataError(self.file, f"{key} needs a number, got {found!s:.40}.") from error

    def flag(self, key: str) -> bool:
        found = self.value(key)
        if not isinstance(found, bool):
            raise DataError(self.file, f"{key} needs true or false, got {found!s:.40}.")
        return found


def _load(file: Path) -> Keys:
    if not file.is_file():
        raise NoInputError(file, "is not there. It says which method the weights beside it are of.")
    with file.open("rb") as stream:
        text = stream.read(_MOST_BYTES + 1)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainConstructor
    try:
        loaded = yaml.load(text) if len(text) <= _MOST_BYTES else None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise DataError(file, f"cannot be read as plain YAML: {printable(reason):.200}") from error
    if not isinstance(loaded, dict):
        raise DataError(file, "holds no settings of the published code.")
    return loaded


class _PlainConstructor(SafeConstructor):
    """Reads sections that the published code's dictionaries mark with a name of their own."""


def _section(constructor: SafeConstructor, suffix: str, node: object) -> Keys:
    if not isinstance(node, MappingNode):
        raise ValueError(f"a {printable(suffix)} object is no section")
    built: Keys = constructor.construct_mapping(node, deep=True)
    return built


_PlainConstructor.add_multi_constructor("!munch", _section)


def _flat(loaded: Keys) -> Keys:
    """Put the settings of sections `model` and `optimizer` beside the others."""
    sections = [
        loaded[name] for name in ("model", "optimizer") if isinstance(loaded.get(name), dict)
    ]
    return {key: value for section in (loaded, *sections) for key, value in section.items()}


def _network(given: _Given, method: str) -> Keys:
    return {
        "backbone": given.one_of("encoder_name", BACKBONES),
        "input": given.one_of("encoder_weights", _INPUTS),
        "image_px": int(given.number("crop_size")),
        "large_maps": given.flag("large_maps"),
        **({"token_px": 16} if method == "ts_cam" else {}),
    }


def _training(given: _Given) -> Keys:
    """Return the numbers of the training, which are kept with the run and decide nothing."""
    return {
        "protocol": "paper",
        "choose_by": given.one_of("master_selection_metric", _CHOSEN_BY),
        "validate_every": _validations(given),
        "patience": 0,
        "head_dropout": given.number("spatial_dropout"),
        "weights": "none",
        "weights_sha256": None,
        "epochs": int(given.number("max_epochs")),
        "batch": int(given.number("batch_size")),
        "accumulate": 1,
        "optimiser": given.one_of("opt__name_optimizer", _OPTIMISERS),
        "lr": given.number("opt__lr"),
        "momentum": given.number("opt__momentum"),
        "weight_decay": given.number("opt__weight_decay"),
        "clip_norm": given.number("opt__clipgrad"),
        "ema": 0.0,
        "schedule": "step",
        "warmup_epochs": 0.0,
        "lr_step_epochs": int(given.number("opt__step_size")),
        "lr_gamma": given.number("opt__gamma"),
        "amp": "fp16" if given.flag("amp") else "none",
        "classification": {
            **{"loss": "cross_entropy", "focal_gamma": 2.0, "logit_tau": 1.0},
            "class_weights": given.one_of("std_cl_w_style", _CLASS_WEIGHTS),
            **{"effective_beta": 0.999, "label_smoothing": 0.0, "mixup_alpha": 0.0},
        },
    }


def _validations(given: _Given) -> float:
    """Return after how many epochs it validated; -1 is only after each."""
    share = given.number("valid_freq_mb")
    return share if share > 0 else 1.0


def _nothing(given: _Given) -> Keys:
    return {}


def _wildcat(given: _Given) -> Keys:
    return {
        "maps": int(given.number("wc_modalities")),
        "top": given.number("wc_kmax"),
        "bottom": given.number("wc_kmin"),
        "alpha": given.number("wc_alpha"),
        "arithmetic": "published",
    }


def _apvit(given: _Given) -> Keys:
    """Return APViT's head, whose sizes the published code fixes."""
    return {
        **{"width": 768, "depth": 8, "heads": 8, "mlp": 3.0, "pool_from": 5},
        "keep": given.number("apvit_k") / _PLACES,
        "pool_keep": given.number("apvit_r"),
        **{"weights": "none", "weights_sha256": None},
    }


_HEADS: dict[str, Callable[[_Given], Keys]] = {
    "wildcat": _wildcat,
    "prm": lambda given: {"window": int(given.number("prm_ks"))},
    "acol": lambda given: {"width": 1024, "threshold": given.number("acol_drop_threshold")},
    "apvit": _apvit,
}
_STRATEGIES: dict[str, Callable[[_Given], Keys]] = {
    "cutmix": lambda given: {"probability": given.number("cutmix_prob")},
    "adl": lambda given: {
        "drop_p": given.number("adl_drop_rate"),
        "threshold": given.number("adl_drop_threshold"),
    },
}


def _alignment(given: _Given, method: str) -> Keys:
    attention, share = _ATTENTION[
        given.one_of("align_atten_to_heatmap_align_type", {name: name for name in _ATTENTION})
    ]
    used = given.number(share) if share else 1.0
    similarity = given.one_of("align_atten_to_heatmap_loss", _SIMILARITIES)
    barrier = given.flag("align_atten_to_heatmap_elb")
    return {
        "heatmap": given.one_of("align_atten_to_heatmap_type_heatmap", _HEATMAPS),
        "layers": _layers(given, method),
        "weight": given.number("align_atten_to_heatmap_lambda"),
        "attention": "mean" if used == 1 and share else attention,
        "share": used,
        "normalise": given.one_of("align_atten_to_heatmap_norm_att", _NORMS),
        "similarity": "log_barrier" if barrier else similarity,
        "sharpness": given.number("elb_init_t") if barrier else 1.0,
        "sharpness_growth": given.number("elb_mulcoef") if barrier else 1.0,
        "resize": "published",
    }


def _layers(given: _Given, method: str) -> tuple[int, ...]:
    """Return our levels: of transformers the published code counts patch tokens as layer 1."""
    key = "align_atten_to_heatmap_layers"
    words = str(given.value(key)).split("-")
    if not all(word.isdigit() for word in words):
        raise DataError(given.file, f"{key} needs numbers such as 5-4, got {'-'.join(words):.40}.")
    layers = tuple(int(word) for word in words)
    return tuple(5 if number == 1 else number for number in layers) if method in _TOKENS else layers
