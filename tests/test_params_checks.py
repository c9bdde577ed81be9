"""What in params.yaml does not go together, once every section is legal by itself."""

from pathlib import Path

import pytest

from errors import UsageError
from params.root import validate
from yaml_files import read_yaml


@pytest.fixture
def whole(checkout):
    return read_yaml(checkout / "params.yaml")


def refusal(whole):
    with pytest.raises(UsageError) as caught:
        validate(whole, Path("mine.yaml"))
    return str(caught.value)


def test_an_option_that_one_listed_method_does_not_have_names_the_variant(whole):
    whole["variants"]["wide"] = {"head": {"window": 5}}
    whole["matrix"].update(methods=["prm"], variants=["wide"])
    validate(whole, Path("mine.yaml"))
    whole["matrix"]["methods"] = ["prm", "wildcat"]
    assert "mine.yaml: variants.wide.head.window: no such key; known: maps, " in refusal(whole)


def test_a_variant_aligned_to_a_kind_that_is_not_drawn_is_refused(whole):
    whole["variants"]["one_au"] = {"alignment": {"heatmap": "single_au"}}
    validate(whole, Path("mine.yaml"))  # until it is listed
    whole["matrix"]["variants"] = ["plain", "one_au"]
    said = refusal(whole)
    assert "mine.yaml: variants.one_au.alignment.heatmap: the heatmap of cam one_au" in said
    assert "add it to matrix.kinds (au, landmarks)" in said


def test_an_overlay_of_a_dataset_that_is_not_listed_is_checked_too(whole):
    whole["datasets"]["other"] = {**whole["datasets"]["demo"], "train": {"lr": -1}}
    assert "mine.yaml: datasets.other.train.lr: input should be greater than 0" in refusal(whole)


def test_a_dataset_of_the_matrix_needs_its_row(whole):
    del whole["datasets"]["demo"]
    assert "there is no datasets.demo. Run: python cli.py use demo" in refusal(whole)


def test_an_empty_alignment_is_no_way_to_say_on_or_off(whole):
    whole["variants"]["aligned"] = {"alignment": None}
    assert "variants.aligned.alignment: is empty. Write {} to align" in refusal(whole)


def test_a_method_that_reads_latents_needs_restored_faces_of_its_dataset(whole):
    whole["matrix"]["methods"] = ["ofer"]
    assert "matrix.restored: ofer learns from restored faces" in refusal(whole)
    whole["matrix"]["restored"] = ["demo"]
    validate(whole, Path("mine.yaml"))


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("mae", "width", 64, "methods.ofer.head.latent_width: is 96, mae.width is 64"),
        ("mae", "patch_px", 16, "train.image_px: is 96 for ofer; the autoencoder sees 224 px"),
    ],
)
def test_a_run_fits_the_autoencoder(whole, section, key, value, said):
    whole["matrix"].update(methods=["ofer"], restored=["demo"])
    whole[section][key] = value
    assert said in refusal(whole)


def test_a_restored_dataset_needs_its_row(whole):
    whole["matrix"]["restored"] = ["other"]
    assert "matrix.restored: there is no index.other" in refusal(whole)
