"""From a folder as somebody got it to an index, on the command line."""

import json
import re

import pytest
from click.testing import CliRunner

from cli import main
from params import load
from tests.miniatures import MINIATURES, fer_pixels, fer_votes, put, raf_db


@pytest.fixture
def aulens(tmp_path, checkout, monkeypatch):
    """A function that runs a command in a folder with params.yaml."""
    (tmp_path / "params.yaml").write_text((checkout / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *arguments: runner.invoke(main, list(map(str, arguments)))


@pytest.mark.parametrize("name", MINIATURES)
def test_every_published_layout_is_used_and_indexed_without_a_readers_name(tmp_path, aulens, name):
    MINIATURES[name](tmp_path / "data/raw/mine")
    used = aulens("use", "mine")
    assert used.exit_code == 0
    assert f"data/raw/mine looks like {name}: it has " in used.output
    aulens("use", "demo")  # miniatures have no picture in some split, so runs of them are refused
    indexed = aulens("index", "data/raw/mine", "data/index/mine")
    assert indexed.exit_code == 0
    assert indexed.output.startswith(f"reader {name}\n")
    audit = json.loads((tmp_path / "data/index/mine/audit.json").read_bytes())
    assert audit["summary"]["reader"] == name


def test_index_looks_for_itself_if_the_reader_is_auto(tmp_path, aulens):
    raf_db(tmp_path / "data/raw/mine")
    aulens("use", "mine")
    file = tmp_path / "params.yaml"
    file.write_text(file.read_text().replace("reader: raf_db", "reader: auto"))
    indexed = aulens("index", "data/raw/mine", "data/index/mine")
    assert indexed.output.startswith("reader raf_db, for it has EmoLabel/list_patition_label.txt")
    assert "listed train: 7 (published: 12,271)" in indexed.output


def test_a_reader_that_is_named_is_used_whatever_lies_there(tmp_path, aulens):
    MINIATURES["mma"](tmp_path / "data/raw/mine", "")
    assert aulens("use", "mine", "--reader", "folder").exit_code == 0
    assert "reader: folder" in (tmp_path / "params.yaml").read_text()


def test_nothing_is_written_for_a_folder_that_fits_no_reader(tmp_path, aulens):
    put(tmp_path / "data/raw/mine", "notes.txt")
    before = (tmp_path / "params.yaml").read_text()
    found = aulens("use", "mine")
    assert "fits no reader" in str(found.exception)
    assert (tmp_path / "params.yaml").read_text() == before


def test_use_names_the_preset_that_fits_and_how_long_training_takes(tmp_path, aulens):
    raf_db(tmp_path / "data/raw/mine")
    said = aulens("use", "mine").output
    assert "A preset for it: python cli.py preset raf_db_published (RAF-DB, ten methods" in said
    assert re.search(r"very roughly \d+ minutes.* per 1,000 training faces on two CPU cores", said)
    assert said.endswith("Next: dvc repro\n")
    assert "is a link" not in said


def test_use_says_that_dvc_writes_nothing_below_a_link(tmp_path, aulens):
    raf_db(tmp_path / "elsewhere/raw/mine")
    (tmp_path / "data").symlink_to(tmp_path / "elsewhere")
    assert "data is a link: `dvc repro` writes no output below it" in aulens("use", "mine").output


def test_the_demo_can_be_used_before_it_is_made(tmp_path, aulens):
    assert aulens("use", "demo").exit_code == 0
    assert "datasets: [demo]" in (tmp_path / "params.yaml").read_text()


def test_a_split_that_runs_will_need_is_missed_by_the_first_stage(tmp_path, aulens):
    MINIATURES["affectnet_csv"](tmp_path / "data/raw/mine")
    aulens("use", "mine")
    refused = str(aulens("index", "data/raw/mine", "data/index/mine").exception)
    assert "0 pictures in split test, which is needed: evaluate.split. There are: " in refused
    file = tmp_path / "params.yaml"
    own = "  mine: {align: {}, landmark: {}, train: {}, evaluate: {split: val}}"
    file.write_text(re.sub(r"  mine: {align.*", own, file.read_text()))
    assert aulens("index", "data/raw/mine", "data/index/mine").exit_code == 0


def test_a_dataset_without_a_section_is_told_how_to_get_one(aulens):
    found = aulens("index", "data/raw/mine", "data/index/mine")
    assert "Run: python cli.py use mine" in str(found.exception)


def test_fer2013_is_unpacked_used_and_indexed(tmp_path, aulens):
    fer_votes(fer_pixels(tmp_path / "data/raw/fer"))
    assert "looks like ferplus" in aulens("use", "fer").output
    refused = aulens("index", "data/raw/fer", "data/index/fer")
    command = str(refused.exception).partition("Run: python cli.py ")[2].split()
    assert command == ["unpack", "data/raw/fer", "data/raw/fer_pictures"]
    assert aulens(*command).exit_code == 0
    assert "looks like ferplus" in aulens("use", "fer_pictures").output
    indexed = aulens("index", "data/raw/fer_pictures", "data/index/fer_pictures")
    assert "left out, contempt: train 1" in indexed.output


def test_presets_are_listed_and_one_is_applied(tmp_path, aulens, checkout):
    listed = aulens("preset").output.splitlines()
    assert [line.split()[0] for line in listed] == sorted(
        file.stem for file in (checkout / "presets").glob("*.yaml")
    )
    assert "methods.apvit.backbone: ir18 -> ir50" in aulens("preset", "apvit").output
    assert load(tmp_path / "params.yaml").train_of("demo", "apvit").image_px == 112


def test_a_preset_goes_to_the_dataset_that_its_reader_reads(tmp_path, aulens):
    raf_db(tmp_path / "data/raw/faces")
    aulens("use", "faces")
    shipped = load(tmp_path / "params.yaml").train
    said = aulens("preset", "raf_db_published").output
    assert "datasets.faces.train.epochs: not set -> 100" in said
    params = load(tmp_path / "params.yaml")
    assert params.train == shipped
    assert params.train_of("faces", "cam").epochs == 100
    assert params.evaluate_of("faces", "gradcam_pp").cam_method == "gradcam_pp_published"


def test_a_preset_without_a_dataset_of_its_reader_asks_for_one(aulens):
    refused = str(aulens("preset", "raf_db_published").exception)
    assert (
        "is for a dataset that raf_db reads; there is none. First run: python cli.py use" in refused
    )
    refused = str(aulens("preset", "raf_db_published", "--dataset", "dmeo").exception)
    assert "there is no index.dmeo" in refused
    assert "Did you mean 'demo'" in refused
    said = aulens("preset", "raf_db_published", "--dataset", "demo").output
    assert "datasets.demo.train.epochs: not set -> 100" in said


def test_a_preset_that_fits_several_datasets_asks_which(tmp_path, aulens):
    for name in ("one", "two"):
        raf_db(tmp_path / "data/raw" / name)
        aulens("use", name)
    text = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("datasets: [two]", "datasets: [one, two]"))
    refused = str(aulens("preset", "raf_db_published").exception)
    assert (
        "fits one, two. Say which: python cli.py preset raf_db_published --dataset NAME" in refused
    )


@pytest.mark.parametrize(
    "words", [("smoke", "--dataset", "demo"), ("--restore", "--dataset", "demo")]
)
def test_a_dataset_is_refused_where_it_means_nothing(aulens, words):
    assert "--dataset" in str(aulens("preset", *words).exception)


def test_an_unknown_preset_gets_a_guess(aulens):
    assert "Did you mean 'smoke'" in str(aulens("preset", "smok").exception)
