"""Sections of params.yaml that belong to the pipeline: what is legal, and what refuses the rest."""

import subprocess
import sys
from typing import get_args

import pytest
from pydantic import ValidationError

from anatomy.codebooks import CODEBOOKS
from anatomy.heatmaps import HEATMAPS
from errors import UsageError
from pipeline.align import NO_FACE
from pipeline.faces.locate import FACE_CHOICES
from pipeline.params import AlignParams, AUOptions, HeatmapOptions, HeatmapParams, LandmarkParams
from tests.indexing import align_params, index_params


def heatmap_params(**options):
    return HeatmapParams(size_px=64, canvas_px=224, options=HeatmapOptions.model_validate(options))


@pytest.mark.parametrize(
    ("model", "field", "family"),
    [
        (AlignParams, "faces", FACE_CHOICES),
        (AlignParams, "no_face", NO_FACE),
        (AUOptions, "codebook", CODEBOOKS),
    ],
)
def test_every_member_of_a_family_is_legal(model, field, family):
    assert set(get_args(model.model_fields[field].annotation)) == set(family)


def test_every_heatmap_kind_has_options():
    assert set(HeatmapOptions.model_fields) == set(HEATMAPS)


def test_the_models_load_neither_opencv_nor_zarr_nor_dask_nor_torch(checkout):
    probe = "import sys, pipeline.params; print({*sys.modules} & {'cv2', 'zarr', 'dask', 'torch'})"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size_px", 16),
        ("size_px", 512),
        ("backends", ()),
        ("mode", "both"),
        ("faces", "largst"),
        ("no_face", "largst"),
        ("max_bad", 1.1),
        ("sise", 1),
    ],
)
def test_illegal_parameters_are_refused_by_name(key, value):
    known = {**align_params().model_dump(), "backends": ("mediapipe",)}
    with pytest.raises(ValidationError, match=key):
        AlignParams(**{**known, key: value})


def test_an_unknown_face_backend_is_guessed():
    known = align_params().model_dump()
    with pytest.raises(ValidationError, match=r"no face backend 'mediapip'.*mean 'mediapipe'"):
        AlignParams(**{**known, "backends": ("mediapip",)})


def test_an_unknown_source_of_landmarks_is_refused_with_the_known_ones():
    numbers = {"max_move": 1, "row_timeout_s": 1, "row_memory_gb": 1, "max_bad": 1}
    with pytest.raises(ValidationError, match=r"no landmark backend 'dilb'; known: dlib, .*given"):
        LandmarkParams(backend="dilb", **numbers)


def test_an_unknown_reader_is_refused_with_the_known_ones():
    with pytest.raises(ValidationError, match="no dataset reader 'csw'; known: affectnet_csv"):
        index_params("csw")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"landmarks": {"variance": 3.0}}, "landmarks.variance"),
        ({"landmarks": {"canvas_px": 100}}, "landmarks.canvas_px"),
        ({"landmarks": {"variance_px2": "wide"}}, "landmarks.variance_px2"),
        ({"landmarks": {"jaw": "yes"}}, "landmarks.jaw"),
        ({"landmark": {"jaw": True}}, "landmark"),
        ({"au": {"codebook": "corected"}}, "au.codebook"),
        ({"single_au": {"au": 3}}, "single_au.au"),
    ],
)
def test_an_illegal_option_of_a_heatmap_kind_is_refused_by_name(options, named):
    with pytest.raises(ValidationError) as caught:
        heatmap_params(**options)
    places = {".".join(map(str, error["loc"])) for error in caught.value.errors()}
    assert all(place.startswith(named) for place in places)


@pytest.mark.parametrize("value", [0.0, -64.0, float("nan"), float("inf"), [1.0], None])
def test_a_variance_that_draws_nothing_is_illegal(value):
    with pytest.raises(ValidationError, match="variance_px2"):
        heatmap_params(landmarks={"variance_px2": value})


def test_only_the_options_that_are_set_reach_a_kind_and_with_their_types():
    options = {"variance_px2": 64, "jaw": True}
    kept = heatmap_params(landmarks=options).options_of("landmarks")
    assert kept == options
    assert [type(value) for value in kept.values()] == [int, bool]


def test_an_unknown_heatmap_kind_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="no heatmap kind 'aus'; known: au, generic_au"):
        heatmap_params().options_of("aus")


def test_the_disk_that_faces_take_is_said_for_both_codecs():
    assert align_params().disk_space() == (
        "Stored faces take 197 kB each, 25 kB with `align.codec: jpeg`."
    )
    assert align_params(codec="jpeg").disk_space() == (
        "Stored faces take about 25 kB each, as JPEGs."
    )
