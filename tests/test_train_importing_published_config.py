import json

import pytest

from errors import DataError, NoInputError
from tests.published_folders import METHODS as PUBLISHED
from tests.published_folders import config
from train.importing.published_config import METHODS, read_published_config


def read(folder, settings):
    file = folder / "config_model.yaml"
    file.write_text(settings if isinstance(settings, str) else json.dumps(settings, indent=1))
    return read_published_config(file)


def test_every_method_of_the_published_tree_is_known():
    assert set(PUBLISHED) == set(METHODS)


@pytest.mark.parametrize("method", PUBLISHED)
def test_a_config_names_method_backbone_and_variant(tmp_path, method):
    found = read(tmp_path, config(method, aligned=method == "CAM"))
    assert found.method == METHODS[method]
    assert found.dataset == "RAF-DB"
    assert found.variant == ("aligned" if method == "CAM" else "plain")
    backbones = {"TSCAM": "deit_small", "APVIT": "ir50"}
    assert found.params["backbone"] == backbones.get(method, "resnet50")


def test_published_arithmetic_is_taken_without_asking(tmp_path):
    assert read(tmp_path, config("WILDCAT")).params["head"]["arithmetic"] == "published"
    assert read(tmp_path, config("ACoL")).params["head"] == {"width": 1024, "threshold": 0.1}
    assert read(tmp_path, config("ADL")).params["training_strategy"] == {
        "drop_p": 0.4,
        "threshold": 0.1,
    }
    head = read(tmp_path, config("APVIT")).params["head"]
    assert round(head["keep"] * 196) == 160
    assert read(tmp_path, config()).params["alignment"]["resize"] == "published"


def test_random_channels_with_p_1_are_all_of_them(tmp_path):
    alignment = read(tmp_path, config()).params["alignment"]
    assert (alignment["attention"], alignment["share"], alignment["layers"]) == ("mean", 1.0, (5,))
    half = read(tmp_path, config(align_atten_to_heatmap_p=0.5)).params["alignment"]
    assert (half["attention"], half["share"]) == ("random_share", 0.5)


def test_layer_1_of_a_transformer_is_our_level_5(tmp_path):
    assert read(tmp_path, config("TSCAM")).params["alignment"]["layers"] == (5,)
    several = config("CutMIX", align_atten_to_heatmap_layers="5-4")
    assert read(tmp_path, several).params["alignment"]["layers"] == (5, 4)


def test_a_log_barrier_is_one_of_our_similarities(tmp_path):
    alignment = read(tmp_path, config(align_atten_to_heatmap_elb=True)).params["alignment"]
    assert alignment["similarity"] == "log_barrier"
    assert (alignment["sharpness"], alignment["sharpness_growth"]) == (1.0, 1.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "F_CL"}, "task is F_CL; AULens computes only 'STD_CL'"),
        ({"num_classes": 8}, "num_classes is 8"),
        ({"dense_dims": "1024-512"}, "dense_dims is 1024-512"),
        ({"support_background": True}, "support_background is True"),
        ({"encoder_name": "resnet34"}, "encoder_name is resnet34; AULens has: resnet18"),
        ({"method": "ScoreCAM"}, "method is ScoreCAM; AULens has: CAM"),
        ({"align_atten_to_heatmap_use_self_atten": True}, "use_self_atten is True"),
        ({"opt__lr": "fast"}, "opt__lr needs a number, got fast"),
        ({"amp": "yes"}, "amp needs true or false"),
        ({"align_atten_to_heatmap_layers": "last"}, "layers needs numbers such as 5-4"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_its_key(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, config(**changes))


def test_a_missing_key_is_named(tmp_path):
    settings = config()
    del settings["crop_size"]
    with pytest.raises(DataError, match="has no crop_size"):
        read(tmp_path, settings)


def test_dates_and_sections_of_the_published_codes_own_kind_are_read(tmp_path):
    extra = "\nt0: 2024-01-26 15:18:49.175665\nstd_cams_folder: !munch.Munch\n  train: ''\n"
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in config().items())
    assert read(tmp_path, text + extra).method == "cam"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system ['true']", "cannot be read as plain YAML"),
        ("a: [", "cannot be read as plain YAML"),
        ("- a", "holds no settings"),
        ("x: '" + "y" * (1 << 20) + "'", "holds no settings"),
    ],
)
def test_what_is_no_config_is_refused_in_one_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_config_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoInputError, match=r"config_model\.yaml: is not there"):
        read_published_config(tmp_path / "config_model.yaml")
