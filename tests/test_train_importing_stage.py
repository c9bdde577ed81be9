import hashlib
import json

import pytest
import safetensors.torch
import torch
import torchvision

from errors import DataError, NoInputError, OutputExistsError, UsageError
from params import load as load_params
from progress import silent
from tests.networks import scratch
from tests.published_checkpoints import two_parts
from tests.published_folders import DATASETS, published_folder
from train.export import export
from train.importing.params import ImportParams
from train.importing.stage import Wanted, import_runs
from train.loading import load_run
from train.methods import METHODS
from train.methods.model import build_network
from train.params import ExportParams

CPU = torch.device("cpu")
FER = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


@pytest.fixture(scope="module")
def shipped(checkout):
    return load_params(checkout / "params.yaml")


@pytest.fixture
def wanted(shipped):
    """What is wanted, with changes to [import_run], and method and backbone of a file."""

    def make(method=None, backbone=None, variant=None, **changes):
        stated = {"train": {"image_px": 32, "large_maps": False}, "classes": FER, **changes}
        params = ImportParams(**{**shipped.import_run.model_dump(), **stated})
        return Wanted(shipped.train_of, params, method, backbone, variant)

    return make


def imported(source, out, want):
    done = import_runs(source, out, want, silent)
    done.require_all()
    return done.lines


def logits_of(model, side=32):
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.eval()(images).logits_BK


@pytest.mark.parametrize("method", ["CAM", "GradCAMpp", "WILDCAT", "ACoL", "PRM", "ADL", "TSCAM"])
def test_a_published_folder_becomes_a_run_that_predicts_the_same(tmp_path, shipped, wanted, method):
    folder, model = published_folder(tmp_path, shipped.train, method)
    (line,) = imported(folder, tmp_path / "run", wanted())
    found, _, card = load_run(tmp_path / "run", "best", CPU)
    torch.testing.assert_close(logits_of(found), logits_of(model), atol=1e-5, rtol=1e-5)
    assert card.variant == "aligned"
    assert card.imported.kind == "published_checkpoint"
    digest = hashlib.sha256((folder / "model.pt").read_bytes()).hexdigest()
    assert card.imported.files == {"model.pt": digest}
    assert digest[:8] in line


@pytest.mark.slow
def test_a_published_apvit_of_real_size_predicts_the_same(tmp_path, shipped, wanted):
    folder, model = published_folder(tmp_path, shipped.train, "APVIT", crop_size=112)
    imported(folder, tmp_path / "run", wanted())
    found, _, card = load_run(tmp_path / "run", "best", CPU)
    torch.testing.assert_close(logits_of(found, 112), logits_of(model, 112), atol=1e-5, rtol=1e-5)
    assert card.imported.cam_method == "token_importance"


def test_published_arithmetic_is_the_runs_own(tmp_path, shipped, wanted):
    folder, _ = published_folder(tmp_path, shipped.train, "GradCAMpp")
    imported(folder, tmp_path / "run", wanted())
    card = load_run(tmp_path / "run", "best", CPU)[2]
    assert card.cam_method("gradcam_pp") == "gradcam_pp_published"


def test_older_checkpoints_in_two_files_are_read(tmp_path, shipped, wanted):
    folder, model = published_folder(tmp_path, shipped.train)
    content = torch.load(folder / "model.pt", weights_only=True)
    (folder / "model.pt").unlink()
    for name in ("encoder", "classification_head"):
        torch.save(content[name], folder / f"{name}.pt")
    imported(folder, tmp_path / "run", wanted())
    found, _, card = load_run(tmp_path / "run", "last", CPU)
    torch.testing.assert_close(logits_of(found), logits_of(model), atol=1e-5, rtol=1e-5)
    assert set(card.imported.files) == {"encoder.pt", "classification_head.pt"}


def test_a_segmentation_head_is_left_out_and_named(tmp_path, shipped, wanted):
    folder, _ = published_folder(tmp_path, shipped.train)
    content = torch.load(folder / "model.pt", weights_only=True)
    head = {"conv.weight": torch.ones(1)}
    torch.save({**content, "segmentation_head": head}, folder / "model.pt")
    (line,) = imported(folder, tmp_path / "run", wanted())
    assert "not used: segmentation_head" in line


@pytest.mark.slow
def test_a_tree_is_imported_at_once_into_folders_of_the_study(tmp_path, shipped, wanted):
    for method in ("CAM", "WILDCAT", "TSCAM"):
        for dataset in DATASETS:
            for aligned in (True, False):
                published_folder(tmp_path / "tree", shipped.train, method, dataset, aligned)
    done = import_runs(tmp_path / "tree", tmp_path / "runs", wanted(), silent)
    assert (len(done.lines), done.failed) == (12, [])
    made = sorted(
        one.parent.relative_to(tmp_path / "runs").as_posix() for one in tmp_path.rglob("run.json")
    )
    assert made[:2] == ["affectnet/cam/aligned/seed0", "affectnet/cam/plain/seed0"]
    assert len(made) == 12


def test_a_broken_folder_of_a_tree_does_not_stop_the_others(tmp_path, shipped, wanted):
    published_folder(tmp_path / "tree", shipped.train)
    broken, _ = published_folder(tmp_path / "tree", shipped.train, aligned=False)
    (broken / "model.pt").write_bytes(b"PK\x03\x04 cut")
    done = import_runs(tmp_path / "tree", tmp_path / "runs", wanted(), silent)
    assert len(done.lines) == 1
    (line,) = done.failed
    assert line.startswith("not imported: FG_FER/RAF-DB")
    with pytest.raises(DataError, match="1 of 2 folders were not imported"):
        done.require_all()


def test_two_folders_of_one_run_are_not_mixed(tmp_path, shipped, wanted):
    folder, _ = published_folder(tmp_path / "tree", shipped.train)
    last = folder.with_name(folder.name.replace("cp_best", "cp_last"))
    last.mkdir()
    for file in folder.iterdir():
        (last / file.name).write_bytes(file.read_bytes())
    done = import_runs(tmp_path / "tree", tmp_path / "runs", wanted(), silent)
    assert "Import this one alone" in done.failed[0]


def fer_resnet(path, beginning="", classes=7, **more):
    torch.manual_seed(0)
    net = torchvision.models.resnet18(num_classes=classes)
    state = {f"{beginning}{name}": value for name, value in net.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3, **more}, path)
    return net.eval()


def test_a_classifier_of_ones_own_predicts_the_same_in_our_order(tmp_path, wanted):
    net = fer_resnet(tmp_path / "fer.pth", "module.")
    imported(tmp_path / "fer.pth", tmp_path / "run", wanted("cam", "resnet18"))
    model, _, card = load_run(tmp_path / "run", "best", CPU)
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    order = [FER.index(word) for word in ("neutral", "happy", "surprise", "fear")]
    with torch.no_grad():
        expected = net(images)[:, order]
    torch.testing.assert_close(logits_of(model)[:, :4], expected, atol=1e-5, rtol=1e-4)
    assert (card.method, card.variant, card.about.dataset) == ("cam", "imported", "elsewhere")
    assert card.imported.stated == ["alignment", "backbone", "image_px", "large_maps"]


@pytest.mark.slow
def test_a_run_exported_by_aulens_comes_back_as_it_was(tmp_path, tiny_run, wanted):
    params = ExportParams(checkpoint="best", opset=20, tolerance=1)
    export(tiny_run, tmp_path / "exported", params)
    file = tmp_path / "exported" / "model.safetensors"
    same = {"train": {"image_px": 32}, "classes": []}
    imported(file, tmp_path / "run", wanted("cam", "resnet18", **same))
    models = [load_run(one, "best", CPU)[0] for one in (tiny_run, tmp_path / "run")]
    torch.testing.assert_close(*map(logits_of, models))


def test_added_heads_of_an_export_are_left_out_and_said(tmp_path, wanted):
    torch.manual_seed(0)
    small = {"image_px": 32, "heads": ("valence_arousal",)}
    params = scratch().train_of("demo", "cam").model_copy(update=small)
    model = build_network(METHODS["cam"], params, 7)
    file = tmp_path / "model.safetensors"
    safetensors.torch.save_file(model.state_dict(), file)
    want = wanted("cam", "resnet18", train={"image_px": 32}, classes=[])
    (line,) = imported(file, tmp_path / "run", want)
    assert line.endswith("heads beside the expressions were left out")
    loaded = load_run(tmp_path / "run", "best", CPU)[0]
    assert not loaded.added
    torch.testing.assert_close(logits_of(loaded), logits_of(model))


def test_pictures_normalised_otherwise_are_so_for_the_imported_network(tmp_path, wanted):
    fer_resnet(tmp_path / "fer.pth")
    numbers = {"image_px": 32, "large_maps": False}
    for name in ("imagenet", "half"):
        want = wanted("cam", "resnet18", train={**numbers, "input": name})
        imported(tmp_path / "fer.pth", tmp_path / name, want)
    first, second = (load_run(tmp_path / name, "best", CPU)[0] for name in ("imagenet", "half"))
    assert not torch.allclose(logits_of(first), logits_of(second))


@pytest.mark.slow
def test_an_imported_run_is_exported_with_its_origin(tmp_path, wanted):
    fer_resnet(tmp_path / "fer.pth")
    imported(tmp_path / "fer.pth", tmp_path / "run", wanted("cam", "resnet18"))
    export(
        tmp_path / "run", tmp_path / "out", ExportParams(checkpoint="best", opset=20, tolerance=1)
    )
    card = json.loads((tmp_path / "out" / "model.json").read_text())
    assert "imported from fer.pth" in card["licence"]
    assert card["accuracy"] == {}


@pytest.mark.parametrize(
    ("told", "changes", "message"),
    [
        ((), {}, "does not say which it is of"),
        (("cam", "resnet18"), {"classes": []}, r"import_run\.classes: is empty"),
        (("cam", "resnet18"), {"train": {"image_pixels": 3}}, r"import_run\.train\.image_pixels"),
        (
            ("cam", "resnet18"),
            {"train": {"heads": ["valence_arousal"]}},
            r"import_run\.train\.heads: no file has weights for it",
        ),
    ],
)
def test_what_a_file_does_not_say_is_asked_for_by_key(tmp_path, wanted, told, changes, message):
    fer_resnet(tmp_path / "fer.pth")
    with pytest.raises(UsageError, match=message):
        imported(tmp_path / "fer.pth", tmp_path / "run", wanted(*told, **changes))


def test_a_folder_says_itself_what_its_weights_are(tmp_path, shipped, wanted):
    folder, _ = published_folder(tmp_path, shipped.train)
    with pytest.raises(UsageError, match=r"config_model\.yaml says them"):
        imported(folder, tmp_path / "run", wanted("cam", "resnet18"))


def test_an_empty_folder_and_a_missing_file_are_named(tmp_path, wanted):
    with pytest.raises(NoInputError, match=r"holds no config_model\.yaml"):
        imported(tmp_path, tmp_path / "run", wanted())
    with pytest.raises(NoInputError, match=r"nowhere\.pt"):
        imported(tmp_path / "nowhere.pt", tmp_path / "run", wanted("cam", "resnet18"))


def test_a_folder_without_weights_is_named(tmp_path, shipped, wanted):
    folder, _ = published_folder(tmp_path, shipped.train)
    (folder / "model.pt").unlink()
    with pytest.raises(NoInputError, match=r"neither model\.pt nor encoder\.pt"):
        imported(folder, tmp_path / "run", wanted())


def test_importing_twice_changes_nothing_and_another_file_is_refused(tmp_path, wanted):
    fer_resnet(tmp_path / "fer.pth")
    imported(tmp_path / "fer.pth", tmp_path / "run", wanted("cam", "resnet18"))
    (line,) = imported(tmp_path / "fer.pth", tmp_path / "run", wanted("cam", "resnet18"))
    assert line.endswith("there already")
    fer_resnet(tmp_path / "fer.pth", more=1)
    with pytest.raises(OutputExistsError, match="untouched"):
        imported(tmp_path / "fer.pth", tmp_path / "run", wanted("cam", "resnet18"))


def test_a_two_part_file_alone_needs_no_order_of_classes(tmp_path, shipped, wanted):
    _, model = published_folder(tmp_path, shipped.train)
    torch.save(two_parts(model, "gap"), tmp_path / "model.pt")
    want = wanted("cam", "resnet18", classes=[], train={"image_px": 32, "large_maps": True})
    imported(tmp_path / "model.pt", tmp_path / "run", want)
    found = load_run(tmp_path / "run", "best", CPU)[0]
    torch.testing.assert_close(logits_of(found), logits_of(model), atol=1e-5, rtol=1e-5)
