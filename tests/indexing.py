"""Parameters of stages `index` and `align` for tests."""

from pipeline.params import AlignParams, IndexParams

_INDEX = {
    "options": {},
    "seed": 0,
    "val": 0.0,
    "test": 0.0,
    "follow_links": False,
    "look_alikes": "ignore",
    "look_alike_bits": 4,
    "folds": "none",
    "max_unlabelled": 1.0,
    "allow_leak": False,
}
_ALIGN = {
    "size_px": 256,
    "backends": ("mediapipe",),
    "template": "aulens",
    "mode": "align",
    "min_inside_fraction": 0.8,
    "min_face_width": 0.2,
    "min_side_px": 16,
    "no_face": "skip",
    "faces": "largest_central",
    "max_pixels": 1_000_000,
    "grey": False,
    "codec": "raw",
    "row_timeout_s": 60,
    "row_memory_gb": 2,
    "max_bad": 1.0,
}


def index_params(reader="csv", **changes):
    """Return parameters that take no split and compare no pictures, but for what is changed."""
    return IndexParams(reader=reader, **{"labels": "basic7", **_INDEX, **changes})


def align_params(**changes):
    """Return parameters that put up with every failed picture, but for what is changed."""
    backends = changes.pop("backends", ("fake",))  # tests put their own into BACKENDS
    return AlignParams(**{**_ALIGN, **changes}).model_copy(update={"backends": backends})
