import numpy as np
import pytest

from errors import DataError, NoInputError, UsageError
from tests.basic7 import BASIC7, EXPRESSIONS
from train.examination.card_files import class_columns, read_card, shipped_cards


@pytest.mark.parametrize("name", shipped_cards())
def test_every_shipped_card_knows_all_expressions(name):
    card = read_card(name)
    columns = class_columns(card.classes, card.unscored, BASIC7, name)
    assert columns.missing == ()
    assert len(columns.unscored) == len(card.unscored)


def test_columns_are_those_of_the_names_in_any_word():
    columns = class_columns(("sad", "contempt", "Happy"), ("contempt",), BASIC7, "card")
    assert columns.columns_V[EXPRESSIONS.index("Sadness")] == 0
    assert columns.columns_V[EXPRESSIONS.index("Happiness")] == 2
    assert columns.unscored == (1,)
    assert columns.missing == ("Neutral", "Surprise", "Fear", "Anger", "Disgust")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("cat", "dog", "happy"), r"classes cat, dog are none of Neutral.*`unscored`"),
        (("happy", "joy", "sad"), "name Happiness twice"),
    ],
)
def test_class_names_of_another_set_are_refused(classes, message):
    with pytest.raises(DataError, match=message):
        class_columns(classes, (), BASIC7, "card")


def test_names_without_expressions_are_refused_even_if_listed():
    with pytest.raises(DataError, match="hardly any"):
        class_columns(("cat", "happy"), ("cat",), BASIC7, "card")


def test_an_unknown_card_names_the_shipped_ones():
    with pytest.raises(UsageError, match="known: ferplus_onnx"):
        read_card("ferplus")


def test_a_missing_file_and_a_misspelt_key_are_named(tmp_path):
    with pytest.raises(NoInputError, match=r"card\.yaml"):
        read_card(str(tmp_path / "card.yaml"))
    text = shipped_cards()["ferplus_onnx"].read_text()
    (tmp_path / "card.yaml").write_text(text.replace("white:", "whit:"))
    with pytest.raises(UsageError, match=r"card\.yaml.*whit"):
        read_card(str(tmp_path / "card.yaml"))
    (tmp_path / "card.yaml").write_text("[1, 2")
    with pytest.raises(DataError, match="not YAML"):
        read_card(str(tmp_path / "card.yaml"))


def test_no_weights_are_shipped():
    (folder,) = {file.parent for file in shipped_cards().values()}
    assert {file.suffix for file in folder.iterdir()} == {".yaml"}
    assert np.all([file.stat().st_size < 2000 for file in folder.iterdir()])
