"""Stores to scores: methods, the training loop, evaluation.

No face tool and no picture decoding here.

Files:
    checkpoint.py    checkpoints, hashed and loaded without running code
    combinations.py  what in [train] does not go together
    data/            from stores to batches on the device
    device.py        chooses the device and its determinism
    duration.py      how long training takes, very roughly
    evaluation/      stage `evaluate`: from a run to its scores
    examination/     commands `examine` and `compare-maps`: models that AULens did not train, too
    export.py        tool `export-model`: ONNX, safetensors and a card
    export_graph.py  a model as an ONNX graph: images in, logits, attention and CAM out
    fitting/         stage `train`: from batches to a run
    images.py        pictures and maps as tensors: resize, normalise, scale to [0, 1]
    importing/       tool `import-run`: runs of weights from elsewhere
    loading.py       loads the model of a run
    methods/         backbones, heads, losses, CAM methods: what a model is
    occlusion/       stages `mae`, `patches`, `restore`: faces freed of what covers them
    options.py       options of heads, strategies and losses, checked without torch
    params.py        sections [train], [methods] and [evaluate] of params.yaml
    plan.py          stage `plan`: the numbers of every run
    pretrained.py    named weights of the backbones, their origins and licences
    records.py       Batch and Forward: the values between data, model and loss
    runs.py          what a run is, and its card
    versions.py      the version of torch, without importing it
"""
