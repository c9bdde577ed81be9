"""Backbones, by name. Levels are described with the functions that make them.

Files:
    base.py           Backbone: five levels of activations
    convolutional.py  ResNet, VGG, Inception and other convolutional networks, and Swin
    dlib_face.py      dlib's face-recognition network, with its weights
    dlib_file.py      reads these weights from the bytes of their file
    ir.py             IR, the residual network of ArcFace
    vit.py            vision transformers
"""

from collections.abc import Callable
from functools import partial

from train.methods.backbones.base import Backbone
from train.methods.backbones.convolutional import caffe_resnet, convnext, pyramid, resnet, swin, vgg
from train.methods.backbones.dlib_face import dlib_face
from train.methods.backbones.ir import ir
from train.methods.backbones.vit import small_vit, vit
from train.params import TrainParams

BACKBONES: dict[str, Callable[[TrainParams], Backbone]] = {
    "resnet18": partial(resnet, "resnet18.tv_in1k"),
    "resnet50": partial(resnet, "resnet50.tv_in1k"),
    "resnet50_caffe": partial(caffe_resnet, "resnet50.tv_in1k"),
    "vgg16": partial(vgg, "vgg16.tv_in1k"),
    "efficientnet_b0": partial(pyramid, "efficientnet_b0.ra_in1k"),
    "mobilenetv3_small": partial(pyramid, "mobilenetv3_small_100.lamb_in1k"),
    "convnext_atto": partial(convnext, "convnext_atto.d2_in1k"),
    "swin_tiny": partial(swin, "swin_tiny_patch4_window7_224.ms_in1k"),
    "vit_tiny": partial(vit, "vit_tiny_patch16_224.augreg_in21k_ft_in1k"),
    "deit_small": partial(vit, "deit_small_patch16_224.fb_in1k"),
    "deit_tiny": partial(vit, "deit_tiny_patch16_224.fb_in1k"),
    "deit_mini": small_vit,
    "ir50": partial(ir, (3, 4, 14)),
    "ir18": partial(ir, (2, 2, 2)),
    "dlib21": partial(dlib_face, 3),
    "dlib27": partial(dlib_face, 4),
}
"""Name -> what makes it of [train]. Five levels each, shallow to deep; 5 is what the head reads."""
