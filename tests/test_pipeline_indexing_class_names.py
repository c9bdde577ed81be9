"""Class folders whose names are no expressions: asked for, never guessed."""

import pytest

from errors import NoInputError
from pipeline.indexing.class_names import numbered_folders, unknown_words
from pipeline.indexing.reader_detection import detect
from tests.miniatures import put


@pytest.mark.parametrize("names", ["0 1 7", "1 2 7", "class0 class1", "train/0 train/1 test/1"])
def test_numbered_folders_ask_for_the_names(tmp_path, names):
    put(tmp_path / "mine", *(f"{name}/image1.jpg" for name in names.split()))
    with pytest.raises(NoInputError, match=r"RAF-DB: 1 surprise.*AffectNet: 0 neutral") as caught:
        detect(tmp_path / "mine")
    assert "use mine --reader folder" in str(caught.value)
    assert "index.mine.options: {label_map: {" in str(caught.value)


def test_numbered_folders_with_raf_dbs_own_names_are_raf_db(tmp_path):
    put(tmp_path, "train/1/train_1.jpg", "train/7/train_2.jpg", "test/1/test_1.jpg")
    assert detect(tmp_path).name == "raf_db"


def test_folders_of_any_words_ask_for_their_meaning(tmp_path):
    put(tmp_path / "mine", "bored/a.jpg", "zornig/b.png")
    with pytest.raises(NoInputError, match=r'\(bored, zornig\).*label_map: {"bored": \.\.\.'):
        detect(tmp_path / "mine")


@pytest.mark.parametrize("names", [("a/x.jpg",), ("a/notes.txt", "b/notes.txt")])
def test_other_folders_are_no_classes(tmp_path, names):
    put(tmp_path, *names)
    assert unknown_words(tmp_path) == numbered_folders(tmp_path) == ""
