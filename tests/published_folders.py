"""The tree of 44 folders that Belharbi et al. give out, in small and with random weights."""

import json

import torch

from tests.published_checkpoints import (
    apvit,
    counted_with_drop_layers,
    randomised,
    ts_cam,
    two_parts,
)
from train.importing.published_config import read_published_config
from train.methods import METHODS as ROWS
from train.methods.model import build_network
from train.params import TrainParams

METHODS = {
    "CAM": ("resnet50", "WGAP"),
    "TSCAM": ("deit_tscam_small_patch16_224", "GAP"),
    "APVIT": ("apvit", "NONE"),
    "GradCam": ("resnet50", "WGAP"),
    "GradCAMpp": ("resnet50", "WGAP"),
    "LayerCAM": ("resnet50", "WGAP"),
    "WILDCAT": ("resnet50", "WildCatCLHead"),
    "ACoL": ("resnet50", "ACOL"),
    "PRM": ("resnet50", "PRM"),
    "ADL": ("resnet50", "WGAP"),
    "CutMIX": ("resnet50", "WGAP"),
}
"""Published name -> encoder and pooling of the published tree."""

DATASETS = ("AffectNet", "RAF-DB")


def config(method="CAM", dataset="RAF-DB", aligned=True, **changes):
    """Settings of a config_model.yaml that matter; sections as in the published code."""
    encoder, pooling = METHODS.get(method, METHODS["CAM"])
    model = {
        "arch": "STDClassifier",
        "encoder_name": encoder,
        "encoder_weights": "imagenet",
        "large_maps": True,
        "support_background": False,
        "scale_in": 1.0,
        "spatial_dropout": 0.0,
        "apvit_k": 160,
        "apvit_r": 0.9,
        "apvit_attn_method": "SUM_ABS_1",
        "apvit_normalize_att": False,
        "apvit_apply_self_att": False,
    }
    optimizer = {
        "opt__name_optimizer": "sgd",
        "opt__lr": 0.002,
        "opt__momentum": 0.9,
        "opt__weight_decay": 0.0005,
        "opt__clipgrad": 0.0,
        "opt__step_size": 4,
        "opt__gamma": 0.9,
    }
    settings = {
        "method": method,
        "spatial_pooling": pooling,
        "dataset": dataset,
        "task": "STD_CL",
        "num_classes": 7,
        "crop_size": 112 if method == "APVIT" else 224,
        "resize_size": 256,
        "dense_dims": "None",
        "eval_daug_mask_img_heatmap": False,
        "max_epochs": 20,
        "master_selection_metric": "cl_accuracy",
        "valid_freq_mb": 0.0437,
        "batch_size": 224,
        "amp": True,
        "std_cl_w_style": "cl_w_none",
        "wc_modalities": 5,
        "wc_kmax": 0.5,
        "wc_kmin": 0.1,
        "wc_alpha": 0.6,
        "prm_ks": 3,
        "prm_st": 1,
        "acol_drop_threshold": 0.1,
        "cutmix_prob": 1.0,
        "adl_drop_rate": 0.4,
        "adl_drop_threshold": 0.1,
        "elb_init_t": 1.0,
        "elb_mulcoef": 1.01,
        "align_atten_to_heatmap": aligned,
        "align_atten_to_heatmap_type_heatmap": "heatmap_action_units_from_landmarks",
        "align_atten_to_heatmap_layers": "1" if method in ("TSCAM", "APVIT") else "5",
        "align_atten_to_heatmap_align_type": "random_avg",
        "align_atten_to_heatmap_norm_att": "norm_none",
        "align_atten_to_heatmap_p": 1.0,
        "align_atten_to_heatmap_q": 1.0,
        "align_atten_to_heatmap_loss": "cosine",
        "align_atten_to_heatmap_elb": False,
        "align_atten_to_heatmap_lambda": 9.0,
        "align_atten_to_heatmap_use_self_atten": False,
    }
    for section in (model, optimizer, settings):
        section.update({key: changes.pop(key) for key in [*changes] if key in section})
    return {**settings, "model": model, "optimizer": optimizer, **changes}


def folder_name(method, dataset, aligned):
    """Path of a folder below the top of the published tree."""
    encoder, pooling = METHODS.get(method, METHODS["CAM"])
    run = f"{dataset}-{encoder}-{method}-{pooling}-cp_best-boxv2_False"
    return f"FG_FER/{dataset}/{encoder}/STD_CL/{method}/align_atten_to_heatmap_{aligned}/{run}"


TINY = {"crop_size": 32}
"""Pictures for which a checkpoint is read and scored at once."""

SMALLER = {
    "resnet50": {"encoder_name": "resnet18"},
    "deit_tscam_small_patch16_224": {"encoder_name": "deit_tscam_tiny_patch16_224"},
    "apvit": {},
}


def published_folder(top, shipped, method="CAM", dataset="RAF-DB", aligned=True, **changes):
    """Write a folder of the published tree below `top`; return it and our model of its weights."""
    small = {**SMALLER[METHODS[method][0]], **TINY, **changes}
    settings = config(method, dataset, aligned, **small)
    folder = top / folder_name(method, dataset, aligned)
    folder.mkdir(parents=True)
    (folder / "config_model.yaml").write_text(json.dumps(settings, indent=1))
    found = read_published_config(folder / "config_model.yaml")
    params = TrainParams.model_validate({**shipped.model_dump(mode="json"), **found.params})
    row = ROWS[found.method]
    model = randomised(build_network(row, params, 7), seed=len(method))
    torch.save(layout(model, row, found.method), folder / "model.pt")
    return folder, model


def layout(model, row, method):
    """The content of model.pt."""
    if method == "ts_cam":
        return ts_cam(model)
    if method == "apvit":
        return apvit(model, (3, 4, 14))
    content = two_parts(model, row.head)
    if method == "adl":
        content["encoder"] = counted_with_drop_layers(content["encoder"])
    return content
