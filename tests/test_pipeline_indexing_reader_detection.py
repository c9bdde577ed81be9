"""Which reader a folder is for."""

from pathlib import Path

import pytest

from errors import NoInputError, UsageError
from pipeline.datasets import AUTO, DATASETS
from pipeline.indexing.reader_detection import choose, detect
from tests.miniatures import (
    MINIATURES,
    fer_pixels,
    fer_votes,
    ferplus_labels,
    mma,
    put,
    raf_db,
    sfew,
    sfew_table,
)

VARIANTS = {
    "raf_db, other spelling": ("raf_db", lambda root: raf_db(root, spelling="partition")),
    "raf_db, folder above": ("raf_db", lambda root: raf_db(root / "basic")),
    "raf_db, still packed": ("raf_db", lambda root: raf_db(root, kinds=["aligned.zip"])),
    "raf_db, a folder a class": (
        "raf_db",
        lambda root: put(root, "train/1/train_1.jpg", "train/7/train_2.jpg", "valid/1/test_1.jpg"),
    ),
    "ferplus, numbers": ("ferplus", lambda root: fer_votes(fer_pixels(root))),
    "ferplus, a table a folder": ("ferplus", ferplus_labels),
    "sfew, nested": ("sfew", lambda root: sfew(root, "Train/Train_Aligned_Faces")),
    "sfew, table": ("sfew", sfew_table),
    "mma, without its folder": ("mma", lambda root: mma(root, "")),
    "folder, no splits": ("folder", lambda root: put(root, "HAPPY/a.jpg")),
}


def test_every_reader_has_a_miniature():
    assert set(MINIATURES) == set(DATASETS)


@pytest.mark.parametrize("name", MINIATURES)
def test_every_miniature_is_recognised(tmp_path, name):
    chosen = detect(MINIATURES[name](tmp_path))
    assert chosen.name == name
    assert chosen.saw


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_recognised(tmp_path, variant):
    name, make = VARIANTS[variant]
    make(tmp_path)
    assert detect(tmp_path).name == name


def test_it_says_what_it_saw(tmp_path):
    assert detect(raf_db(tmp_path)).saw == "EmoLabel/list_patition_label.txt, Image"


def test_a_named_reader_is_taken_without_a_look(tmp_path):
    chosen = choose(raf_db(tmp_path), "folder")
    assert (chosen.name, chosen.saw) == ("folder", "")


def test_an_unknown_reader_is_named_with_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"auto, .*csv.*Did you mean 'raf_db'"):
        choose(tmp_path, "raf-db")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NoInputError, match="ln -s"):
        choose(tmp_path / "nowhere", AUTO)


def test_a_folder_that_fits_two_readers_is_refused(tmp_path):
    MINIATURES["csv"](MINIATURES["folder"](tmp_path))
    with pytest.raises(UsageError, match=r"csv: it has labels\.csv; folder: it has a folder per"):
        detect(tmp_path)


def test_two_published_sets_in_one_folder_are_refused(tmp_path):
    raf_db(sfew(tmp_path))
    with pytest.raises(UsageError, match=r"raf_db: .*; sfew: "):
        detect(tmp_path)


def test_raf_db_without_its_labels_is_a_near_miss(tmp_path):
    raf_db(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").unlink()
    with pytest.raises(NoInputError, match=r"raf_db: has Image, but not EmoLabel/list_patition"):
        detect(tmp_path)


def test_a_misspelt_file_is_guessed(tmp_path):
    put(tmp_path, "label.csv", text="file,expression\n")
    with pytest.raises(NoInputError, match=r"csv: not labels\.csv \(there is label\.csv\)"):
        detect(tmp_path)


def test_fer2013_without_votes_is_told_how_to_unpack(tmp_path):
    fer_pixels(tmp_path / "fer")
    with pytest.raises(
        NoInputError, match=r"own labels.*unpack data/raw/fer data/raw/fer_pictures"
    ):
        detect(tmp_path / "fer")


def test_a_folder_too_high_is_told_the_right_one(tmp_path):
    sfew(tmp_path / "SFEW_2")
    with pytest.raises(NoInputError, match=r"'SFEW_2' looks like sfew\. Did you mean that one"):
        detect(tmp_path)


def test_a_folder_that_cannot_be_listed_does_not_stop_the_search(tmp_path, monkeypatch):
    put(tmp_path, "train/happy/a.jpg", "lost/b.jpg")
    listed = Path.iterdir

    def refusing(folder):
        if folder.name == "lost":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refusing)  # root may list everything
    assert detect(tmp_path).name == "folder"


@pytest.mark.parametrize("names", [("archive/train/happy/a.jpg",), ("CK+48/anger/S010_1.png",)])
def test_an_ordinary_dataset_one_folder_deeper_is_named(tmp_path, names):
    put(tmp_path, *names)
    with pytest.raises(NoInputError, match=r"its folder '(archive|CK\+48)' looks like folder"):
        detect(tmp_path)


def test_yolo_without_its_names_is_not_taken_for_affectnet(tmp_path):
    put(tmp_path, "train/images/a.jpg", "train/labels/a.txt")
    with pytest.raises(NoInputError, match=r"Did you mean yolo: has [^;]*\? All layouts"):
        detect(tmp_path)


def test_a_folder_called_images_is_no_clue(tmp_path):
    with pytest.raises(NoInputError, match=r"fits no reader\. They want"):
        detect(put(tmp_path, "images/a.jpg"))


def test_nothing_known_lists_what_every_reader_wants(tmp_path):
    put(tmp_path, "notes.txt", "basic.zip")
    with pytest.raises(NoInputError) as caught:
        detect(tmp_path)
    assert all(f"{name}: " in str(caught.value) for name in DATASETS)
    assert "Still packed: basic.zip" in str(caught.value)
